"""The editor in a real browser: it saves as one types, and loses nothing when the session is over."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect
from sqlalchemy import update
from werkzeug.serving import make_server

from smart_app.organizations.permissions import Permission
from smart_app.visits.models import Visit
from tests.plugins.app import RealApp, Visitor
from tests.plugins.browser import OpenBrowser
from tests.plugins.studio import Studio, at_studio
from tests.studio.tutorials.desk import Desk

pytestmark = pytest.mark.browser


@pytest.fixture
def address(library: RealApp) -> Iterator[str]:
    """The app on a free port."""
    server = make_server("localhost", 0, library.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://localhost:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def trainer(library: RealApp, studio: Studio) -> Desk:
    return Desk(studio(Permission.TRAINER))


@pytest.fixture
def page(open_browser: OpenBrowser, trainer: Desk) -> Page:
    context = open_browser(cookies="allowed").context
    take_cookies(context, trainer.visitor)
    return context.new_page()


def is_a_save(answer: Response) -> bool:
    """The server has taken the text."""
    return answer.request.method == "POST" and "/drafts/" in answer.url and answer.ok


def take_cookies(context: Any, visitor: Visitor) -> None:
    held: Any = [
        {"name": name, "value": value, "domain": "localhost", "path": "/", "secure": True}
        for name, value in visitor.cookies.items()
    ]
    context.add_cookies(held)


def test_it_saves_as_one_types_and_the_preview_follows(page: Page, address: str, trainer: Desk) -> None:
    draft = trainer.begins()
    page.goto(address + trainer.visitor.home + draft)
    page.get_by_label("The card's line").fill("Typed, and never sent by hand.")
    with page.expect_response(is_a_save):
        page.get_by_label("Why", exact=True).fill("Four words are here.")
    expect(page.locator("[data-count=why]")).to_have_text("4")
    expect(page.frame_locator("iframe.preview").locator(".lede")).to_have_text("Typed, and never sent by hand.")
    expect(page.locator("#saved")).to_contain_text("Saved")
    with page.expect_response(is_a_save):
        page.get_by_label("How", exact=True).fill("1. Open it. {local: where it is}")
    with page.expect_response(is_a_save):
        page.get_by_label("where it is (not filled)").fill("On the left.")
    assert "On the left." in trainer.get(draft).text
    expect(page.locator("#saved")).to_contain_text("Saved")


def test_a_field_that_is_only_left_is_no_change(page: Page, address: str, trainer: Desk) -> None:
    draft = trainer.begins()
    page.goto(address + trainer.visitor.home + draft)
    with page.expect_response(is_a_save):
        page.get_by_label("The card's line").fill("Saved, and then left.")
    expect(page.locator("#saved")).to_contain_text("Saved")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.get_by_label("Title", exact=True).focus()
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.wait_for_timeout(2000)  # a change would be sent after 1.2 s
    assert "POST" not in sent
    assert page.evaluate("localStorage.length") == 0, "no copy is kept of what is saved"
    page.reload()
    expect(page.locator("#kept")).to_be_hidden()


def test_what_was_typed_after_the_session_was_over_is_offered_after_signing_in(
    page: Page, address: str, trainer: Desk, library: RealApp
) -> None:
    draft = trainer.begins()
    page.goto(address + trainer.visitor.home + draft)
    with library.database.writing() as session:
        session.execute(update(Visit).values(ended_at=datetime.now(UTC), ended_by="too many"))
        session.commit()
    page.get_by_label("The card's line").fill("Written into an ended session.")
    expect(page.locator("#notice")).to_contain_text("You are signed out. Your text is kept in this browser.")
    expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
    back = at_studio(library, library.launch(person="prac-1"))
    take_cookies(page.context, back)
    page.goto(address + back.home + draft)
    expect(page.locator("#kept")).to_contain_text("This browser kept text that was not saved.")
    assert page.get_by_label("The card's line").input_value() == ""
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_label("The card's line")).to_have_value("Written into an ended session.")
    expect(page.locator("#saved")).to_contain_text("Saved")
    assert "Written into an ended session." in back.get(draft).text


def test_what_was_thrown_away_is_not_offered_again(page: Page, address: str, trainer: Desk, library: RealApp) -> None:
    draft = trainer.begins()
    page.goto(address + trainer.visitor.home + draft)
    page.route(f"**/{draft}", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.get_by_label("The card's line").fill("Never arrives.")
    expect(page.locator("#saved")).to_contain_text("Kept in this browser")
    page.reload()
    page.get_by_role("button", name="Throw it away").click()
    assert page.evaluate("localStorage.length") == 0
    page.reload()
    expect(page.locator("#kept")).to_be_hidden()
    assert "Never arrives." not in trainer.get(draft).text


def test_a_colleague_is_not_offered_what_another_left_on_this_computer(
    page: Page, address: str, trainer: Desk, studio: Studio
) -> None:
    draft = trainer.begins()
    page.goto(address + trainer.visitor.home + draft)
    page.route(f"**/{draft}", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.get_by_label("The card's line").fill("Mine alone.")
    expect(page.locator("#saved")).to_contain_text("Kept in this browser")
    colleague = studio(Permission.TRAINER, person="prac-2")
    take_cookies(page.context, colleague)
    page.goto(address + colleague.home + draft)
    expect(page.get_by_label("The card's line")).to_have_value("")
    expect(page.locator("#kept")).to_be_hidden()


def test_two_windows_that_type_at_once_are_led_to_both_texts(
    page: Page, address: str, trainer: Desk, studio: Studio
) -> None:
    draft = trainer.begins()
    colleague = Desk(studio(Permission.TRAINER, person="prac-2"))
    page.goto(address + trainer.visitor.home + draft)
    colleague.saves(draft, {"card": "The colleague was first."})
    page.get_by_label("The card's line").fill("And the trainer second.")
    expect(page.locator("#notice")).to_contain_text("Both texts are kept.")
    page.get_by_role("link", name="Decide between the two").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Two texts, nothing lost")
    page.get_by_role("button", name="Save what I chose").click()
    expect(page.get_by_label("The card's line")).to_have_value("And the trainer second.")


def test_without_a_script_a_draft_is_saved_by_its_button(
    open_browser: OpenBrowser, address: str, trainer: Desk
) -> None:
    context = open_browser(cookies="allowed", scripts=False).context
    take_cookies(context, trainer.visitor)
    page = context.new_page()
    draft = trainer.begins()
    page.goto(address + trainer.visitor.home + draft)
    page.get_by_label("The card's line").fill("Saved by the button.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**said=saved*")
    assert "Saved by the button." in trainer.get(draft).text


@pytest.mark.parametrize("path", ["tutorials", "tutorials/new", "tutorials/nurse-handoff-summary", "draft", "reviews"])
def test_nothing_overflows(page: Page, address: str, trainer: Desk, path: str) -> None:
    where = trainer.begins_next("nurse-handoff-summary") if path == "draft" else path
    answer = page.goto(address + trainer.visitor.home + where)
    assert answer is not None
    assert answer.ok, "a page that says that there is nothing would not overflow either"
    for width in (1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 900})
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, width
