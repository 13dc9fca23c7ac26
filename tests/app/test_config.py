"""Settings: safe defaults, and refusals that name the variable."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from smart_app.config import Settings, SettingsError, load_settings


def test_the_defaults_are_sqlite_and_keys_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/preceptor.db"
    assert settings.keys == tmp_path / "keys.json"
    assert (settings.visit_idle_minutes, settings.visit_hours) == (30, 12)


def test_settings_come_from_the_environment_and_cannot_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRECEPTOR_BASE_URL", "https://preceptor.example/")
    monkeypatch.setenv("PRECEPTOR_VISIT_IDLE_MINUTES", "10")
    settings = load_settings()
    assert (settings.base_url, settings.origin) == ("https://preceptor.example", "https://preceptor.example")
    assert settings.visit_idle_minutes == 10
    with pytest.raises(ValidationError):
        settings.base_url = "https://evil.example"  # type: ignore[misc]


@pytest.mark.parametrize(
    "url",
    [
        "http://preceptor.example",
        "https://preceptor.example/app",
        "https://user@preceptor.example",
        "ftp://x",
        "preceptor.example",
        "https://preceptor.example?x=1",
    ],
)
def test_a_base_url_that_would_not_hold_cookies_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PRECEPTOR_BASE_URL", url)
    with pytest.raises(SettingsError, match="PRECEPTOR_BASE_URL"):
        load_settings()


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://x/y", "preceptor.db"])
def test_an_unknown_database_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PRECEPTOR_DATABASE_URL", url)
    with pytest.raises(SettingsError, match="PRECEPTOR_DATABASE_URL"):
        load_settings()


def test_the_environments_own_proxy_and_authorities_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://evil.example:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/tmp/evil.pem")
    settings = load_settings()
    assert (settings.https_proxy, settings.ca_file) == ("", None)
