"""Shapes that several doors share."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends
from fastapi.params import Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.activation.release import PartState
from app.reports.lists import MOST, USUAL, Page

WarningId = Annotated[str, Path(min_length=1, max_length=36, pattern="^[0-9a-zA-Z-]+$")]


class PageQuery(BaseModel):
    """Which page of a list. An unknown query name is refused, as an unknown field is."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(USUAL, ge=1, le=MOST)
    cursor: str | None = Field(None, max_length=200, pattern="^[0-9A-Za-z_-]+$")


class PageOut(BaseModel):
    """A page of a list; `next` is the cursor of the following one, null at the end."""

    items: list[dict[str, Any]]
    next: str | None

    @classmethod
    def of(cls, page: Page[dict[str, Any]]) -> "PageOut":
        """Return a page as sent."""
        return cls(items=page.items, next=page.next)


class PartOut(BaseModel):
    """Where a part of a plan stands after a decision: `pending-approval` where a second person is needed."""

    part: str
    state: str
    decide_by: AwareDatetime | None
    first_by: str | None
    released_at: AwareDatetime | None

    @classmethod
    def of(cls, part: PartState) -> "PartOut":
        """Return a part as sent."""
        return cls(**asdict(part))


class NoQuery(BaseModel):
    """No query names at all."""

    model_config = ConfigDict(extra="forbid")


def _no_query(_: Annotated[NoQuery, Query()]) -> None:
    """Refuse every query name."""


without_query = Depends(_no_query)
