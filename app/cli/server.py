"""The web server of ``serve``: uvicorn, stopped our way."""

import signal
from types import FrameType

import uvicorn
from typing_extensions import override

from app.api.hub import Hub


class Server(uvicorn.Server):
    """Ends its event streams at the first signal (they would hold the process up), and exits with 0."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at a second interrupt at once."""
        self._hub.close()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
