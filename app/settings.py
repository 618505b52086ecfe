"""What differs between two installations, from the environment.

What differs between two districts is in ``config/``.

Channel secrets are read by name (``JIAOYING_CHANNEL_<NAME>_SECRET``) in ``channels.registry``.
"""

import ipaddress
import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app import bundled

PREFIX = "JIAOYING_"

_BESIDE = re.compile(r"JIAOYING_(CHANNEL_\w+_SECRET|SIM_(WEATHER_KEY|WATER_KEY|DUTY|CHIEF|TOWN_TOKENS))")
"""Secrets of channels, and what the simulated outside world reads."""


class Settings(BaseSettings):
    """Settings of one process; wrong values stop the start, ``unknown`` names are told."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    database_url: str = Field("sqlite:///jiaoying.db", description="sqlite:///path or postgresql://…")
    config_dir: Path | None = Field(
        None, description="The district's configuration; default: the one that ships"
    )
    keys_file: Path = Field(
        Path("jiaoying.keys"), description="Data and session keys, made once by migrate, mode 0600"
    )
    base_url: str = Field(
        "http://127.0.0.1:8000",
        description="How phones and browsers reach this service; stands in one-tap links",
    )
    senders: int = Field(
        50,
        ge=1,
        le=1000,
        description="Calls to gateways in flight at once; red has a lane of its own besides",
    )
    lease: timedelta = Field(
        timedelta(seconds=60), gt=timedelta(0), description="A worker silent this long loses its batch"
    )
    test_clock: Path | None = Field(
        None,
        description="File with seconds to add to the clock; refused while any channel takes real numbers",
    )
    log_level: str = Field(
        "info", pattern="^(?i:debug|info|warning|error)$", description="debug, info, warning or error"
    )
    log_format: str = Field(
        "json", pattern="^(json|text)$", description="json for machines, text for a terminal"
    )
    trusted_proxies: str = Field(
        "127.0.0.1", description="Addresses whose X-Forwarded-For and -Proto are believed"
    )
    cookie_secure: bool | None = Field(None, description="Secure cookies; default: when base_url is https")
    metrics_token: SecretStr | None = Field(
        None, description="If set, /metrics asks for it as a bearer token"
    )
    die_at: str | None = Field(
        None, description="Tests only: name of the step at which the process kills itself"
    )

    @field_validator("base_url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("not the address of a site")
        _ = parts.port  # raises ValueError where it is none
        return url

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, listed: str) -> str:
        # The server would take anything else for the name of a socket, and silently trust nobody.
        for one in filter(None, (word.strip() for word in listed.split(","))):
            if listed.strip() != "*":
                ipaddress.ip_network(one)
        return listed

    @property
    def config(self) -> Path:
        """The folder the scheme is read from."""
        return self.config_dir or bundled.path("config")

    @property
    def secure(self) -> bool:
        """Whether cookies are marked Secure."""
        return self.base_url.startswith("https://") if self.cookie_secure is None else self.cookie_secure


def unknown(names: Iterable[str]) -> list[str]:
    """Return those of these names that have the prefix and are no setting: nothing reads them."""
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    ours = (name for name in names if name.upper().startswith(PREFIX))
    return sorted(name for name in ours if name.upper() not in known and not _BESIDE.fullmatch(name.upper()))
