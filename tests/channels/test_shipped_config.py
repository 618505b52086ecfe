"""What is shipped in config/channels.yaml can be built, and reaches nobody."""

import yaml

from app import bundled
from app.channels.registry import build, check


def test_the_shipped_channels_are_without_fault_and_reach_nobody() -> None:
    entries = yaml.safe_load((bundled.path("config") / "channels.yaml").read_text(encoding="utf-8"))[
        "channels"
    ]
    assert check(entries, {}) == []
    registry = build(entries, {})
    assert not registry.any_live
    assert not registry.takes_real_numbers
    assert {kind for channel in registry for kind in channel.carries} == {"sms", "voice", "broadcast"}
