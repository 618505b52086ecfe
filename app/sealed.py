"""Names and numbers at rest: AES-256-GCM with a key id, and a blind index (HMAC) to look a number up.

The keys live outside the database, in the file that ``migrate`` makes once (mode 0600). Whoever has only the
database or a backup of it reads neither. One module holds cipher, MAC and key ids, so that SM4/SM3 can take
their place.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from typing_extensions import override


@dataclass(frozen=True)
class Keys:
    """Data keys by id (the current one encrypts, all decrypt), the index key and the session key."""

    current: str
    data: dict[str, bytes]
    index: bytes
    session: bytes

    @classmethod
    def new(cls) -> Self:
        """Make fresh keys."""
        return cls("k1", {"k1": secrets.token_bytes(32)}, secrets.token_bytes(32), secrets.token_bytes(32))

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read the key file. Raises OSError or ValueError, each saying the file's name only."""
        try:
            raw = json.loads(file.read_text())
            data = {name: base64.b64decode(key) for name, key in raw["data"].items()}
            keys = cls(raw["current"], data, base64.b64decode(raw["index"]), base64.b64decode(raw["session"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            msg = f"{file.name} is not a key file of this product"
            raise ValueError(msg) from error
        if keys.current not in keys.data or any(len(key) != 32 for key in keys.data.values()):
            msg = f"{file.name} holds no usable current key"
            raise ValueError(msg)
        return keys

    def write(self, file: Path) -> None:
        """Write the key file, readable by its owner alone; an existing one is never overwritten."""
        text = json.dumps(
            {
                "current": self.current,
                "data": {name: base64.b64encode(key).decode() for name, key in self.data.items()},
                "index": base64.b64encode(self.index).decode(),
                "session": base64.b64encode(self.session).decode(),
            },
            indent=1,
        )
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(text)


_in_use: Keys | None = None


def use(keys: Keys) -> None:
    """Set this process's keys."""
    global _in_use  # noqa: PLW0603 - one set of keys a process; the column type has no other way to them
    _in_use = keys


def keys() -> Keys:
    """Return this process's keys. Raises RuntimeError before they are set."""
    if _in_use is None:
        msg = "no keys are loaded"
        raise RuntimeError(msg)
    return _in_use


def seal(text: str, context: str) -> str:
    """Encrypt; ``context`` (table.column) is bound, so a value moved to another column does not open."""
    using = keys()
    nonce = secrets.token_bytes(12)
    sealed = AESGCM(using.data[using.current]).encrypt(nonce, text.encode(), context.encode())
    return f"{using.current}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(value: str, context: str) -> str:
    """Decrypt. Raises ValueError when the key is missing or the value was altered."""
    name, _, body = value.partition(":")
    raw = base64.b64decode(body)
    try:
        return AESGCM(keys().data[name]).decrypt(raw[:12], raw[12:], context.encode()).decode()
    except (KeyError, InvalidTag) as error:
        msg = f"a sealed value of {context} does not open with these keys"
        raise ValueError(msg) from error


def blind_index(text: str) -> str:
    """Return what a sealed value can be looked up by: HMAC-SHA256 as 32 hex digits."""
    return hmac.new(keys().index, text.encode(), hashlib.sha256).hexdigest()[:32]


class SealedText(TypeDecorator[str]):
    """A text column that is encrypted at rest. ``context``: table.column."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else seal(value, self.context)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else unseal(value, self.context)
