"""Files that ship with the product: ``config``, ``data``, ``migrations``.

In a checkout they stand beside ``app/``; in an installed wheel in ``app/_bundled/``.
"""

from pathlib import Path

_APP = Path(__file__).resolve().parent


def path(name: str) -> Path:
    """Return the folder or file of that name.

    Raises FileNotFoundError when the installation is incomplete.
    """
    # In this order: beside an installed app/ lie other packages' folders.
    for base in (_APP / "_bundled", _APP.parent):
        if (base / name).exists():
            return base / name
    msg = f"{name} is missing from this installation"
    raise FileNotFoundError(msg)
