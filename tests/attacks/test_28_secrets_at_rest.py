"""Attack 28: whoever gets the database, or a backup of it, looks for secrets; and keys are rotated."""

import base64
import io
import json
import os
import re
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from pysqlite3 import dbapi2 as sqlite3
from sqlalchemy import select
from werkzeug.test import TestResponse

import smart_app
from launch.stores import Registration
from smart_app.cli import main
from smart_app.keys import KeyRing, UnreadableCiphertext
from smart_app.keys_commands import ENCRYPTED_AT_REST
from smart_app.ledger.learner_keys import learner_key
from smart_app.organizations import verbs
from smart_app.organizations.launch_stores import sql_stores
from smart_app.organizations.models import EhrRegistration, Learner, LearnerIdentity
from smart_app.organizations.permissions import Permission
from smart_app.organizations.roster.models import RosterPerson, Unit
from smart_app.organizations.roster.sealing import Sealed, seal, unseal
from smart_app.organizations.roster.uploads import keep_upload, read_upload
from smart_app.organizations.secrets_at_rest import (
    client_secret_of,
    earlier_client_secret_of,
    rotate_client_secret,
)
from smart_app.studio.models import UndoStep
from tests.plugins.app import RealApp, Visitor
from tests.plugins.postgres import Cluster
from tests.plugins.studio import Studio

SECRET = "canary-client-secret-5b1f"
PERSON = "canary-practitioner"


@pytest.fixture
def lived_in(each_app: RealApp) -> tuple[RealApp, dict[str, str]]:
    """An app after a launch, and all that must not be found in its database."""
    app = each_app
    app.ehr.claims = {"npi": "9999017017", "preferred_username": "canary.user"}
    app.ehr.access_token = "canary-access-token-77"
    app.records.add_nurse(PERSON)
    add_confidential_ehr(app)
    visitor = app.browser()
    app.ehr.subject, app.ehr.fhir_user = "canary-subject", f"Practitioner/{PERSON}"
    begun = app.begin(visitor)
    launch_cookie = next(iter((visitor.client._cookies or {}).values())).value
    reply = app.ehr.authorize(begun.location)
    asked = app.ehr.codes[reply["code"]]
    answer = visitor.client.post("/launch/callback/ehr", data=reply, base_url="http://localhost:8000")
    assert answer.status_code == 303
    waiting = app.browser()
    still_open = app.begin(waiting)  # a launch under way: its row is there
    return app, {
        "access token": app.ehr.access_token,
        "code": reply["code"],
        "state": reply["state"],
        "state of a launch under way": app.ehr.authorize(still_open.location)["state"],
        "nonce": asked["nonce"],
        "launch cookie": launch_cookie,
        "visit cookie": next(iter(visitor.cookies.values())).split(".")[0],
        "launch token": "launch-token",
        "client secret": SECRET,
        "subject": "canary-subject",
        "practitioner": PERSON,
        "npi": "9999017017",
        "EHR user": "canary.user",
        "family name": "Canary-Family",
        "patient": "pat-9",
        "encounter": "enc-4",
    }


def add_confidential_ehr(app: RealApp) -> None:
    registration = Registration(
        id="",
        organization=app.organization.hex,
        name="Another EHR",
        iss="https://another.example/fhir",
        client_id="c",
        callback="another",
        auth="client_secret_basic",
        client_secret=SECRET,
    )
    with app.database.writing() as session:
        verbs.register_ehr(session, registration=registration, keys=app.services.keys, actor="test")
        session.commit()


def key_material(path: Path) -> list[str]:
    """Every secret member of the key file."""
    keys = json.loads(path.read_text())["keys"]
    return [key[member] for key in keys for member in ("d", "k", "p", "q") if member in key]


@pytest.fixture
def copies(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[RealApp], list[bytes]]:
    """What a thief may get: the SQLite file and a copied backup; of PostgreSQL a pg_dump."""

    def copies(app: RealApp) -> list[bytes]:
        if app.database.is_sqlite:
            file = Path(str(app.database.engine.url.database))
            with closing(sqlite3.connect(file)) as live, closing(sqlite3.connect(tmp_path / "backup.db")) as backup:
                live.backup(backup)
            # In WAL the newest pages stand beside the file.
            lying_about = b"".join(each.read_bytes() for each in sorted(file.parent.glob(f"{file.name}*")))
            return [lying_about, (tmp_path / "backup.db").read_bytes()]
        cluster: Cluster = request.getfixturevalue("postgres_cluster")
        return [pg_dump(cluster, app)]

    return copies


def pg_dump(cluster: Cluster, app: RealApp) -> bytes:
    url = app.database.engine.url
    command = [cluster.binaries / "pg_dump", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", str(url.username)]
    environment = {**os.environ, "PGPASSWORD": cluster.password}
    return subprocess.run([*command, str(url.database)], env=environment, check=True, capture_output=True).stdout


def spellings(secret: str) -> list[bytes]:
    """A secret as it is, and as hex and base64 would hide it."""
    raw = secret.encode()
    return [raw, raw.hex().encode(), base64.b64encode(raw)[:-4], base64.urlsafe_b64encode(raw)[:-4]]


def test_no_secret_and_no_identity_is_in_the_database_or_a_backup(
    lived_in: tuple[RealApp, dict[str, str]], copies: Callable[[RealApp], list[bytes]]
) -> None:
    app, secrets_of_launch = lived_in
    material = dict(enumerate(key_material(app.services.settings.keys)))
    for copy in copies(app):
        assert b"Lakeside" in copy  # the search finds what is there
        for name, secret in [*secrets_of_launch.items(), *material.items()]:
            assert not any(spelling in copy for spelling in spellings(secret)), name


def test_the_learners_key_is_encrypted(
    lived_in: tuple[RealApp, dict[str, str]], copies: Callable[[RealApp], list[bytes]]
) -> None:
    app, _ = lived_in
    with app.database.reading() as session:
        learner = session.scalars(select(Learner.id)).one()
        key = learner_key(session, keys=app.services.keys, organization=app.organization, learner=learner)
    for copy in copies(app):
        assert key not in copy
        assert key.hex().encode() not in copy


def rotate(app: RealApp) -> str:
    settings = app.services.settings
    environment = {"PRECEPTOR_DATABASE_URL": settings.database_url, "PRECEPTOR_KEYS": str(settings.keys)}
    done = CliRunner().invoke(main, ["keys", "rotate"], env=environment)
    assert done.exit_code == 0, done.output
    return done.output


def without_first_keys(app: RealApp, uses: set[str]) -> KeyRing:
    """The ring after rotation, with the old keys of these uses thrown away."""
    path = app.services.settings.keys
    keys = json.loads(path.read_text())["keys"]
    old = {key["kid"] for key in keys[:4] if key["use"] in uses}
    path.write_text(json.dumps({"keys": [key for key in keys if key["kid"] not in old]}))
    return KeyRing.load(path)


def test_after_rotation_everything_is_encrypted_under_the_new_key_alone(
    lived_in: tuple[RealApp, dict[str, str]],
) -> None:
    app, _ = lived_in
    with app.database.reading() as session:
        learner = session.scalars(select(Learner.id)).one()
        before = learner_key(session, keys=app.services.keys, organization=app.organization, learner=learner)
    assert "EHR client secrets: 1" in rotate(app)
    keys = without_first_keys(app, {"enc"})
    found = sql_stores(app.database, keys).registrations.find_by_iss("https://another.example/fhir")
    assert found is not None
    assert found.client_secret == SECRET
    with app.database.reading() as session:
        assert learner_key(session, keys=keys, organization=app.organization, learner=learner) == before


def test_after_rotation_the_roster_is_read_by_the_new_key_alone(each_app: RealApp) -> None:
    app, person, whose = each_app, uuid4(), Sealed(name="Ada Sample", practitioner={"ab": "prac-1"})
    here = {"organization": app.organization, "keys": app.services.keys}
    with app.database.writing() as session:
        session.add(Unit(organization=app.organization, id="ward", name="Ward"))
        session.flush()
        sealed = seal(whose, person=person, **here)
        session.add(RosterPerson(**on_the_roster(app.organization, person), sealed=sealed))
        session.add(RosterPerson(**on_the_roster(app.organization, uuid4()), sealed=None))
        upload = keep_upload(session, learner=person, content=b"staff_id,job_role,unit\n7,nurse,Ward\n", **here)
        session.commit()
    said = rotate(app)
    assert "names and numbers on the roster: 1" in said
    assert "roster files under way: 1" in said
    keys = without_first_keys(app, {"enc"})
    with app.database.reading() as session:
        row = session.get_one(RosterPerson, (app.organization, person))
        assert unseal(row.sealed, organization=app.organization, person=person, keys=keys) == whose
        kept = {"organization": app.organization, "learner": person, "upload": upload}
        assert read_upload(session, **kept, keys=keys)[0].headings == ("staff_id", "job_role", "unit")
    assert "names and numbers on the roster: 1" in rotate(app)


def test_after_rotation_what_undoes_an_act_is_read_by_the_new_key_alone(app: RealApp, studio: Studio) -> None:
    analyst = studio(Permission.ANALYST, Permission.TRAINER)
    settings = {"review months": "12", "names of assigned work": "on"}
    assert analyst.post("admin/settings", settings).status_code == 303
    add_confidential_ehr(app)
    with app.database.writing() as session:
        row = session.scalars(select(EhrRegistration).where(EhrRegistration.client_secret.is_not(None))).one()
        rotate_client_secret(row, f"{SECRET}-2", keys=app.services.keys)
        another = row.id
        session.commit()
    removed = analyst.post(f"admin/ehrs/{another}/remove")
    for permission in ("trainer", "reviewer"):
        sent = {"by": "practitioner", "value": f"prac-{permission}", "permission": permission}
        assert analyst.post("admin/permissions", sent).status_code == 303
    waiting = re.search('name="awaited" value="([^"]+)"', analyst.get("admin/permissions").text)
    assert waiting
    permission = {"permission": "trainer", "awaited": waiting[1]}
    revoked = analyst.post("admin/permissions/awaited/revoke", permission)
    assert revoked.status_code == 303
    imported = [brings(analyst, f"staff_id,job_role,unit,name\n7,nurse,{unit},Ada Sample\n") for unit in ("A", "B")]
    assert "acts that can be undone: 3" in rotate(app)
    keys = without_first_keys(app, {"enc"})
    for ciphers in ciphers_of_steps(app):
        assert all(keys.is_newest(cipher) for cipher in ciphers)
    for answer in (imported[1], revoked, removed):
        assert analyst.post(f"undo/{step_of(answer)}").status_code == 303
    with app.database.reading() as session:
        row = session.get_one(EhrRegistration, (app.organization, another))
        assert client_secret_of(row, keys=keys) == f"{SECRET}-2"
        assert earlier_client_secret_of(row, keys=keys) == SECRET
        person = session.scalars(select(RosterPerson)).one()
        at = {"organization": app.organization, "person": person.id, "keys": keys}
        assert (person.unit, unseal(person.sealed, **at).name) == ("a", "Ada Sample")
    assert "prac-trainer" in analyst.get("admin/permissions").text


def brings(visitor: Visitor, content: str) -> TestResponse:
    """Bring a roster file and import it; the answer to the import."""
    sent = {"roster": (io.BytesIO(content.encode()), "roster.csv")}
    tried = visitor.post("roster/files", sent, content_type="multipart/form-data")
    return visitor.post(urlsplit(tried.location).path.removeprefix(visitor.home) + "/import")


def step_of(answer: TestResponse) -> str:
    return parse_qs(urlsplit(answer.location).query)["done"][0]


def ciphers_of_steps(app: RealApp) -> list[list[bytes]]:
    """What is encrypted in the payload of each step, found by its looks."""
    with app.database.reading() as session:
        payloads = [json.dumps(row.payload) for row in session.scalars(select(UndoStep))]
    found = [
        [base64.b64decode(text) for text in re.findall(r'"([A-Za-z0-9+/]{60,}={0,2})"', each)] for each in payloads
    ]
    return [[one for one in ciphers if one[:1] == b"\x01"] for ciphers in found]


def on_the_roster(organization: UUID, person: UUID) -> dict[str, Any]:
    return {
        "organization": organization,
        "id": person,
        "job_role": "nurse",
        "unit": "ward",
        "is_leader": False,
        "access": "",
        "source": "file",
        "changed_at": datetime.now(UTC),
    }


def test_whatever_encrypts_at_rest_is_encrypted_anew_by_a_rotation() -> None:
    root = Path(smart_app.__file__).parents[1]
    encrypting = {
        ".".join(path.relative_to(root).with_suffix("").parts)
        for path in (root / "smart_app").rglob("*.py")
        if ".encrypt(" in path.read_text("utf-8")
    }
    encrypting |= {"smart_app.studio.undo_at_rest"}  # holds what the others encrypted
    assert encrypting - {"smart_app.keys"} == {where.partition(":")[0] for _, where in ENCRYPTED_AT_REST}


def test_after_rotation_the_same_person_is_the_same_learner(lived_in: tuple[RealApp, dict[str, str]]) -> None:
    app, _ = lived_in
    rotate(app)
    app.launch()
    with app.database.reading() as session:
        assert len(session.scalars(select(Learner)).all()) == 1


def test_after_rotation_an_open_visit_goes_on(lived_in: tuple[RealApp, dict[str, str]]) -> None:
    app, _ = lived_in
    visitor = app.launch()
    rotate(app)
    assert visitor.get().status_code == 200
    assert visitor.post("leave").status_code == 200


def test_after_rotation_old_signing_keys_stay_published(app: RealApp) -> None:
    before = {key["kid"] for key in app.services.keys.public_jwks()["keys"]}
    rotate(app)
    published = app.app.test_client().get("/.well-known/jwks.json").get_json()["keys"]
    assert before < {key["kid"] for key in published}
    assert app.services.keys.signing_key("ES384")["kid"] not in before
    assert not any(member in key for key in published for member in ("d", "p", "q", "k"))


def test_a_client_secret_copied_into_another_row_is_not_readable(app: RealApp) -> None:
    add_confidential_ehr(app)
    with app.database.writing() as session:
        rows = list(session.scalars(select(EhrRegistration)))
        stolen = next(row.client_secret for row in rows if row.client_secret)
        next(row for row in rows if not row.client_secret).client_secret = stolen
        session.commit()
    with pytest.raises(UnreadableCiphertext):
        sql_stores(app.database, app.services.keys).registrations.find_by_iss(app.ehr.base)


def test_identities_are_keyed_hashes(lived_in: tuple[RealApp, dict[str, str]]) -> None:
    app, _ = lived_in
    with app.database.reading() as session:
        kinds = {row.kind: row.hash for row in session.scalars(select(LearnerIdentity))}
    assert set(kinds) == {"token", "practitioner", "npi", "ehr_user"}
    assert all(len(digest) == 32 for digest in kinds.values())
