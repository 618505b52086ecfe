"""Which numbers are invented, which may be dialled, and how a number is shown.

Synthetic numbers are ``0009TTNNNNN``: a form that cannot ring anywhere (data/rongchang/SOURCES.md). The lock
between synthetic numbers and live gateways stands on these three functions alone.
"""

import re

_SYNTHETIC = re.compile(r"0009(0\d|1\d|2[01])\d{5}")
_MOBILE = re.compile(r"1[3-9]\d{9}")
# Area codes of Chongqing and its neighbours; a landline elsewhere is refused rather than guessed.
_LANDLINE = re.compile(r"(023|028|0830|0832|0825|0826|0827)\d{7,8}")


def is_synthetic(number: str) -> bool:
    """Whether the number is of the invented form."""
    return _SYNTHETIC.fullmatch(number) is not None


def is_dialable(number: str) -> bool:
    """Whether a live gateway may be given this number: a mobile, or a landline with a listed area code."""
    return _MOBILE.fullmatch(number) is not None or _LANDLINE.fullmatch(number) is not None


def masked(number: str | None) -> str:
    """Return the number as people see it, ``0009****123``; an absent one as ``无号码``."""
    if not number:
        return "无号码"
    return f"{number[:4]}****{number[-3:]}" if len(number) >= 8 else "****"
