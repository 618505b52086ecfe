"""The only HTTP client of the product: one connection pool for each gateway, one place that reads failures.

httpx over aiohttp's transport (its own pool is quadratic in open requests), no environment proxies, no
redirects, certificates always verified, a *total* deadline (a read timeout restarts at each byte) and at
most 64 KiB of answer. Addresses are checked after name resolution and the checked address is the one
connected to, so that a name cannot lead a request with a secret to the machine's own network.
"""

import asyncio
import json
import re
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from socket import AF_INET, AddressFamily
from typing import Any, NamedTuple

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport
from typing_extensions import override

from app.channels.contract import NotAccepted, Rejected, Throttled, Unreachable

MAX_ANSWER = 64 * 1024
MAX_RETRY_AFTER = 300.0
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_NOT_SENT_AIOHTTP = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class ForbiddenAddress(OSError):
    """A gateway's name or literal leads to an address it may not have. The address is not in the message."""


def is_allowed(address: str, *, loopback: bool = False, private: bool = False) -> bool:
    """Say whether a gateway may have this IP address. Link-local (where clouds keep metadata) never."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_loopback:
        return loopback
    if ip.is_link_local or ip.is_unspecified or ip.is_multicast:
        return False
    return ip.is_global or (private and ip.is_private)


def host_is_allowed(host: str, *, loopback: bool = False, private: bool = False) -> bool:
    """The part of the check that needs no name resolution: literals and ``localhost``."""
    if host.rstrip(".").lower() in {"localhost", "localhost.localdomain"}:
        return loopback
    try:
        return is_allowed(host.strip("[]"), loopback=loopback, private=private)
    except ValueError:
        return bool(host)


class GuardedResolver(AbstractResolver):
    """Resolves names and lets no forbidden address through; what it returns is what is connected to."""

    def __init__(self, *, loopback: bool, private: bool) -> None:
        self._loopback, self._private = loopback, private
        self._inner = aiohttp.ThreadedResolver()

    @override
    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for one in found:
            if not is_allowed(one["host"], loopback=self._loopback, private=self._private):
                raise ForbiddenAddress("address-not-allowed")
        return found

    @override
    async def close(self) -> None:
        await self._inner.close()


_TAKEN_BACK = re.compile(r"[^A-Za-z0-9\-_.~%=&]")
_OWN = {"accept": "*/*", "user-agent": "jiaoying", "accept-encoding": "identity", "connection": "keep-alive"}


class Answered(NamedTuple):
    """An answer, whole: 2xx, or 4xx where asked for."""

    status: int
    content_type: str
    body: bytes


class Gateway:
    """One vendor's HTTP endpoint. ``timeout`` is the total of seconds for one request, answer included.

    ``transport`` replaces the network (an ASGI application in the headless demo, a router in tests); the
    address check of literals and everything after it stays. ``ca_file`` adds nothing to the usual roots: it
    replaces them.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float,
        allow_loopback: bool = False,
        allow_private: bool = False,
        ca_file: Path | None = None,
        connections: int = 100,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = httpx.URL(url)
        self.timeout = timeout
        self._host = self.url.netloc.decode()
        if not host_is_allowed(self.url.host, loopback=allow_loopback, private=allow_private):
            raise ForbiddenAddress("address-not-allowed")
        if transport is None:
            transport = _network(
                ssl.create_default_context(cafile=ca_file) if ca_file else _usual_roots(),
                lambda: GuardedResolver(loopback=allow_loopback, private=allow_private),
                connections,
            )
        # The transport itself, not a client around it: no cookies, redirects or environment are wanted, and
        # what a
        # client does for them costs as much as the call.
        self._transport = transport
        connect = min(timeout, max(1.0, timeout / 2))
        self._timeouts = httpx.Timeout(timeout, connect=connect).as_dict()

    async def post(
        self,
        content: bytes,
        headers: Mapping[str, str],
        at: datetime,
        *,
        query: str = "",
        read_refusals: bool = False,
    ) -> Answered:
        """POST once. Raises Unreachable, Throttled, Rejected or NotAccepted, whatever the vendor does.

        ``at`` is now, to read a Retry-After that is a date. ``query`` is the encoded query without ``?``.
        ``read_refusals`` gives back 400 to 404 as answers, for vendors that explain themselves there.
        """
        url = _Queried(self.url, query) if query else self.url
        try:
            async with asyncio.timeout(self.timeout):
                response = await self._transport.handle_async_request(self._request(url, content, headers))
                stream = _stream(response)
                try:
                    if not (read_refusals and 400 <= response.status_code <= 404):
                        _raise_for_status(response, at)
                    return await _read(response, stream)
                finally:
                    await stream.aclose()
        except TimeoutError:
            failure = Unreachable("timeout", maybe_sent=True)
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError) as error:
            failure = Unreachable(_why(error), maybe_sent=_may_have_left(error))
        # Raised outside: the library's sentence may hold the URL, and that a number; no chain leads to it.
        raise failure

    def _request(self, url: httpx.URL, content: bytes, headers: Mapping[str, str]) -> httpx.Request:
        """Build a request from its body as a stream: to find host and length out, httpx builds it twice."""
        named = {"host": self._host, **_OWN, "content-length": str(len(content)), **headers}
        request = httpx.Request(
            "POST",
            url,
            stream=httpx.ByteStream(content),
            headers=named,
            extensions={"timeout": self._timeouts},
        )
        request.read()  # so that a transport sees one piece, not a stream to be sent in chunks
        return request

    async def aclose(self) -> None:
        """Close the pool."""
        await self._transport.aclose()


class _Queried(httpx.URL):
    """A URL with a query that is encoded already.

    ``copy_with`` looks at each of its characters three times over, which takes longer than the rest of a
    call: a Chinese text is a thousand characters of query. The parts stand in httpx's own named tuple (httpx
    < 0.29).
    """

    def __init__(self, url: httpx.URL, query: str) -> None:
        self._uri_reference = url._uri_reference._replace(query=query)  # noqa: SLF001


def _stream(response: httpx.Response) -> httpx.AsyncByteStream:
    if not isinstance(response.stream, httpx.AsyncByteStream):
        raise TypeError("a transport answered with a stream that is not asynchronous")
    return response.stream


async def _read(response: httpx.Response, stream: httpx.AsyncByteStream) -> Answered:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        # Not asked for, and how bombs are built.
        raise NotAccepted("encoded-answer", maybe_sent=True)
    body = bytearray()
    async for chunk in stream:
        body += chunk
        if len(body) > MAX_ANSWER:
            raise Unreachable("answer-too-large", maybe_sent=True)
    return Answered(response.status_code, response.headers.get("content-type", ""), bytes(body))


@cache
def _usual_roots() -> ssl.SSLContext:
    """The usual roots, for all gateways: reading them takes as long as some hundred statements."""
    return httpx.create_ssl_context(trust_env=False)


async def _as_signed(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send the query as it was signed: aiohttp's URL takes part of its encoding back, ``%3A`` to ``:``."""
    if query := request.url.raw_query_string:
        query = _TAKEN_BACK.sub(lambda one: f"%{ord(one[0]):02X}", query)
        request.url = type(request.url)(f"{request.url.origin()}{request.url.raw_path}?{query}", encoded=True)
    return await handler(request)


def _network(
    context: ssl.SSLContext, resolver: Callable[[], AbstractResolver], connections: int
) -> httpx.AsyncBaseTransport:
    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            ssl=context, resolver=resolver(), limit=connections, keepalive_timeout=30
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            middlewares=(_as_signed,),
        )

    return AiohttpTransport(verify=context, trust_env=False, client=session)


def _raise_for_status(response: httpx.Response, at: datetime) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    code = f"http-{status}"
    if status == 429 or (status == 503 and "retry-after" in response.headers):
        raise Throttled(code, retry_after=retry_after(response.headers.get("retry-after"), at))
    if status >= 500:
        raise Unreachable(code, maybe_sent=True)
    if status in {408, 409, 421, 425}:  # the same request may pass a moment later
        raise Unreachable(code)
    if status >= 400:
        raise Rejected(code)
    raise NotAccepted(code)


def retry_after(value: str | None, at: datetime) -> float | None:
    """Seconds to wait, from either form of Retry-After, held between 1 and 300; None if not readable."""
    if value is None:
        return None
    try:
        seconds = (
            float(value) if value.strip().isdigit() else (parsedate_to_datetime(value) - at).total_seconds()
        )
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 1.0), MAX_RETRY_AFTER)


def read_json(body: bytes) -> dict[str, Any]:
    """Read a JSON object from a gateway's answer. Raises NotAccepted when it is anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAccepted("not-json", maybe_sent=True) from None
    if not isinstance(value, dict):
        raise NotAccepted("not-an-object", maybe_sent=True)
    return value


def _may_have_left(error: BaseException) -> bool:
    cause = error.__cause__ or error
    if isinstance(cause, aiohttp.ClientError):
        return not isinstance(cause, _NOT_SENT_AIOHTTP)
    return not isinstance(error, _NOT_SENT)


def _why(error: BaseException) -> str:
    for one in (error, error.__cause__, getattr(error.__cause__, "os_error", None)):
        if isinstance(one, ForbiddenAddress):
            return "address-not-allowed"
        if isinstance(one, (aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError)):
            return "certificate"
        if isinstance(one, aiohttp.ClientConnectorDNSError):
            inner = getattr(one, "os_error", None)
            return "address-not-allowed" if isinstance(inner, ForbiddenAddress) else "dns"
        if isinstance(one, (aiohttp.ServerTimeoutError, httpx.ReadTimeout)):
            return "timeout"
    return "connection"
