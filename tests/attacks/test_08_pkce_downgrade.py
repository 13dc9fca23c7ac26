"""Attack 8: metadata that talks the client out of S256. It is sent all the same."""

import base64
import hashlib
from typing import Any

import pytest

from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import LaunchedApp, query_of


@pytest.mark.parametrize("methods", [None, [], ["plain"], ["plain", "S256"], "plain", {"S256": False}, [None]])
def test_s256_is_sent_whatever_the_metadata_says(launched: LaunchedApp, ehr: CannedEhr, methods: Any) -> None:
    launched.register(ehr)
    ehr.configuration["code_challenge_methods_supported"] = methods
    browser = launched.browser()
    location = browser.open_from_ehr(ehr).location
    sent = query_of(location)
    assert sent["code_challenge_method"] == "S256"
    browser.bring_back(ehr.authorize(location))
    verifier = ehr.last("/token").form["code_verifier"]
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    assert sent["code_challenge"] == digest
    assert sent["code_challenge"] != verifier


def test_each_launch_has_a_verifier_of_its_own(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    browser = launched.browser()
    challenges = {query_of(browser.open_from_ehr(ehr).location)["code_challenge"] for _ in range(5)}
    assert len(challenges) == 5
