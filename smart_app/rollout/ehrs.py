"""Sessions at an organization's EHRs: by the token of a visit where somebody is here, else by Backend Services."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from launch.backend import BackendError, BackendServices
from launch.documents import Documents
from launch.fhir_session import FhirSession
from launch.outbound import Door
from launch.stores import RegistrationStore
from smart_app.config import Settings
from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.organizations.launch_stores import sql_stores
from smart_app.rollout.task_sync import SessionOf

TASKS = ("system/Task.crus",)
STAFF = ("system/PractitionerRole.rs", "system/Location.rs")


def backend_sessions(
    backend: BackendServices, registrations: RegistrationStore, *, scopes: tuple[str, ...]
) -> SessionOf:
    """Sessions by Backend Services with these scopes."""

    def session_of(registration: UUID) -> FhirSession:
        try:
            found = registrations.get(registration.hex)
        except KeyError:
            raise BackendError("the registration was removed") from None
        return backend.session(found, scopes=scopes)

    return session_of


@contextmanager
def of_command(
    settings: Settings, database: Database, keys: KeyRing
) -> Iterator[tuple[BackendServices, RegistrationStore]]:
    """What a command, which serves no pages, asks EHRs with."""
    stores = sql_stores(database, keys)
    door = Door(https_proxy=settings.https_proxy or None, ca_file=str(settings.ca_file) if settings.ca_file else None)
    documents = Documents(door=door, cache=stores.metadata)
    yield BackendServices(keys=keys, door=door, documents=documents), stores.registrations
