"""Attack 10: tokens with kids that nobody knows, to make the client fetch keys without end."""

from datetime import UTC, datetime, timedelta

import time_machine

from launch.identity_errors import IdTokenKeyUnknown
from tests.launch.canned_ehr import Answer, CannedEhr
from tests.launch.launching import LaunchedApp, make_app


def _flood(launched: LaunchedApp, ehr: CannedEhr, launches: int) -> None:
    for number in range(launches):
        ehr.kid = f"unknown-{number}"
        assert launched.browser().launch(ehr).status_code == 403
        assert isinstance(launched.error, IdTokenKeyUnknown)


def test_fifty_unknown_kids_lead_to_one_refetch_a_minute(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        assert launched.browser().launch(ehr).status_code == 200
        assert ehr.hits("/jwks") == 1
        clock.move_to(start + timedelta(seconds=61))
        _flood(launched, ehr, 50)
        assert ehr.hits("/jwks") == 2
        clock.move_to(start + timedelta(seconds=123))
        _flood(launched, ehr, 5)
        assert ehr.hits("/jwks") == 3


def test_workers_share_the_minute(launched: LaunchedApp, ehr: CannedEhr) -> None:
    workers = [launched, make_app(stores=launched.stores), make_app(stores=launched.stores)]
    launched.register(ehr)
    assert launched.browser().launch(ehr).status_code == 200
    for worker in workers:
        _flood(worker, ehr, 3)
    assert ehr.hits("/jwks") == 1


def test_a_key_set_that_fails_is_not_asked_for_again_at_once(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        assert launched.browser().launch(ehr).status_code == 200
        clock.move_to(start + timedelta(seconds=61))
        ehr.answers["/jwks"] = lambda seen: Answer({}, 500)
        ehr.kid = "unknown"
        for _ in range(10):
            launched.browser().launch(ehr)
        assert ehr.hits("/jwks") == 2


def test_a_rotated_key_is_found_by_one_refetch(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        assert launched.browser().launch(ehr).status_code == 200
        clock.move_to(start + timedelta(seconds=61))
        ehr.kid = "ehr-2"
        ehr.jwks["keys"][0]["kid"] = "ehr-2"
        assert launched.browser().launch(ehr).status_code == 200
        assert ehr.hits("/jwks") == 2
