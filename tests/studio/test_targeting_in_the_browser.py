"""Who sees what, in a real browser: axe finds nothing, nothing overflows; two ways are gone by keyboard alone."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from smart_app.library.ai_registry import Entry, Known, save_feature
from smart_app.library.importing import import_library
from smart_app.library.own_targets import Targets, set_targets
from smart_app.organizations.models import Learner, LearnerMatch, RoleCode
from smart_app.organizations.permissions import Permission
from smart_app.visits.models import Visit
from tests.player.conftest import LIBRARY, local_file
from tests.player.looking import nameless_controls, what_axe_finds_in_light_and_dark
from tests.plugins.app import RealApp, Visitor
from tests.plugins.browser import OpenBrowser
from tests.plugins.studio import Studio
from tests.studio.test_targeting import HANDOFF, note

pytestmark = pytest.mark.browser
WIDTHS = (320, 768, 1280)
INBOX = "inbox-draft-reply"
FOCUSED = """() => {
  const here = document.activeElement;
  const own = here.matches('a, button, summary') ? here.innerText : '';
  const said = here.labels?.length ? here.labels[0].innerText : own;
  return [said, getComputedStyle(here).outlineStyle];
}"""
"""Words of the control that has the focus, and whether one sees that it has."""


@pytest.fixture
def trainer(app: RealApp, studio: Studio) -> Visitor:
    """A trainer of an organization in which every page has something to say."""
    with app.database.writing() as session:
        import_library(
            session, organization=app.organization, folder=LIBRARY, local=local_file(LIBRARY, False),
            reviewer="R", publish=True, grade=False,
        )  # fmt: skip
        note_taker = Entry(
            id="ambient-note", name="Ambient note", version="5.4", status="live", vendor="Example AI",
            available_roles=("nurse", "physician", "behavioral-health-clinician"), states=("IL", "TX", "CA"),
            model_card={"intended_use": "A first draft of the visit note."}, launch_link="",
        )  # fmt: skip
        known = Known(("nurse", "physician", "behavioral-health-clinician"), None)
        save_feature(session, organization=app.organization, entry=note_taker, known=known, actor="t")
        late = Targets(("nurse", "pharmacist"), {"intents": ["shift-handoff"], "until": "2020-01-01"})
        set_targets(
            session, organization=app.organization, tutorial=INBOX, wanted=late, known_roles=late.roles, actor="t"
        )
        pair = sorted(uuid4() for _ in range(2))
        for learner in pair:
            session.add(Learner(organization=app.organization, id=learner, created_at=datetime.now(UTC)))
        session.flush()
        session.add(
            LearnerMatch(
                organization=app.organization, learner=pair[0], other=pair[1], kind="npi",
                found_at=datetime.now(UTC), decision="refused", decided_at=datetime.now(UTC), decided_by="t", moved={},
            )
        )  # fmt: skip
        session.commit()
    note(app, ("http://nucc.org/provider-taxonomy", "246ZS0410X"), 7)
    note(app, ("urn:oid:1.2.840.114350.1.13.0.1.7.4.836982.1040.very.long.system", "SCRIBE"), 12)
    return studio(Permission.TRAINER, Permission.ANALYST)


@pytest.fixture
def paths(app: RealApp, trainer: Visitor) -> list[str]:
    with app.database.reading() as session:
        reference = session.get_one(Visit, (app.organization, trainer.visit)).reference
    pages = (
        "targeting",
        "targeting?wrong=1",
        f"targeting/{HANDOFF}",
        f"targeting/{INBOX}",
        f"preview-as?role=nurse&task=shift-handoff&tutorial={INBOX}",
        "preview-as",
        f"why?reference={reference}&tutorial={HANDOFF}",
        "why?reference=AAAA-AAAA",
        "coverage",
        "job-roles",
        "job-roles/codes?words=nurse",
        "job-roles/effect?system=http://nucc.org/provider-taxonomy&code=246ZS0410X&job_role=medical-assistant",
        "job-roles/matches",
        "ai-features",
        "ai-features/new",
        "ai-features/ambient-note",
    )
    paths = [trainer.home + path for path in pages]
    # A page that says that there is nothing would pass all that is asked here.
    assert {path: code for path in paths if (code := trainer.get(path).status_code) != 200} == {}
    return paths


@pytest.fixture
def address(app: RealApp) -> Iterator[str]:
    server = make_server("localhost", 0, app.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://localhost:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(open_browser: OpenBrowser, trainer: Visitor) -> Page:
    context = open_browser(cookies="allowed").context
    (cookie,) = trainer.cookies.items()
    held: Any = {"name": cookie[0], "value": cookie[1], "domain": "localhost", "path": "/", "secure": True}
    context.add_cookies([held])
    return context.new_page()


def test_axe_finds_nothing_and_nothing_overflows(page: Page, address: str, paths: list[str]) -> None:
    wrong: dict[str, Any] = {}
    for path in paths:
        page.goto(address + path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                wrong[f"{path} at {width}"] = over
        if found := what_axe_finds_in_light_and_dark(page):
            wrong[path] = found
    assert wrong == {}


def test_every_control_has_a_name(page: Page, address: str, paths: list[str]) -> None:
    wrong = {}
    for path in paths:
        page.goto(address + path)
        nameless = nameless_controls(page)
        if nameless:
            wrong[path] = nameless
    assert wrong == {}


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control with this name has the focus, and see that one sees it."""
    for _ in range(200):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if name in " ".join(here[0].split()):
            assert here[1] != "none", name
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_who_sees_a_tutorial_is_changed_and_undone_with_the_keyboard_alone(
    page: Page, address: str, trainer: Visitor
) -> None:
    page.goto(f"{address}{trainer.home}targeting/{HANDOFF}")
    tab_to(page, "Pharmacist")
    page.keyboard.press("Space")
    tab_to(page, "See who that would be")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Who would see this, and when")).to_be_visible()
    expect(page.get_by_text("Nurses and pharmacists, when a handoff task is open")).to_be_visible()
    tab_to(page, "Save who sees this")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Who sees this, and when")).to_be_visible()
    expect(page.get_by_text("Nurses and pharmacists, when a handoff task is open")).to_be_visible()
    tab_to(page, "Undo")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Undone. It is as it was before.")).to_be_visible()
    page.goto(f"{address}{trainer.home}targeting/{HANDOFF}")
    expect(page.get_by_text("Nurses and pharmacists, when a handoff task is open")).to_have_count(0)
    expect(page.get_by_role("checkbox", name="Pharmacist").first).not_to_be_checked()


def test_a_code_is_mapped_with_the_keyboard_alone(app: RealApp, page: Page, address: str, trainer: Visitor) -> None:
    page.goto(f"{address}{trainer.home}job-roles")
    tab_to(page, "SCRIBE means")
    for _ in range(3):  # past physician and nurse
        page.keyboard.press("ArrowDown")
    tab_to(page, "See the effect first")
    page.keyboard.press("Enter")
    expect(page.get_by_text("people who came in the last 90 days change role")).to_be_visible()
    tab_to(page, "Map it to Medical assistant")
    page.keyboard.press("Enter")
    expect(page.get_by_text("SCRIBE now means medical-assistant.", exact=True)).to_be_visible()
    with app.database.reading() as session:
        assert session.scalars(select(RoleCode.job_role).where(RoleCode.code == "SCRIBE")).one() == "medical-assistant"
