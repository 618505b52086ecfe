"""Whether an unsafe request with a cookie comes from our own page: the session's token, and where it is from.

Pure. The token is derived from the session's id with the session key: it is stored nowhere and ends with
the session.
"""

import hashlib
import hmac
from urllib.parse import urlsplit

from app import sealed

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def token(session_id: str) -> str:
    """Return the session's token (64 hex digits), for a form field or the ``X-CSRF-Token`` header."""
    return hmac.new(sealed.keys().session, f"csrf:{session_id}".encode(), hashlib.sha256).hexdigest()


def fits(session_id: str, given: str | None) -> bool:
    """Whether this is the session's token; compared in constant time."""
    return given is not None and hmac.compare_digest(token(session_id).encode(), given.encode())


def own(origin: str | None, fetch_site: str | None, host: str, base_url: str) -> bool:
    """Whether the headers say it is our own page, or say nothing (a program, an old browser).

    ``Sec-Fetch-Site`` must be same-origin or none; ``Origin`` must be this host (as asked, or that of
    ``base_url``). Our pages send no referrer, and then a browser writes ``Origin: null`` on a plain form: it
    says nothing either, and the session's (or the link's) own token decides.
    """
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        return False
    if origin is None or origin == "null":
        return True
    return urlsplit(origin).netloc.casefold() in {host.casefold(), urlsplit(base_url).netloc.casefold()}
