"""Export, wipe, import: the same files byte for byte, and the same recommendations on the table written by hand."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from PIL import Image
from sqlalchemy.orm import Session

from smart_app.db import Base, Database
from smart_app.keys import KeyRing
from smart_app.library.archive import as_zip, read_zip
from smart_app.library.bundle import bundle_of
from smart_app.library.choosing import choose_for, explain_for
from smart_app.library.exporting import NotPlain, export_library, library_files
from smart_app.library.importing import ImportRefused, import_bundle, import_library
from smart_app.library.models import AiFeatureRow, PictureRow
from smart_app.library.own_targets import Targets, raise_revision, set_targets
from smart_app.library.pictures import remake
from smart_app.organizations.verbs import add_organization
from tests.library.sample import LOCAL, STARTER, demo_local, write_folder
from tests.library.test_who_sees_what import ROWS, situation

TABLES = ("tutorial_versions", "library_files", "ai_features", "local_slots", "target_overrides", "pictures")
PEOPLE: dict[str, Any] = {"author": "Ann Author", "reviewer": "Rev Iewer", "publish": True, "grade": False}


def picture_bytes(kind: str) -> bytes:
    """A picture of many colours, as a camera or a screenshot gives it."""
    out = io.BytesIO()
    Image.effect_noise((64, 48), 80).convert("RGB").save(out, {"jpg": "JPEG"}.get(kind, kind.upper()))
    return out.getvalue()


def recommendations(session: Session, organization: UUID) -> list[str]:
    """What shows in each case of the table, with the reasons."""
    told = []
    for row in ROWS:
        chosen = choose_for(session, organization=organization, situation=situation(row))
        told.append(f"{row['case']}: {[(c.tutorial, c.version, [r.text for r in c.reasons]) for c in chosen]}")
    return told


def wipe(session: Session, organization: UUID) -> None:
    """The whole library of the organization."""
    for name in TABLES:
        table = Base.metadata.tables[name]
        session.execute(sa.delete(table).where(table.c.organization == organization))
    raise_revision(session, organization=organization)


@pytest.fixture
def organization(database: Database) -> UUID:
    with database.writing() as session:
        made = add_organization(session, name="Lakeside", actor="test")
        session.commit()
    return made


def lived_in(session: Session, organization: UUID, keys: KeyRing) -> None:
    """The starter library after some months of work in the studio."""
    import_library(
        session, organization=organization, folder=STARTER, local=demo_local(), reviewer="R", publish=True, grade=False
    )
    roles = frozenset({"nurse", "pharmacist"})
    own = Targets(("nurse", "pharmacist"), {"task_codes": ["urn:preceptor:task|shift-handoff"], "until": "2027-12-31"})
    set_targets(
        session,
        organization=organization,
        tutorial="nurse-handoff-summary",
        wanted=own,
        known_roles=roles,
        actor="test",
    )
    session.get_one(AiFeatureRow, (organization, "scheduling-agent")).status = "paused"
    for kind in ("png", "jpg", "webp"):
        made = remake(picture_bytes(kind))
        session.add(
            PictureRow(
                organization=organization,
                name=f"a-{kind}.{made.ending}",
                kind=made.kind,
                alt="The handoff tab",
                width=made.width,
                height=made.height,
                content=made.content,
                added_by="test",
                added_at=datetime.now(UTC),
            )
        )
    raise_revision(session, organization=organization)


def test_export_wipe_import_gives_the_same_files_and_the_same_recommendations(
    database: Database, organization: UUID, key_path: Path
) -> None:
    keys = KeyRing.load(key_path)
    with database.writing() as session:
        lived_in(session, organization, keys)
        session.commit()
        before = library_files(session, organization=organization, keys=keys)
        shown = recommendations(session, organization)
        archive = as_zip(before)
        wipe(session, organization)
        session.commit()
        assert library_files(session, organization=organization, keys=keys) == {}
        assert recommendations(session, organization) != shown
        bundle = bundle_of("library.zip", read_zip(archive))
        import_bundle(session, organization=organization, bundle=bundle, keys=keys, **PEOPLE)
        session.commit()
        after = library_files(session, organization=organization, keys=keys)
        assert {name for name in before if before[name] != after.get(name)} == set()
        assert as_zip(after) == archive
        assert recommendations(session, organization) == shown
        again = import_bundle(session, organization=organization, bundle=bundle, keys=keys, **PEOPLE)
        assert (again.changed, again.published) == (False, [])
    assert any(name.startswith("pictures/") for name in before)
    assert b"until: '2027-12-31'" in before["local.yaml"]


def test_what_the_organization_set_itself_travels_with_the_files(
    database: Database, organization: UUID, key_path: Path
) -> None:
    keys = KeyRing.load(key_path)
    with database.writing() as session:
        lived_in(session, organization, keys)
        other = add_organization(session, name="Hillside", actor="test")
        bundle = bundle_of("library.zip", library_files(session, organization=organization, keys=keys))
        import_bundle(session, organization=other, bundle=bundle, keys=keys, **PEOPLE)
        pharmacist = situation({**ROWS[0], "roles": "pharmacist", "task": "shift-handoff", "more": ""})
        rules = explain_for(session, organization=other, tutorial="nurse-handoff-summary", situation=pharmacist)
        assert [rule.rule for rule in rules if not rule.passed] == []
        assert session.get_one(AiFeatureRow, (other, "scheduling-agent")).status == "paused"


def test_a_picture_that_this_installation_did_not_make_is_made_anew(
    database: Database, organization: UUID, key_path: Path, tmp_path: Path
) -> None:
    keys, foreign = KeyRing.load(key_path), picture_bytes("jpg") + b"<script>alert(1)</script>"
    listed = "format: preceptor-pictures/1\npictures:\n  - {name: a.jpg, alt: The tab, seal: '" + "0" * 64 + "'}\n"
    files = _sample(tmp_path) | {"pictures/a.jpg": foreign, "pictures.yaml": listed.encode()}
    with database.writing() as session:
        import_bundle(session, organization=organization, bundle=bundle_of("x", files), keys=keys, **PEOPLE)
        kept = session.get_one(PictureRow, (organization, "a.jpg")).content
    assert b"<script>" not in kept
    assert kept == remake(foreign).content


@pytest.mark.parametrize(
    ("name", "listed", "said"),
    [
        ("a.svg", "{name: a.svg, alt: The tab}", "no PNG, JPEG or WebP"),
        ("a.png", "{name: a.png, alt: The tab}", "of another kind"),
        ("b.jpg", "{name: a.jpg, alt: The tab}", "has no entry"),
    ],
)
def test_a_picture_that_is_none_or_that_nobody_describes_is_refused(
    database: Database, organization: UUID, tmp_path: Path, name: str, listed: str, said: str
) -> None:
    content = b"<svg onload='alert(1)'/>" if name == "a.svg" else picture_bytes("jpg")
    files = _sample(tmp_path) | {f"pictures/{name}": content}
    files["pictures.yaml"] = f"format: preceptor-pictures/1\npictures:\n  - {listed}\n".encode()
    with database.writing() as session, pytest.raises(ImportRefused) as refused:
        import_bundle(session, organization=organization, bundle=bundle_of("x", files), **PEOPLE)
    assert said in str(refused.value)


def test_an_export_writes_through_no_link(database: Database, organization: UUID, tmp_path: Path) -> None:
    with database.writing() as session:
        import_bundle(session, organization=organization, bundle=bundle_of("x", _sample(tmp_path)), **PEOPLE)
        victim, out = tmp_path / "victim", tmp_path / "out"
        victim.write_text("as it was")
        out.mkdir()
        (out / "check-a-summary.md").symlink_to(victim)
        with pytest.raises(NotPlain):
            export_library(session, organization=organization, folder=out)
    assert victim.read_text() == "as it was"


def test_a_tutorial_from_elsewhere_comes_with_its_number(
    database: Database, organization: UUID, tmp_path: Path
) -> None:
    files = _sample(tmp_path)
    text = files["check-a-summary.md"].decode().replace("version: 1", "version: 7\nwhat_changed: All of it.", 1)
    with database.writing() as session:
        bundle = bundle_of("x", files | {"check-a-summary.md": text.encode()})
        report = import_bundle(session, organization=organization, bundle=bundle, **PEOPLE)
    assert report.published == ["check-a-summary version 7"]


def _sample(tmp_path: Path) -> dict[str, bytes]:
    folder = write_folder(tmp_path / "sample")
    return {file.name: file.read_bytes() for file in folder.iterdir()} | {"local.yaml": LOCAL.encode()}
