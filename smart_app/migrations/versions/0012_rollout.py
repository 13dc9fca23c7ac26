"""Roster, rollouts, assignments, the EHR's Tasks for them, and who opened which list of names."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from smart_app.db import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLES: dict[str, tuple[list[Any], list[str], list[tuple[list[str], list[str]]]]] = {
    "units": (
        [sa.Column("id", sa.String(60), nullable=False), sa.Column("name", sa.String(120), nullable=False)],
        ["id"],
        [(["organization"], ["organizations.organization"])],
    ),
    "roster_people": (
        [
            sa.Column("id", sa.Uuid, nullable=False),
            sa.Column("job_role", sa.String(60), nullable=False),
            sa.Column("unit", sa.String(60), nullable=False),
            sa.Column("is_leader", sa.Boolean, nullable=False),
            sa.Column("access", sa.String(2000), nullable=False),
            sa.Column("active_from", sa.Date),
            sa.Column("active_to", sa.Date),
            sa.Column("sealed", sa.LargeBinary),
            sa.Column("source", sa.String(10), nullable=False),
            sa.Column("changed_at", UtcDateTime, nullable=False),
        ],
        ["id"],
        [(["organization", "unit"], ["units.organization", "units.id"])],
    ),
    "roster_identities": (
        [
            sa.Column("kind", sa.String(20), nullable=False),
            sa.Column("hash", sa.LargeBinary(32), nullable=False),
            sa.Column("person", sa.Uuid, nullable=False),
        ],
        ["kind", "hash"],
        [(["organization", "person"], ["roster_people.organization", "roster_people.id"])],
    ),
    "roster_uploads": (
        [
            sa.Column("id", sa.Uuid, nullable=False),
            sa.Column("learner", sa.Uuid, nullable=False),
            sa.Column("cipher", sa.LargeBinary, nullable=False),
            sa.Column("options", sa.JSON, nullable=False),
            sa.Column("until", UtcDateTime, nullable=False),
        ],
        ["id"],
        [(["organization"], ["organizations.organization"])],
    ),
    "rollouts": (
        [
            sa.Column("id", sa.Uuid, nullable=False),
            sa.Column("name", sa.String(120), nullable=False),
            sa.Column("features", sa.JSON, nullable=False),
            sa.Column("target", sa.Integer),
            sa.Column("target_by", sa.Date),
            sa.Column("made_at", UtcDateTime, nullable=False),
            sa.Column("removed_at", UtcDateTime),
        ],
        ["id"],
        [(["organization"], ["organizations.organization"])],
    ),
    "rollout_waves": (
        [
            sa.Column("rollout", sa.Uuid, nullable=False),
            sa.Column("number", sa.Integer, nullable=False),
            sa.Column("starts", sa.Date, nullable=False),
            sa.Column("ends", sa.Date, nullable=False),
        ],
        ["rollout", "number"],
        [(["organization", "rollout"], ["rollouts.organization", "rollouts.id"])],
    ),
    "rollout_units": (
        [
            sa.Column("rollout", sa.Uuid, nullable=False),
            sa.Column("unit", sa.String(60), nullable=False),
            sa.Column("wave", sa.Integer, nullable=False),
            sa.Column("reach", sa.String(160)),
        ],
        ["rollout", "unit"],
        [
            (
                ["organization", "rollout", "wave"],
                ["rollout_waves.organization", "rollout_waves.rollout", "rollout_waves.number"],
            ),
            (["organization", "unit"], ["units.organization", "units.id"]),
        ],
    ),
    "rollout_super_users": (
        [sa.Column("rollout", sa.Uuid, nullable=False), sa.Column("person", sa.Uuid, nullable=False)],
        ["rollout", "person"],
        [
            (["organization", "rollout"], ["rollouts.organization", "rollouts.id"]),
            (["organization", "person"], ["roster_people.organization", "roster_people.id"]),
        ],
    ),
    "assignments": (
        [
            sa.Column("id", sa.Uuid, nullable=False),
            sa.Column("tutorial", sa.String(60), nullable=False),
            sa.Column("roles", sa.JSON, nullable=False),
            sa.Column("units", sa.JSON, nullable=False),
            sa.Column("due", sa.Date, nullable=False),
            sa.Column("rollout", sa.Uuid),
            sa.Column("wave", sa.Integer),
            sa.Column("made_by", sa.String(120), nullable=False),
            sa.Column("made_at", UtcDateTime, nullable=False),
            sa.Column("ended_at", UtcDateTime),
        ],
        ["id"],
        [(["organization"], ["organizations.organization"])],
    ),
    "assigned_people": (
        [
            sa.Column("assignment", sa.Uuid, nullable=False),
            sa.Column("person", sa.Uuid, nullable=False),
            sa.Column("state", sa.String(10), nullable=False),
            sa.Column("finished_on", sa.Date),
            sa.Column("finished_in", sa.String(10)),
            sa.Column("version", sa.Integer),
        ],
        ["assignment", "person"],
        [
            (["organization", "assignment"], ["assignments.organization", "assignments.id"]),
            (["organization", "person"], ["roster_people.organization", "roster_people.id"]),
        ],
    ),
    "assignment_tasks": (
        [
            sa.Column("assignment", sa.Uuid, nullable=False),
            sa.Column("person", sa.Uuid, nullable=False),
            sa.Column("registration", sa.Uuid, nullable=False),
            sa.Column("task", sa.String(64)),
            sa.Column("version", sa.String(64)),
            sa.Column("status", sa.String(12), nullable=False),
            sa.Column("next_at", UtcDateTime),
            sa.Column("tries", sa.Integer, nullable=False),
            sa.Column("problem", sa.String(60)),
            sa.Column("lease", sa.String(32)),
            sa.Column("lease_until", UtcDateTime),
        ],
        ["assignment", "person"],
        [
            (
                ["organization", "assignment", "person"],
                ["assigned_people.organization", "assigned_people.assignment", "assigned_people.person"],
            )
        ],
    ),
    "list_openings": (
        [
            sa.Column("id", sa.Uuid, nullable=False),
            sa.Column("assignment", sa.Uuid, nullable=False),
            sa.Column("learner", sa.Uuid, nullable=False),
            sa.Column("kind", sa.String(10), nullable=False),
            sa.Column("reason", sa.String(300), nullable=False),
            sa.Column("at", UtcDateTime, nullable=False),
        ],
        ["id"],
        [(["organization", "assignment"], ["assignments.organization", "assignments.id"])],
    ),
    "listed_people": (
        [sa.Column("opening", sa.Uuid, nullable=False), sa.Column("person", sa.Uuid, nullable=False)],
        ["opening", "person"],
        [(["organization", "opening"], ["list_openings.organization", "list_openings.id"])],
    ),
}
"""Table: columns after the organization, the rest of its key, and foreign keys."""

_INDEXES = {
    "ix_roster_people_unit": ("roster_people", ["organization", "unit"]),
    "ix_roster_identities_person": ("roster_identities", ["organization", "person"]),
    "ix_assigned_people_person": ("assigned_people", ["organization", "person"]),
    "ix_assignment_tasks_next_at": ("assignment_tasks", ["organization", "registration", "next_at"]),
    "ix_listed_people_person": ("listed_people", ["organization", "person"]),
}


def upgrade() -> None:
    """Make the tables, and the column for Backend Services."""
    op.add_column("ehr_registrations", sa.Column("backend_client_id", sa.String(250)))
    for table, (columns, key, references) in _TABLES.items():
        op.create_table(
            table,
            sa.Column("organization", sa.Uuid, nullable=False),
            *(column._copy() for column in columns),
            sa.PrimaryKeyConstraint("organization", *key, name=op.f(f"pk_{table}")),
            *(_reference(table, names, targets) for names, targets in references),
        )
    for name, (table, names) in _INDEXES.items():
        op.create_index(name, table, names)


def downgrade() -> None:
    """Remove them."""
    for name, (table, _) in _INDEXES.items():
        op.drop_index(name, table)
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_column("ehr_registrations", "backend_client_id")


def _reference(table: str, names: list[str], targets: list[str]) -> sa.ForeignKeyConstraint:
    to = targets[0].partition(".")[0]
    return sa.ForeignKeyConstraint(names, targets, name=op.f(f"fk_{table}_{'_'.join(names)}_{to}"))
