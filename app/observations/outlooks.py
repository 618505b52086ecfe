"""Forecasts as the rules read them: of the days ahead, the newest issue of each; never an observation."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from app.db import Session
from app.observations.tables import Forecast
from app.warning.news import Outlook

FRESH = timedelta(hours=36)
"""An issue older than this says nothing any more."""


async def read_outlooks(session: Session, district: str, at: datetime) -> tuple[Outlook, ...]:
    """Return what is forecast of rain for periods that are not over, issued by now."""
    rows = await session.scalars(
        sa.select(Forecast)
        .where(
            Forecast.district == district,
            Forecast.element == "rain",
            Forecast.until_at > at,
            Forecast.issued_at > at - FRESH,
            Forecast.issued_at <= at,
        )
        .order_by(Forecast.town_code, Forecast.source, Forecast.from_at, Forecast.until_at)
    )
    return tuple(
        Outlook(r.town_code, "rain", r.from_at, r.until_at, r.milli, r.issued_at, r.source) for r in rows
    )
