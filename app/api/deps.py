"""What a route asks for: the parts of the process, and who is calling.

A caller is a bureau's system (``Bearer jys_…``), an officer with a session cookie, or an officer's program
(``Bearer jyp_…``). With a cookie an unsafe request must come from our own page and carry the session's CSRF
token.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from app import logs
from app.access import csrf, rights, sessions, sources, throttle, tokens, users
from app.access.officer import Officer
from app.access.rights import Right
from app.access.sources import Source
from app.api.hub import Hub
from app.channels.registry import Registry
from app.clock import Clock
from app.db import Database
from app.errors import Forbidden, Reauthenticate, Unauthenticated, Unavailable
from app.scheme.models import Scheme
from app.settings import Settings

log = logs.get(__name__)

COOKIE = "jiaoying"
# Told by how it begins, so that nothing is said of which there are.
_OFFICERS_DOOR = (
    "This is a key of a bureau's system (jys_). It opens POST /warnings and POST /observations;"
    " here log in, or send a personal token (jyp_)."
)
_BUREAUS_DOOR = (
    "This is a personal token (jyp_). Here a bureau's system sends the key that source add printed (jys_)."
)
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a web process is made of; ``app.state.parts``. ``worker``: one that runs inside, or None.

    ``lasts``: how long sessions do.
    """

    settings: Settings
    db: Database
    scheme: Scheme
    registry: Registry
    clock: Clock
    hub: Hub
    worker: Any = None
    lasts: sessions.Lasts = sessions.USUAL


def parts(request: Request) -> Parts:
    """Return the parts of this process."""
    found: Parts = request.app.state.parts
    return found


def _part(name: str) -> Callable[[Request], Any]:
    def get(request: Request) -> Any:
        return getattr(parts(request), name)

    return get


PartsDep = Annotated[Parts, Depends(parts)]
Db = Annotated[Database, Depends(_part("db"))]
ClockDep = Annotated[Clock, Depends(_part("clock"))]
SchemeDep = Annotated[Scheme, Depends(_part("scheme"))]
RegistryDep = Annotated[Registry, Depends(_part("registry"))]
SettingsDep = Annotated[Settings, Depends(_part("settings"))]
HubDep = Annotated[Hub, Depends(_part("hub"))]


def address(request: Request) -> str:
    """Return where the caller is; behind a trusted proxy the server has already read its headers."""
    return request.client.host if request.client else "unknown"


def cookie_name(settings: Settings) -> str:
    """Return the session cookie's name; ``__Host-`` binds it to this host over https."""
    return f"__Host-{COOKIE}" if settings.secure else COOKIE


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


async def _csrf_given(request: Request) -> str | None:
    """The token from the header, or from the form of a page that works without scripts."""
    if (given := request.headers.get("x-csrf-token")) is not None:
        return given
    if request.headers.get("content-type", "").startswith(_FORMS):
        value = (await request.form()).get("csrf")
        return value if isinstance(value, str) else None
    return None


async def officer_or_none(request: Request, has: PartsDep) -> Officer | None:
    """Return who is logged in, None for nobody.

    Raises Unauthenticated for a wrong bearer token, Forbidden when an unsafe request with a cookie is not
    our page's.
    """
    at = has.clock.now()
    token = _bearer(request)
    if token is not None:
        async with has.db.reading() as session:
            officer = await tokens.identify(session, token, at) if token.startswith(tokens.PREFIX) else None
        if officer is None:
            raise Unauthenticated(_OFFICERS_DOOR if token.startswith(sources.PREFIX) else "")
        return officer
    cookie = request.cookies.get(cookie_name(has.settings))
    if not cookie:
        return None
    async with has.db.reading() as session:
        found = await sessions.look(session, cookie, at, has.lasts)
    if found is None:
        return None
    officer, stale = found
    if request.method not in csrf.SAFE:
        headers = request.headers
        ours = csrf.own(
            headers.get("origin"),
            headers.get("sec-fetch-site"),
            headers.get("host", ""),
            has.settings.base_url,
        )
        if not ours or not csrf.fits(str(officer.session_id), await _csrf_given(request)):
            raise Forbidden(
                "This request does not come from our own page: the CSRF token is missing or wrong."
            )
    if stale:
        try:
            async with has.db.transaction() as session:
                await sessions.seen(session, str(officer.session_id), at)
        except Unavailable:  # whoever only looks may go on looking while nothing can be written
            log.warning("session.not_touched")
    return officer


MaybeOfficer = Annotated[Officer | None, Depends(officer_or_none)]


def officer(found: MaybeOfficer) -> Officer:
    """Return who is logged in. Raises Unauthenticated."""
    if found is None:
        raise Unauthenticated("Log in, or send a personal token.")
    return found


OfficerDep = Annotated[Officer, Depends(officer)]


class Needs:
    """An officer who holds at least one of these rights.

    The verbs ask again; reads have no verb, so it is asked here.
    """

    def __init__(self, *any_of: Right) -> None:
        self.any_of = any_of

    def __call__(self, who: OfficerDep) -> Officer:
        """Return the officer. Raises Forbidden."""
        if not any(who.may(right) for right in self.any_of):
            rights.require(who, self.any_of[0])
        return who


Reader = Annotated[Officer, Depends(Needs("read-desk", "read-town"))]
"""Who may look at warnings: the desk's readers at all, a town at what concerns it (``bound_to``)."""


def bound_to(who: Officer) -> str | None:
    """Return the place an officer's view ends at, None for the whole district."""
    return who.place if who.role in rights.BOUND else None


async def source(request: Request, has: PartsDep) -> Source:
    """Return the bureau's system whose key this is. Raises Unauthenticated."""
    key = _bearer(request)
    if key is not None and key.startswith(sources.PREFIX):
        async with has.db.reading() as session:
            found = await sources.identify(session, key)
        if found is not None:
            return found
    if key is not None and key.startswith(tokens.PREFIX):
        raise Unauthenticated(_BUREAUS_DOOR)
    raise Unauthenticated("Send your key as Authorization: Bearer.")


SourceDep = Annotated[Source, Depends(source)]


async def confirmed(
    has: Parts, who: Officer, password: str | None, code: str | None, *, address: str
) -> Officer:
    """Return the officer as one who has just given password (and code) again; without a password, unchanged.

    Raises Reauthenticate when they are wrong, RateLimited after too many tries. Opens its own transaction.
    """
    if password is None:
        return who
    at = has.clock.now()
    async with has.db.reading() as session:
        await throttle.check(session, who.name, address, at)
        user = await users.find(session, who.name, district=who.district)
    proof = await sessions.prove(user, password, code, at)
    async with has.db.transaction() as session:
        done = await sessions.confirm(session, who, proof, address=address, at=at)
    if done is None:
        raise Reauthenticate("The password or the code is wrong.")
    return done
