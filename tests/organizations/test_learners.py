"""One person, one learner: whatever is known of the person, whoever launches at once, whichever key hashes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import select

from smart_app import keys as key_file
from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.organizations.learners import Identity, NoPrimaryIdentity, resolve_learner
from smart_app.organizations.models import Learner, LearnerIdentity, LearnerMatch
from smart_app.organizations.verbs import add_organization

TOKEN = Identity("token", "https://ehr.example|user-1")
PRACTITIONER = Identity("practitioner", "https://ehr.example/fhir|Practitioner/1")
NPI = Identity("npi", "9999000001")


@pytest.fixture
def keys(key_path: Path) -> KeyRing:
    return KeyRing.load(key_path)


@pytest.fixture
def organization(database: Database) -> UUID:
    with database.writing() as session:
        made = add_organization(session, name="Lakeside", actor="test")
        session.commit()
    return made


def resolved(database: Database, keys: KeyRing, organization: UUID, *identities: Identity) -> UUID:
    with database.writing() as session:
        learner = resolve_learner(session, organization=organization, identities=identities, keys=keys)
        session.commit()
        return learner.id


def matches(database: Database) -> list[tuple[set[UUID], str]]:
    with database.reading() as session:
        return [({row.learner, row.other}, row.kind) for row in session.scalars(select(LearnerMatch))]


def test_identities_learned_later_belong_to_the_same_learner(
    database: Database, keys: KeyRing, organization: UUID
) -> None:
    first = resolved(database, keys, organization, TOKEN)
    assert resolved(database, keys, organization, TOKEN, PRACTITIONER, NPI) == first
    assert resolved(database, keys, organization, TOKEN) == first


def test_a_new_token_identity_of_a_known_practitioner_is_the_same_learner(
    database: Database, keys: KeyRing, organization: UUID
) -> None:
    first = resolved(database, keys, organization, TOKEN, PRACTITIONER)
    moved = Identity("token", "https://new-issuer.example|user-1")
    assert resolved(database, keys, organization, moved, PRACTITIONER) == first
    assert resolved(database, keys, organization, moved) == first


def test_an_npi_of_another_ehr_proposes_a_match_and_joins_nothing(
    database: Database, keys: KeyRing, organization: UUID
) -> None:
    first = resolved(database, keys, organization, TOKEN, PRACTITIONER, NPI)
    elsewhere = Identity("token", "https://second.example|user-9")
    second = resolved(database, keys, organization, elsewhere, NPI)
    assert first != second
    assert matches(database) == [({first, second}, "npi")]


def test_the_token_decides_where_identities_disagree(database: Database, keys: KeyRing, organization: UUID) -> None:
    other_token = Identity("token", "https://ehr.example|user-2")
    first = resolved(database, keys, organization, TOKEN)
    second = resolved(database, keys, organization, other_token, PRACTITIONER)
    assert resolved(database, keys, organization, TOKEN, PRACTITIONER) == first
    assert matches(database) == [({first, second}, "practitioner")]


def test_the_same_person_at_two_organizations_is_two_learners(
    database: Database, keys: KeyRing, organization: UUID
) -> None:
    with database.writing() as session:
        other = add_organization(session, name="Hillside", actor="test")
        session.commit()
    assert resolved(database, keys, organization, TOKEN) != resolved(database, keys, other, TOKEN)


def test_without_the_tokens_identity_nobody_is_resolved(database: Database, keys: KeyRing, organization: UUID) -> None:
    with pytest.raises(NoPrimaryIdentity):
        resolved(database, keys, organization, PRACTITIONER)


def test_many_first_launches_at_once_make_one_learner(database: Database, keys: KeyRing, organization: UUID) -> None:
    together = Barrier(8)

    def launch(_: int) -> UUID:
        together.wait()
        return resolved(database, keys, organization, TOKEN, PRACTITIONER, NPI)

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(launch, range(8)))
    assert len(found) == 1
    with database.reading() as session:
        assert len(session.scalars(select(Learner)).all()) == 1
        assert len(session.scalars(select(LearnerIdentity)).all()) == 3


def test_after_a_rotation_of_keys_the_learner_is_found_again(
    database: Database, keys: KeyRing, organization: UUID, key_path: Path
) -> None:
    first = resolved(database, keys, organization, TOKEN, PRACTITIONER)
    key_file.rotate(key_path)
    assert resolved(database, keys, organization, TOKEN, PRACTITIONER) == first
