"""The launch report: what the EHR analyst reads."""

import re
from collections.abc import Callable

import pytest

from launch import errors, identity_errors
from launch.errors import LaunchError
from launch.report import LaunchReport, new_reference
from tests.launch.canned_ehr import Answer, CannedEhr
from tests.launch.launching import LaunchedApp


def test_a_launch_is_told_step_by_step(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)

    def arrive(context: object) -> str:
        with launched.context.report.step("reading the person") as step:
            step.fell_back("no PractitionerRole")
        launched.context.report.note_missing("no open task")
        return "welcome"

    launched.settings["on_launch"] = arrive
    launched.browser().launch(ehr)
    report = launched.report
    assert [step["name"] for step in report.steps] == [
        *("issuer", "discovery", "authorization", "browser", "sign-in reply", "token", "identity", "context"),
        "reading the person",
    ]
    assert report.steps[-1]["outcome"] == "fell back"
    assert report.missing == ("no open task",)
    assert (report.outcome, report.ehr_name, report.organization) == ("launched", "Lakeside demo EHR", "org-1")
    assert report.milliseconds >= sum(int(step["milliseconds"]) for step in report.steps) - 9


def test_a_failed_launch_names_the_step_and_the_reason(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    ehr.answers["/token"] = lambda seen: Answer({"error": "invalid_grant", "error_description": "for Jane"}, 400)
    launched.browser().launch(ehr)
    report = launched.report
    assert (report.outcome, report.error) == ("failed", "TokenRefused")
    assert report.reason == "token endpoint: HTTP 400, invalid_grant"
    assert report.steps[-1]["outcome"] == "failed"
    assert "Jane" not in repr(report)


def test_a_fault_of_the_app_itself_is_reported_too(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)

    def fall_over(context: object) -> str:
        raise RuntimeError("the app's own fault")

    launched.settings["on_launch"] = fall_over
    assert launched.browser().launch(ehr).status_code == 500
    assert (launched.report.outcome, launched.report.error) == ("failed", "Fault")
    assert launched.context.fhir._authorization is None


def test_an_app_may_refuse_a_launch_in_the_same_words(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)

    def refuse(context: object) -> str:
        raise identity_errors.StaffOnly("not on the roster")

    launched.settings["on_launch"] = refuse
    assert launched.browser().launch(ehr).status_code == 403
    assert len(launched.stores.reports.rows) == 1
    assert launched.report.error == "StaffOnly"


def test_an_unknown_issuer_is_reported_without_an_organization(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.browser().open_from_ehr(ehr)
    assert (launched.report.organization, launched.report.error) == (None, "IssuerUnknown")


def test_a_reference_can_be_read_out_on_the_telephone() -> None:
    references = {new_reference() for _ in range(200)}
    assert len(references) == 200
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", one) for one in references)


def test_what_a_stranger_wrote_is_one_short_line() -> None:
    report = LaunchReport()
    report.note_missing("a\nb\x00\u202e" + "c" * 500)
    missing = report.finish().missing[0]
    assert missing.isprintable()
    assert len(missing) == 200


def _every(kind: type[LaunchError]) -> list[type[LaunchError]]:
    return [kind, *(deeper for one in kind.__subclasses__() for deeper in _every(one))]


@pytest.mark.parametrize("kind", _every(LaunchError))
def test_every_failure_has_plain_words_a_step_and_something_to_do(kind: type[LaunchError]) -> None:
    error = kind("a reason")
    assert error.what_happened.endswith(".")
    assert error.what_to_do
    assert error.step_name
    assert 400 <= error.status < 600
    words = " ".join((error.title, error.what_happened, *error.what_to_do))
    assert "!" not in words
    assert not re.search(r"\b(token_endpoint|JWT|OAuth|nonce|PKCE)\b", words)


def test_each_failure_is_a_class_of_its_own() -> None:
    names: Callable[[], list[str]] = lambda: [kind.__name__ for kind in _every(LaunchError)]  # noqa: E731 -- read anew each time
    assert len(names()) == len(set(names())) > 30
    assert errors.STEP_NAMES.keys() == set(range(1, 9))
