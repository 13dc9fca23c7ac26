"""What somebody does in the studio stands in *My record* of that person too, on the page and in the file."""

import re
from html import unescape

from sqlalchemy import update

from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.permissions import Permission
from tests.plugins.app import RealApp, Visitor
from tests.plugins.studio import at_studio, give

WROTE = "Versions of tutorials that you wrote in: 1."
ACTED = "Acts of yours in the audit of your organization: 2."
NAMED = "Acts in that audit that name you, for example a permission given to you: 1."
MAY_UNDO = "Acts in the studio that you could take back for a day: 1."


def also_kept(visitor: Visitor) -> str:
    """The words of the page that follow *Also kept*."""
    page = unescape(re.sub(r"<[^>]+>", "", visitor.get("record").text))
    return page.partition("Also kept")[2].partition("Who has looked")[0]


def writes_a_draft(app: RealApp, visitor: Visitor) -> str:
    """Its place below the studio."""
    give(app, visitor, Permission.TRAINER)
    begun = at_studio(app, visitor).post("tutorials/new", {"title": "Sort the refill queue", "ai_feature": "any"})
    return "drafts/" + begun.location.rpartition("/drafts/")[2].partition("?")[0]


def test_it_counts_drafts_and_acts_by_whichever_way_a_row_names_the_person(each_app: RealApp) -> None:
    visitor = each_app.launch()
    draft = writes_a_draft(each_app, visitor)
    at_studio(each_app, visitor).post(f"{draft}/discard")
    said = also_kept(visitor)
    for line in (WROTE, ACTED, NAMED, MAY_UNDO):
        assert line in said


def test_it_says_nothing_of_what_a_colleague_did(each_app: RealApp) -> None:
    each_app.records.add_nurse("prac-2")
    writes_a_draft(each_app, each_app.launch())
    said = also_kept(each_app.launch(person="prac-2"))
    assert "1 visit:" in said
    assert "wrote in" not in said
    assert "audit" not in said
    assert "token" not in said


def test_a_kept_token_is_named_until_the_visit_ends(app: RealApp) -> None:
    words = "Access to your EHR in your name (a token), encrypted, until the visit ends: 1."
    with app.database.writing() as session:
        session.execute(update(EhrRegistration).values(extra_scopes=["user/Task.cu", "online_access"]))
        session.commit()
    app.ehr.gives_refresh_tokens = True
    assert words in also_kept(app.launch())


def test_the_same_lines_can_be_taken_along_as_text(app: RealApp) -> None:
    visitor = app.launch()
    writes_a_draft(app, visitor)
    answer = visitor.post("record/download", {"format": "txt"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-record.txt"'
    assert answer.mimetype == "text/plain"
    assert f"- {WROTE}" in answer.text
    assert "How you are known:\n- Your sign-in at the EHR: kept under a code\n" in answer.text
