"""Real sockets: a gateway that drips, never ends, cuts, or is not who it says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.channels.aliyun import canonical
from app.channels.contract import Accepted, Outcome, Unreachable
from app.channels.http import ForbiddenAddress, Gateway, is_allowed
from app.channels.registry import build

from .conftest import AT, SECRET, entry, message

pytestmark = pytest.mark.anyio
OK = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 23\r\n\r\n{"ok": true, "id": "1"}'
Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def gateway(speak: Speak, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on loopback that reads a request's head and then speaks."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await speak(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def send(port: int, scheme: str = "http", **changes: Any) -> tuple[Outcome, float]:
    """Send one message there; the outcome and how long it took."""
    raw = entry("http", url=f"{scheme}://127.0.0.1:{port}/", allow_loopback=True, timeout="300ms") | changes
    channel = build([raw], {"JIAOYING_CHANNEL_MAIN_SECRET": SECRET}).by_name("main")
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        [outcome] = await channel.send([message()], AT)
    finally:
        await channel.aclose()
    return outcome, loop.time() - started


def says(data: bytes) -> Speak:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return speak


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One byte now and then, each one well inside any read timeout."""
    never = asyncio.Event()
    for byte in OK + b" " * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        with_timeout = asyncio.wait_for(never.wait(), 0.02)
        try:
            await with_timeout
        except TimeoutError:
            continue


async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" " * 65536)
        await writer.drain()


async def test_a_good_gateway_accepts() -> None:
    async with gateway(says(OK)) as port:
        outcome, _ = await send(port)
    assert outcome == Accepted("1")


async def test_a_dripped_answer_ends_at_the_total_deadline() -> None:
    async with gateway(drip) as port:
        outcome, took = await send(port)
    assert isinstance(outcome, Unreachable)
    assert (outcome.code, outcome.maybe_sent) == ("timeout", True)
    assert took < 1


async def test_an_endless_answer_is_read_no_further_than_the_limit() -> None:
    async with gateway(endless) as port:
        outcome, took = await send(port, timeout="5s")
    assert isinstance(outcome, Unreachable)
    assert outcome.code == "answer-too-large"
    assert took < 3


@pytest.mark.parametrize("data", [b"", OK[:-5], b"HTTP/1.1 200 OK\r\nconte", b"220 smtp ready\r\n"])
async def test_a_cut_answer_may_have_been_sent(data: bytes) -> None:
    async with gateway(says(data)) as port:
        outcome, _ = await send(port)
    assert isinstance(outcome, Unreachable)
    assert outcome.maybe_sent


async def test_nobody_listening_was_not_sent() -> None:
    async with gateway(says(OK)) as port:
        pass
    outcome, _ = await send(port)
    assert isinstance(outcome, Unreachable)
    assert not outcome.maybe_sent


async def test_a_gzip_answer_is_not_unpacked() -> None:
    async with gateway(
        says(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc")
    ) as port:
        outcome, _ = await send(port)
    assert not isinstance(outcome, Accepted)


def certificates(folder: Path, host: str, *, expired: bool = False) -> tuple[Path, ssl.SSLContext]:
    """A certificate authority of our own, and a server that holds its certificate for ``host``."""
    now = datetime.now(UTC)  # noqa: TID251 - OpenSSL compares with the machine's clock
    ends = now - timedelta(days=1) if expired else now + timedelta(days=1)

    def issue(
        subject: str,
        key: ec.EllipticCurvePrivateKey,
        by: str,
        with_key: ec.EllipticCurvePrivateKey,
        *,
        ca: bool,
    ) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + timedelta(days=1) if ca else ends)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(with_key.public_key()), critical=False
            )
        )
        if not ca:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False
            )
        return builder.sign(with_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_file, pem = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(issue("own ca", root, "own ca", root, ca=True))
    pem.write_bytes(
        issue("gateway", leaf, "own ca", root, ca=False)
        + leaf.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return ca_file, context


@pytest.mark.parametrize(
    ("host", "expired", "trusted", "good"),
    [
        ("127.0.0.1", False, True, True),
        ("127.0.0.2", False, True, False),
        ("127.0.0.1", True, True, False),
        ("127.0.0.1", False, False, False),
    ],
)
async def test_only_a_certificate_for_this_host_in_time_and_from_a_trusted_root(
    host: str, expired: bool, trusted: bool, good: bool, tmp_path: Path
) -> None:
    ca_file, context = certificates(tmp_path, host, expired=expired)
    async with gateway(says(OK), context) as port:
        outcome, _ = await send(port, "https", timeout="3s", **{"ca_file": str(ca_file)} if trusted else {})
    if good:
        assert outcome == Accepted("1")
    else:
        assert isinstance(outcome, Unreachable)
        assert (outcome.code, outcome.maybe_sent) == ("certificate", False)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("8.8.8.8", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("10.0.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("::ffff:127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("100.64.0.1", False),
        ("fd00::1", False),
        ("224.0.0.1", False),
    ],
)
def test_which_addresses_a_gateway_may_have(address: str, allowed: bool) -> None:
    assert is_allowed(address) == allowed
    assert not is_allowed("169.254.169.254", loopback=True, private=True)
    assert is_allowed("127.0.0.1", loopback=True)
    assert is_allowed("10.0.0.1", private=True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::ffff:10.0.0.1]/", "http://LOCALHOST./"])
def test_a_gateway_is_not_even_built_for_a_forbidden_host(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        Gateway(url, timeout=1)


async def test_a_name_that_leads_inside_is_refused_after_it_was_resolved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def inside(_self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        return [
            {"hostname": host, "host": "10.0.0.9", "port": port, "family": family, "proto": 0, "flags": 0}
        ]

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", inside)
    endpoint = Gateway("http://gateway.example/", timeout=1)
    with pytest.raises(Unreachable) as refused:
        await endpoint.post(b"{}", {}, AT)
    assert refused.value.code == "address-not-allowed"
    await endpoint.aclose()


async def test_a_name_that_does_not_resolve_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> list[dict[str, Any]]:
        raise OSError("no such name")

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", unknown)
    endpoint = Gateway("http://gateway.example/", timeout=1)
    with pytest.raises(Unreachable) as refused:
        await endpoint.post(b"{}", {}, AT)
    assert (refused.value.code, refused.value.maybe_sent) == ("dns", False)
    await endpoint.aclose()


async def test_a_query_goes_over_the_wire_in_the_form_that_was_signed() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        writer.close()

    query = canonical({"TemplateParam": '{"a":"雨 大+~/:@!$,?回1"}', "OutId": "a=b&c%41"})
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        there = Gateway(f"http://127.0.0.1:{port}/sms/", timeout=5, allow_loopback=True)
        await there.post(b"", {}, AT, query=query)
        await there.aclose()
    assert heads[0].startswith(f"POST /sms/?{query} HTTP/1.1\r\n".encode())
