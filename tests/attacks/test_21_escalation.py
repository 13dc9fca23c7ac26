"""Attack 21: nobody gets a permission by asking for it, by a code that is not mapped, or by declaring a job role."""

from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from smart_app.organizations.asserting import map_code
from smart_app.organizations.models import AuditEntry, AwaitedPermission
from smart_app.organizations.models import Permission as Granted
from smart_app.organizations.permissions import Permission
from tests.fhir.records import HL7, SCT, practitioner, role
from tests.plugins.app import BASE_URL, OUR_PAGE, RealApp, Visitor
from tests.plugins.studio import at_studio, give, learner_of

ASKING = {"permission": "trainer", "permissions": "analyst", "role": "nurse", "learner": "", "asserted": "trainer"}
CLAIMS = {"permission": "analyst", "permissions": ["trainer", "analyst"], "roles": ["trainer"], "groups": ["analyst"]}


def permissions_granted(app: RealApp) -> int:
    with app.database.reading() as session:
        counts = (session.scalar(select(func.count()).select_from(table)) for table in (Granted, AwaitedPermission))
        return sum(count or 0 for count in counts)


def stays_outside(app: RealApp, visitor: Visitor) -> None:
    """No page of the studio opens."""
    answer = at_studio(app, visitor).get()
    assert answer.status_code == 403
    assert permissions_granted(app) == 0


def routes_that_write(app: RealApp) -> list[str]:
    """Below a visit, without more in the address."""
    rules = app.app.url_map.iter_rules()
    found = [rule.rule for rule in rules if "POST" in (rule.methods or ()) and set(rule.arguments) == {"visit"}]
    assert len(found) > 5
    return [path for path in found if not path.endswith("/leave")]


def test_a_permission_in_a_body_or_an_address_gives_none(app: RealApp) -> None:
    visitor = app.launch()
    learner = learner_of(app, visitor)
    for route in routes_that_write(app):
        path = route.replace("<uuid:visit>", str(visitor.visit))
        body = {**ASKING, "learner": learner.hex, "code": learner.hex, "by": "code", "value": learner.hex}
        visitor.client.post(f"{path}?{urlencode(ASKING)}", data=body, headers=OUR_PAGE, base_url=BASE_URL)
    stays_outside(app, visitor)


@pytest.mark.parametrize("header", ["X-Permission", "X-Forwarded-User", "Authorization", "X-Role"])
def test_a_header_gives_none(app: RealApp, header: str) -> None:
    visitor = at_studio(app, app.launch())
    assert visitor.get(headers={header: "analyst"}).status_code == 403


def test_a_permission_among_the_claims_of_the_id_token_gives_none(app: RealApp) -> None:
    app.ehr.claims = dict(CLAIMS)
    stays_outside(app, app.launch())


def test_a_permission_in_the_launch_context_gives_none(app: RealApp) -> None:
    visitor = app.browser()
    begun = visitor.client.get(
        "/launch", base_url=BASE_URL, query_string={"iss": app.ehr.base, "launch": "launch-token", **ASKING}
    )
    reply = {**app.ehr.authorize(begun.location), **ASKING}
    answer = visitor.client.post("/launch/callback/ehr", data=reply, base_url=BASE_URL)
    visitor.home = answer.location
    stays_outside(app, visitor)


@pytest.mark.parametrize(
    ("system", "code"),
    [(SCT, "trainer"), (SCT, "1234567-other"), (HL7, "4321"), ("", "4321"), (SCT.upper(), "4321"), (SCT, "4321 ")],
)
def test_a_code_that_is_not_in_the_map_gives_none(app: RealApp, system: str, code: str) -> None:
    with app.database.writing() as session:
        key: dict[str, Any] = {"organization": app.organization, "system": SCT, "code": "4321"}
        map_code(session, **key, permission=Permission.TRAINER, actor="test")
        session.commit()
    app.records.clear()
    app.records.add(practitioner("prac-1"), role("role-1", "prac-1", code=code, system=system))
    stays_outside(app, app.launch())


@pytest.mark.parametrize("declared", ["team-leader", "trainer", "analyst"])
def test_a_declared_job_role_gives_none(app: RealApp, declared: str) -> None:
    app.records.clear()
    app.records.add(practitioner("prac-1"))
    visitor = app.launch()
    visitor.post("role", {"role": declared})
    stays_outside(app, visitor)


def test_what_was_refused_stands_in_the_audit(app: RealApp) -> None:
    visitor = at_studio(app, app.launch())
    step = "00000000-0000-0000-0000-000000000000"
    assert visitor.post(f"undo/{step}", {"permission": "trainer"}).status_code == 403
    with app.database.reading() as session:
        refused = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).all()
    assert [entry.actor for entry in refused] == [learner_of(app, visitor).hex]
    assert refused[0].details["held"] == []


def test_a_trainer_does_not_become_more_by_asking(app: RealApp) -> None:
    visitor = app.launch()
    give(app, visitor, Permission.TRAINER)
    before = permissions_granted(app)
    for route in routes_that_write(app):
        path = route.replace("<uuid:visit>", str(visitor.visit))
        body = {"permission": "analyst", "by": "practitioner", "value": "prac-1"}
        visitor.client.post(path, data=body, headers=OUR_PAGE, base_url=BASE_URL)
    assert permissions_granted(app) == before
