"""Obligations: JWKS rotation on both sides."""

from datetime import UTC, datetime, timedelta

import jwt
import time_machine

from smart_app import keys as key_file
from tests.launch.canned_ehr import Answer, CannedEhr, Seen, public_jwk, rsa_key
from tests.launch.launching import LaunchedApp
from tests.plugins.app import RealApp


def test_an_ehr_that_rotates_its_keys_between_two_charts_costs_one_refetch(
    launched: LaunchedApp, ehr: CannedEhr
) -> None:
    """JWKS: an unknown kid leads to one refetch, and on; a token of the old key is good while it is published."""
    launched.register(ehr)
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        assert launched.browser().launch(ehr).status_code == 200
        clock.move_to(start + timedelta(minutes=5))
        old = ehr.key
        ehr.key, ehr.kid = rsa_key(2), "ehr-2"
        ehr.jwks["keys"].append(public_jwk(ehr.key, kid="ehr-2", use="sig", alg="RS256"))
        for _ in range(3):
            assert launched.browser().launch(ehr).status_code == 200
        assert ehr.hits("/jwks") == 2
        ehr.key, ehr.kid = old, "ehr-1"
        assert launched.browser().launch(ehr).status_code == 200
        assert ehr.hits("/jwks") == 2


def test_a_key_that_the_ehr_took_back_is_refused_within_the_hour(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """JWKS: cached with a TTL."""
    launched.register(ehr)
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        assert launched.browser().launch(ehr).status_code == 200
        ehr.jwks = {"keys": [public_jwk(rsa_key(2), kid="ehr-2", use="sig", alg="RS256")]}
        clock.move_to(start + timedelta(minutes=61))
        assert launched.browser().launch(ehr).status_code == 403


def test_our_rotation_is_good_for_an_ehr_that_holds_an_older_copy_and_for_one_that_asks(
    launched: LaunchedApp, ehr: CannedEhr
) -> None:
    """Token: JWKS published unauthenticated, with rotation: the old key stays, so that neither side waits."""
    launched.register(ehr, auth="private_key_jwt")
    client = launched.browser().client
    older_copy = {key["kid"] for key in client.get("/.well-known/jwks.json").get_json()["keys"]}

    def verified(seen: Seen) -> Answer:
        """The token endpoint of an EHR that asks for our keys."""
        published = client.get("/.well-known/jwks.json").get_json()["keys"]
        assertion = seen.form["client_assertion"]
        key = next(one for one in published if one["kid"] == jwt.get_unverified_header(assertion)["kid"])
        jwt.decode(assertion, jwt.PyJWK(key).key, algorithms=["ES384"], audience=f"{ehr.origin}/token")
        return ehr._token(seen)

    ehr.answers["/token"] = verified
    assert launched.browser().launch(ehr).status_code == 200
    begun = launched.browser()
    location = begun.open_from_ehr(ehr).location
    launched.keys.rotate()  # in the middle of a launch
    assert begun.bring_back(ehr.authorize(location)).status_code == 200
    kids = [jwt.get_unverified_header(s.form["client_assertion"])["kid"] for s in ehr.seen if s.path == "/token"]
    assert kids[0] in older_copy
    assert kids[1] not in older_copy
    assert older_copy < {key["kid"] for key in client.get("/.well-known/jwks.json").get_json()["keys"]}


def test_keys_rotate_keeps_the_old_ones_published(app: RealApp) -> None:
    """Token: JWKS published, with rotation: `preceptor keys rotate`, seen by a running worker."""
    client = app.app.test_client()
    old = {key["kid"] for key in client.get("/.well-known/jwks.json").get_json()["keys"]}
    key_file.rotate(app.services.settings.keys)
    after = client.get("/.well-known/jwks.json").get_json()["keys"]
    assert old < {key["kid"] for key in after}
    assert app.services.keys.signing_key("ES384")["kid"] not in old
    assert not any({"d", "p", "q", "k"} & set(key) for key in after)
