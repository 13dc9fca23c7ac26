"""Attack 18: 30 payloads in Markdown, titles, names, slots, sources, Task text and the vendor's fields.

In a real browser, under the real policy: no script runs, no request leaves, and the policy has nothing to report.
"""

import threading
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page
from sqlalchemy import update
from werkzeug.serving import make_server

from smart_app.library.body import PartSource
from smart_app.library.models import AiFeatureRow, TutorialVersionRow
from smart_app.library.rendering import render_part
from smart_app.organizations.models import Organization
from smart_app.organizations.permissions import Permission
from smart_app.studio.tutorials.drafting import get_draft
from smart_app.studio.tutorials.fields import PARTS, SourceFields, as_json
from tests.fhir.records import TASKS, concept, encounter, practitioner, role, task
from tests.plugins.app import BASE_URL, RealApp
from tests.plugins.browser import OpenBrowser
from tests.plugins.studio import Studio, give
from tests.studio.tutorials.desk import GOOD, Desk

pytestmark = pytest.mark.browser
RUN = "window.ran=(window.ran||0)+1"
PAYLOADS = (
    f"<script>{RUN}</script>",
    f"<ScRiPt>{RUN}</sCrIpT>",
    f"<img src=x onerror={RUN}>",
    f'<img src="x" onerror="{RUN}">',
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    "<iframe src=javascript:parent.ran=1></iframe>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f'"><script>{RUN}</script>',
    f"'><script>{RUN}</script>",
    f'" autofocus onfocus="{RUN}" x="',
    f"</textarea><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</style><script>{RUN}</script>",
    "[a](javascript:window.ran=1)",
    "[a](JaVaScRiPt&colon;window.ran=1)",
    "[a](data:text/html,<script>window.ran=1</script>)",
    "<javascript:window.ran=1>",
    "![a](javascript:window.ran=1)",
    "[a]: javascript:window.ran=1\n\n[a]",
    '![a](x.png "onerror=window.ran=1")',
    f"<math><mtext></mtext><mglyph><style><!--</style><img title='--><img src=x onerror={RUN}>'>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    "<a href='https://evil.example/' ping='https://evil.example/'>a</a>",
    "<form action=https://evil.example/><button>go</button></form>",
    "<base href=https://evil.example/><link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css';body{background:url(//evil.example)}</style>",
    "{{ 7*7 }}{% raw %}${7*7}<%= 7*7 %>",
)
RAN = """() => [window, ...Array.from({ length: frames.length }, (_, i) => frames[i])].map(
  w => { try { return w.ran } catch { return 1 } })"""
HANDLERS = """() => [...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(
  a => /^on|^style$/.test(a.name) || /^\\s*(javascript|data):/i.test(a.value) && a.name !== 'value'
).map(a => a.name + '=' + a.value)"""
SEEN = ("card", *PARTS, "verify-card")


@pytest.fixture
def desk(library: RealApp, studio: Studio) -> Desk:
    return Desk(studio(Permission.TRAINER))


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
def page(open_browser: OpenBrowser, desk: Desk) -> Page:
    context = open_browser(cookies="allowed").context
    for name, value in desk.visitor.cookies.items():
        held: Any = {"name": name, "value": value, "domain": "localhost", "path": "/", "secure": True}
        context.add_cookies([held])
    return context.new_page()


def poison(app: RealApp, draft: str, payload: str) -> None:
    """Put it wherever somebody outside has a say; past every check, as if one had been forgotten."""
    said = payload.replace("\n", " ")
    fields = replace(
        GOOD,
        title=said[:200],
        card=said,
        ai_feature="inbox-draft-reply",
        what_changed=said,
        parts=dict.fromkeys(PARTS, f"Text {payload} text\n\n- **{said}.** {payload}\n\n1. {payload} {{local: {said}}}"),
        slots={said: said, **GOOD.slots},
        sources=(SourceFields(id="biro-2025", title=said, url=said, sentence=said, checked=said),),
    )
    with app.database.writing() as session:
        row = get_draft(session, organization=app.organization, draft=UUID(draft.partition("/")[2]))
        row.fields, row.signed, row.note = as_json(fields), said[:120], said
        facts = {"name": said[:80], "version": said[:40], "vendor": said[:120], "what_changed": said[:300]}
        session.execute(update(AiFeatureRow).values(**facts))
        session.execute(update(Organization).values(name=said[:120]))
        session.execute(
            update(TutorialVersionRow).where(TutorialVersionRow.reviewer.is_not(None)).values(reviewer=said)
        )
        session.commit()


def test_no_payload_runs_anywhere(library: RealApp, desk: Desk, studio: Studio, page: Page, address: str) -> None:
    assert len(PAYLOADS) >= 30
    give(library, desk.visitor, Permission.REVIEWER)
    draft = desk.begins("A title that is replaced")
    reports: list[str] = []
    left: list[str] = []
    page.on(
        "console", lambda message: reports.append(message.text) if "Content Security Policy" in message.text else None
    )
    page.on("dialog", lambda dialog: reports.append(dialog.message))
    page.on(
        "request", lambda request: None if request.url.startswith((address, "about:")) else left.append(request.url)
    )
    for number, payload in enumerate(PAYLOADS):
        poison(library, draft, payload)
        for path in paths(draft, number):
            page.goto(f"{address}{desk.visitor.home}{path}", wait_until="load")
            ran = page.evaluate(RAN)
            assert not any(ran), (payload, path)
            handlers = page.evaluate(HANDLERS)
            assert handlers == [], (payload, path)
    assert reports == []
    assert left == []


def paths(draft: str, number: int) -> tuple[str, ...]:
    """Three pages for each payload, in turn: the editor or the review, a page of the player, and a list."""
    part = SEEN[number % len(SEEN)]
    first = draft if number % 2 else draft.replace("drafts/", "reviews/")
    lists = ("tutorials", "reviews", "tutorials/nurse-handoff-summary", f"{draft}/pictures", "tutorials/new")
    return (first, f"{draft}/seen/{part}", lists[number % len(lists)])


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_what_is_published_holds_no_markup_of_anybody(payload: str) -> None:
    source = {"biro-2025": {"title": payload, "url": payload}}
    part = PartSource("Why", 1, f"Text {payload} [@biro-2025] {{local: a}}")
    html = render_part(part, source, lambda _: payload)["html"]
    reader = _Tags()
    reader.feed(html)
    assert {tag for tag, _, _ in reader.found} <= {
        "p",
        "ol",
        "ul",
        "li",
        "strong",
        "em",
        "a",
        "sup",
        "span",
        "div",
        "br",
        "img",
    }
    assert {name for _, name, _ in reader.found} <= {"", "href", "rel", "target", "id", "class", "src", "alt", "start"}
    assert all(value.startswith(("https://", "#")) for _, name, value in reader.found if name == "href")
    assert all(value.startswith("pictures/") for _, name, value in reader.found if name == "src")


class _Tags(HTMLParser):
    """Every tag, with each of its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name, value or "") for name, value in attrs] or [(tag, "", "")]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_what_the_ehr_says_is_never_markup(app: RealApp, payload: str) -> None:
    """Of a Task and a person the codes are taken; a role's words come from the organization."""
    app.records.clear()
    wild = concept(TASKS, "shift-handoff") | {"text": payload}
    app.records.add(
        practitioner("prac-1", name=[{"text": payload, "family": payload}]),
        role("role-1", "prac-1", specialty=[{"text": payload}]),
        task("task-1", "Practitioner/prac-1", description=payload) | {"code": wild},
        encounter("enc-4"),
    )
    visitor = app.launch()
    page = visitor.client.get(visitor.home, base_url=BASE_URL, follow_redirects=True)
    assert page.status_code == 200
    assert payload not in page.text
