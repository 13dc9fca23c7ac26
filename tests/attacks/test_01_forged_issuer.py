"""Attack 1: an issuer that is not registered, in every disguise. No connection may be made."""

import pytest

from launch.errors import IssuerMissing, IssuerUnknown, LaunchRequestInvalid
from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import BASE_URL, LaunchedApp

# {host}, {port}: the registered EHR's; {other}: the other host's port.
FORGED = [
    "http://{host}:{port}/fhir//",
    "http://{host}:{port}//fhir",
    "http://{host}:{port}/FHIR",
    "HTTP://{host}:{port}/fhir",
    "https://{host}:{port}/fhir",
    "http://{host}:{port}/fhir/../fhir",
    "http://{host}:{port}/./fhir",
    "http://{host}:{port}/fhir/r4",
    "http://{host}:{port}",
    "http://{host}:{port}/",
    "http://{host}:{port}/fhir?x=1",
    "http://{host}:{port}/fhir#x",
    "http://{host}:{port}/fhir%00",
    "http://{host}:{port}/fhir\x00",
    "http://{host}:{port}/fhir\n",
    "http://{host}:{port}/fhir\r\nHost: evil",
    "http://{host}:{port}/fhir%0a",
    "http://{host}:{port}/f%68ir",
    " http://{host}:{port}/fhir",
    "http://{host}:{port}/fhir ",
    "http://{host}:{port}\\@127.0.0.1:{other}/fhir",
    "http://user@{host}:{port}/fhir",
    "http://{host}:{port}@127.0.0.1:{other}/fhir",
    "http://user:password@127.0.0.1:{other}/fhir",
    "http://127.0.0.1:{other}/fhir",
    "http://localhost:{port}/fhir",
    "http://127.1:{port}/fhir",
    "http://2130706433:{port}/fhir",
    "http://0x7f000001:{port}/fhir",
    "http://0177.0.0.1:{port}/fhir",
    "http://[::ffff:127.0.0.1]:{port}/fhir",
    "http://127.0.0.1.:{port}/fhir",
    "http://{host}:0{port}/fhir",
    "http://xn--ehr-9na.example/fhir",
    "http://\u0435hr.example/fhir",
    "http://\uff11\uff12\uff17.0.0.1:{port}/fhir",
    "http://169.254.169.254/latest/meta-data",
    "//{host}:{port}/fhir",
    "{host}:{port}/fhir",
    "file:///etc/passwd",
    "gopher://{host}:{port}/fhir",
    "javascript:alert(1)",
    "http://",
    "http://{host}:{port}/fhir" + "/x" * 400,
    "*",
    "%",
]


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_issuer_is_refused_and_nobody_is_asked(
    launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr, forged: str
) -> None:
    launched.register(ehr)
    ours, theirs = ehr.origin.split(":")[2], other_host.origin.split(":")[2]
    iss = forged.replace("{host}", "127.0.0.1").replace("{port}", ours).replace("{other}", theirs)
    answer = launched.browser().open_from_ehr(ehr, iss=iss)
    assert answer.status_code == 400
    assert isinstance(launched.error, IssuerUnknown)
    assert "Set-Cookie" not in answer.headers
    assert ehr.seen == []
    assert other_host.seen == []


def test_the_default_port_written_out_is_another_issuer(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr, iss="https://ehr.example/fhir")
    for forged in ("https://ehr.example:443/fhir", "https://EHR.example/fhir", "https://ehr.example./fhir"):
        assert launched.browser().open_from_ehr(ehr, iss=forged).status_code == 400
        assert isinstance(launched.error, IssuerUnknown)


def test_a_store_that_is_generous_does_not_widen_what_is_registered(
    launched: LaunchedApp, ehr: CannedEhr, monkeypatch: pytest.MonkeyPatch
) -> None:
    registration = launched.register(ehr)
    monkeypatch.setattr(launched.stores.registrations, "find_by_iss", lambda iss: registration)
    assert launched.browser().open_from_ehr(ehr, iss=ehr.base.upper().replace("HTTP", "http")).status_code == 400
    assert ehr.seen == []


@pytest.mark.parametrize(
    "iss", ["http://ehr.example/\x00", "http://ehr.example/\n", "file:///x", "http://u@ehr.example/"]
)
def test_what_is_no_plain_url_never_reaches_the_store(
    launched: LaunchedApp, ehr: CannedEhr, monkeypatch: pytest.MonkeyPatch, iss: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(launched.stores.registrations, "find_by_iss", asked.append)
    assert launched.browser().open_from_ehr(ehr, iss=iss).status_code == 400
    assert asked == []


def test_no_issuer_at_all_is_explained(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    assert launched.browser().open_from_ehr(ehr, iss=None).status_code == 400
    assert isinstance(launched.error, IssuerMissing)


def test_two_issuers_in_one_request_are_refused(launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr) -> None:
    launched.register(ehr)
    url = f"/launch?iss={ehr.base}&iss={other_host.base}&launch=x"
    assert launched.browser().client.get(url, base_url=BASE_URL).status_code == 400
    assert isinstance(launched.error, LaunchRequestInvalid)
    assert ehr.seen == other_host.seen == []
