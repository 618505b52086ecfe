"""Passwords: which are taken, and how they are kept (argon2id).

Parameters: 19 MiB, 2 passes, 1 lane: the first choice of the OWASP Password Storage Cheat Sheet, 30 ms
here. A hash is made and checked in a thread, two at once at most, so that a crowd at the log-in cannot take
the memory or stop the event loop.
"""

import asyncio
import weakref
from collections.abc import Sequence
from itertools import pairwise

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

SHORTEST, ADVISED, LONGEST = 8, 15, 128

_hasher = PasswordHash((Argon2Hasher(memory_cost=19_456, time_cost=2, parallelism=1),))
# What is checked when there is no such account, so that the answer takes as long.
_NOBODY = _hasher.hash("nobody has this password")

# One pair of places for each event loop: a semaphore belongs to the loop it first waited in.
_places: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = weakref.WeakKeyDictionary()

_COMMON = frozenset(
    (  # noqa: SIM905 - one word a line would be a page
        "password passw0rd p@ssw0rd p@ssword iloveyou princess sunshine football baseball superman batman "
        "letmein welcome monkey dragon master shadow michael jennifer computer internet starwars whatever "
        "qwerty qwertyui qwertyuiop asdfghjk asdfghjkl zxcvbnm 1qaz2wsx qazwsxedc 1q2w3e4r 1q2w3e4r5t "
        "zaq12wsx abcd1234 a1b2c3d4 abc12345 aa123456 admin administrator changeme default secret guest root "
        "user test testtest trustno1 woaini woaini1314 woaini520 wodemima nihao mima zhongguo 5201314 "
        "1314520 88888888 11111111 00000000 12345678 123456789 1234567890 87654321 147258369 123123123 "
        "112233445566 66666666"
    ).split()
)
_CONTEXT = (
    "jiaoying",
    "叫应",
    "rongchang",
    "荣昌",
    "chongqing",
    "重庆",
    "yujing",
    "预警",
    "zhibanyuan",
    "值班",
)


def fault(password: str, context: Sequence[str] = ()) -> str | None:
    """Return why a password is not taken, in Chinese, or None. ``context``: the account's own words.

    No rules of composition, no forced change (NIST SP 800-63B, ASVS 6.2): length and not being guessable.
    """
    if len(password) < SHORTEST:
        return f"密码至少 {SHORTEST} 位，建议 {ADVISED} 位以上。"
    if len(password) > LONGEST:
        return f"密码最多 {LONGEST} 位。"
    bare = password.casefold()
    core = bare.strip("0123456789!@#$%^&*._-+=?~")
    if bare in _COMMON or core in _COMMON or len(set(bare)) < 4 or _runs(bare):
        return "这是常见密码，请换一个。"
    words = [word.casefold() for word in (*_CONTEXT, *context) if word]
    # A long sentence may well speak of the service; a short password that is little else may not.
    if any(word in bare and len(bare) < len(word) + SHORTEST for word in words):
        return "密码不能由账号、单位或系统名称组成。"
    return None


def _runs(password: str) -> bool:
    """Whether it only counts up or down (12345678, hgfedcba)."""
    steps = {ord(b) - ord(a) for a, b in pairwise(password)}
    return steps in ({1}, {-1})


def _place() -> asyncio.Semaphore:
    return _places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(2))


async def hashed(password: str) -> str:
    """Return the argon2id hash to store."""
    async with _place():
        return await asyncio.to_thread(_hasher.hash, password)


async def fits(password: str, stored: str | None) -> bool:
    """Whether the password belongs to the stored hash; None takes as long and says no."""
    if len(password) > LONGEST:
        return False
    async with _place():
        return await asyncio.to_thread(_hasher.verify, password, stored or _NOBODY) and stored is not None
