"""What the files of `config/` may say that rule the running of it: release, escalation, channels, words."""

# ruff: noqa: RUF012  (Pydantic copies a default; nothing is shared)

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from app.scheme.fields import ClockTime, Duration, LevelWord, Model, Name, OptionalDuration, Sourced, Text
from app.scheme.files import ChannelKind, Family


class ReleaseRow(Sourced):
    """Who, how many, by when."""

    who: Annotated[list[Text], Field(min_length=1)]
    second: list[Text] = []
    persons: Literal[0, 1, 2]
    limit: OptionalDuration = None
    auto_at_limit: bool = False


class OverdueRow(Model):
    """Who is phoned when the limit has passed."""

    after: Duration
    who: Text


class ReauthenticateRow(Model):
    """Where a password is asked for again."""

    act: Literal["public", "orders", "close", "correct"]
    level: LevelWord


class ReleaseFile(Model):
    """release.yaml."""

    public: dict[LevelWord, ReleaseRow]
    orders: dict[LevelWord, ReleaseRow]
    close: dict[LevelWord, ReleaseRow]
    review: ReleaseRow
    uplift: ReleaseRow
    response: ReleaseRow
    auto_only_in: list[Text]
    overdue: Annotated[list[OverdueRow], Field(min_length=1)]
    break_glass: Duration
    approval_lapses: Duration
    reauthenticate: list[ReauthenticateRow]


class StepRow(Model):
    """One step of a chain."""

    after: Duration
    who: Literal["A", "B", "superior", "chief", "onsite"]
    spread: Annotated[int, Field(ge=1, le=4)] = 1
    channels: list[ChannelKind] = []
    voice_at_night: bool = True


class ChainRow(Sourced):
    """A chain."""

    name: Name
    levels: Annotated[list[LevelWord], Field(min_length=1)]
    hops: list[Text] = []
    steps: Annotated[list[StepRow], Field(min_length=1)]


class NightHours(Model):
    """From when until when it is night."""

    since: ClockTime = Field(alias="from")
    until: ClockTime


class EscalationFile(Model):
    """escalation.yaml."""

    cannot_skips: bool
    night: NightHours
    chains: Annotated[list[ChainRow], Field(min_length=1)]


class ChannelsFile(Model):
    """channels.yaml.

    What an entry may say is its adapter's business; here only that it has a name and carries.
    """

    channels: Annotated[list[dict[str, Any]], Field(min_length=1)]


class TemplateRow(Model):
    """One text of wording/*.yaml."""

    kind: Literal["alert", "correction", "lowered", "clear", "do", "effect"]
    channel: Literal["sms", "voice", "broadcast", "page"] | None = None
    observed: bool | None = None
    hazard: Name | None = None
    family: Family | None = None
    level: LevelWord | None = None
    layer: Literal["L1", "L2", "L3", "L4", "L5", "L6", "key"] | None = None
    duty: Name | None = None
    text: Text


class WordingFile(Model):
    """wording/*.yaml."""

    templates: Annotated[list[TemplateRow], Field(min_length=1)]
