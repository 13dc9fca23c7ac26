"""The app at an address, and people who go to a page of it."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import request, template_rendered
from jinja2 import Template
from playwright.sync_api import ConsoleMessage
from werkzeug.serving import make_server

from tests.player import mishaps
from tests.player.browsing import ByKeyboard
from tests.player.conftest import Arrive, House, arriving_at, opened_house
from tests.player.every_page import CHANGED, REPLY, Place
from tests.player.test_short_ways import publish_version_2


@dataclass
class Ward:
    """Who was here and what the app rendered, newest last."""

    house: House
    arrive: Arrive
    address: str
    rendered: list[str] = field(default_factory=list)

    def leads(self, person: ByKeyboard, place: Place, *, by: str) -> None:
        """The way to `place`, gone by somebody who was never here."""
        who = {"person": f"{place.name}, {by}", **place.arrives}
        for _ in range(place.launches - 1):
            self.arrive(**who)
        reader = self.arrive(**who)
        if place.before:
            place.before(reader)
        person.sits_down(reader)
        if place.held_back:
            person.page.route(f"**/{place.held_back}*", lambda route: route.abort())
        for act in place.way:
            person.does(act)
        person.page.unroute_all()


@contextmanager
def opened_ward(template: Path, folder: Path, keys: Path) -> Iterator[Ward]:
    """On a free port; one tutorial has changed since `CHANGED` finished it."""
    file = folder / "preceptor.sqlite3"
    shutil.copy(template, file)
    with opened_house(f"sqlite:///{file}", folder, keys, writes_per_minute=100_000) as house:
        mishaps.install(house.app)
        with served(house) as ward:
            finishes_version_1(ward)
            publish_version_2(house, REPLY)
            yield ward


@contextmanager
def served(house: House) -> Iterator[Ward]:
    """The app in a thread of its own."""
    server = make_server("localhost", 0, house.app, threaded=True)
    ward = Ward(house, arriving_at(house), f"http://localhost:{server.port}")

    def note(_: object, template: Template, **__: object) -> None:
        if request.headers.get("Sec-Fetch-Dest") == "document":  # not an icon that a browser looks for by itself
            ward.rendered.append(template.name or "")

    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    with template_rendered.connected_to(note, house.app):
        yield ward
    server.shutdown()
    thread.join()
    server.server_close()


def finishes_version_1(ward: Ward) -> None:
    """The physician of the page *what changed*."""
    reader = ward.arrive(**CHANGED)
    page = reader.press(reader.press(reader.open(), "Open"), "Show me how")
    while "Finish" not in {words for form in page.forms for words in form.buttons}:
        page = reader.press(page, "Next: ")
    assert reader.press(page, "Finish").title.startswith("Finished")


def refused_by_policy(message: ConsoleMessage) -> bool:
    """What a browser says when a page breaks its own Content-Security-Policy."""
    return "Content Security Policy" in message.text
