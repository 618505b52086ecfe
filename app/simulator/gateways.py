"""All simulated gateways behind one ASGI application, one for each entry of ``channels.yaml``."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from app.simulator import asgi
from app.simulator.asgi import Receive, Response, Scope, Send
from app.simulator.gateway import Gateway, Got
from app.simulator.people import People
from app.simulator.vendors import KINDS
from app.simulator.world import World


class Gateways:
    """Finds the gateway by the path of the entry's URL; ``/`` alone serves when there is one gateway only."""

    def __init__(self, gateways: Mapping[str, Gateway], world: World) -> None:
        self._by_path, self._world = dict(gateways), world

    @classmethod
    def build(
        cls,
        entries: Sequence[Mapping[str, Any]],
        secrets: Mapping[str, str],
        *,
        world: World,
        people: People,
        product: httpx.AsyncClient,
        seed: int,
    ) -> "Gateways":
        """One gateway for each entry; ``secrets`` is the environment, as the product has it.

        ``product`` is a client whose base URL is the product; receipts and replies go to its gateway doors.
        """
        found: dict[str, Gateway] = {}
        for entry in entries:
            name = str(entry["name"])
            path = urlsplit(str(entry["url"])).path.rstrip("/") or "/"
            if path in found:
                raise ValueError(
                    f"two channels lead to {path}: give each simulated gateway a path of its own"
                )
            found[path] = KINDS[str(entry["kind"])](
                name,
                secrets.get(secret_variable(entry), ""),
                entry.get("options") or {},
                world=world,
                people=people,
                product=product,
                seed=seed,
            )
        return cls(found, world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await asgi.lifespan(receive, send)
            return
        gateway = self._by_path.get(scope["path"].rstrip("/") or "/")
        if gateway is None:
            await asgi.answer(Response(404), receive, send, self._world.clock)
            return
        await gateway(scope, receive, send)

    def __getitem__(self, name: str) -> Gateway:
        """The gateway of a channel."""
        for gateway in self._by_path.values():
            if gateway.name == name:
                return gateway
        raise KeyError(name)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that lead to a gateway."""
        return tuple(self._by_path)

    def transports(self) -> dict[str, httpx.AsyncBaseTransport]:
        """Transports by channel name that need no socket: for ``channels.registry.build``."""
        return {one.name: httpx.ASGITransport(self) for one in self._by_path.values()}

    @property
    def messages(self) -> list[Got]:
        """Everything all gateways took, in the order of time."""
        return sorted(
            (got for one in self._by_path.values() for got in one.messages), key=lambda got: (got.at, got.id)
        )


def secret_variable(entry: Mapping[str, Any]) -> str:
    """The environment variable in which product and gateway find the secret of a channel."""
    return f"JIAOYING_CHANNEL_{str(entry['name']).upper().replace('-', '_')}_SECRET"
