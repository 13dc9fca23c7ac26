"""Reads pages as a person does: by the words on buttons and links. Sends forms as a browser without script would."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BASE = "http://localhost:8000"
_VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})


@dataclass
class Form:
    """A form: where it goes, its hidden fields, and its buttons by their words."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str] | None] = field(default_factory=dict)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.text: list[str] = []
        self.title = ""
        self._open: list[tuple[str, dict[str, str], list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(said["action"]))
        elif tag == "input" and said.get("type") == "hidden":
            self.forms[-1].fields[said["name"]] = said["value"]
        if tag not in _VOID:
            self._open.append((tag, said, []))

    def handle_data(self, data: str) -> None:
        for _, _, words in self._open:
            words.append(data)
        if data.strip():
            self.text.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            opened, said, words = self._open.pop()
            spoken = " ".join("".join(words).split())
            if opened == "a":
                self.links[spoken] = said.get("href", "")
            elif opened == "button" and said.get("type") != "button":  # one that only a script can press
                self.forms[-1].buttons[spoken] = (said["name"], said["value"]) if "name" in said else None
            elif opened == "title":
                self.title = spoken
            if opened == tag:
                return


class Page:
    """An answered page."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        parsed = _Parser()
        parsed.feed(response.text)
        self.forms, self.links, self.title = parsed.forms, parsed.links, parsed.title
        self.text = " ".join(" ".join(parsed.text).split())

    def form(self, words: str) -> tuple[Form, str]:
        """The first form with a button that begins with `words`, and the button's words."""
        for form in self.forms:
            for spoken in form.buttons:
                if spoken.startswith(words):
                    return form, spoken
        raise AssertionError(f"no button {words!r}; there are {[list(form.buttons) for form in self.forms]}")


class Reader:
    """A learner at the page."""

    def __init__(self, client: FlaskClient, home: str) -> None:
        self.client = client
        self.home = home

    def open(self, path: str = "") -> Page:
        """GET `path` below the visit, following redirects."""
        return self.go(self.home + path)

    def go(self, address: str) -> Page:
        """GET a whole address."""
        return Page(self.client.get(address, base_url=BASE, follow_redirects=True))

    def press(self, page: Page, words: str, /, **more: str) -> Page:
        """Press the button that begins with `words`."""
        return Page(self.send(*self.body(page, words, **more), follow=True))

    def body(self, page: Page, words: str, /, **more: str) -> tuple[str, dict[str, str]]:
        """What pressing would send: the address and the fields."""
        form, spoken = page.form(words)
        chosen = form.buttons[spoken]
        return form.action, {**form.fields, **(dict([chosen]) if chosen else {}), **more}

    def send(self, action: str, fields: dict[str, str], *, follow: bool = False) -> TestResponse:
        """POST as our own page does."""
        return self.client.post(
            action, data=fields, base_url=BASE, headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=follow
        )
