"""Attack 3: a token that tells the client where to look. It looks nowhere but at what is registered."""

from typing import Any

import pytest

from launch.identity_errors import IdTokenError, IdTokenMalformed
from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import LaunchedApp


def test_no_discovery_at_the_issuer_that_a_token_names(
    launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr
) -> None:
    launched.register(ehr)
    ehr.claims["iss"] = other_host.base
    assert launched.browser().launch(ehr).status_code == 403
    assert isinstance(launched.error, IdTokenError)
    assert other_host.seen == []
    assert launched.arrived == []


@pytest.mark.parametrize("member", ["jku", "x5u"])
def test_no_key_is_fetched_from_where_a_token_points(
    launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr, member: str
) -> None:
    launched.register(ehr)
    header: dict[str, Any] = {member: f"{other_host.origin}/jwks"}
    ehr.make_id_token = lambda claims: ehr.sign(claims, **header)
    assert launched.browser().launch(ehr).status_code == 403
    assert isinstance(launched.error, IdTokenMalformed)
    assert other_host.seen == []
    assert launched.arrived == []
