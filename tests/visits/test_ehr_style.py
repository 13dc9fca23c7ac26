"""The EHR's style on our pages: worn where it stays readable, else not at all."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from smart_app.organizations.models import LaunchReportRow
from smart_app.visits.ehr_style import DARK, LIGHT, PAIRS, contrast, properties_of, style_sheet
from tests.launch.canned_ehr import Answer
from tests.plugins.app import RealApp

SHEET = Path(__file__).resolve().parents[2] / "smart_app" / "static" / "preceptor.css"
READABLE = {"color_background": "#ffffff", "color_text": "#202020", "color_highlight": "#0b4a6f"}


def tokens_of_the_sheet(number: int) -> dict[str, str]:
    """The colours of the first (light) or second (dark) :root of preceptor.css."""
    block = re.findall(r":root \{(.*?)\}", SHEET.read_text(), re.DOTALL)[number]
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block))


@pytest.mark.parametrize(("number", "known"), [(0, LIGHT), (1, DARK)])
def test_the_colours_known_here_are_those_of_the_style_sheet(number: int, known: dict[str, str]) -> None:
    written = tokens_of_the_sheet(number)
    assert {name: written[name] for name in known} == known


def test_contrast_is_counted_as_wcag_counts_it() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("own", [LIGHT, DARK])
def test_our_own_colours_pass_the_test_that_an_ehrs_must_pass(own: dict[str, str]) -> None:
    assert [pair for pair in PAIRS if contrast(own[pair[0]], own[pair[1]]) < pair[2]] == []


def test_a_readable_style_is_worn_in_its_scheme_and_below_the_readers_own_choice() -> None:
    css = style_sheet(properties_of(READABLE))
    assert "--sheet: #ffffff;" in css
    assert "--ink: #202020;" in css
    assert "--fill: #0b4a6f;" in css
    assert "(prefers-color-scheme: light) and (forced-colors: none) and (prefers-contrast: no-preference)" in css


def test_a_dark_style_is_worn_by_dark_pages() -> None:
    css = style_sheet(properties_of({"color_background": "#101418", "color_text": "#f0f0f0"}))
    assert "prefers-color-scheme: dark" in css


@pytest.mark.parametrize(
    "variables",
    [
        {"color_background": "#ffffff", "color_text": "#999999"},
        {"color_background": "#808080"},
        {"color_text": "#bbbbbb"},
        {"color_highlight": "#7fd6ff"},
        {**READABLE, "color_highlight": "#ffcc00"},
        {"color_background": "#ffffff", "color_text": "#ffffff"},
    ],
)
def test_colours_below_aa_are_not_worn_at_all(variables: dict[str, str]) -> None:
    """WCAG AA: one pair below, and none of the colours is used."""
    assert properties_of(variables) == {}


def test_type_and_corners_are_worn_with_our_own_fonts_behind() -> None:
    properties = properties_of({"font_family_body": "'Segoe UI', Roboto, sans-serif", "dim_border_radius": "40px"})
    assert properties["sans"].startswith('"Segoe UI", "Roboto", sans-serif, "Segoe UI"')
    assert properties["round"] == "12px"


def report_of(app: RealApp) -> list[str]:
    app.write_reports()
    with app.database.reading() as session:
        return (
            session.scalars(select(LaunchReportRow.missing).order_by(LaunchReportRow.started_at.desc())).first() or []
        )


def test_a_visit_wears_the_ehrs_style_from_our_own_origin(app: RealApp) -> None:
    app.ehr.answers["/fhir/style.json"] = lambda seen: Answer(READABLE)
    app.ehr.token_parameters["smart_style_url"] = f"{app.ehr.base}/style.json"
    visitor = app.launch()
    page = visitor.get()
    assert f'href="{visitor.home}style.css"' in page.text
    sheet = visitor.get("style.css")
    assert (sheet.status_code, sheet.mimetype) == (200, "text/css")
    assert "--sheet: #ffffff;" in sheet.text
    assert "style-src 'self'" in page.headers["Content-Security-Policy"]
    assert "Authorization" not in app.ehr.last("/fhir/style.json").headers


def test_an_unreadable_style_leaves_our_own_and_the_report_says_so(app: RealApp) -> None:
    app.ehr.answers["/fhir/style.json"] = lambda seen: Answer({"color_background": "#fff", "color_text": "#eee"})
    app.ehr.token_parameters["smart_style_url"] = f"{app.ehr.base}/style.json"
    visitor = app.launch()
    assert "style.css" not in visitor.get().text
    assert any("style is not used" in line for line in report_of(app))
