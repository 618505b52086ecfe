"""PURE: a stored warning as the planner's value."""

from app.activation.tables import Warning
from app.warning.level import Level
from app.warning.situation import WarningFacts


def facts_of(row: Warning) -> WarningFacts:
    """Return a stored warning as the planner's value. Only for one that has a level and places."""
    return WarningFacts(
        key=row.id,
        hazard=row.event_code,
        level=Level(row.level or 0),
        sent=row.sent,
        effective=row.effective,
        onset=row.onset,
        expires=row.expires,
        places=frozenset(row.places),
        villages=frozenset(row.villages),
        observed=row.observed,
        headline=row.headline,
        issuer=row.issuer,
        raised_from=None if row.raised_from is None else Level(row.raised_from),
    )
