"""Tables of the observations: station, reading, forecast, quarantine."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app import db
from app.db import Base


class Station(Base):
    """A gauge. Its levels are whole mm above its own datum, its rain criteria whole tenths of a mm.

    Two districts may watch one station (the reservoir upstream of both), each with its own row. Marks come
    from the district's plan, not from the feed (there they are mostly empty). ``place_code`` is the
    nine-digit town code, empty for a station outside the district (玉滩水库, upstream).
    """

    __tablename__ = "station"

    district: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    """``rain``, ``river``, ``reservoir``, or another that only ELEMENT rows come from (``waterlogging``,
    ``underpass``, ``weather``).
    """
    name: Mapped[str] = mapped_column(sa.String(80))
    river: Mapped[str | None] = mapped_column(sa.String(40))
    place_code: Mapped[str | None] = mapped_column(sa.String(9))
    village_code: Mapped[str | None] = mapped_column(sa.String(12))
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    interval_minutes: Mapped[int]
    rain_1h_prepare_tenths: Mapped[int | None]
    rain_1h_immediate_tenths: Mapped[int | None]
    rain_3h_prepare_tenths: Mapped[int | None]
    rain_3h_immediate_tenths: Mapped[int | None]
    base_mm: Mapped[int | None]
    warning_mm: Mapped[int | None]
    guarantee_mm: Mapped[int | None]
    record_mm: Mapped[int | None]
    flood_limit_mm: Mapped[int | None]
    normal_mm: Mapped[int | None]
    design_flood_mm: Mapped[int | None]
    check_flood_mm: Mapped[int | None]
    dam_crest_mm: Mapped[int | None]
    owner: Mapped[str | None] = mapped_column(sa.String(80))
    """The only source whose rows it takes; None: any source of the district."""
    source: Mapped[str | None] = mapped_column(sa.String(200))
    """Where the entry itself comes from."""
    synthetic: Mapped[bool] = mapped_column(default=False)
    last_at: Mapped[datetime | None]
    """End of the newest period it reported."""
    last_level_mm: Mapped[int | None]
    last_level_at: Mapped[datetime | None]


class Reading(Base):
    """One value of one station, in whole thousandths of its unit, for the period that ends at ``at``.

    ``interval_minutes`` is 0 for a value read at an instant (level, gust). Rows of 5 min, 1 h and 24 h
    stand side by side and are never summed together. A corrected row replaces the value; the first one
    stays in ``first_milli``.
    """

    __tablename__ = "reading"
    __table_args__ = (
        sa.ForeignKeyConstraint(["district", "station"], ["station.district", "station.code"]),
        # Time before station: what a round of gauges brings lies side by side.
        sa.PrimaryKeyConstraint("district", "element", "at", "station", "interval_minutes"),
    )

    district: Mapped[str] = mapped_column(sa.String(12))
    station: Mapped[str] = mapped_column(sa.String(20))
    element: Mapped[str] = mapped_column(sa.String(16))
    interval_minutes: Mapped[int] = mapped_column(autoincrement=False)
    at: Mapped[datetime]
    milli: Mapped[int]
    received_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(sa.String(80))
    first_milli: Mapped[int | None]
    revised_at: Mapped[datetime | None]


class RainSeries(Base):
    """Rain of twelve hours of one gauge side by side, so that a window is a sum over one row or three.

    A copy of ``Reading`` in the form windows ask for, kept in the same transaction. ``block`` counts twelve
    hours since 1970 UTC; ``slots`` holds 32-bit little-endian thousandths of a millimetre, one for each
    period of ``interval_minutes`` that ends in the block, -1 where none came. Empty: rows came that stand on
    no such grid, and the windows read ``Reading`` itself.
    """

    __tablename__ = "rain_series"
    __table_args__ = (sa.ForeignKeyConstraint(["district", "station"], ["station.district", "station.code"]),)

    district: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    station: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    interval_minutes: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slots: Mapped[bytes] = mapped_column(sa.LargeBinary)


class Forecast(Base):
    """A forecast value for a town and a period; a newer issue replaces an older one."""

    __tablename__ = "forecast"
    __table_args__ = (sa.Index("ix_forecast_window", "district", "element", "until_at"),)

    district: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    town_code: Mapped[str] = mapped_column(sa.String(9), primary_key=True)
    element: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    from_at: Mapped[datetime] = mapped_column(primary_key=True)
    until_at: Mapped[datetime] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    issued_at: Mapped[datetime]
    milli: Mapped[int]
    received_at: Mapped[datetime]


class Quarantined(Base):
    """A row that cannot be true, kept as it came, with the reason; no window ever reads it.

    The same row again (``digest``) is kept once.
    """

    __tablename__ = "quarantine"
    __table_args__ = (
        sa.UniqueConstraint("district", "source", "digest"),
        sa.Index("ix_quarantine_received", "district", "received_at"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    source: Mapped[str] = mapped_column(sa.String(80))
    form: Mapped[str] = mapped_column(sa.String(16))
    """The table the row was sent for: ST_PPTN_R, ST_RIVER_R, ST_RSVR_R, ELEMENT, FORECAST."""
    row: Mapped[dict[str, Any]]
    code: Mapped[str] = mapped_column(sa.String(24))
    detail: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.String(64))
    received_at: Mapped[datetime]
