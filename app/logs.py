"""Structured logs: an event name and bound fields. No field can carry a number, a name, a token or a text.

Fields are allow-listed by what they are not: the last processor withholds forbidden names and masks anything
that looks like a phone number or a token. Under tests (``strict``) it raises instead, so that such a line
never ships.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, cast

import structlog

FORBIDDEN = frozenset(
    {
        "to",
        "phone",
        "mobile",
        "number",
        "name",
        "person_name",
        "text",
        "body",
        "words",
        "content",
        "authorization",
        "cookie",
        "token",
        "key_secret",
        "secret",
        "password",
        "headline",
        "description",
    }
)
# An id is read first, and left: its last twelve digits may look like a number.
_NUMBER = re.compile(
    r"(?P<id>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)|(?<!\d)(?:1[3-9]\d{9}|0009\d{7})(?!\d)"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")

_strict = False


class LeakError(RuntimeError):
    """A log line tried to carry what it must not."""


def _withhold(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for field, value in list(event.items()):
        if field in FORBIDDEN:
            if _strict:
                raise LeakError(f"the log field {field} is forbidden")
            event[field] = "withheld"
        elif not (field.startswith("_") or isinstance(value, bool | float | type(None))):
            said = str(value)  # a number in a list, or one that is an int, is a number too
            masked = _NUMBER.sub(lambda found: found["id"] or "[number]", said)
            if _strict and masked != said:
                raise LeakError(f"the log field {field} carries a phone number")
            if isinstance(value, str) or masked != said:
                event[field] = _CONTROL.sub(" ", masked)
    return event


def configure(*, level: str = "info", form: str = "json", strict: bool = False, stream: Any = None) -> None:
    """Set logging up for this process, uvicorn's and the libraries' included. ``form``: json or text."""
    global _strict  # noqa: PLW0603 - one logging set-up a process
    _strict = strict
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _withhold,
    ]
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.raiseExceptions = False  # a full log disk never stops a send
    for noisy in ("httpx", "httpcore", "apscheduler", "aiosqlite", "asyncio"):
        logging.getLogger(noisy).setLevel("WARNING")
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.disabled = True  # tokens stand in paths: requests are logged by route template in api.operations
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(name))
