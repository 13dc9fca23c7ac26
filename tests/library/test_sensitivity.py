"""Sensitive contexts: marked by the work, the role, the house or the AI feature, and hidden for nobody else."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from smart_app.db import Database
from smart_app.library.findings import Findings
from smart_app.library.importing import import_library
from smart_app.library.reading import get_ai_feature, get_version
from smart_app.library.registries import LocalFile, read_local
from smart_app.library.sensitivity import is_sensitive
from smart_app.organizations.verbs import add_organization
from tests.library.sample import STARTER, demo_local


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    with sqlite_database.writing() as writing:
        yield writing


def publish(session: Session, local: LocalFile) -> UUID:
    organization = add_organization(session, name="Lakeside test", actor="test")
    import_library(
        session, organization=organization, folder=STARTER, local=local, reviewer="R", publish=True, grade=False
    )
    return organization


def marked(session: Session, organization: UUID, tutorial: str, role: str, task: str | None = None) -> bool:
    version = get_version(session, organization=organization, tutorial=tutorial, version=1)
    return is_sensitive(
        session,
        organization=organization,
        version=version,
        feature=get_ai_feature(session, organization=organization, feature=version.ai_feature),
        job_roles=(role,),
        task_codes=(f"urn:preceptor:task|{task}",) if task else (),
        intent=None,
    )


def test_the_same_ai_feature_is_sensitive_in_therapy_alone(session: Session) -> None:
    here = publish(session, demo_local())
    assert marked(session, here, "behavioral-health-session-note", "behavioral-health-clinician")
    assert not marked(session, here, "physician-ambient-visit-note", "physician", "visit-note")
    assert not marked(session, here, "nurse-ambient-flowsheet", "nurse", "flowsheet-charting")
    assert not marked(session, here, "physician-chart-summary", "physician", "chart-review")


def test_open_sensitive_work_is_sensitive_whatever_is_taught(session: Session) -> None:
    here = publish(session, demo_local())
    role = "behavioral-health-clinician"
    assert marked(session, here, "everyone-policy-assistant", role, "substance-use-review")
    assert not marked(session, here, "everyone-policy-assistant", role)
    version = get_version(session, organization=here, tutorial="everyone-policy-assistant", version=1)
    asked: dict[str, Any] = {
        "organization": here,
        "version": version,
        "feature": None,
        "job_roles": (role,),
        "task_codes": (),
    }
    assert is_sensitive(session, **asked, intent="session-note")
    assert not is_sensitive(session, **asked, intent="shift-handoff")


def test_a_marked_role_is_sensitive_in_all_it_does(session: Session) -> None:
    here = publish(session, replace(demo_local(), sensitive={"job_roles": ["care-manager"]}))
    assert marked(session, here, "care-manager-outreach-draft", "care-manager", "outreach-call")
    assert marked(session, here, "everyone-policy-assistant", "care-manager")
    assert not marked(session, here, "everyone-policy-assistant", "nurse")


def test_a_marked_organization_is_sensitive_as_a_whole(session: Session) -> None:
    here = publish(session, replace(demo_local(), sensitive={"organization": True}))
    assert marked(session, here, "front-desk-scheduling-agent", "front-desk", "schedule-appointment")


def test_a_mark_taken_back_holds_from_the_next_import_on(session: Session) -> None:
    here = publish(session, replace(demo_local(), sensitive={"organization": True}))
    again = replace(demo_local(), sensitive={"organization": False})
    import_library(session, organization=here, folder=STARTER, local=again, reviewer="R", publish=True, grade=False)
    assert not marked(session, here, "front-desk-scheduling-agent", "front-desk", "schedule-appointment")


def test_the_local_file_says_what_is_wrong_with_its_marks() -> None:
    found = Findings("local.yaml")
    read_local(
        "format: preceptor-local/1\nslots: {}\nsensitive: {organization: maybe, job_roles: nurse, x: 1}\n", found
    )
    assert [finding.wrong for finding in found.in_order()] == [
        'Unknown field "x".',
        "job_roles must be a list of words.",
        "organization must be true or false.",
    ]
    found = Findings("local.yaml")
    read_local("format: preceptor-local/1\nslots: {}\nsensitive: true\n", found)
    assert [finding.wrong for finding in found.found] == ["sensitive must have named fields."]
