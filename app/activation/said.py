"""What is said about a warning, as values for the templates, and the few texts no obligation asks for."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import PlanRow, Warning, ends_at
from app.answer import obligations, texts
from app.answer.obligations import About
from app.directory import people
from app.origin import Origin
from app.scheme.models import Scheme
from app.warning.level import Level
from app.wording.compose import text
from app.wording.facts import places_text


def title(scheme: Scheme, row: Warning) -> str:
    """Return the warning's short name: 暴雨红色预警, 实测暴雨红色."""
    hazard = scheme.ruleset.hazard(row.event_code, row.sent)
    name = hazard.name if hazard else row.event_code
    level = Level(row.level or 0)
    return f"实测{name}{level.zh}" if row.observed else f"{name}{level.zh}预警"


def _values(scheme: Scheme, row: Warning, where: str) -> dict[str, Any]:
    hazard = scheme.ruleset.hazard(row.event_code, row.sent)
    level = Level(row.level or 0)
    signal = hazard.signal.get(level) if hazard else None
    return {
        "hazard": hazard.name if hazard else row.event_code,
        "hazard_id": hazard.id if hazard else "",
        "family": hazard.family if hazard else "",
        "level": int(level),
        "places": where,
        "issued": row.sent.isoformat(),
        "what": row.description if row.observed or signal is None or not signal.text else signal.text,
        "headline": row.headline,
        "issuer": row.issuer,
        "observed": row.observed,
        "exercise": row.origin == Origin.EXERCISE,
        "version": row.version,
    }


async def brief(session: AsyncSession, row: Warning, plan: PlanRow, *, scheme: Scheme) -> None:
    """Store what every text under this warning is made of."""
    towns = await people.towns(session, row.district)
    names = [town.name for town in towns if town.code in row.places]
    where = places_text(names, len(towns), scheme.district.name)
    about = About(
        row.id, row.district, Origin(row.origin), row.version, row.event_code, int(row.level or 0), plan.id
    )
    await obligations.brief(session, about, _values(scheme, row, where), expires_at=ends_at(row))


def broadcast(scheme: Scheme, row: Warning, place: str, at: datetime) -> str:
    """Return what the loudspeakers of a place say."""
    values = _values(scheme, row, place)
    return text(
        scheme.templates,
        texts.facts(values, scheme, kind="alert", channel="broadcast", layer="L6", issued=at),
    )


def clear(scheme: Scheme, row: Warning, at: datetime) -> str:
    """Return the all-clear, as an SMS; loudspeakers say the same words."""
    values = _values(scheme, row, "")
    return text(scheme.templates, texts.facts(values, scheme, kind="clear", channel="sms", issued=at))


def undecided(scheme: Scheme, row: Warning, part: str) -> str:
    """Return what the chief and the leader are told when nobody decided in time."""
    values = _values(scheme, row, scheme.district.name)
    do = f"{part}已到时限无人决定，请立即放行或写明不放行的理由"
    return text(
        scheme.templates, texts.facts(values, scheme, kind="alert", channel="voice", layer="L1", do=do)
    )
