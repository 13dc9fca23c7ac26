"""Obligations: Context, `smart_style_url`."""

from typing import Any

import pytest

from launch import LaunchContext
from launch.style import known_variables
from tests.launch.canned_ehr import Answer, CannedEhr, gzipped
from tests.launch.launching import LaunchedApp

STYLE = {"color_background": "#ffffff", "color_text": "#202020", "font_family_body": "'Segoe UI', sans-serif"}


def launched_with(launched: LaunchedApp, ehr: CannedEhr, url: str, **registration: Any) -> dict[str, str]:
    """The style that the app gets to see in a launch with this `smart_style_url`."""
    launched.register(ehr, **registration)
    ehr.token_parameters["smart_style_url"] = url
    seen: list[dict[str, str]] = []

    def on_launch(context: LaunchContext) -> str:
        seen.append(dict(context.read_style()))
        return "welcome"

    launched.settings["on_launch"] = on_launch
    assert launched.browser().launch(ehr).text == "welcome"
    return seen[0]


def test_a_style_below_the_fhir_base_is_read_without_the_token(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """smart_style_url: fetched from the FHIR base, without the token."""
    ehr.answers["/fhir/style.json"] = lambda seen: Answer(STYLE)
    assert launched_with(launched, ehr, f"{ehr.base}/style.json") == STYLE
    assert "Authorization" not in ehr.last("/fhir/style.json").headers


def test_a_registered_style_origin_is_read_too(launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr) -> None:
    """smart_style_url: or from a registered style origin."""
    other_host.answers["/brand.json"] = lambda seen: Answer(STYLE)
    style = launched_with(launched, ehr, f"{other_host.origin}/brand.json", style_origins=(other_host.origin,))
    assert style == STYLE
    assert "Authorization" not in other_host.last("/brand.json").headers


@pytest.mark.parametrize(
    "url",
    [
        "{other}/style.json",
        "{ehr}/elsewhere/style.json",
        "{base}/../style.json",
        "{base}/%2e%2e/style.json",
        "{base}@{other_host}/style.json",
        "{base}.evil.example/style.json",
        "http://user@{other_host}/style.json",
        "file:///etc/passwd",
        "//{other_host}/style.json",
        "style.json",
        "{base}/" + "x" * 600,
    ],
)
def test_any_other_address_is_not_asked(launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr, url: str) -> None:
    """smart_style_url: from there only."""
    address = url.format(
        ehr=ehr.origin, base=ehr.base, other=other_host.origin, other_host=other_host.origin.removeprefix("http://")
    )
    assert launched_with(launched, ehr, address) == {}
    assert other_host.seen == []
    assert not any("style" in seen.path or "xxx" in seen.path for seen in ehr.seen)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(STYLE, 404),
        Answer(b"<html>"),
        Answer([STYLE]),
        Answer({**STYLE, "padding": "x" * 20_480}),
        gzipped(200_000),
        Answer(STYLE, 302, {"Location": "http://127.0.0.1:1/"}),
    ],
)
def test_what_is_no_small_json_object_is_ignored(launched: LaunchedApp, ehr: CannedEhr, answer: Answer) -> None:
    """smart_style_url: at most 20 kB, else ignored."""
    ehr.answers["/fhir/style.json"] = lambda seen: answer
    assert launched_with(launched, ehr, f"{ehr.base}/style.json") == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("color_background", "red"),
        ("color_background", "#fff;} body{display:none"),
        ("color_text", "url(https://evil.example/x)"),
        ("color_text", "#12345"),
        ("color_text", 7),
        ("dim_border_radius", "4px;"),
        ("dim_border_radius", "calc(1px)"),
        ("dim_font_size", "-4px"),
        ("font_family_body", "Roboto; } * { color: red"),
        ("font_family_body", "'Roboto"),
        ("font_family_body", "Roboto, 'x"),
        ("font_family_heading", "\\66oo"),
        ("color_of_our_own", "#ffffff"),
    ],
)
def test_only_known_variables_in_their_own_form_are_let_in(name: str, value: Any) -> None:
    """smart_style_url: known variables only."""
    assert known_variables({name: value}) == {}


def test_a_style_is_read_once_for_many_launches(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """smart_style_url: cached, a failure too: it costs no launch its time."""
    launched.register(ehr)
    ehr.token_parameters["smart_style_url"] = f"{ehr.base}/style.json"
    ehr.answers["/fhir/style.json"] = lambda seen: Answer({}, 500)
    launched.settings["on_launch"] = lambda context: str(context.read_style())
    for _ in range(3):
        launched.browser().launch(ehr)
    assert ehr.hits("/fhir/style.json") == 1


def test_addresses_that_change_with_every_launch_do_not_fill_the_cache(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """smart_style_url: the EHR's word has no hold over our store."""
    launched.register(ehr)
    launched.settings["on_launch"] = lambda context: str(context.read_style())
    for number in range(20):
        ehr.answers[f"/fhir/style-{number}"] = lambda seen: Answer(STYLE)
        ehr.token_parameters["smart_style_url"] = f"{ehr.base}/style-{number}"
        launched.browser().launch(ehr)
    assert sum("style" in url for _, url in launched.stores.metadata.rows) == 8


def test_a_launch_whose_app_wants_no_style_asks_for_none(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """smart_style_url: read only when it is used."""
    launched.register(ehr)
    ehr.token_parameters["smart_style_url"] = f"{ehr.base}/style.json"
    launched.browser().launch(ehr)
    assert ehr.hits("/fhir/style.json") == 0
