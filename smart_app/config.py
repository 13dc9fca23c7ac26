"""Settings: frozen, read once from PRECEPTOR_* variables, with safe defaults.

Nothing else in the app reads the environment. `PRECEPTOR_BASE_URL` alone makes
redirect URIs and links; the Host header never does.
"""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A setting is missing or wrong; the message names the variable and says what to write."""


class Settings(BaseSettings):
    """All settings of the app; each field is the variable PRECEPTOR_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="PRECEPTOR_", frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Path("var")
    """Folder of the SQLite database and the key file, where nothing else is said."""
    database_url: str = ""
    """``postgresql+psycopg://...`` or ``sqlite:///...``; by default SQLite in the data folder."""
    base_url: str = "http://localhost:8000"
    """Where people reach the app: https, or http on localhost only. No path."""
    keys: Path = Path()
    """The key file (JWK Set, mode 0600); by default keys.json in the data folder."""
    redis_url: str = ""
    """Rate limits shared by workers; empty: counted in each worker for itself."""
    https_proxy: str = ""
    """Proxy for calls to EHRs. HTTPS_PROXY of the environment does not count."""
    ca_file: Path | None = None
    """PEM file of the authorities that sign EHRs' certificates, in place of the usual ones."""
    visit_idle_minutes: Annotated[int, Field(ge=5, le=240)] = 30
    """A visit ends when nobody touched it for so long."""
    visit_hours: Annotated[int, Field(ge=1, le=24)] = 12
    """A visit ends at the latest after so long."""
    launches_per_minute: Annotated[int, Field(ge=10)] = 12_000
    """Launches that one registration may begin a minute; a hospital's shift change is thousands."""
    writes_per_minute: Annotated[int, Field(ge=10)] = 240
    """Writes that one visit may send a minute."""

    @field_validator("base_url")
    @classmethod
    def _base_url_is_an_origin(cls, value: str) -> str:
        parts = urlsplit(value)
        local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("write it as https://preceptor.example.org")
        if parts.scheme == "http" and not local:
            raise ValueError("must be https: browsers keep no secure cookie of a page without TLS")
        if parts.path.strip("/") or parts.fragment:
            raise ValueError("must have no path: the app's cookies hold for a whole host")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("write it as sqlite:///path or postgresql+psycopg://user@host/name")
        return value

    @model_validator(mode="before")
    @classmethod
    def _fill_from_the_data_folder(cls, values: dict[str, Any]) -> dict[str, Any]:
        folder = Path(values.get("data_dir") or "var").absolute()
        return {"database_url": f"sqlite:///{folder / 'preceptor.db'}", "keys": folder / "keys.json", **values}

    @property
    def origin(self) -> str:
        """Scheme and host of the app, as browsers write it in Origin."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"


def load_settings() -> Settings:
    """Settings of the environment; raises SettingsError in words that name the variable."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = (
            f"PRECEPTOR_{str(e['loc'][0]).upper()}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
        )
        raise SettingsError("\n".join(wrong)) from None
