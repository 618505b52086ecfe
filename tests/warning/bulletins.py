"""What a 12379 message says, as the planner sees it: read by the product's own reader."""

from app.intake import national
from app.warning.level import Level
from app.warning.situation import WarningFacts
from tests.intake.support import message
from tests.warning.situations import PANLONG, WUJIA, rules

CODES = {
    # one event code for each of the rules, as bureaus send it
    "rain": "11B03",
    "snow": "11B04",
    "gale": "11B06",
    "heat": "11B09",
    "cold-wave": "11B05",
    "fog": "11B17",
    "haze": "11B19",
    "lightning": "11B14",
    "hail": "11B15",
    "frost": "11B16",
    "road-ice": "11B21",
    "drought": "11B22",
    "river": "11A01",
    "flash-flood": "11A51",
    "geology": "11D01",
    "forest-fire": "11G01",
    "reservoir": "11A03",
    "waterlogging": "11A02",
    "typhoon": "11B01",
    "sandstorm": "11B07",
    "dike": "11A04",
    "freeze": "11B08",
    "any": "12D01",
}


def levels(hazard: str) -> list[Level]:
    """Return the levels a hazard has, the lowest first."""
    return sorted(next(h.signal for h in rules().hazards if h.id == hazard))


def facts(code: str, level: Level, *replaced: tuple[str, str]) -> WarningFacts:
    """Return a 12379 message for 盘龙 and 吴家 as facts; it names no onset and no end."""
    severity = level.word.capitalize()
    read = national.read(
        message(
            "national_a.xml",
            ("<eventType>11B03", f"<eventType>{code}"),
            ("<severity>Orange", f"<severity>{severity}"),
            *replaced,
        )
    )
    assert read.level is level
    return WarningFacts(
        read.identifier,
        read.event_code,
        level,
        read.sent,
        read.effective,
        read.onset,
        read.expires,
        frozenset({PANLONG, WUJIA}),
        headline=read.headline,
        issuer=read.issuer,
    )
