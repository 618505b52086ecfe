"""GET /events: what changed, as it changes.

Ids, not content: whoever hears one looks it up with their own rights.
"""

from typing import Annotated

from fastapi import APIRouter, Header
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
    who: Reader, hub: HubDep, last_event_id: Annotated[str | None, Header(max_length=20)] = None
) -> StreamingResponse:
    """Stream events: `warning` `plan` `delivery` `obligation` `task` `disaster` `alarm`, each with an `id`.

    `Last-Event-ID` resumes. An event `reset` says that too much was missed: fetch the lists anew.
    """
    if last_event_id is not None and not (last_event_id.isascii() and last_event_id.isdigit()):
        raise Validation(errors=[Fault("/header/Last-Event-ID", "not-valid", "Not an id of this stream.")])
    after = int(last_event_id) if last_event_id else None
    return StreamingResponse(
        hub.stream(after, bound_to(who)), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )
