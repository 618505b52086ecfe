"""Where vendors post receipts and replies, each in its own form, answered in its own form.

Who posts is proved by the channel's own credential (``Channel.read`` checks it over the raw bytes). An id
we do not know is kept and shown, never an error: a 4xx makes a vendor retry for ever, or switch the door
off.
"""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from app import logs, metrics
from app.answer import gateway
from app.api import body
from app.api.deps import PartsDep
from app.api.problem import declared
from app.db import Session
from app.errors import Refused

log = logs.get(__name__)

router = APIRouter(tags=["gateways"], responses=declared(400, 401, 404, 413, 415, 422))

ChannelName = Annotated[str, Path(min_length=1, max_length=40)]


async def _take(request: Request, name: str, has: PartsDep) -> Response:
    channel = has.registry.by_name(name)
    raw = await body.read(request, body.GATEWAY)
    at = has.clock.now()
    try:
        items = channel.read(request.headers, raw, at, request.query_params)
    except Refused as error:
        metrics.REFUSED.labels(error.code).inc()
        log.warning("gateway.refused", channel=channel.name, code=error.code, size=len(raw))
        raise

    async def work(session: Session) -> dict[str, int]:
        return await gateway.take(
            session, channel.name, items, district=has.scheme.district.code, scheme=has.scheme, at=at
        )

    counts = await has.db.run(work)
    log.info("gateway.taken", channel=channel.name, items=len(items), **counts)
    answer = channel.answer(raw, at)
    return Response(answer.body, answer.status, media_type=answer.content_type)


@router.post("/gateways/{channel}/receipts")
async def receipts(channel: ChannelName, request: Request, has: PartsDep) -> Response:
    """Take what a vendor reports of messages it was given."""
    return await _take(request, channel, has)


@router.post("/gateways/{channel}/replies")
async def replies(channel: ChannelName, request: Request, has: PartsDep) -> Response:
    """Take what people sent back or pressed."""
    return await _take(request, channel, has)
