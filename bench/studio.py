"""How long the studio's pages take in an organization larger than most: `python -m bench.studio`.

500 tutorials, 200 job roles, 12 AI features, 20,000 people on the roster in 60 units of 15 roles, 2,000 sets of
codes seen at launches, a rollout of 3 features to all units. Measured is the whole answer inside the process, from
the request to the last byte, by a trainer's visit; the first page after a publication, which also reads the library,
is told apart. SQLite, in the same process: so its CPU time is the server's time, whatever else the machine is doing.
The time on the wall stands beside it.
"""

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

from flask import Response
from flask.testing import FlaskClient
from sqlalchemy import insert
from sqlalchemy.orm import Session

from bench.written_table import conditions, write_between_marks
from launch.stores import Registration
from smart_app import keys as key_file
from smart_app.config import Settings
from smart_app.factory import create_app
from smart_app.library.models import AiFeatureRow, LibraryRow, TutorialVersionRow
from smart_app.library.rendering import render
from smart_app.library.search_index import index_library
from smart_app.library.tutorial_file import ParsedTutorial, parse
from smart_app.library.vocabulary import PLACEMENTS, WORK
from smart_app.migrations.running import migrate_database
from smart_app.organizations.learners import Identity, resolve_learner
from smart_app.organizations.models import JobRole, Learner, RoleCode
from smart_app.organizations.permissions import Permission, grant
from smart_app.organizations.roster.models import RosterPerson, Unit
from smart_app.organizations.verbs import add_organization, register_ehr
from smart_app.rollout.planning import Plan, Wave, save_rollout
from smart_app.services import EXTENSION, Services
from smart_app.visits import cookies
from smart_app.visits.models import CodesSeen, LearnerCodes, Visit
from smart_app.visits.verbs import open_visit

COMMAND = "python -m bench.studio"
TUTORIALS, ROLES, FEATURES, PEOPLE, UNITS, ROLES_OF_A_UNIT, CODE_SETS = 500, 200, 12, 20_000, 60, 15, 2_000
ROUNDS = 15
LIMIT_MS = 200.0
BASE = "http://localhost:8000"
STARTER = Path(__file__).parents[1] / "smart_app" / "library" / "starter" / "nurse-handoff-summary.md"


@dataclass(frozen=True)
class Desk:
    """A trainer at the studio."""

    client: FlaskClient
    home: str

    def get(self, path: str) -> "Took":
        """How long until the whole page is there; RuntimeError where it is not 200."""
        began, worked = time.perf_counter(), time.process_time()
        answer = self.client.get(self.home + path, base_url=BASE)
        took = Took((time.process_time() - worked) * 1000, (time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        return took


@dataclass(frozen=True)
class Took:
    """Milliseconds of one answer."""

    server: float
    wall: float


def fill(session: Session, organization: UUID) -> UUID:
    """The library, the roster and a rollout, which is returned."""
    random = Random(7)
    session.add(LibraryRow(organization=organization, revision=1, sensitive={}))
    session.add_all(
        JobRole(organization=organization, id=f"role-{n}", title=f"Role {n}", position=100 + n)
        for n in range(ROLES - 12)
    )
    session.add_all(Unit(organization=organization, id=f"unit-{n}", name=f"Unit {n}") for n in range(UNITS))
    session.add_all(_feature(organization, number) for number in range(FEATURES))
    session.flush()
    session.add_all(
        RoleCode(organization=organization, system="urn:bench", code=f"c{n}", job_role=_role(n), display=f"Code {n}")
        for n in range(ROLES)
    )
    parsed = parse(STARTER.read_text("utf-8"), name=STARTER.name)
    if not isinstance(parsed, ParsedTutorial):
        raise TypeError(parsed)
    session.add_all(_tutorial(organization, number, parsed, random) for number in range(TUTORIALS))
    session.flush()
    index_library(session, organization=organization)
    _people(session, organization, random)
    _codes(session, organization, random)
    today = datetime.now(UTC).date()
    waves = tuple(
        Wave(
            today + timedelta(days=30 * n),
            today + timedelta(days=30 * n + 29),
            tuple(f"unit-{unit}" for unit in range(n, UNITS, 3)),
        )
        for n in range(3)
    )
    plan = Plan(name="All units", features=("feature-0", "feature-1", "feature-2"), waves=waves)
    return save_rollout(session, organization=organization, plan=plan, actor="bench")


def _role(number: int) -> str:
    return f"role-{number % (ROLES - 12)}"


def _feature(organization: UUID, number: int) -> AiFeatureRow:
    return AiFeatureRow(
        organization=organization,
        id=f"feature-{number}",
        name=f"Feature {number}",
        version="1",
        status="live",
        launch_link=None,
        sensitive=False,
        model_card={},
        available_roles=[_role(role) for role in range(number, ROLES, 4)] if number % 3 else [],
    )


def _tutorial(organization: UUID, number: int, parsed: ParsedTutorial, random: Random) -> TutorialVersionRow:
    work = random.choice(list(WORK))
    front: dict[str, Any] = {
        **parsed.front,
        "id": f"tutorial-{number}",
        "title": f"Tutorial {number} on {work.replace('-', ' ')}",
        "ai_feature": f"feature-{number % FEATURES}",
        "roles": sorted({_role(number), _role(random.randrange(ROLES))}),
        "targets": {
            "task_codes": [f"urn:preceptor:task|{work}"],
            "intents": [work],
            "placements": [random.choice(list(PLACEMENTS))],
            "encounter_classes": ["IMP", "AMB"],
        },
        "review_by": (date.today() + timedelta(days=random.randrange(300))).isoformat(),  # noqa: DTZ011 - any day
    }
    return TutorialVersionRow(
        organization=organization,
        tutorial=f"tutorial-{number}",
        version=1,
        status="published",
        source=parsed.text,
        front_matter=front,
        rendered=render(parsed, lambda _: "as here"),
        author="a",
        reviewer="r",
        saved_at=datetime.now(UTC),
        published_at=datetime.now(UTC),
        feature_version="1",
    )


def _people(session: Session, organization: UUID, random: Random) -> None:
    now = datetime.now(UTC)
    places = [(unit, _role(random.randrange(ROLES))) for unit in range(UNITS) for _ in range(ROLES_OF_A_UNIT)]
    access = [random.choice(("*", "feature-0 feature-1", "feature-2")) for _ in places]
    drawn = random.choices(range(len(places)), k=PEOPLE)
    rows = [
        {
            "organization": organization,
            "id": uuid4(),
            "job_role": places[place][1],
            "unit": f"unit-{places[place][0]}",
            "is_leader": random.random() < 0.03,
            "access": access[place],
            "active_from": None,
            "active_to": None,
            "sealed": None,
            "source": "file",
            "changed_at": now,
        }
        for place in drawn
    ]
    session.execute(insert(RosterPerson), rows)


def _codes(session: Session, organization: UUID, random: Random) -> None:
    """Everybody on the roster has launched: with 2,000 different sets of codes, a tenth of them unmapped."""
    today, now = datetime.now(UTC).date(), datetime.now(UTC)
    sets = [
        {
            "organization": organization,
            "id": f"{number:032d}",
            "facts": {
                "roles": [
                    {
                        "codes": [["urn:bench", f"c{random.randrange(ROLES * 11 // 10)}"]],
                        "specialties": [["urn:special", f"s{number % 300}"]],
                    }
                ],
                "qualifications": [],
            },
        }
        for number in range(CODE_SETS)
    ]
    learners = [{"organization": organization, "id": uuid4(), "created_at": now} for _ in range(PEOPLE)]
    came = [
        {
            "organization": organization,
            "learner": learner["id"],
            "registration": organization,
            "codes": sets[int(random.triangular(0, CODE_SETS, 0))]["id"],
            "seen_on": today,
        }
        for learner in learners
    ]
    for model, rows in ((CodesSeen, sets), (Learner, learners), (LearnerCodes, came)):
        session.execute(insert(model), rows)


def trainer(services: Services, organization: UUID, registration: UUID, client: FlaskClient) -> Desk:
    """Somebody with every permission, whose visit this browser holds."""
    with services.database.writing() as session:
        known = resolve_learner(
            session, organization=organization, identities=[Identity("token", "bench|trainer")], keys=services.keys
        )
        for permission in Permission:
            grant(session, organization=organization, learner=known.id, permission=permission, actor="bench")
        visit, secret = open_visit(session, visit=_visit(organization, registration, known.id))
        session.commit()
    answer = Response()
    cookies.set_cookie(answer, visit=visit.id, secret=secret, keys=services.keys, lifetime=3600)
    name, _, value = answer.headers["Set-Cookie"].partition(";")[0].partition("=")
    client.set_cookie(name, value, domain="localhost", secure=True)
    return Desk(client, f"/studio/{visit.id}/")


def _visit(organization: UUID, registration: UUID, learner: UUID) -> Visit:
    return Visit(
        organization=organization,
        id=uuid4(),
        learner=learner,
        registration=registration,
        reference="7F3K-92QD",
        job_roles=[],
        role_titles=[],
        role_declared=False,
        specialties=[],
        task_open=False,
        task_codes=[],
        frequent_task_codes=[],
        intent=None,
        placement=None,
        encounter_class=None,
        standalone=True,
        missing=[],
        choices=[],
    )


def pages(rollout: UUID) -> dict[str, str]:
    """Words -> path below the visit."""
    return {
        "List of tutorials": "tutorials",
        "Who sees what": "targeting",
        "Who sees what, only what is wrong": "targeting?wrong=1",
        "Who sees one tutorial": "targeting/tutorial-7",
        "Preview as": "preview-as?role=role-7&task=shift-handoff&encounter_class=IMP&tutorial=tutorial-7",
        "Coverage matrix": "coverage",
        "Job role map": "job-roles",
        "Effect of a mapping": "job-roles/effect?system=urn:bench&code=c210&job_role=role-3",
        "AI features": "ai-features",
        "Rollout": f"rollouts/{rollout}",
    }


def measure(desk: Desk, rollout: UUID) -> tuple[Took, dict[str, list[Took]]]:
    """(the first page of all, each page's times). The pages take turns."""
    first = desk.get("targeting")
    took: dict[str, list[Took]] = {words: [] for words in pages(rollout)}
    for _ in range(ROUNDS):
        for words, path in pages(rollout).items():
            took[words].append(desk.get(path))
    return first, took


def table(first: Took, took: dict[str, list[Took]]) -> str:
    """The figures as Markdown."""
    lines = [
        f"{TUTORIALS} tutorials, {ROLES} job roles, {FEATURES} AI features, {PEOPLE:,} people on the roster, "
        f"{CODE_SETS:,} sets of codes seen; {ROUNDS} rounds.",
        "",
        "| page | server, median | slowest | wall, median | limit | |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for words, times in took.items():
        wall = statistics.median(each.wall for each in times)
        slowest = max(each.server for each in times)
        holds = "holds" if _middle(times) < LIMIT_MS else "**does not hold**"
        figures = f"{_middle(times):.0f} ms | {slowest:.0f} ms | {wall:.0f} ms | {LIMIT_MS:.0f} ms"
        lines.append(f"| {words} | {figures} | {holds} |")
    lines.append(f"| The first page after a publication | {first.server:.0f} ms | | {first.wall:.0f} ms | none | |")
    return "\n".join(lines)


def _middle(times: list[Took]) -> float:
    return statistics.median(each.server for each in times)


def main() -> None:
    """Measure, print, and end with 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="Markdown file whose table is written anew")
    target = parser.parse_args().write
    when = conditions()
    with tempfile.TemporaryDirectory() as folder:
        first, took = _run(Path(folder))
    text = f"{when}\n\n{table(first, took)}"
    print(text)
    if target:
        write_between_marks(target, COMMAND, text)
    sys.exit(any(_middle(times) >= LIMIT_MS for times in took.values()))


def _run(folder: Path) -> tuple[Took, dict[str, list[Took]]]:
    key_file.generate(folder / "keys.json")
    url = f"sqlite:///{folder}/preceptor.sqlite3"
    app = create_app(Settings(data_dir=folder, database_url=url, keys=folder / "keys.json", base_url=BASE))
    services: Services = app.extensions[EXTENSION]
    migrate_database(services.database)
    with services.database.writing() as session:
        organization = add_organization(session, name="Bench", actor="bench")
        ehr = Registration(
            id="", organization=str(organization), name="EHR", iss="https://ehr.example/fhir", client_id="c"
        )
        registration = register_ehr(session, registration=ehr, keys=services.keys, actor="bench")
        rollout = fill(session, organization)
        session.commit()
    desk = trainer(services, organization, registration, app.test_client())
    try:
        return measure(desk, rollout)
    finally:
        services.database.dispose()


if __name__ == "__main__":
    main()
