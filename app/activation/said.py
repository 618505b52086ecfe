"""What is said about a warning, as values for the templates, and the few texts no obligation asks for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.activation import lineage
from app.activation.tables import PlanRow, Warning, ends_at
from app.answer import obligations, texts
from app.answer.obligations import About
from app.directory import people
from app.origin import Origin
from app.scheme.models import Scheme
from app.warning.level import Level
from app.wording.compose import in_own_words, text
from app.wording.facts import places_text
from app.wording.paired import FALSE


@dataclass(frozen=True, slots=True)
class Told:
    """What those are told whom a warning has reached: as an SMS, and by the loudspeakers."""

    text: str
    aloud: str


def title(scheme: Scheme, row: Warning) -> str:
    """Return the warning's short name: 暴雨红色预警, 实测暴雨红色, 暴雨橙色预警（区里提到红色）."""
    name = scheme.ruleset.called(row.event_code, row.sent)
    level = Level(row.level or 0)
    if row.raised_from is not None:
        return f"{name}{Level(row.raised_from).zh}预警（区里提到{level.zh}）"
    return f"实测{name}{level.zh}" if row.observed else f"{name}{level.zh}预警"


def _values(scheme: Scheme, row: Warning, where: str) -> dict[str, Any]:
    hazard = scheme.ruleset.hazard(row.event_code, row.sent)
    level = Level(row.level or 0)
    signal = (
        hazard.signal.get(level if row.raised_from is None else Level(row.raised_from)) if hazard else None
    )
    return {
        "hazard": scheme.ruleset.called(row.event_code, row.sent),
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
        "raised_from": row.raised_from,
    }


async def brief(session: AsyncSession, row: Warning, plan: PlanRow, *, scheme: Scheme) -> None:
    """Store what every text under this warning is made of."""
    towns = await people.towns(session, row.district)
    names = [town.name for town in towns if town.code in row.places]
    where = places_text(names, len(towns), scheme.district.name)
    about = About(
        row.id, row.district, Origin(row.origin), row.version, row.event_code, int(row.level or 0), plan.id
    )
    values = _values(scheme, row, where)
    was = await lineage.lowered_from(session, row)
    if was is not None:  # who has not answered the higher level hears that it is the same event, and less now
        values["what"] = f"由{was.zh}降为{Level(row.level or 0).zh}，{values['what']}"
    await obligations.brief(session, about, values, expires_at=ends_at(row))


def broadcast(scheme: Scheme, row: Warning, place: str, at: datetime) -> str:
    """Return what the loudspeakers of a place say."""
    values = _values(scheme, row, place)
    return text(
        scheme.templates,
        texts.facts(values, scheme, kind="alert", channel="broadcast", layer="L6", issued=at),
    )


def clear(scheme: Scheme, row: Warning, at: datetime, where: str = "") -> Told:
    """Return the all-clear. ``where``: the places it holds for, where that is not all of them."""
    return _told(scheme, _values(scheme, row, where), "clear", at)


def correction(scheme: Scheme, row: Warning, words: str | None) -> Told:
    """Return the correction of a false or wrong warning: the prepared one, or what the officer wrote."""
    values = _values(scheme, row, "")
    if words is None:
        values["what"] = FALSE
        return _told(scheme, values, "correction", row.sent)
    sms, aloud = (
        texts.facts(values, scheme, kind="correction", channel=channel) for channel in ("sms", "broadcast")
    )
    return Told(in_own_words(words, sms), in_own_words(words, aloud))


def step_down(scheme: Scheme, row: Warning) -> Told:
    """Return what those who were called at a raised level are told when only the raise of ``row`` ends."""
    values = _values(scheme, row, "")
    values["what"] = f"提级已结束，仍按{Level(row.level or 0).zh}应对"
    return _told(scheme, values, "correction", row.sent)


def lowered(
    scheme: Scheme, row: Warning, was: Level, where: str, layer: str, *, to: Level | None = None
) -> Told:
    """Return what those are told whom a higher level has reached, now that an update has lowered it.

    ``to``: the level it is lowered to, where that is not ``row``'s own (ready beforehand).
    """
    values = {**_values(scheme, row, where), "what": ""}
    values |= {} if to is None else {"level": int(to)}
    sms, aloud = (
        texts.facts(values, scheme, kind="lowered", channel=channel, layer=layer, was=was)
        for channel in ("sms", "broadcast")
    )
    return Told(text(scheme.templates, sms), text(scheme.templates, aloud))


def _told(scheme: Scheme, values: dict[str, Any], kind: str, issued: datetime) -> Told:
    aloud = {**values, "places": scheme.district.name}
    return Told(
        text(scheme.templates, texts.facts(values, scheme, kind=kind, channel="sms", issued=issued)),
        text(scheme.templates, texts.facts(aloud, scheme, kind=kind, channel="broadcast", issued=issued)),
    )


def corrected(scheme: Scheme, row: Warning) -> str:
    """Return what the duty chief is told by phone when somebody has sent a correction."""
    values = _values(scheme, row, scheme.district.name)
    values["what"] = "值班人员已撤回这条预警，并通知了收到的人，请立即复核"
    return text(
        scheme.templates,
        texts.facts(values, scheme, kind="correction", channel="voice", layer="L1", issued=row.sent),
    )


def undecided(scheme: Scheme, row: Warning, part: str) -> str:
    """Return what the chief and the leader are told when nobody decided in time."""
    values = _values(scheme, row, scheme.district.name)
    do = f"{part}已到时限无人决定，请立即放行或写明不放行的理由"
    return text(
        scheme.templates, texts.facts(values, scheme, kind="alert", channel="voice", layer="L1", do=do)
    )
