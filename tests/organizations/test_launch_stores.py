"""Launch's stores on SQL: consumed once, cached for all, reports within their cap."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select

from launch.stores import CachedDocument, LaunchTransaction, Registration, ReportRecord, Stores
from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.organizations import launch_reports, verbs
from smart_app.organizations.launch_reports import SqlReports
from smart_app.organizations.launch_stores import sql_stores
from smart_app.organizations.models import LaunchReportRow

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
def keys(key_path: Path) -> KeyRing:
    return KeyRing.load(key_path)


@pytest.fixture
def organization(database: Database) -> UUID:
    with database.writing() as session:
        made = verbs.add_organization(session, name="Lakeside", actor="test")
        session.commit()
    return made


@pytest.fixture
def registration(database: Database, keys: KeyRing, organization: UUID) -> Registration:
    """As the store gives it back."""
    asked = Registration(
        id="",
        organization=organization.hex,
        name="Lakeside EHR",
        iss="https://ehr.example/fhir/",
        client_id="c",
        auth="client_secret_basic",
        client_secret="s3cret",
        frame_ancestors=("https://ehr.example",),
    )
    with database.writing() as session:
        made = verbs.register_ehr(session, registration=asked, keys=keys, actor="test")
        session.commit()
    return replace(asked, id=made.hex)


@pytest.fixture
def stores(database: Database, keys: KeyRing) -> Iterator[Stores]:
    made = sql_stores(database, keys)
    yield made
    assert isinstance(made.reports, SqlReports)
    made.reports.flush()


def transaction(registration: Registration, state_hash: str = "a" * 64) -> LaunchTransaction:
    return LaunchTransaction(
        state_hash=state_hash,
        browser_hash="b" * 64,
        registration_id=registration.id,
        organization=registration.organization,
        placement="inbox",
        standalone=False,
        way_out=False,
        reference="7F3K-92QD",
        steps=({"name": "issuer", "outcome": "ok", "milliseconds": 1},),
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=10),
    )


def report(organization: UUID | None, reference: str = "7F3K-92QD", **changes: object) -> ReportRecord:
    plain = ReportRecord(
        reference=reference,
        organization=organization.hex if organization else None,
        registration_id=None,
        ehr_name=None,
        outcome="failed",
        error="IssuerUnknown",
        reason="iss is not registered",
        steps=(),
        missing=(),
        started_at=NOW,
        milliseconds=3,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def kept(database: Database) -> list[LaunchReportRow]:
    with database.reading() as session:
        return list(session.scalars(select(LaunchReportRow)))


def test_a_registration_is_found_by_its_issuer_with_or_without_the_slash(
    stores: Stores, registration: Registration
) -> None:
    for iss in ("https://ehr.example/fhir", "https://ehr.example/fhir/"):
        assert stores.registrations.find_by_iss(iss) == registration
    assert stores.registrations.get(registration.id) == registration


@pytest.mark.parametrize(
    "iss", ["https://ehr.example", "https://EHR.example/fhir", "https://ehr.example/fhir/x", "", "x"]
)
def test_another_issuer_is_not_found(stores: Stores, registration: Registration, iss: str) -> None:
    assert stores.registrations.find_by_iss(iss) is None


@pytest.mark.parametrize("key", ["", "x", "0" * 32])
def test_an_unknown_registration_is_a_key_error(stores: Stores, key: str) -> None:
    with pytest.raises(KeyError):
        stores.registrations.get(key)


def test_an_issuer_is_registered_once_for_all_organizations(
    database: Database, keys: KeyRing, registration: Registration
) -> None:
    with database.writing() as session, pytest.raises(verbs.NameTaken):
        verbs.register_ehr(session, registration=registration, keys=keys, actor="test")


def test_a_transaction_comes_back_as_it_was(stores: Stores, registration: Registration) -> None:
    stores.transactions.create(transaction(registration))
    assert stores.transactions.consume("a" * 64) == transaction(registration)
    assert stores.transactions.consume("a" * 64) is None


def test_an_expired_transaction_comes_back_too(stores: Stores, registration: Registration) -> None:
    old = replace(transaction(registration), expires_at=NOW - timedelta(days=300))
    stores.transactions.create(old)
    assert stores.transactions.consume("a" * 64) == old


def test_of_many_callers_at_once_exactly_one_gets_the_transaction(stores: Stores, registration: Registration) -> None:
    for round_number in range(5):
        state = f"{round_number:064d}"
        stores.transactions.create(transaction(registration, state))
        together = Barrier(8)

        def consume(_: int, state: str = state, together: Barrier = together) -> LaunchTransaction | None:
            together.wait()
            return stores.transactions.consume(state)

        with ThreadPoolExecutor(8) as pool:
            found = [each for each in pool.map(consume, range(8)) if each is not None]
        assert len(found) == 1


def test_a_document_is_replaced_by_a_newer_one(stores: Stores, registration: Registration) -> None:
    url = "https://ehr.example/jwks"
    assert stores.metadata.get(registration.id, url) is None
    for minute in (0, 1):
        document = CachedDocument({"keys": [minute]}, NOW + timedelta(minutes=minute))
        stores.metadata.put(registration.id, url, document)
        assert stores.metadata.get(registration.id, url) == document


def test_a_failed_launchs_report_is_there_at_once(stores: Stores, database: Database, organization: UUID) -> None:
    stores.reports.write(report(organization))
    assert [row.reference for row in kept(database)] == ["7F3K-92QD"]


def test_reports_of_launches_that_went_well_come_a_moment_later(
    stores: Stores, database: Database, organization: UUID
) -> None:
    for number in range(3):
        stores.reports.write(report(organization, f"7F3K-000{number}", outcome="launched", error=None))
    assert isinstance(stores.reports, SqlReports)
    stores.reports.flush()
    assert len(kept(database)) == 3


def test_reports_are_capped_and_unknown_issuers_are_counted_together(
    stores: Stores, database: Database, organization: UUID
) -> None:
    most = launch_reports.REPORTS_OF_UNKNOWN_A_MINUTE
    with time_machine.travel(NOW, tick=False):
        for number in range(most + 20):
            stores.reports.write(report(None, f"{number:09d}"))
        stores.reports.write(report(organization, "KNOWN"))
    assert [row.organization for row in kept(database)].count(launch_reports.UNKNOWN_ISSUERS) == most
    assert "KNOWN" in [row.reference for row in kept(database)]


def test_a_database_that_is_away_costs_the_report_and_not_the_launch(keys: KeyRing, tmp_path: Path) -> None:
    away = Database(f"sqlite:///{tmp_path}/no-tables.sqlite3")
    SqlReports(away).write(report(None))
    away.dispose()
