"""Attack 6: the attacker's code under the victim's state, or the attacker's id_token."""

from launch.identity_errors import IdTokenNonceWrong, TokenRefused
from tests.launch.canned_ehr import Answer, CannedEhr
from tests.launch.launching import LaunchedApp


def test_a_code_of_another_launch_gives_no_session(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    attacker, victim = launched.browser(), launched.browser()
    stolen = ehr.authorize(attacker.open_from_ehr(ehr).location)
    own = ehr.authorize(victim.open_from_ehr(ehr).location)
    answer = victim.bring_back({"state": own["state"], "code": stolen["code"]})
    assert answer.status_code == 502
    assert isinstance(launched.error, TokenRefused)
    assert launched.arrived == []


def test_where_the_ehr_checks_no_pkce_the_nonce_still_refuses_it(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    attacker, victim = launched.browser(), launched.browser()
    stolen = ehr.authorize(attacker.open_from_ehr(ehr).location)
    own = ehr.authorize(victim.open_from_ehr(ehr).location)
    nonce = ehr.codes[stolen["code"]]["nonce"]
    ehr.answers["/token"] = lambda seen: Answer(
        {"access_token": "t", "token_type": "Bearer", "id_token": ehr.sign(ehr.id_token_claims(nonce))}
    )
    assert victim.bring_back({"state": own["state"], "code": stolen["code"]}).status_code == 403
    assert isinstance(launched.error, IdTokenNonceWrong)
    assert launched.arrived == []
