"""Pages are looked at on a red night: tests/support/desk_data.py."""

from tests.support.desk_data import quiet, red, red_night_template
from tests.support.phone_data import night

__all__ = ["night", "quiet", "red", "red_night_template"]
