"""What differs between two installations, from the environment.

What differs between two districts is in ``config/``.

Channel secrets are read by name (``JIAOYING_CHANNEL_<NAME>_SECRET``) in ``channels.registry``.
"""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from app import bundled


class Settings(BaseSettings):
    """Settings of one process; unknown ``JIAOYING_`` names are not looked at, wrong values stop the start."""

    model_config = SettingsConfigDict(env_prefix="JIAOYING_", frozen=True, extra="ignore")

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
    lease: timedelta = Field(timedelta(seconds=60), description="A worker silent this long loses its batch")
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

    @property
    def config(self) -> Path:
        """The folder the scheme is read from."""
        return self.config_dir or bundled.path("config")

    @property
    def secure(self) -> bool:
        """Whether cookies are marked Secure."""
        return self.base_url.startswith("https://") if self.cookie_secure is None else self.cookie_secure
