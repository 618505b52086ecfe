"""Tables of the directory: place, place_code, household, person, holding, shift."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app import db
from app.db import Base
from app.sealed import SealedText

PLACE_ID = sa.String(40)

LEVELS = (
    "district",
    "town",
    "village",
    "grid",
    "group",
    "household",
    "risk_point",
    "reservoir",
    "facility",
    "bureau",
    "neighbour",
)


class Place(Base):
    """A place that can have a responsible person. Its id is its own code.

    Codes: 6 digits (district), 9 (town), 12 (village), ``<village>-G03`` (grid), ``<village>-S07`` (group
    of ten households), ``<village>-H0123`` (household), ``RP-…`` (risk point),
    ``500153-N01`` (a duty room up or down the river), a reservoir's, facility's or bureau's own.
    ``parent_id`` leads upward to the district; ``town_code`` is empty for what belongs to no town (the
    district's own, a reservoir upstream of it).
    """

    __tablename__ = "place"
    __table_args__ = (
        sa.CheckConstraint(f"level IN ({', '.join(repr(level) for level in LEVELS)})", name="level"),
        sa.Index("ix_place_town", "district", "town_code", "level"),
        sa.Index("ix_place_level", "district", "level"),
        sa.Index("ix_place_parent", "parent_id"),
    )

    id: Mapped[str] = mapped_column(PLACE_ID, primary_key=True)
    district: Mapped[str] = db.district()
    level: Mapped[str] = mapped_column(sa.String(12))
    name: Mapped[str] = mapped_column(sa.String(80))
    parent_id: Mapped[str | None] = mapped_column(PLACE_ID, sa.ForeignKey("place.id"))
    town_code: Mapped[str | None] = mapped_column(sa.String(9))
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    population: Mapped[int | None]
    households: Mapped[int | None]
    kind: Mapped[str | None] = mapped_column(sa.String(40))
    """What sort of place: street, community, geological, flood, school, key (a key bureau) …"""
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What only some places have: risk_code, threatened, muster_place, route, gauge …; never a name or a
    number of a person.
    """
    synthetic: Mapped[bool] = mapped_column(default=False)


class PlaceCode(Base):
    """A place's code in one of the official lists.

    ``nbs`` is the statistics list, ``mca`` that of civil affairs, ``legacy`` what was valid before 2015.
    The two lists give the same nine digits to different towns, so a code means nothing without its list.
    """

    __tablename__ = "place_code"
    __table_args__ = (sa.Index("ix_place_code_place", "place_id"),)

    system: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    district: Mapped[str] = db.district()
    place_id: Mapped[str] = mapped_column(PLACE_ID, sa.ForeignKey("place.id"))


class Household(Base):
    """What the calling and the transfer list must know of a household beside its place row.

    Its contact and its helper (帮扶责任人) are holdings.
    """

    __tablename__ = "household"
    __table_args__ = (
        sa.Index("ix_household_town", "district", "town_code"),
        sa.Index("ix_household_risk_point", "risk_point_id"),
        sa.Index("ix_household_village", "village_id"),
    )

    place_id: Mapped[str] = mapped_column(PLACE_ID, sa.ForeignKey("place.id"), primary_key=True)
    district: Mapped[str] = db.district()
    town_code: Mapped[str | None] = mapped_column(sa.String(9))
    village_id: Mapped[str] = mapped_column(PLACE_ID)
    group_id: Mapped[str] = mapped_column(PLACE_ID)
    people: Mapped[int]
    vulnerable: Mapped[str | None] = mapped_column(sa.String(20))
    """``alone-over-65``, ``disabled``, ``pregnant``, ``child-left-behind``, or None."""
    age: Mapped[int | None]
    """Of the vulnerable person, in years; never a birthday."""
    risk_point_id: Mapped[str | None] = mapped_column(PLACE_ID, sa.ForeignKey("place.id"))
    """The risk point that threatens it, if one does."""


class Person(Base):
    """A person: a name and at most one phone, both sealed. One who holds several posts is called once."""

    __tablename__ = "person"
    __table_args__ = (
        sa.UniqueConstraint("district", "code"),
        sa.Index("ix_person_phone", "district", "phone_index"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    code: Mapped[str] = mapped_column(sa.String(40))
    """The district's own key of the person (its staff or list number), so that a second import finds the
    same row.
    """
    name: Mapped[str] = mapped_column(SealedText("person.name"))
    phone: Mapped[str | None] = mapped_column(SealedText("person.phone"))
    phone_index: Mapped[str | None] = mapped_column(sa.String(64))
    """``sealed.blind_index`` of the phone: a reply is matched to its person without opening any row. Not
    unique: neighbours share phones.
    """
    synthetic: Mapped[bool] = mapped_column(default=False)
    retired_at: Mapped[datetime | None]


class Holding(Base):
    """A post: a person has a role at a place (``town.mayor`` of 500153001). Lower ranks are called first."""

    __tablename__ = "holding"
    __table_args__ = (
        sa.UniqueConstraint("place_id", "role", "person_id"),
        sa.Index("ix_holding_role", "district", "role"),
        sa.Index("ix_holding_person", "person_id"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    place_id: Mapped[str] = mapped_column(PLACE_ID, sa.ForeignKey("place.id"))
    role: Mapped[str] = mapped_column(sa.String(40))
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"))
    rank: Mapped[int] = mapped_column(default=1)
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    synthetic: Mapped[bool] = mapped_column(default=False)


class Shift(Base):
    """A turn of duty: who is on, in which role, from when (included) until when (not included)."""

    __tablename__ = "shift"
    __table_args__ = (
        sa.UniqueConstraint("place_id", "role", "person_id", "starts_at"),
        sa.CheckConstraint("ends_at > starts_at", name="forward"),
        sa.Index("ix_shift_now", "district", "ends_at", "starts_at"),
        sa.Index("ix_shift_person", "person_id"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    place_id: Mapped[str] = mapped_column(PLACE_ID, sa.ForeignKey("place.id"))
    role: Mapped[str] = mapped_column(sa.String(40))
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"))
    rank: Mapped[int] = mapped_column(default=1)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    synthetic: Mapped[bool] = mapped_column(default=False)
