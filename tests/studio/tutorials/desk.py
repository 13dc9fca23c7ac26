"""What a trainer does at the desk, in few words: forms are read from the page and sent back, as a browser does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

from werkzeug.test import TestResponse

from smart_app.studio.tutorials.fields import DraftFields, SourceFields
from tests.plugins.app import BASE_URL, Visitor

GOOD = DraftFields(
    title="Sort the refill queue with an AI draft",
    workflow="refill-queue",
    ai_feature="inbox-draft-reply",
    roles=("physician",),
    targets={"task_codes": ["urn:preceptor:task|reply-to-message"], "intents": ["reply-to-message"]},
    card="The draft sorts the queue. You still own each refill.",
    minutes="3",
    review_by=(datetime.now(UTC).date() + timedelta(days=300)).isoformat(),
    sources=(
        SourceFields(
            id="biro-2025",
            title="Biro et al. Opportunities and risks of artificial intelligence in patient portal messaging in "
            "primary care. npj Digital Medicine, 2025",
            url="https://www.nature.com/articles/s41746-025-01586-2",
            sentence="Each error was missed.",
            checked="Abstract read.",
        ),
    ),
    parts={
        "why": "You sort the same refills all day. A draft puts them in order for you.",
        "how": "1. Read the message.\n2. Open the draft. {local: where the draft is}\n3. Do the checks, then send.",
        "watch-for": "An old dose may slip in. In one study most readers missed it [@biro-2025].",
        "verify": "- **Open the med list.** Match the drug and the dose.\n"
        "- **Open the last visit.** See that it is due.\n\n"
        "If there is no match, discard the draft.",
        "try-it": "Pick one refill with no change. Name the dose first, then read the draft.",
        "when-not": "- New symptoms: call.\n- No time for the checks: start blank.",
    },
    slots={"where the draft is": "Inbox, on the right."},
)


class _Fields(HTMLParser):
    """The first form that posts to `action`: its fields as a browser would send them."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action, self.on, self.fields = action, False, []  # type: ignore[var-annotated]
        self.area: str | None = None
        self.select: str | None = None

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        has = dict(attrs)
        if tag == "form":
            self.on = (has.get("action") or "").endswith(self.action)
        if not self.on:
            return
        if tag == "input" and has.get("name"):
            ticked = has.get("type") not in ("checkbox", "radio") or "checked" in has
            if ticked and has.get("type") != "file":
                self.fields.append((has["name"], has.get("value", "on" if has.get("type") == "checkbox" else "")))
        elif tag == "textarea":
            self.area = has.get("name")
            self.fields.append((self.area, ""))
        elif tag == "select":
            self.select = has.get("name")
            self.fields.append((self.select, None))  # until its first option, or the selected one
        elif tag == "option" and self.select and ("selected" in has or self.fields[-1][1] is None):
            self.fields[-1] = (self.select, has.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.on = False
        self.area = None if tag == "textarea" else self.area
        self.select = None if tag == "select" else self.select

    def handle_data(self, data: str) -> None:
        if self.on and self.area:
            name, text = self.fields[-1]
            self.fields[-1] = (name, text + data)


@dataclass
class Desk:
    """A trainer's or reviewer's browser."""

    visitor: Visitor
    editor: str = ""
    """Address of the draft that is open, below the studio."""

    def get(self, path: str) -> TestResponse:
        return self.visitor.get(path)

    def page(self, answer: TestResponse) -> TestResponse:
        """Where a write led to."""
        assert answer.status_code == 303, answer.text
        return self.visitor.client.get(answer.location, base_url=BASE_URL)

    def press(self, path: str, action: str, **given: str) -> TestResponse:
        """Open `path`, fill in its form that ends in `action`, send it."""
        fields = self.form(path, action)
        return self.visitor.post(action if "/" in action else path, {**fields, **given})

    def form(self, path: str, action: str) -> dict[str, Any]:
        """The fields of a form, as the page gives them."""
        page = self.get(path)
        assert page.status_code == 200, page.text
        reader = _Fields(action)
        reader.feed(page.text)
        return {name: [v for n, v in reader.fields if n == name] for name, _ in reader.fields}

    def begins(self, title: str = GOOD.title) -> str:
        """A new tutorial; the address of its draft."""
        answer = self.visitor.post("tutorials/new", {"title": title, "ai_feature": "inbox-draft-reply"})
        return self._at(answer)

    def begins_next(self, tutorial: str) -> str:
        return self._at(self.visitor.post(f"tutorials/{tutorial}/next"))

    def saves(self, draft: str, given: Mapping[str, Any], *, typing: bool = False, **more: str) -> TestResponse:
        """Save over what the page holds now."""
        fields = {**self.form(draft, draft), **given, **more}
        headers = {"Sec-Fetch-Site": "same-origin", "X-Preceptor": "1"}
        if typing:
            headers["Accept"] = "application/json"
        return self.visitor.post(draft, fields, headers=headers)

    def writes(self, draft: str, fields: DraftFields = GOOD, **more: Any) -> TestResponse:
        """Fill in everything, in two saves as it happens: the slots appear with the text."""
        self.saves(draft, form_of(fields))
        return self.saves(draft, {**form_of(fields), **slots_of(fields), **more})

    def to_mend(self, draft: str) -> list[str]:
        """What the editor lists."""
        listed = self.get(draft).text.partition('<ul class="mending">')[2].partition("</ul>")[0]
        return [re.sub(r"<[^>]*>", "", item).strip() for item in listed.split("<li>")[1:]]

    def sends(self, draft: str, name: str = "Ann Author") -> TestResponse:
        return self.saves(draft, {}, then="send", signed=name)

    def publishes(self, draft: str, name: str = "Rae Reviewer") -> TestResponse:
        path = draft.replace("drafts/", "reviews/")
        fields = self.form(path, f"{path}/publish")
        return self.visitor.post(f"{path}/publish", {**fields, "name": name})

    def _at(self, answer: TestResponse) -> str:
        assert answer.status_code == 303, answer.text
        path: str = answer.location.split("?")[0]
        self.editor = path[path.index("drafts/") :]
        return self.editor


def form_of(fields: DraftFields) -> dict[str, Any]:
    """The form's fields, without the slots."""
    given: dict[str, Any] = {
        "title": fields.title,
        "ai_feature": fields.ai_feature,
        "roles": list(fields.roles),
        "work": list(fields.targets.get("intents", ())),
        "card": fields.card,
        "minutes": fields.minutes,
        "review_by": fields.review_by,
        **fields.parts,
    }
    for number, source in enumerate(fields.sources):
        given |= {f"source-{number}-{name}": value for name, value in vars(source).items()}
    return given


def slots_of(fields: DraftFields) -> dict[str, str]:
    """The slots' fields, by number."""
    given = {}
    for number, slot in enumerate(fields.slot_texts()):
        given |= {f"slot-{number}-name": slot, f"slot-{number}": fields.slots.get(slot, "")}
    return given
