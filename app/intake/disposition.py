"""PURE: what a message is to us.

The first that holds: waiting, not-applicable, expired, needs-review, applies.

(Refused and conflict come before these: they need the bytes and the keys already taken, see ``accept``.)

A Cancel that found its warning ends it, whatever else it says of places, colours or times: only doubt about
*which* warning it means, or who says so, holds it up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.intake.message import Message, MsgType, Problem, Scope, Status

Disposition = Literal["waiting", "not-applicable", "expired", "needs-review", "applies"]

AHEAD = timedelta(minutes=5)
"""How far a sender's clock may run before ours."""
LIFE = timedelta(hours=24)
"""How old a message without ``expires`` may be (assumed: CAP leaves it to the
receiver)."""

DOUBTS_A_CANCEL = frozenset(
    {
        "no-reference",
        "self-reference",
        "later-reference",
        "sent-in-future",
        "reference-other-bureau",
        "reference-other-status",
        "several-infos",
        "several-events",
    }
)

PLACEMENT = frozenset(
    {
        "no-place",
        "unknown-code",
        "name-differs",
        "bad-code",
        "bad-polygon",
        "bad-circle",
        "open-polygon",
        "self-crossing",
        "swapped-coordinates",
        "line",
        "unknown-event",
        "unknown-severity",
    }
)
"""What a JSON sender is told as 422: it writes code against our contract and can mend it at once."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where its areas lie, codes and shapes together.

    ``places``: nine-digit codes, ``villages``: twelve-digit codes named by the message. ``elsewhere``:
    something lies in another district. ``problems``: what could not be placed; all of them block.
    """

    places: frozenset[str] = frozenset()
    villages: frozenset[str] = frozenset()
    elsewhere: bool = False
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known of the messages it refers to. ``found``: at least one was taken, with the same status."""

    found: bool = False
    other_status: bool = False
    other_bureau: bool = False
    none_applied: bool = False
    """All that were found were not for us: ending them is not for us either."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What it is to us, and all that a person should know about it."""

    disposition: Disposition
    problems: tuple[Problem, ...]


def decide(
    message: Message, where: Where, earlier: Earlier, at: datetime, known_event: Callable[[str], bool]
) -> Decision:
    """Return the disposition of a message that was read and is no repeat."""
    notes = [*message.problems, *where.problems]
    if (reason := _waits(message, earlier)) is not None:
        return Decision("waiting", (*notes, reason))
    if (reason := _not_ours(message, where, earlier)) is not None:
        return Decision("not-applicable", (*notes, reason))
    if message.msg_type is not MsgType.CANCEL and (reason := _over(message, at)) is not None:
        return Decision("expired", (*notes, reason))
    doubts = _doubts(message, where, earlier, at, known_event)
    notes = list(dict.fromkeys([*notes, *doubts]))
    blocking = [problem for problem in notes if problem.blocking]
    if message.msg_type is MsgType.CANCEL:
        blocking = [problem for problem in blocking if problem.code in DOUBTS_A_CANCEL]
    return Decision("needs-review" if blocking else "applies", tuple(notes))


def _waits(message: Message, earlier: Earlier) -> Problem | None:
    """Tell why it waits for the message it is about. What could never act, such as a test, does not wait."""
    speaks_of_another = message.msg_type in {MsgType.UPDATE, MsgType.CANCEL} and message.references
    could_act = message.status in {Status.ACTUAL, Status.EXERCISE} and message.scope is Scope.PUBLIC
    if speaks_of_another and could_act and not earlier.found and not earlier.other_status:
        return Problem("reference-unknown", "所指的原预警还没有收到，收到后自动处理")
    return None


_STATUS = {
    Status.TEST: Problem("status-test", "来文是测试报文，不作为预警"),
    Status.DRAFT: Problem("status-draft", "来文是草稿，不作为预警"),
    Status.SYSTEM: Problem("status-system", "来文是系统间的报文，不作为预警"),
}
_SCOPE = {
    Scope.PRIVATE: Problem("scope-private", "来文只发给指定的人，不得转发"),
    Scope.RESTRICTED: Problem("scope-restricted", "来文限制范围，不得转发"),
}
_TYPE = {
    MsgType.ACK: Problem("type-ack", "来文是回执，不是预警"),
    MsgType.ERROR: Problem("type-error", "来文是出错通知，不是预警"),
}


def _not_ours(message: Message, where: Where, earlier: Earlier) -> Problem | None:
    told = _STATUS.get(message.status) or _SCOPE.get(message.scope) or _TYPE.get(message.msg_type)
    if told is not None:
        return told
    if message.msg_type is MsgType.CANCEL:
        return Problem("reference-not-ours", "所指的原预警与本区无关") if earlier.none_applied else None
    placed = where.elsewhere and not where.places
    uncertain = where.problems or any(
        problem.blocking and problem.code in PLACEMENT - {"unknown-event", "unknown-severity"}
        for problem in message.problems
    )
    return Problem("elsewhere", "来文的范围不在本区") if placed and not uncertain else None


_ENDS_FIRST = Problem("expires-before-sent", "来文的失效时间早于发布时间")


def _ahead(message: Message, at: datetime) -> bool:
    """Tell whether it says that it was sent in the future."""
    return message.sent - at > AHEAD


def _over(message: Message, at: datetime) -> Problem | None:
    if message.expires is not None:
        # Of a time of sending that cannot be, nothing follows: what is still to run out goes to a person.
        if message.expires < message.sent and not _ahead(message, at):
            return _ENDS_FIRST
        return Problem("expired", "来文收到时已经失效") if message.expires <= at else None
    begins = max(filter(None, (message.sent, message.effective, message.onset)))
    return Problem("old", "来文没有写失效时间，且已超过24小时") if at - begins > LIFE else None


def _doubts(
    message: Message, where: Where, earlier: Earlier, at: datetime, known_event: Callable[[str], bool]
) -> list[Problem]:
    found: list[Problem] = []
    if _ahead(message, at):
        found.append(Problem("sent-in-future", "来文的发布时间比现在晚5分钟以上", blocking=True))
        if message.expires is not None and message.expires < message.sent:
            found.append(_ENDS_FIRST)
    if earlier.other_bureau:
        found.append(Problem("reference-other-bureau", "来文要改动别的部门发布的预警", blocking=True))
    if earlier.other_status and not earlier.found:
        found.append(Problem("reference-other-status", "来文与所指的预警一个是演练一个不是", blocking=True))
    if message.msg_type is not MsgType.CANCEL:
        if message.event_code and not known_event(message.event_code):
            found.append(Problem("unknown-event", "事件类型编码不在已知的编码表里", blocking=True))
        if not where.places and not where.problems:
            found.append(Problem("no-place", "来文没有写明可识别的范围", blocking=True))
    return found
