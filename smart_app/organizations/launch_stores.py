"""The SQL behind launch/stores.py. Each call is a short transaction of its own, over before any network call."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, select

from launch.discovery import normalise_iss
from launch.stores import CachedDocument, LaunchTransaction, Registration, Stores
from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.organizations.kept_tokens import SqlTokens
from smart_app.organizations.launch_reports import Purge, SqlReports
from smart_app.organizations.models import EhrRegistration, LaunchTransactionRow, MetadataRow
from smart_app.organizations.registration_rows import registration_of
from smart_app.organizations.secrets_at_rest import client_secret_of, earlier_client_secret_of

REMEMBERED_SECONDS = 2.0
"""A registration is read again after this time: a removed one is refused by then in every worker."""
_KEPT_AFTER_EXPIRY = timedelta(hours=1)

# Made once: a launch pays for running a statement, not for putting it together.
_TRANSACTIONS = cast(Table, LaunchTransactionRow.__table__)
_INSERT = _TRANSACTIONS.insert()
_TAKE = _TRANSACTIONS.delete().where(_TRANSACTIONS.c.state_hash == bindparam("state")).returning(*_TRANSACTIONS.c)
_PURGE = _TRANSACTIONS.delete().where(_TRANSACTIONS.c.expires_at < bindparam("before"))


def sql_stores(database: Database, keys: KeyRing) -> Stores:
    """All of launch's stores over one database."""
    registrations = SqlRegistrations(database, keys)
    return Stores(
        registrations=registrations,
        transactions=SqlTransactions(database),
        metadata=SqlMetadata(database, registrations),
        reports=SqlReports(database),
        tokens=SqlTokens(database, keys),
    )


class SqlRegistrations:
    """Registered EHRs; what is found is remembered for two seconds."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys
        self._remembered: dict[str, tuple[float, Registration]] = {}

    def find_by_iss(self, iss: str) -> Registration | None:
        """The registration of this issuer, compared after normalisation; None if there is none."""
        key = normalise_iss(iss)
        return self._find(f"iss {key}", lambda: EhrRegistration.iss_key == key)

    def get(self, registration_id: str) -> Registration:
        """The registration with this key; KeyError if there is none."""
        try:
            found = self._find(registration_id, lambda: EhrRegistration.id == UUID(registration_id))
        except ValueError:
            found = None
        if found is None:
            raise KeyError(registration_id)
        return found

    def _find(self, key: str, condition: Callable[[], Any]) -> Registration | None:
        until, found = self._remembered.get(key, (0.0, None))
        if found is not None and time.monotonic() < until:
            return found
        with self._database.reading() as session:
            row = session.scalar(select(EhrRegistration).where(condition()))
        if row is None:
            self._remembered.pop(key, None)
            return None
        found = registration_of(
            row,
            secret=client_secret_of(row, keys=self._keys),
            earlier=earlier_client_secret_of(row, keys=self._keys),
        )
        self._remembered[key] = (time.monotonic() + REMEMBERED_SECONDS, found)
        return found


class SqlTransactions:
    """Launches under way."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._purge = Purge()

    def create(self, transaction: LaunchTransaction) -> None:
        """Keep it for all workers. Now and then the expired ones go. With the power it may go, too: the EHR
        then opens the app again."""
        with self._database.writing_connection(durable=False) as connection:
            connection.execute(_INSERT, _columns(transaction))
            if self._purge.is_due():
                connection.execute(_PURGE, {"before": datetime.now(UTC) - _KEPT_AFTER_EXPIRY})

    def consume(self, state_hash: str) -> LaunchTransaction | None:
        """Take it out in one statement, so that of any number of callers exactly one gets it.

        Were it there again after a power cut, its code would not be: the EHR redeems that once.
        """
        with self._database.writing_connection(durable=False) as connection:
            row = connection.execute(_TAKE, {"state": state_hash}).one_or_none()
        return None if row is None else _transaction(row)


class SqlMetadata:
    """Discovery documents and key sets, shared by the workers."""

    def __init__(self, database: Database, registrations: SqlRegistrations) -> None:
        self._database = database
        self._registrations = registrations

    def get(self, registration_id: str, url: str) -> CachedDocument | None:
        """The document as it was last fetched, however old."""
        organization = UUID(self._registrations.get(registration_id).organization)
        with self._database.reading() as session:
            row = session.get(MetadataRow, (organization, UUID(registration_id), url))
        return None if row is None else CachedDocument(row.body, row.fetched_at)

    def put(self, registration_id: str, url: str, document: CachedDocument) -> None:
        """Keep it in place of an older one."""
        # Each dialect is imported where it is spoken: a server loads one of them.
        if self._database.is_sqlite:
            from sqlalchemy.dialects.sqlite import insert
        else:
            from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
        statement = insert(MetadataRow).values(
            organization=UUID(self._registrations.get(registration_id).organization),
            registration=UUID(registration_id),
            url=url,
            body=dict(document.body),
            fetched_at=document.fetched_at,
        )
        key = ("organization", "registration", "url")
        newer = {"body": statement.excluded.body, "fetched_at": statement.excluded.fetched_at}
        with self._database.writing() as session:
            session.execute(statement.on_conflict_do_update(index_elements=key, set_=newer))
            session.commit()


def _columns(transaction: LaunchTransaction) -> dict[str, Any]:
    return {
        "organization": UUID(transaction.organization),
        "state_hash": transaction.state_hash,
        "browser_hash": transaction.browser_hash,
        "registration": UUID(transaction.registration_id),
        "placement": transaction.placement,
        "standalone": transaction.standalone,
        "way_out": transaction.way_out,
        "reference": transaction.reference,
        "steps": [dict(step) for step in transaction.steps],
        "created_at": transaction.created_at,
        "expires_at": transaction.expires_at,
    }


def _transaction(row: Any) -> LaunchTransaction:
    return LaunchTransaction(
        state_hash=row.state_hash,
        browser_hash=row.browser_hash,
        registration_id=row.registration.hex,
        organization=row.organization.hex,
        placement=row.placement,
        standalone=row.standalone,
        way_out=row.way_out,
        reference=row.reference,
        steps=tuple(row.steps),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
