"""GET /events: what changed, as it changes.

Ids, not content: whoever hears one looks it up with their own rights.
"""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import StreamingResponse

from app.api.deps import HubDep, Reader, bound_to
from app.api.problem import declared
from app.errors import Fault, Validation

router = APIRouter(tags=["events"])


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        **declared(401, 403, 422),
        200: {"content": {"text/event-stream": {}}, "description": "A stream."},
    },
)
async def stream(
    who: Reader,
    hub: HubDep,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
    after: Annotated[str | None, Query(max_length=20)] = None,
) -> StreamingResponse:
    """Stream events: `warning` `plan` `delivery` `obligation` `task` `disaster` `alarm`, each with an `id`.

    `Last-Event-ID` resumes; `after` begins behind an id known from elsewhere, and yields to the header.
    An event `reset` says that too much was missed: fetch the lists anew.
    """
    begin = _id(last_event_id, "/header/Last-Event-ID")
    if begin is None:
        begin = _id(after, "/query/after")
    return StreamingResponse(
        hub.stream(begin, bound_to(who)), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


def _id(given: str | None, pointer: str) -> int | None:
    """Read an id of this stream; None where none is given. Raises Validation."""
    if not given:
        return None
    if not (given.isascii() and given.isdigit()):
        raise Validation(errors=[Fault(pointer, "not-valid", "Not an id of this stream.")])
    return int(given)
