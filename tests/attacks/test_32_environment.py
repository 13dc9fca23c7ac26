"""Attack 32: what lies about in the environment: netrc, proxy and CA variables. Only settings count."""

from pathlib import Path

import pytest
import requests
from fhirclient.server import FHIRServer

from launch.fhir_session import FhirSession, FhirUnreachable
from launch.outbound import Door
from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import LaunchedApp, make_app

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def hostile_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, other_host: CannedEhr) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password canary\ndefault login mallory password canary\n")
    netrc.chmod(0o600)
    for name, value in {
        "NETRC": str(netrc),
        "HOME": str(tmp_path),
        "REQUESTS_CA_BUNDLE": str(tmp_path / "nowhere.pem"),
        "CURL_CA_BUNDLE": str(tmp_path / "nowhere.pem"),
        **dict.fromkeys(PROXIES, other_host.origin),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    (tmp_path / ".netrc").write_text(netrc.read_text())
    (tmp_path / ".netrc").chmod(0o600)


def test_a_whole_launch_goes_straight_to_the_ehr_with_our_bearer(
    launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr
) -> None:
    launched.register(ehr)
    launched.settings["on_launch"] = lambda context: context.fhir.get_json("Practitioner/1")["resourceType"]
    assert launched.browser().launch(ehr).text == "Practitioner"
    assert ehr.last("/fhir/Practitioner/1").headers["Authorization"] == "Bearer canned-access-token"
    assert "Authorization" not in ehr.last("/token").headers
    assert "Authorization" not in ehr.last("/jwks").headers
    assert other_host.seen == []


def test_fhirclient_sends_our_bearer_too(ehr: CannedEhr, other_host: CannedEhr) -> None:
    session = FhirSession(base=ehr.base, access_token="ours", door=Door())
    server = FHIRServer(None, base_uri=session.base + "/")
    server.session = session.requests_session
    server.request_json("Practitioner/1")
    assert ehr.last("/fhir/Practitioner/1").headers["Authorization"] == "Bearer ours"
    assert other_host.seen == []


def test_fhirclients_session_reads_no_environment_at_all(ehr: CannedEhr) -> None:
    session = FhirSession(base=ehr.base, access_token="ours", door=Door()).requests_session
    request = session.prepare_request(requests.Request("GET", f"{ehr.base}/Practitioner/1"))
    assert "Authorization" not in request.headers
    settings = session.merge_environment_settings(request.url or "", {}, None, None, None)
    assert (dict(settings["proxies"]), settings["verify"]) == ({}, True)


def test_the_proxy_of_the_settings_is_used_for_https(ehr: CannedEhr, other_host: CannedEhr) -> None:
    launched = make_app(https_proxy=ehr.origin)
    launched.register(ehr, iss="https://ehr.example/fhir")
    assert launched.browser().open_from_ehr(ehr, iss="https://ehr.example/fhir").status_code == 502
    assert [one.method for one in ehr.seen] == ["CONNECT"]
    assert other_host.seen == []


def test_the_ca_file_of_the_settings_is_used(ehr: CannedEhr, tmp_path: Path) -> None:
    door = Door(ca_file=str(tmp_path / "missing-of-settings.pem"))
    session = FhirSession(base=f"https://127.0.0.1:{ehr.port}/fhir", access_token="ours", door=door)
    with pytest.raises(FhirUnreachable, match="CACERT"):
        session.get_json("Practitioner/1")
