"""What no test may do, and how long the inventive ones may think.

Sockets reach this machine only: a test that would ring a real gateway fails by itself. Hypothesis takes 50
examples, the same each time, in `make test`; 2,000 fresh ones in `make long`.
"""

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("quick", max_examples=50, derandomize=True, deadline=None)
settings.register_profile(
    "long", max_examples=2_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)


def pytest_configure(config: pytest.Config) -> None:
    """`-m long` also asks for the long profile."""
    settings.load_profile("long" if config.getoption("markexpr") == "long" else "quick")


def _here(address: Any) -> bool:
    if not isinstance(address, tuple):  # a path: a socket of this machine
        return True
    host = str(address[0]).partition("%")[0]
    return host in {"localhost", ""} or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        if not _here(address):
            raise ConnectionRefusedError("tests reach this machine only")
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        if not _here(address):
            raise ConnectionRefusedError("tests reach this machine only")
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        patch.setattr(socket.socket, "connect_ex", guarded_ex)
        yield
