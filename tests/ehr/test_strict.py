"""An EHR that refuses the whole sign-in where one scope is unknown to it: what it has not is left out, it launches."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from launch.doctor import diagnose
from launch.outbound import Door
from tests.ehr.hospital import Arrival, Hospital, sandbox_like
from tests.ehr.test_styles import ASKED, BY_CLASS, HANDOFF, OUTCOMES

_number = count(1)
LACKING = {"athena": ("PractitionerRole", "Task"), "openemr": ("Task",)}
REPORTED = {
    "athena": [
        "scope not asked for, as registered: user/PractitionerRole.rs",
        "scope not asked for, as registered: user/Task.rs",
        ASKED,
        BY_CLASS,
    ],
    "openemr": ["scope not asked for, as registered: user/Task.rs", BY_CLASS],
}


@contextmanager
def strict(hospital: Hospital, style: str, *, without: tuple[str, ...]) -> Iterator[Arrival]:
    """A launch from an EHR of this style that answers `invalid_scope`."""
    name = f"strict-{style}-{next(_number)}"
    with sandbox_like(style, hospital, name=name) as ehr:
        ehr.behaviour.refuse_unsupported_scopes = True
        hospital.register(ehr, name=name, without_scopes=without)
        yield hospital.launch(name, person=HANDOFF.person, encounter=HANDOFF.encounter, task=HANDOFF.task)
        del hospital.ehrs[name]


@pytest.mark.parametrize("style", LACKING)
def test_asked_for_all_it_refuses_and_the_page_says_what_to_do(hospital: Hospital, style: str) -> None:
    with strict(hospital, style, without=()) as came:
        assert came.visit is None
        assert came.report.error == "AuthorizationRefused"
        assert "--without-scope" in (came.report.reason or "")
        assert "preceptor ehr change --without-scope" in came.page
        assert came.report.reference in came.page


@pytest.mark.parametrize("style", LACKING)
def test_with_these_left_out_it_launches_and_the_report_names_the_fallback(hospital: Hospital, style: str) -> None:
    with strict(hospital, style, without=LACKING[style]) as came:
        assert (came.report.outcome, came.outcome) == ("launched", OUTCOMES[style])
        assert sorted(came.report.missing) == sorted(REPORTED[style])


@pytest.mark.parametrize("style", LACKING)
def test_what_is_left_out_is_not_read_in_vain(hospital: Hospital, style: str) -> None:
    with strict(hospital, style, without=LACKING[style]) as came:
        reads = {step["name"]: step["outcome"] for step in came.report.steps if step["name"].startswith("read ")}
        assert set(reads.values()) == {"ok"}
        assert "read tasks" not in reads
        assert ("read roles" in reads) is ("PractitionerRole" not in LACKING[style])


def test_whatever_a_launch_can_do_without_may_be_left_out_together(hospital: Hospital) -> None:
    with strict(hospital, "plain", without=("PractitionerRole", "Task", "Encounter", "Person")) as came:
        assert came.report.outcome == "launched"
        reads = {step["name"] for step in came.report.steps if step["name"].startswith("read ")}
        assert reads == {"read Practitioner"}


@pytest.mark.parametrize("style", LACKING)
def test_the_doctor_knows_what_to_leave_out(hospital: Hospital, style: str) -> None:
    seen = diagnose(hospital.ehrs[style].iss, Door())
    assert seen.registration.without_scopes == LACKING[style]
