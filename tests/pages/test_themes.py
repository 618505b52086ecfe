"""Night and day differ in colours alone: whatever else is true of a page in one is true in the other."""

import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from app.console import pages
from tests.pages.axe import COLOURS

pytestmark = pytest.mark.anyio

COLOUR = re.compile(r"#[0-9A-Fa-f]{6}|rgba\([\d ,.]+\)|var\(--[a-z0-9-]+\)")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


@pytest.mark.parametrize("sheet", ["desk.css", "phone.css", "marks.css"])
def test_a_theme_s_style_sets_colours_and_nothing_else(sheet: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", (pages.HERE / "static" / sheet).read_text(), flags=re.DOTALL)
    rules = [rule for rule in RULE.findall(text) if re.search(r"\.(night|day)\b", rule[0])]
    assert bool(rules) is (sheet != "marks.css")
    for selector, declarations in rules:
        for declaration in filter(None, map(str.strip, declarations.split(";"))):
            name, _, value = (part.strip() for part in declaration.partition(":"))
            colour = name.startswith("--") and COLOUR.fullmatch(value)
            assert colour or name == "color-scheme", (selector, declaration)


def test_a_theme_changes_its_own_link_in_a_page_and_nothing_else() -> None:
    for template in sorted((pages.HERE / "templates").rglob("*.html")):
        for line in template.read_text().splitlines():
            if "theme" in line:
                line = line.replace('class="{{ theme }}', "")  # noqa: PLW2901 - what is left is looked at
                line = re.sub(r'<a href="\?theme=[^<]*</a>', "", line)  # noqa: PLW2901 - as above
                assert not re.search(r"\btheme\b", line), template.name


async def test_every_rule_about_colours_is_among_those_that_both_themes_must_pass(desk: Page) -> None:
    await desk.evaluate(Axe().axe_script)
    rules = await desk.evaluate(
        "axe.getRules(['cat.color']).filter(rule => !rule.tags.includes('wcag2aaa')).map(rule => rule.ruleId)"
    )
    assert set(rules) <= set(COLOURS)
