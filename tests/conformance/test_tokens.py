"""Obligations: Tokens that outlive their launch: kept only where needed, refreshed by lease, revoked."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from launch.identity_errors import TokenUnreachable
from launch.stores import KeptToken
from launch.tokens import LEASE_SECONDS, RelaunchNeeded, TokenBusy, Tokens
from tests.launch.canned_ehr import Answer, CannedEhr
from tests.launch.launching import LaunchedApp, make_app

VISIT = "visit-1"
NEEDS_IT = {"extra_scopes": ("online_access", "user/Task.cu")}


def keeping(launched: LaunchedApp, ehr: CannedEhr, *, seconds: Any = 300, **registration: Any) -> Tokens:
    """The tokens of an app after one launch that keeps its own for VISIT."""
    launched.register(ehr, **{**NEEDS_IT, **registration})
    ehr.gives_refresh_tokens = True
    ehr.configuration["revocation_endpoint"] = f"{ehr.origin}/revoke"
    ehr.token_parameters["expires_in"] = seconds
    ends = datetime.now(UTC) + timedelta(hours=12)
    launched.settings["on_launch"] = lambda context: str(context.keep_token(VISIT, ends))
    assert launched.browser().launch(ehr).text == "True"
    return tokens_of(launched)


def tokens_of(launched: LaunchedApp) -> Tokens:
    """The tokens of this worker."""
    tokens: Tokens = launched.extension.client.tokens
    return tokens


def bearer(tokens: Tokens, ehr: CannedEhr) -> str:
    """What the EHR gets to see in a read."""
    tokens.fhir(VISIT).get_json("Task/1")
    return ehr.last("/fhir/Task/1").headers["Authorization"]


def use_up(launched: LaunchedApp) -> KeptToken:
    """As if the access token had just ended."""
    kept = launched.stores.tokens.rows[VISIT]
    past = datetime.now(UTC) - timedelta(seconds=1)
    launched.stores.tokens.rows[VISIT] = replace(kept, expires_at=past)
    return kept


@pytest.mark.parametrize("scopes", [(), ("user/Task.cu",)])
def test_without_a_feature_that_needs_it_no_token_is_kept(
    launched: LaunchedApp, ehr: CannedEhr, scopes: tuple[str, ...]
) -> None:
    """Tokens are deleted after the reads unless an enabled feature needs them."""
    launched.register(ehr, extra_scopes=scopes)
    ehr.gives_refresh_tokens = True
    ends = datetime.now(UTC) + timedelta(hours=1)
    launched.settings["on_launch"] = lambda context: str(context.keep_token(VISIT, ends))
    assert launched.browser().launch(ehr).text == "False"
    assert launched.stores.tokens.rows == {}
    with pytest.raises(RelaunchNeeded):
        launched.extension.client.tokens.fhir(VISIT)


def test_a_token_that_is_good_is_used_as_it_is(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Refresh: not before it is needed."""
    tokens = keeping(launched, ehr)
    assert [bearer(tokens, ehr) for _ in range(3)] == ["Bearer canned-access-token"] * 3
    assert ehr.refreshed == 0


@pytest.mark.parametrize("rotates", [True, False])
def test_a_used_up_token_is_refreshed_again_and_again(launched: LaunchedApp, ehr: CannedEhr, rotates: bool) -> None:
    """Refresh: rotation and non-rotation."""
    ehr.rotates_refresh_tokens = rotates
    tokens = keeping(launched, ehr)
    for number in (1, 2, 3):
        use_up(launched)
        assert bearer(tokens, ehr) == f"Bearer canned-access-token-{number}"
    assert launched.stores.tokens.rows[VISIT].version == 4
    assert ehr.refreshed == 3


@pytest.mark.parametrize(("seconds", "refreshed"), [(3, 1), ("3", 1), (60, 0), (570, 0), (3_600, 0)])
def test_tokens_of_three_seconds_to_an_hour_are_refreshed_in_time(
    launched: LaunchedApp, ehr: CannedEhr, seconds: Any, refreshed: int
) -> None:
    """Refresh: 3-second to 1-hour lifetimes: good at once, and refreshed before it ends."""
    ehr.rotates_refresh_tokens = False
    tokens = keeping(launched, ehr, seconds=seconds)
    bearer(tokens, ehr)
    assert ehr.refreshed == 0
    kept = launched.stores.tokens.rows[VISIT]
    launched.stores.tokens.rows[VISIT] = _older_by(kept, 2.5)
    bearer(tokens, ehr)
    assert ehr.refreshed == refreshed
    launched.stores.tokens.rows[VISIT] = _older_by(kept, float(seconds) - 0.5)
    bearer(tokens, ehr)
    assert ehr.refreshed == refreshed + 1


def _older_by(token: KeptToken, seconds: float) -> KeptToken:
    before = timedelta(seconds=seconds)
    return replace(token, obtained_at=token.obtained_at - before, expires_at=token.expires_at - before)


@pytest.mark.parametrize("auth", ["public", "client_secret_basic", "private_key_jwt"])
def test_a_refresh_authenticates_the_client_as_the_code_exchange_did(
    launched: LaunchedApp, ehr: CannedEhr, auth: Any
) -> None:
    """Token: on the code exchange and on refresh; a new jti each time."""
    tokens = keeping(launched, ehr, auth=auth, client_secret="s")
    use_up(launched)
    bearer(tokens, ehr)
    exchange, refresh = (seen for seen in ehr.seen if seen.path == "/token")
    assert refresh.form["grant_type"] == "refresh_token"
    assert ("client_id" in refresh.form) is (auth == "public")
    assert refresh.headers.get("Authorization", "").startswith("Basic ") is (auth == "client_secret_basic")
    if auth == "private_key_jwt":
        claims = [
            jwt.decode(seen.form["client_assertion"], options={"verify_signature": False})
            for seen in (exchange, refresh)
        ]
        assert claims[0]["jti"] != claims[1]["jti"]
        assert claims[1]["aud"] == f"{ehr.origin}/token"
        assert claims[1]["exp"] - claims[1]["iat"] <= 300


def test_eight_threads_at_once_make_one_refresh(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Refresh: the lease lets one through; losers poll, and use what it brought."""
    tokens = keeping(launched, ehr)
    use_up(launched)
    ehr.refresh_delay = 0.3
    others = [make_app(stores=launched.stores).extension.client.tokens for _ in range(3)]
    got: list[str | None] = []
    start = threading.Barrier(8)

    def read(mine: Tokens) -> None:
        start.wait()
        got.append(mine.fhir(VISIT)._authorization)

    threads = [threading.Thread(target=read, args=([tokens, *others][n % 4],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["Bearer canned-access-token-1"] * 8
    assert ehr.refreshed == 1


def test_losers_wait_three_seconds_and_no_longer(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Refresh: losers poll up to 3 s."""
    tokens = keeping(launched, ehr)
    kept = use_up(launched)
    assert launched.stores.tokens.take_lease(VISIT, version=kept.version, owner="another", seconds=15)
    began = time.monotonic()
    with pytest.raises(TokenBusy):
        tokens.fhir(VISIT)
    assert 3.0 <= time.monotonic() - began < 4.0
    assert ehr.refreshed == 0


def test_a_lease_of_a_dead_worker_ends_by_itself(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Refresh: lease row, owner, 15 s."""
    assert LEASE_SECONDS == 15
    tokens = keeping(launched, ehr)
    kept = use_up(launched)
    assert launched.stores.tokens.take_lease(VISIT, version=kept.version, owner="dead", seconds=0.2)
    assert bearer(tokens, ehr) == "Bearer canned-access-token-1"


def test_a_crash_after_rotation_means_relaunch(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Refresh: a crash after rotation means "relaunch", nothing lost."""
    tokens = keeping(launched, ehr)
    use_up(launched)
    ehr.refresh_tokens.clear()  # rotated by a worker that died before it stored the new one
    with pytest.raises(RelaunchNeeded):
        tokens.fhir(VISIT)
    assert launched.stores.tokens.rows == {}
    assert launched.browser().launch(ehr).text == "True"
    assert bearer(tokens, ehr) == "Bearer canned-access-token"


def test_a_late_answer_does_not_overwrite_a_newer_token(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Refresh: stores by compare-and-swap on the token's version."""
    tokens = keeping(launched, ehr)
    kept = use_up(launched)
    newer = replace(kept, access_token="of-another-worker", version=kept.version + 1)
    assert newer.expires_at > datetime.now(UTC)

    def overtaken(seen: object) -> Answer:
        launched.stores.tokens.rows[VISIT] = newer
        return Answer({"access_token": "late", "token_type": "Bearer", "expires_in": 300})

    ehr.answers["/token"] = overtaken
    assert bearer(tokens, ehr) == "Bearer of-another-worker"
    assert launched.stores.tokens.rows[VISIT].access_token == "of-another-worker"


@pytest.mark.parametrize("answer", [Answer({}, 503), Answer({}, 429)])
def test_an_ehr_that_is_down_costs_no_token(launched: LaunchedApp, ehr: CannedEhr, answer: Answer) -> None:
    """Refresh: a fault of the EHR gives the lease back; the next try may succeed at once."""
    tokens = keeping(launched, ehr)
    use_up(launched)
    ehr.answers["/token"] = lambda seen: answer
    with pytest.raises(TokenBusy) as refused:
        tokens.fhir(VISIT)
    assert isinstance(refused.value.__cause__, TokenUnreachable)
    del ehr.answers["/token"]
    assert bearer(tokens, ehr) == "Bearer canned-access-token-1"


def test_a_token_that_cannot_be_refreshed_ends(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Refresh: online_access without a refresh token."""
    tokens = keeping(launched, ehr)
    launched.stores.tokens.rows[VISIT] = replace(use_up(launched), refresh_token=None, expires_at=datetime.now(UTC))
    with pytest.raises(RelaunchNeeded):
        tokens.fhir(VISIT)
    assert launched.stores.tokens.rows == {}


def test_a_token_ends_with_its_visit_at_the_latest(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Tokens: deleted unless needed."""
    tokens = keeping(launched, ehr)
    kept = launched.stores.tokens.rows[VISIT]
    launched.stores.tokens.rows[VISIT] = replace(kept, ends_at=datetime.now(UTC))
    with pytest.raises(RelaunchNeeded):
        tokens.fhir(VISIT)


@pytest.mark.parametrize("auth", ["public", "client_secret_basic", "private_key_jwt"])
def test_at_the_end_the_token_is_deleted_and_given_back(launched: LaunchedApp, ehr: CannedEhr, auth: Any) -> None:
    """Revoked at sign-out where the EHR can."""
    tokens = keeping(launched, ehr, auth=auth, client_secret="s")
    refresh = launched.stores.tokens.rows[VISIT].refresh_token
    tokens.end([VISIT, "no such visit"])
    assert launched.stores.tokens.rows == {}
    revoked = ehr.last("/revoke").form
    assert (revoked["token"], revoked["token_type_hint"]) == (refresh, "refresh_token")
    assert ehr.refresh_tokens == set()
    with pytest.raises(RelaunchNeeded):
        tokens.fhir(VISIT)


def test_an_ehr_that_takes_nothing_back_keeps_nobody_from_signing_out(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Revoked at sign-out where the EHR can: elsewhere it is deleted here, and ends by itself there."""
    tokens = keeping(launched, ehr)

    def slow(seen: object) -> Answer:
        time.sleep(2)
        return Answer({}, 500)

    ehr.answers["/revoke"] = slow
    began = time.monotonic()
    tokens.end([VISIT], seconds=0.5)
    assert time.monotonic() - began < 1.5
    assert launched.stores.tokens.rows == {}


@pytest.mark.parametrize("endpoint", ["http://elsewhere.example/revoke", "javascript:x", 7, None])
def test_a_token_is_given_back_to_a_safe_address_only(launched: LaunchedApp, ehr: CannedEhr, endpoint: Any) -> None:
    """Revocation: an unsafe endpoint is as good as none, and no reason to refuse a launch."""
    tokens = keeping(launched, ehr)
    ehr.configuration["revocation_endpoint"] = endpoint
    other = make_app(stores=launched.stores)
    launched.stores.metadata.rows.clear()
    other.extension.client.tokens.end([VISIT])
    assert launched.stores.tokens.rows == {}
    assert ehr.hits("/revoke") == 0
    assert other.browser().launch(ehr).text == "welcome"
    assert tokens is not other.extension.client.tokens


def test_the_kept_token_reads_below_the_base_only(launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr) -> None:
    """FHIR calls: the token never leaves the base."""
    session = keeping(launched, ehr).fhir(VISIT)
    with pytest.raises(Exception, match="not below the FHIR base"):
        session.get_json(f"{other_host.base}/Task/1")
    assert other_host.seen == []


def test_a_token_is_in_no_text(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Tokens live server-side, never in logs."""
    keeping(launched, ehr)
    kept = launched.stores.tokens.rows[VISIT]
    assert kept.refresh_token is not None
    assert "canned-access-token" not in repr(kept)
    assert kept.refresh_token not in repr(kept)
