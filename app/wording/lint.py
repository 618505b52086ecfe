"""Whether a finished text may go out: it names place and time, says what to do and fits its channel.

``faults`` judges one text; ``check`` makes every text that a scheme can come to say and judges it. What can
be seen in a template alone stands in ``app/scheme/check_wording.py``, with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from app.scheme.models import Duty, Scheme
from app.warning.hazard import HazardRules
from app.warning.level import Level
from app.wording.compose import LINK_TAKES, task
from app.wording.facts import ChannelName, Facts, Kind
from app.wording.paired import Paired, paired
from app.wording.sms import sms_parts
from app.wording.spoken import spoken

LONGEST = {"voice": 190, "broadcast": 210, "page": 400}
"""Characters: a call is heard for some forty seconds at most, a loudspeaker for forty-five (assumed)."""
PARTS = 2
"""Of an SMS; an alert's second is its link and whom to ring."""
LINK = "{link}"
"""Stands for the one-tap link, which the sender puts in for each person."""
PUBLIC = "L6"
_FIGURES = re.compile(r"毫米|mm", re.IGNORECASE)
_DIGITS = re.compile(r"\d{2,}")
_BLANK = re.compile(r"\{[a-z]+\}")
SAMPLE = datetime(2026, 7, 15, 18, 47, tzinfo=UTC)


def faults(made: str, facts: Facts, do: str) -> Iterator[str]:
    """Tell what is wrong with a text, made of these facts with these words for what to do."""
    voiced = facts.channel in {"voice", "broadcast"}
    made = made.replace(LINK, "x" * LINK_TAKES)
    said = spoken if voiced else str
    alert, public = facts.kind == "alert", facts.layer == PUBLIC or facts.channel == "broadcast"
    ways = (facts.desk, spoken(facts.desk), "按2有困难", "回2有困难")
    wrong = (
        (_BLANK.search(made), "有没填上的空"),
        (said(facts.places) not in made, "没有地方"),
        (said(f"{facts.issued.astimezone(facts.zone):%H:%M}") not in made, "没有时间"),
        (alert and said(do) not in made, "没有写做什么"),
        (alert and facts.channel == "sms" and "回1" not in made, "没有写怎么回"),
        (alert and not any(way in made for way in ways), "没有写找谁"),
        (facts.observed and "预警信号" in made, "实测提醒不得称预警信号"),
        (facts.observed and "实测" not in made, "没有写明实测"),
        (public and _FIGURES.search(made), "给公众的话写了毫米数"),
        (voiced and _DIGITS.search(made), "有数字没有念成话"),
        (facts.channel == "sms" and sms_parts(made) > PARTS, f"短信 {sms_parts(made)} 段，太长"),
        (len(made) > LONGEST.get(facts.channel, len(made)), f"{len(made)} 字，太长"),
    )
    yield from (fault for is_so, fault in wrong if is_so)


def cases(scheme: Scheme) -> Iterator[tuple[str, Facts]]:
    """Each case there is: hazard, level, layer and duty, channel, signal or measured; with a name for people.

    Levels are those that the hazard has; duties those called for its family from that level on; channels
    those of the duty, the loudspeakers for coverage, and the page.
    """
    for hazard in scheme.ruleset.hazards:
        for level in sorted(hazard.signal) or list(Level):
            for duty in scheme.layers.values():
                rules = scheme.ruleset.duties[duty.layer, duty.id]
                if level < rules.from_level or (rules.families and hazard.family not in rules.families):
                    continue
                for channel in _channels(duty, rules.channels.get(level, ())):
                    for observed in (False, True):
                        if observed and not _reminded(scheme, duty):
                            continue
                        name = f"{hazard.id} {level.word} {duty.layer}/{duty.id} {channel}"
                        facts = _facts(scheme, hazard, level, duty, channel, observed=observed)
                        yield f"{name}{' 实测' if observed else ''}", facts


def _reminded(scheme: Scheme, duty: Duty) -> bool:
    """Whether a reminder made from measurements alone may call a duty."""
    key = (duty.layer, duty.id)
    besides = {row.duty for row in scheme.ruleset.reminder_from}
    return bool(duty.unit) or key in scheme.ruleset.reminder or key in besides


def check(scheme: Scheme) -> Iterator[tuple[str, str]]:
    """Make every text of a scheme, with its correction, downgrade and all-clear; tell case and fault."""
    templates = scheme.templates
    for name, facts in cases(scheme):
        try:
            made = paired(templates, facts)
        except LookupError as lacking:
            yield name, f"没有文字：{lacking}"
            continue
        do = task(templates, facts)
        for kind, words in _texts(made):
            if kind == "lowered" and facts.level is Level.HINT:
                continue
            for fault in faults(words, replace(facts, kind=kind), do):
                yield f"{name} {kind}", fault


def _texts(made: Paired) -> tuple[tuple[Kind, str], ...]:
    return (
        ("alert", made.alert),
        ("correction", made.correction),
        ("lowered", made.lowered),
        ("clear", made.clear),
    )


def _channels(duty: Duty, kinds: tuple[str, ...]) -> list[ChannelName]:
    if duty.coverage:
        return ["broadcast"]
    channels: list[ChannelName] = [kind for kind in ("sms", "voice") if kind in kinds]
    return [*channels, "page"]


def _facts(
    scheme: Scheme, hazard: HazardRules, level: Level, duty: Duty, channel: ChannelName, *, observed: bool
) -> Facts:
    """Facts as they come on a usual night: two long place names, the signal's own words."""
    signal = hazard.signal.get(level)
    return Facts(
        kind="alert",
        channel=channel,
        district=scheme.district.name,
        signature=scheme.district.signature,
        desk=scheme.district.desk,
        hazard=hazard.name,
        level=level,
        places="盘龙镇、吴家镇等9处",
        issued=SAMPLE,
        what=signal.text if signal is not None and signal.text else "可能有影响",
        hazard_id=hazard.id,
        family=hazard.family,
        layer=duty.layer,
        duty=duty.words,
        observed=observed,
        link=LINK if channel == "sms" else "",
        zone=scheme.district.zone,
    )
