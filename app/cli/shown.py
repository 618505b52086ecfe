"""What the pages of a demo are told besides the product's own: its clock, and what the story waits for."""

from dataclasses import dataclass
from typing import Any

from app.cli.pace import StoryClock
from app.console import story

PATH = "/demo/clock"


@dataclass
class Shown:
    """The band of the pages. ``asks``: the story stands still, and somebody may act."""

    clock: StoryClock
    notice: str = ""
    asks: bool = False
    path: str = PATH

    def flows(self) -> None:
        """Say how fast the story goes."""
        rate = self.clock.rate
        self.asks = False
        self.notice = (
            f"演示：时钟走得快，1 秒约 {rate / 60:.0f} 分钟。"
            if rate >= 60
            else f"演示：时钟放慢了，1 秒走 {rate:g} 秒。"
        )

    def ask(self, words: str) -> None:
        """Say that it stands still, and for what."""
        self.notice, self.asks = words, True

    def over(self, words: str) -> None:
        """Say that it came to its end."""
        self.notice, self.asks = words, False

    def told(self) -> dict[str, Any]:
        """Return what a page asks for: seconds since 1970, story seconds in one second."""
        return {
            "now": self.clock.now().timestamp(),
            "rate": self.clock.rate,
            "until": self.clock.until.timestamp(),
            "notice": self.notice,
            "asks": self.asks,
        }


def show(app: Any, clock: StoryClock) -> Shown:
    """Have the pages of ``app`` show the story's clock and its band."""
    shown = Shown(clock)
    story.install(app, shown)
    return shown
