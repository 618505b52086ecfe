"""Make one text: the most specific template that fits, its blanks filled with cleaned facts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.scheme.models import Template, Templates
from app.warning.level import Level
from app.wording.facts import Facts, clean
from app.wording.sms import JOINED, SINGLE, sms_units
from app.wording.spoken import spoken

LIMITS = {"sms": 60, "voice": 120, "broadcast": 200, "page": 2000}  # characters of one fact, by channel
OWN_WORDS = 500  # characters an officer may write; the doors ask for fewer
SHORTEST = 20  # what happens is cut to make an SMS fit, but never below this
REPLY = "回1确认，回2有困难"
LINK_TAKES = 52  # units of a one-tap link that is put in at sending: https, a host of 19, a token of 22
DRILL = "演练"
_SIGNAL = "预警信号"  # only the weather bureau issues those
_BLANK = re.compile(r"\{([a-z]+)\}")


def text(templates: Templates, facts: Facts) -> str:
    """The words for one duty, level and channel.

    The most specific template wins (duty before hazard before family before layer before level); the
    general one of the kind and channel always exists in a checked scheme. Facts are put in once: a blank
    inside a fact stays as it came. What happens is cut where that saves an SMS a part. An exercise begins
    with 演练; what was only measured says 实测 and never 预警信号. Raises LookupError if the scheme has no
    text for this kind and channel.
    """
    template = _best(templates, facts, facts.kind, facts.channel)
    if template is None:
        raise LookupError(f"no text for {facts.kind} by {facts.channel}")
    values = _values(templates, facts)
    made = _fill(template, values, facts)
    if facts.channel == "sms":
        asks = _asks(values)
        for ask in asks:
            values["ask"] = ask
            made = _fill(template, values, facts)
            if _over(made, facts) <= 0:
                return made
            if facts.link and ask == asks[1]:  # two parts have room for the time, whatever else is cut
                break
        over = _over(made, facts)
        if len(values["what"]) > SHORTEST:
            values["what"] = clean(values["what"], max(SHORTEST, len(values["what"]) - over))
            made = _fill(template, values, facts)
    return made


def _over(made: str, facts: Facts) -> int:
    """Units beyond one part, or beyond two with a link, which may still be to come."""
    units = sms_units(made)
    if facts.link.startswith("{"):
        units += LINK_TAKES - len(facts.link)
    return units - (JOINED * 2 if facts.link else SINGLE)


def _asks(values: Mapping[str, str]) -> tuple[str, ...]:
    """When it was said, and whom to ring where an SMS has room for it; its link leads to both."""
    said = f"{values['time']}发"
    return (f"{said}，值班室{values['desk']}。", f"{said}。", "")


def in_own_words(words: str, facts: Facts) -> str:
    """What an officer wrote in place of a prepared correction, by SMS or loudspeaker.

    It goes out whole under the district's name, in one line; an exercise and a measurement stay recognisable.
    """
    line = clean(words, OWN_WORDS)
    made = (
        f"【{clean(facts.signature, 20)}】更正：{line}。"
        if facts.channel == "sms"
        else spoken(f"{clean(facts.district, 20)}应急指挥中心，现在更正：{line}。")
    )
    if facts.observed:
        made = made.replace(_SIGNAL, "提醒")
    return _as_drill(made, facts) if facts.exercise else made


def _fill(template: Template, values: Mapping[str, str], facts: Facts) -> str:
    made = _tidy(_BLANK.sub(lambda blank: values.get(blank[1], ""), template.text))
    if facts.observed:
        made = made.replace(_SIGNAL, "提醒")
    return _as_drill(made, facts) if facts.exercise else made


def task(templates: Templates, facts: Facts) -> str:
    """The words for what this duty has to do, by themselves; empty where the scheme has none."""
    template = _best(templates, facts, "do", "")
    made = clean(facts.do or (template.text if template else ""), LIMITS[facts.channel])
    if facts.raised_from is not None:  # never as if the bureau had issued that level
        made = f"区里提级，按{facts.level.zh}应对，{made}" if made else f"区里提级，按{facts.level.zh}应对"
    return made.replace(_SIGNAL, "提醒") if facts.observed else made


def effect(templates: Templates, facts: Facts) -> str:
    """What it comes to for people, in plain words and without figures; empty where the scheme has none."""
    template = _best(templates, facts, "effect", "")
    return clean(template.text, LIMITS[facts.channel]) if template else ""


def _best(templates: Templates, facts: Facts, kind: str, channel: str) -> Template | None:
    return next((template for template in templates.of(kind, channel) if _fits(template, facts)), None)


def _fits(template: Template, facts: Facts) -> bool:
    return (
        template.observed in {None, facts.observed}
        and template.hazard in {"", facts.hazard_id}
        and template.family in {"", facts.family}
        and template.layer in {"", facts.layer}
        and template.duty in {"", facts.duty}
        and template.level in {None, facts.level}
    )


def _values(templates: Templates, facts: Facts) -> dict[str, str]:
    limit = LIMITS[facts.channel]
    issued = facts.issued.astimezone(facts.zone)
    signal = facts.level if facts.raised_from is None else facts.raised_from
    values = {
        "signature": clean(facts.signature, 20),
        "district": clean(facts.district, 20),
        "hazard": clean(facts.hazard, 20),
        "level": "" if signal is Level.HINT and facts.kind != "lowered" else signal.zh,
        "was": "" if facts.was is None else facts.was.zh,
        "places": clean(facts.places, limit),
        "time": f"{issued.month}月{issued.day}日{issued:%H:%M}"
        if facts.channel == "page"
        else f"{issued:%H:%M}",
        "what": clean(facts.what or facts.headline, limit),
        "effect": effect(templates, facts),
        "do": task(templates, facts),
        "ask": "",
        "desk": clean(facts.desk, 20),
        "link": clean(facts.link, 200),
        "version": str(facts.version),
        "headline": clean(facts.headline, limit),
        "issuer": clean(facts.issuer, 40),
        "duties": "、".join(clean(name, 20) for name in facts.duties),
        "also": _also(facts.also),
    }
    if facts.channel in {"voice", "broadcast"}:
        values = {name: spoken(value) for name, value in values.items()}
    values["reply"] = _reply(values["link"])
    return values


def _also(names: Sequence[str]) -> str:
    """What else is answered with this call: two by name, so that it stays a sentence."""
    if not names:
        return ""
    more = f"等{len(names)}件" if len(names) > 2 else ""
    return f"另有{'、'.join(clean(name, 20) for name in names[:2])}{more}一并确认。"


def _reply(link: str) -> str:
    """The link stands last with nothing after it, since telephones take a full stop for a part of it."""
    return f"{REPLY}，或点 {link}" if link else f"{REPLY}。"


def _tidy(made: str) -> str:
    """What an empty fact leaves behind: a stop after a colon, two stops in a row."""
    made = re.sub(r"([：，、。])(?=[。])", "", made)
    return re.sub(r"([：，])[，]", r"\1", made).strip()


def _as_drill(made: str, facts: Facts) -> str:
    if facts.channel in {"voice", "broadcast"}:
        return f"{DRILL}，{DRILL}。{made}这是{DRILL}。"
    return f"{DRILL}{made}"
