"""Which links of AI features a page may lead to."""

import pytest

from smart_app.player.links import openable


@pytest.mark.parametrize("link", ["https://ehr.example/feature?x=1", "http://127.0.0.1:9000/handoff"])
def test_a_named_place_is_opened(link: str) -> None:
    assert openable(link) == link


@pytest.mark.parametrize(
    "link",
    [
        None,
        "",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "/\\evil.example",
        "http://ehr.example/",
        "https://user@evil.example/",
        "https://evil.example\\@ehr.example/",
        "https://ehr.example/\nx",
        "https://",
        "https://ehr.example:port/",
        "ehr.example",
    ],
)
def test_what_a_browser_would_run_or_misread_is_not(link: str | None) -> None:
    assert openable(link) is None
