"""*My record* lists all that is held on a learner: each table and each column that names somebody has been decided."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from smart_app.db import Base
from smart_app.organizations.held import held_columns

ROOT = Path(__file__).resolve().parents[2]
for _path in sorted((ROOT / "smart_app").rglob("models.py")):
    import_module(".".join(_path.relative_to(ROOT).with_suffix("").parts))

NAMES_SOMEBODY = re.compile(r"learner|author|reviewer|person|actor|signed|named_as|^other$|_by$")
"""Columns that say, or may say, who somebody is."""
NOT_WHO = {
    "rollouts.target_by": "a day",
    "visits.ended_by": "sign-out, or another launch",
    "review_invitations.reviewer_organization": "an organization; who accepted is counted",
}
"""Columns with such names that say nothing of who."""
ROSTER = "the line on the roster: unit, job role, dates, what was assigned and whether it is done"
SIGNED = "a name that somebody signed with, tied to no learner; the draft's own line says that it stands there"
COUNTED = "the row's other column is counted"
ON_THE_PAGE = {
    "usage_events.learner": "Entries",
    "learners.id": "the page itself",
    "learner_identities.learner": "How you are known",
    "progress.learner": "Your place in tutorials",
    "dismissals.learner": "Hidden by you",
    "pauses.learner": "Quiet in this shift",
    "preferences.learner": "Single keys, Colours",
    "visits.learner": "the line on visits",
    "permissions.learner": "What you may do here beyond this",
    "permissions.named_as": COUNTED,
    "awaited_permissions.named_as": "whom it waits for has no learner yet",
    "learner_matches.learner": "the line on a sign-in at another EHR",
    "learner_matches.other": "the line on a sign-in at another EHR",
    "learner_codes.learner": "the line on the EHR's codes",
    "learner_keys.learner": "a random number of the ledger's own, which says nothing of anybody",
    "kept_tokens.id": "the line on access to the EHR: it is the visit's id",
    "roster_people.id": ROSTER,
    "roster_identities.person": ROSTER,
    "assigned_people.person": ROSTER,
    "assignment_tasks.person": ROSTER,
    "rollout_super_users.person": ROSTER,
    "listed_people.person": "Who has looked",
    "tutorial_drafts.saved_by": "whoever saves is among the authors, which are counted",
    "tutorial_drafts.signed": SIGNED,
    "tutorial_versions.author": SIGNED,
    "tutorial_versions.reviewer": SIGNED,
    "library_uploads.author": SIGNED,
    "library_uploads.decided_by": SIGNED,
}
"""Columns without words of their own (`held`) -> where else the page speaks of them, or why it need not."""
SAYS_WHO = {"learners.id", "kept_tokens.id", "roster_people.id", "audit.details"}
"""Columns that name somebody, though not by their names."""
OF_NOBODY = {
    "ai_features", "codes_seen", "ehr_registrations", "job_roles", "launch_reports", "launch_transactions", "libraries",
    "library_files", "local_slots", "metadata_cache", "organization_settings", "organizations", "permission_codes",
    "role_codes", "rollout_units", "rollout_waves", "rollouts", "units", "usage_keys",
}  # fmt: skip
"""Tables that say nothing of a single person."""


def columns_that_name_somebody() -> set[str]:
    found = {str(c) for t in Base.metadata.tables.values() for c in t.columns if NAMES_SOMEBODY.search(c.name)}
    assert found >= set(NOT_WHO)
    return found - set(NOT_WHO) | SAYS_WHO


def with_words() -> set[str]:
    return {str(column) for column, _ in held_columns()}


@pytest.mark.parametrize("column", sorted(columns_that_name_somebody()))
def test_a_column_that_names_somebody_has_words_or_a_stated_reason(column: str) -> None:
    assert (column in with_words()) != (column in ON_THE_PAGE)


def test_no_reason_is_stated_for_what_is_not_there() -> None:
    assert set(ON_THE_PAGE) | with_words() == columns_that_name_somebody()


def test_every_table_says_something_of_somebody_or_is_known_to_say_nothing() -> None:
    of_somebody = {column.partition(".")[0] for column in columns_that_name_somebody()}
    assert set(Base.metadata.tables) - of_somebody == OF_NOBODY


def test_words_have_a_place_for_how_many() -> None:
    assert [words.words for _, words in held_columns() if words.words.count("{}") != 1] == []
