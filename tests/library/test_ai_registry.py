"""The AI feature registry: what an entry may say, who has a feature, where it may be opened, which state rules show."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from launch.stores import Registration
from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.library.ai_registry import (
    Entry,
    FeatureRefused,
    Known,
    put_back_feature,
    remove_feature,
    save_feature,
)
from smart_app.library.evidence_rule import RuleRefused, checked_rule
from smart_app.library.findings import Findings
from smart_app.library.importing import ImportRefused, import_library
from smart_app.library.launch_hosts import add_host, allowed_link, ehr_hosts, remove_host
from smart_app.library.launch_links import LinkRefused, checked_host, checked_link
from smart_app.library.models import AiFeatureRow
from smart_app.library.reading import NoSuchAiFeature, get_ai_feature, library_revision, list_ai_features
from smart_app.library.registries import read_ai_features
from smart_app.library.registry_file import registry_file
from smart_app.library.site_rules import CAVEAT, site_rules
from smart_app.organizations.models import AuditEntry
from smart_app.organizations.verbs import add_organization, register_ehr
from tests.player.conftest import LIBRARY, local_file

KNOWN = Known(roles=("nurse", "physician"), units=None)
HOSTS = ("ai.example.org",)


def entry(**facts: Any) -> Entry:
    given: dict[str, Any] = {
        "id": "handoff-summary",
        "name": "Handoff summary",
        "version": "4.2",
        "status": "live",
        "vendor": "Example AI",
        "available_roles": ("nurse",),
        "available_units": ("4 West",),
        "available_since": "2026-10-01",
        "states": ("IL",),
        "model_card": {"intended_use": "A first draft of the handoff.", "contact": "AI desk, 4410"},
        "policy_link": "https://policy.example.org/ai",
        "launch_link": "https://ai.example.org/handoff",
        "verify_card": (("Read Pending", "Compare with Results."),),
        "evidence_search": "Provenance?agent={practitioner}&recorded=ge{since}",
        "evidence_condition": "agent.who.reference.startsWith('Device/')",
        "sensitive": True,
    }
    return Entry(**{**given, **facts})


@pytest.fixture
def organization(database: Database) -> UUID:
    with database.writing() as session:
        made = add_organization(session, name="Lakeside", actor="test")
        add_host(session, organization=made, host="ai.example.org", actor="test")
        session.commit()
    return made


def save(database: Database, organization: UUID, **facts: Any) -> bool:
    with database.writing() as session:
        changed = save_feature(session, organization=organization, entry=entry(**facts), known=KNOWN, actor="t")
        session.commit()
    return changed


def faults(database: Database, organization: UUID, **facts: Any) -> Mapping[str, str]:
    with pytest.raises(FeatureRefused) as refused:
        save(database, organization, **facts)
    return refused.value.faults


def test_an_entry_keeps_all_its_fields(database: Database, organization: UUID) -> None:
    assert save(database, organization)
    with database.reading() as session:
        kept = get_ai_feature(session, organization=organization, feature="handoff-summary")
        assert list_ai_features(session, organization=organization) == (kept,)
    assert (kept.vendor, kept.available_roles, kept.available_units) == ("Example AI", ("nurse",), ("4 West",))
    assert (kept.available_since, kept.states, kept.sensitive) == (date(2026, 10, 1), ("IL",), True)
    assert kept.model_card["contact"] == "AI desk, 4410"
    assert kept.model_card["retention"] is None
    assert (kept.policy_link, kept.launch_link) == ("https://policy.example.org/ai", "https://ai.example.org/handoff")
    assert [(check.action, check.text) for check in kept.verify_card] == [("Read Pending", "Compare with Results.")]
    assert kept.evidence_rule is not None
    assert set(kept.evidence_rule) == {"search", "condition"}


def test_a_change_is_audited_with_before_and_after_and_told_to_every_process(
    database: Database, organization: UUID
) -> None:
    save(database, organization)
    assert not save(database, organization)
    save(database, organization, status="paused")
    with database.reading() as session:
        assert library_revision(session, organization=organization) == 2
        told = [e.details for e in session.scalars(select(AuditEntry).where(AuditEntry.action == "AI feature saved"))]
    assert {"ai_feature": "handoff-summary", "before": {"status": "live"}, "after": {"status": "paused"}} in told


def test_a_new_version_must_say_what_changed(database: Database, organization: UUID) -> None:
    save(database, organization, what_changed="The pending list is new.")
    again = faults(database, organization, version="5.0", what_changed="The pending list is new.")
    assert "The version changes from 4.2" in again["what_changed"]
    assert save(database, organization, version="5.0", what_changed="It drafts Worries now. Delete that draft.")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"id": "Any Thing"}, "id"),
        ({"id": "any"}, "id"),
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"status": "deleted"}, "status"),
        ({"available_roles": ("astronaut",)}, "available_roles"),
        ({"available_since": "soon"}, "available_since"),
        ({"states": ("ZZ",)}, "states"),
        ({"model_card": {"retention": "x" * 501}}, "retention"),
        ({"policy_link": "javascript:alert(1)"}, "policy_link"),
        ({"launch_link": "https://elsewhere.example/"}, "launch_link"),
        ({"verify_card": (("a", "b"),) * 4}, "verify_card"),
        ({"verify_card": (("a", ""),)}, "verify_card"),
        ({"evidence_search": ""}, "evidence_rule"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    database: Database, organization: UUID, facts: dict[str, Any], field: str
) -> None:
    assert list(faults(database, organization, **facts)) == [field]


def test_a_unit_must_be_on_the_roster_where_there_is_one(database: Database, organization: UUID) -> None:
    known = Known(roles=("nurse",), units=("5 East",))
    with database.writing() as session, pytest.raises(FeatureRefused, match="4 West"):
        save_feature(session, organization=organization, entry=entry(), known=known, actor="t")


def test_a_removed_entry_can_be_put_back_as_it_was(database: Database, organization: UUID) -> None:
    save(database, organization)
    with database.writing() as session:
        before = get_ai_feature(session, organization=organization, feature="handoff-summary")
        kept = remove_feature(session, organization=organization, feature="handoff-summary", actor="t")
        with pytest.raises(NoSuchAiFeature):
            get_ai_feature(session, organization=organization, feature="handoff-summary")
        put_back_feature(session, organization=organization, kept=kept, actor="t")
        assert get_ai_feature(session, organization=organization, feature="handoff-summary") == before
        with pytest.raises(FeatureRefused):
            put_back_feature(session, organization=organization, kept=kept, actor="t")


@pytest.mark.parametrize(
    "link",
    [
        "http://ai.example.org/",
        "https://elsewhere.example/",
        "https://sub.ai.example.org/",
        "https://ai.example.org.evil.example/",
        "https://ai.example.org@evil.example/",
        "https://evil.example\\@ai.example.org/",
        "https://evil.example#@ai.example.org/",
        "//ai.example.org/",
        "javascript:alert(1)//https://ai.example.org/",
        "data:text/html,https://ai.example.org/",
        "https://ai.example.org:99999/",
        "https://ai.example.org/ x",
        "https://ai.example.org/\nx",
        'https://ai.example.org/"onclick=',
        "https://аi.example.org/",
        "https://",
        "https://ai.example.org/" + "x" * 500,
    ],
)
def test_a_launch_link_leads_to_an_allowed_host_over_https_or_is_refused(link: str) -> None:
    with pytest.raises(LinkRefused):
        checked_link(link, HOSTS)


def test_an_allowed_link_is_kept_as_written() -> None:
    assert checked_link(" https://AI.example.org/x?y=1#z ", HOSTS) == "https://AI.example.org/x?y=1#z"
    assert checked_link("", HOSTS) is None
    assert checked_link("http://127.0.0.1:9000/", ("127.0.0.1",)) == "http://127.0.0.1:9000/"


@pytest.mark.parametrize("host", ["", "*", "*.example.org", "https://a.example", "10.0.0.1", "2130706433", "intranet"])
def test_a_host_is_allowed_by_its_whole_name_alone(host: str) -> None:
    with pytest.raises(LinkRefused):
        checked_host(host)


def test_a_host_taken_away_closes_the_links_to_it(database: Database, organization: UUID) -> None:
    link = "https://ai.example.org/handoff"
    with database.writing() as session:
        assert allowed_link(session, organization=organization, link=link) == link
        assert remove_host(session, organization=organization, host="ai.example.org", actor="t")
        assert allowed_link(session, organization=organization, link=link) is None
        other = add_organization(session, name="Other", actor="test")
        add_host(session, organization=other, host="ai.example.org", actor="test")
        assert allowed_link(session, organization=organization, link=link) is None


def test_the_hosts_of_the_registered_ehrs_are_allowed(database: Database, organization: UUID, key_path: Any) -> None:
    with database.writing() as session:
        register_ehr(
            session,
            registration=Registration(
                id="", organization=organization.hex, name="EHR", iss="https://fhir.ehr.example/r4", client_id="c",
                frame_ancestors=("https://chart.ehr.example",),
            ),
            keys=KeyRing.load(key_path),
            actor="t",
        )  # fmt: skip
        assert ehr_hosts(session, organization=organization) == ("chart.ehr.example", "fhir.ehr.example")


@pytest.mark.parametrize(
    "condition",
    [
        "note.text.matches('(a+)+$')",
        "note.text . matches ('x')",
        "note.text.`matches`('x')",
        "note.text.matches/**/('x')",
        "repeat(children()).count() > 1",
        "descendants().exists()",
        "note.where(text.replaceMatches('a','b') = 'x')",
        "a.where(b.where(c.where(d.where(e.where(f.where(g.where(h.where(i.where(j)))))))))",
        "agent.exists(",
        "agent.exists())",
        "agent = 'x",
        "agent\n.exists()",
        "x" * 1001,
    ],
)
def test_a_condition_that_could_run_for_ever_is_refused_when_it_is_saved(condition: str) -> None:
    with pytest.raises(RuleRefused):
        checked_rule("Provenance?agent={practitioner}", condition)


@pytest.mark.parametrize(
    "search",
    [
        "Patient?name={practitioner}",
        "Provenance",
        "Provenance?recorded=ge{since}",
        "https://evil.example/Provenance?agent={practitioner}",
        "../Provenance?agent={practitioner}",
        "Provenance?agent={practitioner}&x={token}",
        "Provenance?agent={practitioner}#x y",
    ],
)
def test_a_search_looks_at_ones_own_work_on_the_same_server(search: str) -> None:
    with pytest.raises(RuleRefused):
        checked_rule(search, "true")


def test_a_usual_rule_is_taken() -> None:
    search = "DocumentReference?author={practitioner}&date=ge{since}&_security=AIAST"
    condition = "meta.security.where(code = 'AIAST' and system.endsWith('ObservationValue')).exists()"
    assert checked_rule(search, condition) == {"search": search, "condition": condition}
    assert checked_rule(" ", "") is None


def shown(*states: str, feature: str = "ambient-note", roles: tuple[str, ...] = ()) -> list[str]:
    return [rule.id for rule in site_rules(states=states, feature=feature, job_roles=roles)]


def test_site_rules_show_only_where_they_apply() -> None:
    assert shown() == []
    assert shown("NY", "WA") == []
    assert shown("IL", "TX", "CA") == ["illinois-therapy", "texas-disclosure"]
    assert shown("CA", feature="inbox-draft-reply") == ["california-messages"]
    assert shown("CA", feature="scheduling-agent") == []
    assert shown("IL", roles=("nurse",)) == []
    assert shown("IL", roles=("nurse", "behavioral-health-clinician")) == ["illinois-therapy"]


def test_each_site_rule_names_its_source_and_is_no_advice() -> None:
    rules = [
        rule
        for feature in ("ambient-note", "inbox-draft-reply")
        for rule in site_rules(states=("IL", "TX", "CA"), feature=feature, job_roles=())
    ]
    assert {rule.state for rule in rules} == {"IL", "TX", "CA"}
    assert all(rule.url.startswith("https://") and rule.law and rule.read_on <= date(2026, 12, 31) for rule in rules)
    assert "Have counsel confirm" in CAVEAT


def test_the_registry_as_a_file_reads_back_as_it_was(database: Database, organization: UUID) -> None:
    save(database, organization)
    with database.reading() as session:
        text = registry_file(session, organization=organization)
        found = Findings("ai_features.yaml")
        entries = read_ai_features(text, found)
        row = session.get_one(AiFeatureRow, (organization, "handoff-summary"))
    assert found.found == []
    assert len(entries) == 1
    for name in ("vendor", "available_roles", "available_since", "states", "verify_card", "evidence_rule"):
        assert entries[0][name] == getattr(row, name)
    assert entries[0]["intended_use"] == "A first draft of the handoff."


def test_brought_files_lead_to_no_host_that_nobody_allowed(database: Database, organization: UUID) -> None:
    """A trainer brings files; the links in them are pressed by everyone."""
    brought: dict[str, Any] = {
        "folder": LIBRARY, "local": local_file(LIBRARY, False), "reviewer": "R", "publish": True, "grade": False,
    }  # fmt: skip
    with database.writing() as session, pytest.raises(ImportRefused, match="host that is not allowed"):
        import_library(session, organization=organization, allows_hosts=False, **brought)
    with database.writing() as session:
        add_host(session, organization=organization, host="ehr.example", actor="test")
        import_library(session, organization=organization, allows_hosts=False, **brought)
        session.commit()


def test_the_command_line_allows_the_hosts_that_it_brings(database: Database, organization: UUID) -> None:
    link = "https://ehr.example/handoff"
    with database.writing() as session:
        assert allowed_link(session, organization=organization, link=link) is None
        import_library(
            session, organization=organization, folder=LIBRARY, local=local_file(LIBRARY, False),
            reviewer="R", publish=True, grade=False,
        )  # fmt: skip
        assert allowed_link(session, organization=organization, link=link) == link
