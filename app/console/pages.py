"""What every page is made with: templates, the strip, who looks, and how an error becomes a page."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from app import events
from app.access import csrf
from app.access.officer import Officer
from app.api.deps import Parts
from app.api.problem import Problem
from app.clock import local
from app.console import words
from app.console.board import accounts, strip
from app.console.board.strip import Strip

HERE = Path(__file__).parent
STATIC = "/static"
NIGHT = (time(19), time(7))
THEME = "jiaoying-theme"


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the navigation."""

    key: str
    name: str
    href: str


# A page stands here once it exists.
NAV = (
    NavItem("desk", "值守", "/"),
    NavItem("warnings", "预警", "/warnings"),
    NavItem("disasters", "灾情", "/disasters"),
    NavItem("gaps", "缺口", "/gaps"),
    NavItem("rates", "报表", "/rates"),
)


@lru_cache(maxsize=64)
def version(file: Path) -> str:
    """Return the first digits of a file's digest; made once."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]


def static(path: str) -> str:
    """Return the address of a file that ships: it changes with the content, so that no old copy is shown."""
    return f"{STATIC}/{path}?v={version(HERE / 'static' / path)}"


def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        hms=words.hms,
        hm=words.hm,
        day=words.day,
        stamp=words.stamp,
        span=words.span,
        span_short=lambda by: words.span(by, pad=False),
        spoken=words.spoken,
        short=words.short,
        channels=words.channels,
        part_state=lambda state: words.PART_STATES.get(state, state),
        origin_word=lambda origin: words.ORIGINS.get(origin, origin),
        delivery_state=lambda state: words.DELIVERY_STATES.get(state, state),
    )
    env.globals.update(static=static)
    return env


TEMPLATES = _environment()


def theme(request: Request, at: datetime) -> str:
    """Return night or day: as the officer chose, else by the hour."""
    chosen = request.query_params.get("theme") or request.cookies.get(THEME)
    if chosen in {"night", "day"}:
        return chosen
    now = local(at).time()
    return "night" if now >= NIGHT[0] or now < NIGHT[1] else "day"


def here_url(request: Request, *without: str) -> str:
    """Return this page's own address (path and query), without some of its parameters."""
    kept = [
        (key, value) for key, value in request.query_params.multi_items() if key not in {*without, "theme"}
    ]
    return request.url.path + (f"?{urlencode(kept)}" if kept else "")


def safe_next(given: str | None) -> str:
    """Return where to go on: an address of our own, else the desk. A foreign one is never followed."""
    if given and given.startswith("/") and not given.startswith(("//", "/\\")) and "\\" not in given:
        return given
    return "/"


def without_form(given: str) -> str:
    """Return an address of our own without the form that was open on it."""
    path, _, query = safe_next(given).partition("?")
    kept = [(key, value) for key, value in parse_qsl(query) if key != "form"]
    return path + (f"?{urlencode(kept)}" if kept else "")


async def frame(
    session: AsyncSession, request: Request, has: Parts, officer: Officer, here: str, title: str
) -> tuple[Strip, dict[str, Any]]:
    """Read what stands around every page; return the strip and the template's context."""
    at = has.clock.now()
    # Before all else is read: the page's stream goes on from here, so nothing falls between the two.
    newest = await events.last(session, officer.district)
    channels = [{"live": channel.live} for channel in has.registry]
    above = await strip.load(session, has.scheme, channels, at, wanted=request.query_params.get("mode"))
    names = await accounts.names_of(session, [officer.id])
    return above, {
        "strip": above,
        "now": at,
        "officer": officer,
        "officer_title": names.get(officer.id, officer.name),
        "csrf": csrf.token(officer.session_id) if officer.session_id else "",
        "nav": NAV,
        "here": here,
        "here_url": here_url(request),
        "title": title,
        "theme": theme(request, at),
        "live": "",
        "newest": newest,
        "pending_responses": "",
    }


def render(request: Request, name: str, context: Mapping[str, Any], status: int = 200) -> Response:
    """Make the page; a theme chosen in the address is remembered."""
    text = TEMPLATES.get_template(name).render({"request": request, **context})
    response = HTMLResponse(text, status)
    if request.query_params.get("theme") in {"night", "day"}:
        response.set_cookie(
            THEME, request.query_params["theme"], max_age=180 * 86400, samesite="lax", httponly=True, path="/"
        )
    return response


def plain(request: Request, has: Parts, name: str, title: str, status: int = 200, **more: Any) -> Response:
    """Make a page without a strip: sign-in, errors."""
    at = has.clock.now()
    context = {"strip": None, "now": at, "theme": theme(request, at), "title": title, "live": "", **more}
    return render(request, name, context, status)


def to_login(request: Request) -> Response:
    """Send whoever is not signed in to the sign-in page, and back afterwards."""
    return RedirectResponse(f"/login?next={quote(here_url(request), safe='')}", status_code=303)


# What an error means for the person in front of it: what was not done, and what can be done now.
_SAID: Mapping[str, tuple[str, str]] = {
    "forbidden": ("本岗没有这项权限", "什么都没有做。请有此权限的人来做，或用他的账号在他的电脑上登录。"),
    "out-of-scope": ("这不归本岗", "什么都没有做。"),
    "not-found": ("没有这一页", "可能已经归档，或地址抄错了。"),
    "wrong-state": ("情况已经变了", "这一步没有做。回到原页看现在的状态。"),
    "plan-changed": ("预案变了", "没有放行。请看清差别再决定。"),
    "same-person": ("第二人必须是另一个人", "没有放行。"),
    "reauthenticate": ("密码或动态码不对", "没有放行。请再输一次。"),
    "rate-limited": ("试得太密", "请等几秒再试。"),
    "validation": ("填的内容不对", "什么都没有记下。"),
    "unavailable": ("现在写不进去", "什么都没有做，稍后会好；呼叫照常走。急用电话。"),
    "internal": ("我们这边出错了", "没有做到一半的事。请把下面的编号告诉运维。"),
}


async def problem_page(request: Request, problem: Problem) -> Response:
    """Make a page of an error (``app.state.page_error``): what was not done, and the way on."""
    has: Parts = request.app.state.parts
    if problem.status == 401 and request.url.path != "/login" and request.method in {"GET", "HEAD"}:
        return to_login(request)
    if request.url.path == "/login":
        tried = problem.code in {"unauthenticated", "rate-limited", "reauthenticate"}
        fault = "试得太密，请等几秒再试。" if problem.code == "rate-limited" else "账号、密码或动态码不对。"
        form = await request.form() if request.method == "POST" else {}
        page = plain(
            request,
            has,
            "desk/login.html",
            "登录",
            problem.status,
            next=safe_next(str(form.get("next") or request.query_params.get("next") or "")),
            username=str(form.get("username") or "")[:60],
            fault=fault if tried else problem.title,
            district=has.scheme.district.name,
        )
    else:
        said, then = _SAID.get(problem.code, ("这一步没有做", "什么都没有改。"))
        page = plain(
            request,
            has,
            "desk/problem.html",
            said,
            problem.status,
            said=said,
            then=then,
            problem=problem,
            instance=str(request.scope.get("state", {}).get("request_id", "")),
        )
    for name, value in problem.headers.items():
        page.headers[name] = value
    return page
