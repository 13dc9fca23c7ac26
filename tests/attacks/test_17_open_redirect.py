"""Attack 17: a redirect of ours that leads to another site."""

import re
from urllib.parse import urljoin, urlsplit

import pytest

from tests.plugins.app import BASE_URL, OUR_PAGE, RealApp

ELSEWHERE = ["//evil.example", "/\\evil.example", "https://evil.example/", "\\\\evil.example", "%2f%2fevil.example"]
NAMES = ("from", "next", "tutorial", "role", "hidden", "return", "url", "redirect_uri", "target_link_uri")


def leads_away(location: str | None) -> bool:
    """Whether a browser, to which a backslash is a slash, would leave our origin."""
    if location is None:
        return False
    address = urlsplit(urljoin(BASE_URL, location.replace("\\", "/")))
    return f"{address.scheme}://{address.netloc}" != BASE_URL


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_no_page_redirects_to_where_a_parameter_says(app: RealApp, elsewhere: str) -> None:
    visitor = app.launch()
    said = dict.fromkeys(NAMES, elsewhere) | {"key": "a" * 22}
    for rule in app.app.url_map.iter_rules():
        if not rule.rule.startswith("/v/") or rule.endpoint == "visits.leave":
            continue
        path = re.sub(r"<(?!uuid:visit)[^>]+>", "inbox-draft-reply", rule.rule)
        path = path.replace("<uuid:visit>", str(visitor.visit))
        got = visitor.client.get(path, query_string=said, base_url=BASE_URL)
        posted = visitor.client.post(path, data=said, headers=OUR_PAGE, base_url=BASE_URL)
        assert not leads_away(got.location), path
        assert not leads_away(posted.location), path


@pytest.mark.parametrize("path", ["//evil.example/", "//evil.example/%2e%2e", "/\\evil.example", "/v//evil.example/"])
def test_a_path_that_looks_like_a_host_is_no_redirect(app: RealApp, path: str) -> None:
    answer = app.app.test_client().open(path, base_url=BASE_URL)
    assert answer.status_code in (400, 404)
    assert answer.location is None


def test_a_foreign_host_header_makes_no_address_of_ours(app: RealApp) -> None:
    visitor = app.launch()
    home = f"/v/{visitor.visit}"
    for path in (home, f"{home}/", f"{home}//role", "/launch", "//healthz", "/healthz/"):
        answer = visitor.client.get(path, base_url=BASE_URL, headers={"Host": "evil.example"})
        assert "evil.example" not in (answer.location or "")
        assert "evil.example" not in answer.text.split("</head>")[0]


def test_the_launch_leads_to_the_registered_ehr_alone(app: RealApp) -> None:
    visitor = app.browser()
    begun = visitor.client.get(
        "/launch",
        query_string={"iss": app.ehr.base, "launch": "x", **dict.fromkeys(NAMES, "https://evil.example/")},
        base_url=BASE_URL,
        headers={"Host": "evil.example"},
    )
    assert begun.location.startswith(f"{app.ehr.origin}/authorize?")
    assert "evil.example" not in begun.location
