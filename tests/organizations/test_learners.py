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
from smart_app.organizations.learners import Identity, NoPrimaryIdentity, recall_learner, resolve_learner
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


def brings_nothing_new(database: Database, keys: KeyRing, organization: UUID, *identities: Identity) -> bool:
    """What a launch finds out while the EHR still answers: the learner, and that resolving would change nothing."""
    with database.reading() as session:
        recalled = recall_learner(session, organization=organization, identities=identities[:1], keys=keys)
    return recalled is not None and recalled.is_known_by(identities, keys)


def test_a_person_known_by_all_of_it_is_recalled_as_the_one_who_would_be_resolved(
    database: Database, keys: KeyRing, organization: UUID
) -> None:
    first = resolved(database, keys, organization, TOKEN, PRACTITIONER, NPI)
    assert brings_nothing_new(database, keys, organization, TOKEN, PRACTITIONER, NPI)
    with database.reading() as session:
        recalled = recall_learner(session, organization=organization, identities=[TOKEN], keys=keys)
    assert recalled is not None
    assert recalled.learner.id == first


def test_an_identity_that_was_never_seen_is_something_new(
    database: Database, keys: KeyRing, organization: UUID
) -> None:
    assert not brings_nothing_new(database, keys, organization, TOKEN)
    resolved(database, keys, organization, TOKEN, PRACTITIONER)
    assert not brings_nothing_new(database, keys, organization, TOKEN, PRACTITIONER, NPI)


@pytest.mark.parametrize("first_here", [True, False])
def test_an_npi_seen_at_two_ehrs_is_something_new_until_the_match_is_proposed_and_nothing_new_from_then_on(
    database: Database, keys: KeyRing, organization: UUID, first_here: bool
) -> None:
    elsewhere = Identity("token", "https://other-ehr.example|user-9")
    mine, theirs = (TOKEN, elsewhere) if first_here else (elsewhere, TOKEN)
    one = resolved(database, keys, organization, theirs, NPI)
    resolved(database, keys, organization, mine)
    assert not brings_nothing_new(database, keys, organization, mine, NPI)
    other = resolved(database, keys, organization, mine, NPI)
    assert matches(database) == [({one, other}, "npi")]
    assert brings_nothing_new(database, keys, organization, mine, NPI)
    with database.reading() as session:
        recalled = recall_learner(session, organization=organization, identities=[mine], keys=keys)
    assert recalled is not None
    assert recalled.learner.id == other


def test_an_npi_of_somebody_without_a_match_is_something_new(
    database: Database, keys: KeyRing, organization: UUID
) -> None:
    third = Identity("token", "https://third-ehr.example|user-3")
    theirs = Identity("npi", "9999000002")
    resolved(database, keys, organization, third, theirs)
    resolved(database, keys, organization, TOKEN, NPI)
    assert not brings_nothing_new(database, keys, organization, TOKEN, theirs)
