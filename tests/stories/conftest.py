"""Stories are told in a world: tests/support/world.py."""

from tests.support.world import world

__all__ = ["world"]
