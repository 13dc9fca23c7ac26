"""A hospital's way out: a forward proxy, and an authority of its own. Real TLS through a real tunnel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from launch.errors import DiscoveryUnreachable
from launch.stores import Registration
from smart_app.config import load_settings
from smart_app.factory import create_app
from smart_app.organizations import verbs
from tests.launch.canned_ehr import CannedEhr, canned_ehr
from tests.launch.launching import make_app
from tests.launch.tls import ConnectProxy, PrivateCa, connect_proxy
from tests.plugins.app import RealApp

HOST = "ehr.lakeside.test"


@pytest.fixture
def authority(tmp_path: Path) -> PrivateCa:
    return PrivateCa(tmp_path)


@pytest.fixture
def inside(authority: PrivateCa) -> Iterator[CannedEhr]:
    """An EHR whose name only the proxy can reach, with a certificate of the hospital's authority."""
    with canned_ehr(tls=authority.server(HOST), origin=f"https://{HOST}") as running:
        yield running


@pytest.fixture
def proxy(inside: CannedEhr) -> Iterator[ConnectProxy]:
    with connect_proxy(inside.port) as running:
        yield running


def test_a_whole_launch_and_its_reads_go_through_the_proxy_and_trust_the_authority(
    inside: CannedEhr, proxy: ConnectProxy, authority: PrivateCa
) -> None:
    """Discovery, keys, token and FHIR: one door, and the settings count for all of it."""
    launched = make_app(https_proxy=proxy.url, ca_file=str(authority.file))
    launched.register(inside)
    launched.settings["on_launch"] = lambda context: context.fhir.get_json("Practitioner/1")["resourceType"]
    assert launched.browser().launch(inside).text == "Practitioner"
    assert set(proxy.asked) == {f"{HOST}:443"}
    paths = {seen.path for seen in inside.seen}
    assert {"/fhir/.well-known/smart-configuration", "/jwks", "/token", "/fhir/Practitioner/1"} <= paths


def test_the_proxy_sees_no_token(inside: CannedEhr, proxy: ConnectProxy, authority: PrivateCa) -> None:
    """The tunnel is end to end: the bearer is in no header that the proxy reads."""
    launched = make_app(https_proxy=proxy.url, ca_file=str(authority.file))
    launched.register(inside)
    launched.settings["on_launch"] = lambda context: context.fhir.get_json("Practitioner/1")["resourceType"]
    launched.browser().launch(inside)
    assert not any("Authorization" in head or "Bearer" in head for head in proxy.headers)


def test_without_the_authority_the_ehr_is_not_trusted(inside: CannedEhr, proxy: ConnectProxy) -> None:
    launched = make_app(https_proxy=proxy.url)
    launched.register(inside)
    assert launched.browser().open_from_ehr(inside).status_code == 502
    assert isinstance(launched.error, DiscoveryUnreachable)
    assert inside.seen == []


def test_a_certificate_for_another_name_is_not_trusted(authority: PrivateCa) -> None:
    with (
        canned_ehr(tls=authority.server("another.lakeside.test"), origin=f"https://{HOST}") as wrong,
        connect_proxy(wrong.port) as proxy,
    ):
        launched = make_app(https_proxy=proxy.url, ca_file=str(authority.file))
        launched.register(wrong)
        assert launched.browser().open_from_ehr(wrong).status_code == 502
        assert wrong.seen == []


def test_without_a_proxy_the_private_authority_serves_a_direct_connection(authority: PrivateCa) -> None:
    with canned_ehr(tls=authority.server("127.0.0.1")) as direct:
        direct.origin = f"https://127.0.0.1:{direct.port}"
        direct.base = direct.issuer = f"{direct.origin}/fhir"
        launched = make_app(ca_file=str(authority.file))
        launched.register(direct)
        assert launched.browser().launch(direct).text == "welcome"


def test_the_settings_of_the_product_reach_the_door(
    inside: CannedEhr, proxy: ConnectProxy, authority: PrivateCa, app: RealApp, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """PRECEPTOR_HTTPS_PROXY and PRECEPTOR_CA_FILE, and no variable without the prefix."""
    for name, value in {
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "PRECEPTOR_HTTPS_PROXY": proxy.url,
        "PRECEPTOR_CA_FILE": str(authority.file),
        "PRECEPTOR_DATABASE_URL": app.services.settings.database_url,
        "PRECEPTOR_KEYS": str(app.services.settings.keys),
        "PRECEPTOR_DATA_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    registration = Registration(
        id="", organization=app.organization.hex, name="Inside", iss=inside.base, client_id="c", callback="inside"
    )
    with app.database.writing() as session:
        verbs.register_ehr(session, registration=registration, keys=app.services.keys, actor="test")
        session.commit()
    begun = create_app(load_settings()).test_client().get("/launch", query_string={"iss": inside.base, "launch": "x"})
    assert begun.status_code == 303
    assert begun.location.startswith(f"https://{HOST}/authorize?")
    assert set(proxy.asked) == {f"{HOST}:443"}
