"""What the roster's pages say, decided before the template."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.roster.people import groups, units
from smart_app.organizations.roster.reading import DATES, FIELDS, Reading
from smart_app.organizations.roster.table import Table
from smart_app.rollout.importing import Tried

MOST_FAULTS = 200
"""Lines told on the page; all are counted."""
STAFF_IS: Mapping[str, str] = {
    "staff": "Our own number (payroll, badge)",
    "npi": "The national provider number (NPI)",
    "ehr_user": "The user id in the EHR",
    "practitioner": "The Practitioner id in the EHR",
}


@dataclass(frozen=True)
class UnitRow:
    """A unit in the table."""

    name: str
    people: int
    leaders: int
    roles: str


@dataclass(frozen=True)
class RosterPage:
    """The roster, counted; nobody's name."""

    people: int
    rows: tuple[UnitRow, ...]
    says_access: bool
    """Some of the roster says who has which AI feature."""


def roster_page(session: Session, *, organization: UUID) -> RosterPage:
    """Everybody who is here today, by unit."""
    titles = {role.id: role.title for role in job_roles(session, organization=organization)}
    found = groups(session, organization=organization)
    people: Counter[str] = Counter()
    leaders: Counter[str] = Counter()
    roles: dict[str, Counter[str]] = {}
    for group in found:
        people[group.unit] += group.people
        leaders[group.unit] += group.people if group.is_leader else 0
        roles.setdefault(group.unit, Counter())[group.job_role] += group.people
    rows = tuple(
        UnitRow(unit.name, people[unit.id], leaders[unit.id], _roles(roles[unit.id], titles))
        for unit in units(session, organization=organization)
        if people[unit.id]
    )
    return RosterPage(sum(people.values()), rows, any(group.access is not None for group in found))


def reading_of_form(
    form: MultiDict[str, str], before: Reading, table: Table, known_ehrs: Collection[str] = ()
) -> Reading:
    """How the page says the file is read; what is not one of its choices is left as it was.

    Whose list it is was said when it was read: of an EHR's own list that stays.
    """
    of = form.get("ehr", before.ehr)
    columns = {name: form.get(f"column-{name}", "") for name in FIELDS}
    words = zip(form.getlist("word"), form.getlist("means"), strict=False)
    staff_is, dates = form.get("staff_is", ""), form.get("dates", "")
    return Reading(
        columns={name: heading for name, heading in columns.items() if heading in table.headings},
        staff_is=cast(Any, staff_is) if staff_is in STAFF_IS else before.staff_is,
        whole=form.get("whole") == "yes",
        dates=dates if dates in DATES else before.dates,
        roles={**before.roles, **{word.lower()[:120]: role[:60] for word, role in words if role}},
        source=before.source,
        ehr=of if before.source == "file" and (of in known_ehrs or not of) else before.ehr,
        below=before.below,
    )


def changes_in_words(tried: Tried) -> tuple[str, ...]:
    """What the import would do."""
    plan = tried.plan
    if plan is None:
        return ()
    said = [f"{_people(len(plan.added))} will be added." if plan.added else ""]
    said += [f"{_people(len(plan.changed))} will be changed." if plan.changed else ""]
    said += [f"{_people(len(plan.leaving))} will leave the roster." if plan.leaving else ""]
    said += [f"{_people(plan.same)} stay as they are." if plan.same else ""]
    if plan.units:
        said.append(
            f"{len(plan.units)} {'unit is' if len(plan.units) == 1 else 'units are'} new: {', '.join(plan.units)}."
        )
    return tuple(filter(None, said))


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _roles(counted: Counter[str], titles: Mapping[str, str]) -> str:
    return ", ".join(f"{titles.get(role, role)} {count}" for role, count in sorted(counted.items()))
