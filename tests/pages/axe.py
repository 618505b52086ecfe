"""What axe finds wrong with a page: all its rules, or those that a theme can change."""

import json
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

COLOURS = ("color-contrast", "link-in-text-block")
"""The rules that look at colours. The themes differ in nothing else: test_themes.py."""


async def violations(page: Page, tags: list[str], *, colours: bool, off: tuple[str, ...] = ()) -> list[Any]:
    """Return the violations of the rules with these tags; ``colours``: of those alone that look at colours.

    What was found to be right is most of what axe tells; it stays in the browser.
    """
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if colours:
        options["runOnly"] = {"type": "rule", "values": COLOURS}
    else:
        options["runOnly"] = {"type": "tag", "values": tags}
        options["rules"] = {rule: {"enabled": False} for rule in off}
    await page.evaluate(Axe().axe_script)
    found: list[Any] = await page.evaluate(f"axe.run({json.dumps(options)}).then(all => all.violations)")
    return found
