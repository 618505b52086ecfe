"""What a demo adds to the pages: its clock, which they follow, and the band that says what it waits for."""

from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse


class Story(Protocol):
    """What the pages ask of a story. ``asks``: it stands still, and somebody may act."""

    path: str
    notice: str
    asks: bool

    def told(self) -> dict[str, Any]:
        """Return its clock and its band, as the pages read them."""
        ...


def install(app: Starlette, story: Story) -> None:
    """Have the pages of ``app`` show this story."""

    async def clock(_: Request) -> JSONResponse:
        return JSONResponse(story.told(), headers={"Cache-Control": "no-store"})

    app.state.story = story
    app.add_route(story.path, clock)
