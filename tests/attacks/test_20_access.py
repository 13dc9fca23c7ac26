"""Attack 20: every route of the studio x every permission x the things of another organization. Generated.

A new route, table or form field is taken in by itself: routes come from the app, things from the tables,
names of form fields from the source.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

import smart_app.studio
from launch.stores import Registration
from smart_app.db import Base, UtcDateTime
from smart_app.organizations import verbs
from smart_app.organizations.permissions import Permission
from smart_app.studio.access import Policy
from tests.launch.canned_ehr import CannedEhr
from tests.plugins.app import BASE_URL, OUR_PAGE, RealApp, Visitor, real_app
from tests.plugins.studio import at_studio, give

MARK = "only-theirs"
"""Stands in every text that the other organization holds."""
FIELDS = sorted(
    {
        name
        for file in Path(smart_app.studio.__path__[0]).rglob("*.py")
        for name in re.findall(r"""form\.(?:get|getlist)\(\s*"([^"]+)\"""", file.read_text())
    }
)
"""Names that views read from a form."""
BROKEN = frozenset({500, 503, 504})
"""502 is an answer: the EHR did not give what a page asked it for."""


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path, key_path: Path, ehr: CannedEhr) -> Iterator[RealApp]:
    """As ever, without the limit of writes a minute: this is all of a day at once."""
    yield from real_app(sqlite_url, tmp_path, key_path, ehr, writes_per_minute=1_000_000)


def rules(app: RealApp) -> list[Rule]:
    """The studio's routes below a visit."""
    found = [rule for rule in app.app.url_map.iter_rules() if rule.rule.startswith("/studio/<uuid:visit>/")]
    assert len(found) >= 15
    return found


def policy(app: RealApp, rule: Rule) -> Policy:
    stated: Policy = getattr(app.app.view_functions[rule.endpoint], "policy")  # noqa: B009
    return stated


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def converter(rule: Rule, name: str) -> str:
    return type(rule._converters[name]).__name__


def path(rule: Rule, visit: UUID, value: Callable[[str], object]) -> str:
    """The rule's path with `value(converter)` for its arguments."""
    filled = rule.rule.replace("<uuid:visit>", str(visit))
    for name in sorted(rule.arguments - {"visit"}):
        given = quote(str(value(converter(rule, name))), safe="")
        filled = re.sub(rf"<(?:[a-z]+:)?{name}>", given, filled)
    return filled


def nothing(kind: str) -> object:
    """An id of nothing."""
    return {"UUIDConverter": uuid.uuid4(), "IntegerConverter": 999}.get(kind, "no-such-thing")


def send(visitor: Visitor, method: str, where: str, data: dict[str, str] | None = None) -> TestResponse:
    return visitor.client.open(where, method=method, data=data, headers=OUR_PAGE, base_url=BASE_URL)


@pytest.mark.parametrize("held", [None, *Permission], ids=lambda held: held or "none")
def test_each_route_opens_to_the_permissions_that_it_names_and_to_no_other(
    app: RealApp, held: Permission | None
) -> None:
    visitor = app.launch()
    give(app, visitor, *([held] if held else []))
    wrong = {}
    for rule in rules(app):
        needed = policy(app, rule).permissions
        if not needed:
            continue
        for method in methods(rule):
            status = send(visitor, method, path(rule, visitor.visit, nothing)).status_code
            let_in = status not in {401, 403}
            if let_in != (held in needed) or status in BROKEN:
                wrong[f"{method} {rule.rule}"] = status
    assert wrong == {}


def test_without_the_cookie_and_with_another_persons_no_route_opens(app: RealApp) -> None:
    trainer = app.launch(person="prac-1")
    give(app, trainer, *Permission)
    app.records.add_nurse("prac-2")
    colleague = app.launch(person="prac-2")
    give(app, colleague, *Permission)
    for stranger in (app.browser(), colleague):
        for rule in rules(app):
            for method in methods(rule):
                answer = send(stranger, method, path(rule, trainer.visit, nothing))
                assert answer.status_code == 401, f"{method} {rule.rule}"


def test_from_another_page_no_write_is_taken(app: RealApp) -> None:
    trainer = app.launch()
    give(app, trainer, *Permission)
    for rule in rules(app):
        for method in set(methods(rule)) - {"GET"}:
            where = path(rule, trainer.visit, nothing)
            answer = trainer.client.open(
                where, method=method, headers={"Sec-Fetch-Site": "cross-site"}, base_url=BASE_URL
            )
            assert answer.status_code == 403, f"{method} {rule.rule}"


def test_reading_the_studio_writes_nothing(app: RealApp) -> None:
    trainer = app.launch()
    give(app, trainer, *Permission)
    app.write_reports()
    before = everything(app)
    for rule in rules(app):
        if "GET" in methods(rule):
            assert send(trainer, "GET", path(rule, trainer.visit, nothing)).status_code < 500, rule.rule
    assert everything(app) == before


# ---- The things of another organization ----


@pytest.fixture
def other(app: RealApp) -> UUID:
    """Another organization that has at least one row in every table of the schema."""
    with app.database.writing() as session:
        organization = verbs.add_organization(session, name=f"Hillside {MARK}", actor="test")
        theirs = Registration(
            id="",
            organization=organization.hex,
            name=f"EHR {MARK}",
            iss="https://hillside.example/fhir",
            client_id="c",
            callback="hillside",
        )
        verbs.register_ehr(session, registration=theirs, keys=app.services.keys, actor="test")
        session.flush()
        for table in Base.metadata.sorted_tables:
            if "organization" in table.c and table.name not in _NOT_MADE_UP:
                _fill(session, table, organization)
        session.commit()
    return organization


_NOT_MADE_UP = frozenset({"usage_events"})
"""Partitioned on PostgreSQL, and no page of the studio reads it by id."""


def _fill(session: Session, table: sa.Table, organization: UUID) -> None:
    """One made-up row, unless there is one."""
    here = sa.select(sa.func.count()).select_from(table).where(table.c.organization == organization)
    if session.scalar(here):
        return
    row = {column.name: _made_up(column) for column in table.columns}
    row["organization"] = organization
    for constraint in table.foreign_key_constraints:
        target = constraint.referred_table
        known = session.execute(sa.select(target).where(target.c.organization == organization).limit(1)).one()
        row |= {
            element.parent.name: getattr(known, element.column.name)
            for element in constraint.elements
            if element.parent.name != "organization"
        }
    session.execute(sa.insert(table).values(row))


def _made_up(column: sa.Column[Any]) -> Any:
    kinds: list[tuple[type, Callable[[], Any]]] = [
        (sa.Uuid, uuid.uuid4),
        (UtcDateTime, lambda: datetime.now(UTC)),
        (sa.Date, lambda: date(2027, 1, 1)),
        (sa.Boolean, lambda: False),
        (sa.Integer, lambda: 1),
        (sa.Float, lambda: 1.0),
        (sa.LargeBinary, lambda: b"x" * 32),
        (sa.JSON, dict),
    ]
    for kind, make in kinds:
        if isinstance(column.type, kind):
            return make()
    return f"{MARK}-{column.name}"[: column.type.length or 60]  # type: ignore[attr-defined]


def everything(app: RealApp, organization: UUID | None = None) -> dict[str, list[Any]]:
    """All rows, or those of one organization, by table."""
    found = {}
    with app.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            if "organization" not in table.c:
                continue
            query = sa.select(table)
            if organization is not None:
                query = query.where(table.c.organization == organization)
            found[table.name] = sorted(map(repr, session.execute(query)))
    return found


def values_of(app: RealApp, organization: UUID) -> list[Any]:
    """Ids and names of what the other organization holds."""
    values: set[Any] = set()
    with app.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            if "organization" not in table.c:
                continue
            kinds = [c for c in table.c if isinstance(c.type, sa.Uuid) or c.primary_key]
            for row in session.execute(sa.select(*kinds).where(table.c.organization == organization)).all():
                values.update(value for value in row if isinstance(value, UUID))
                values.update(value for value in row if isinstance(value, str) and MARK in value)
    return sorted(values - {organization}, key=str)


def test_the_other_organization_has_something_of_everything(app: RealApp, other: UUID) -> None:
    empty = {name for name, rows in everything(app, other).items() if not rows}
    assert empty <= _NOT_MADE_UP
    assert len(values_of(app, other)) > 20


def test_no_page_shows_what_another_organization_holds(app: RealApp, other: UUID) -> None:
    trainer = app.launch()
    give(app, trainer, *Permission)
    for rule in rules(app):
        if "GET" in methods(rule) and rule.arguments == {"visit"}:
            answer = send(trainer, "GET", path(rule, trainer.visit, nothing))
            assert answer.status_code < 500, rule.rule
            assert MARK not in answer.get_data(as_text=True), rule.rule


def test_with_an_id_of_another_organization_every_page_says_that_there_is_no_such_thing(
    app: RealApp, other: UUID
) -> None:
    trainer = app.launch()
    give(app, trainer, *Permission)
    opened = {}
    for rule in rules(app):
        kinds = {converter(rule, name) for name in rule.arguments - {"visit"}}
        if "GET" not in methods(rule) or not kinds:
            continue
        for value in values_of(app, other):
            if ("UUIDConverter" in kinds) != isinstance(value, UUID):
                continue
            where = path(rule, trainer.visit, lambda kind, value=value: 1 if kind == "IntegerConverter" else value)
            status = send(trainer, "GET", where).status_code
            if not 400 <= status < 500:
                opened[f"{rule.rule} {value}"] = status
    assert opened == {}


def test_no_write_reaches_what_another_organization_holds(app: RealApp, other: UUID) -> None:
    trainer = app.launch()
    give(app, trainer, *Permission)
    before, broken = everything(app, other), {}
    for rule in rules(app):
        if "POST" not in methods(rule):
            continue
        kinds = {converter(rule, name) for name in rule.arguments - {"visit"}}
        for value in values_of(app, other):
            fits = not kinds or ("UUIDConverter" in kinds) == isinstance(value, UUID)

            def fill(kind: str, value: object = value, fits: bool = fits) -> object:
                return value if fits and kind != "IntegerConverter" else nothing(kind)

            text = value.hex if isinstance(value, UUID) else str(value)
            body = dict.fromkeys(FIELDS, text) | {"permission": "analyst", "organization": other.hex}
            answer = send(trainer, "POST", path(rule, trainer.visit, fill), body)
            status = answer.status_code
            if status == 303 and text in answer.location.replace("-", ""):
                status = send(trainer, "GET", answer.location).status_code  # it leads to a page of that thing
            if status in BROKEN or (fits and "UUIDConverter" in kinds and status < 400):
                broken[f"{rule.rule} {value}"] = status
    assert broken == {}
    assert everything(app, other) == before


def test_the_same_person_has_no_permission_at_the_other_organization(app: RealApp, other: UUID, ehr: CannedEhr) -> None:
    """Granted at one; the very same EHR account opens the other, after the registration moved there."""
    trainer = app.launch()
    give(app, trainer, *Permission)
    assert at_studio(app, trainer).get().status_code == 200
    with app.database.writing() as session:
        moved = sa.text("UPDATE ehr_registrations SET organization = :o WHERE callback = 'ehr'")
        session.execute(moved.bindparams(sa.bindparam("o", other, sa.Uuid())))
        session.commit()
    app.app.extensions["smart_launch"].client.stores.registrations._remembered.clear()
    there = app.launch()
    assert at_studio(app, there).get().status_code == 403
