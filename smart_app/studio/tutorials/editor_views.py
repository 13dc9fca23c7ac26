"""The editor: read, save (by hand or as one types), send, take back, discard, and decide a conflict."""

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.library.publishing import sources_of
from smart_app.organizations.permissions import Permission
from smart_app.security import takes
from smart_app.services import services
from smart_app.studio.access import current_permissions, may
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.targeting.code_offers import LONGEST, offers
from smart_app.studio.telling import tells
from smart_app.studio.tutorials import drafting
from smart_app.studio.tutorials.differing import differing
from smart_app.studio.tutorials.drafting import Conflict, NotReady
from smart_app.studio.tutorials.editor_page import editor_page
from smart_app.studio.tutorials.fields import SourceFields, from_json, one_line
from smart_app.studio.tutorials.forms import fields_of_form
from smart_app.studio.tutorials.version_rules import State
from smart_app.studio.tutorials.who_sees import who_sees
from smart_app.studio.undo import back_to
from smart_app.visits.session import current_visit

if TYPE_CHECKING:
    from smart_app.studio.tutorials.models import TutorialDraft

MOST_BODY = 256 * 1024
_SENT = tells("sent", "Sent for review. It stays as it is until a second person has read it.")
_TAKEN_BACK = tells("taken-back", "It is yours again. Nobody reviews it now.")
_NEXT = tells("settled-next", "Saved as you decided. Another text of yours waits.")
_SETTLED = tells("settled", "Saved as you decided. Both texts were looked at, and nothing was lost.")


@blueprint.get("/<uuid:visit>/drafts/<uuid:draft>")
@may(Permission.TRAINER)
def edit(draft: UUID, **_: Any) -> ResponseReturnValue:
    """The editor of a draft; of one in review, where it stands."""
    visit = current_visit()
    with services().database.reading() as session:
        row = drafting.get_draft(session, organization=visit.organization, draft=draft)
        if row.state != State.DRAFT:
            return redirect(to("studio.review", draft=draft, said=request.args.get("said")), 303)
        page = editor_page(session, visit=visit, row=row, keys=services().keys)
        waiting = drafting.open_conflicts(session, visit=visit, draft=draft)
        when = who_sees(session, row=row, with_questions=True)
    return render_template(
        "studio/tutorials/editor.html",
        here="studio.tutorials",
        page=page,
        waiting=waiting,
        when=when,
        offers=offers(visit, request.args.get("codes", ""), page.fields.targets),
        editor=secrets.token_hex(16),
        tried="tried" in request.args,
    )


@blueprint.post("/<uuid:visit>/drafts/<uuid:draft>")
@may(Permission.TRAINER)
@takes(MOST_BODY)
def save_draft(draft: UUID, **_: Any) -> ResponseReturnValue:
    """Save what the form holds; a script gets the parts of the page that follow from it."""
    visit, typing = current_visit(), request.accept_mimetypes.best == "application/json"
    with services().database.writing() as session:
        saved = _save(session, draft)
        session.commit()
        if isinstance(saved, Conflict):
            where = to("studio.conflict", draft=draft, conflict=saved.id)
            return ({"conflict": where}, 409) if typing else redirect(where, 303)
        if typing:
            return _what_follows(editor_page(session, visit=visit, row=saved, keys=services().keys))
    then = request.form.get("then", "")
    if then == "send":
        return _send(draft, saved.revision)
    codes = request.form.get("codes", "").strip()[:LONGEST] if then == "codes" else ""
    place = "codes" if codes else _place(then)
    return redirect(to("studio.edit", draft=draft, said="saved", codes=codes or None, _anchor=place), 303)


@blueprint.post("/<uuid:visit>/drafts/<uuid:draft>/take-back")
@may(Permission.TRAINER)
def take_back(draft: UUID, **_: Any) -> ResponseReturnValue:
    """From review to the editor."""
    with services().database.writing() as session:
        drafting.take_back(session, visit=current_visit(), held=current_permissions(), draft=draft)
        session.commit()
    return redirect(to("studio.edit", draft=draft, said=_TAKEN_BACK), 303)


@blueprint.post("/<uuid:visit>/drafts/<uuid:draft>/discard")
@may(Permission.TRAINER)
def discard(draft: UUID, **_: Any) -> ResponseReturnValue:
    """Put the draft away; the page that follows offers to bring it back."""
    visit = current_visit()
    with services().database.writing() as session:
        done = drafting.discard(session, visit=visit, held=current_permissions(), draft=draft)
        session.commit()
    return redirect(back_to("studio.tutorials", done, visit=visit), 303)


@blueprint.get("/<uuid:visit>/drafts/<uuid:draft>/conflict/<uuid:conflict>")
@may(Permission.TRAINER)
def conflict(draft: UUID, conflict: UUID, **_: Any) -> ResponseReturnValue:
    """Both texts, field by field; where an older one waits, that one's. Of what is decided, the editor."""
    visit = current_visit()
    with services().database.reading() as session:
        kept = drafting.get_conflict(session, visit=visit, draft=draft, conflict=conflict)
        row = drafting.get_draft(session, organization=visit.organization, draft=draft)
        waiting = drafting.open_conflicts(session, visit=visit, draft=draft)
    if kept.settled_at is not None:
        return redirect(to("studio.edit", draft=draft), 303)
    if kept.id != waiting[0].id:
        return redirect(to("studio.conflict", draft=draft, conflict=waiting[0].id), 303)
    return render_template(
        "studio/tutorials/conflict.html",
        here="studio.tutorials",
        row=row,
        kept=kept,
        later=len(waiting) - 1,
        rows=differing(from_json(row.fields), from_json(kept.fields)),
    )


@blueprint.post("/<uuid:visit>/drafts/<uuid:draft>/conflict/<uuid:conflict>")
@may(Permission.TRAINER)
def settle(draft: UUID, conflict: UUID, **_: Any) -> ResponseReturnValue:
    """Save what was decided."""
    mine = [name.removeprefix("take-") for name, value in request.form.items() if value == "mine"]
    with services().database.writing() as session:
        saved = drafting.settle(
            session,
            visit=current_visit(),
            draft=draft,
            conflict=conflict,
            revision=_number("revision"),
            mine=mine,
            chosen={},
        )
        session.commit()
        waiting = drafting.open_conflicts(session, visit=current_visit(), draft=draft)
    if saved is None:
        return redirect(to("studio.conflict", draft=draft, conflict=conflict), 303)
    if waiting:
        return redirect(to("studio.conflict", draft=draft, conflict=waiting[0].id, said=_NEXT), 303)
    return redirect(to("studio.edit", draft=draft, said=_SETTLED), 303)


def _save(session: Any, draft: UUID) -> "TutorialDraft | Conflict":
    visit = current_visit()
    row = drafting.get_draft(session, organization=visit.organization, draft=draft)
    fields = fields_of_form(request.form, from_json(row.fields))
    listed = request.form.get("cite", "")
    if listed and listed not in {source.id for source in fields.sources}:
        known = sources_of(session, organization=visit.organization).get(listed)
        if known:
            fields = replace(fields, sources=(*fields.sources, SourceFields(**known)))
    return drafting.save(
        session,
        visit=visit,
        draft=draft,
        revision=_number("revision"),
        editor=request.form.get("editor", "")[:32],
        fields=fields,
    )


def _send(draft: UUID, revision: int) -> ResponseReturnValue:
    """What was just saved goes to review; where something is to be mended, the editor says what."""
    name = one_line(request.form.get("signed", ""))[:120]
    with services().database.writing() as session:
        try:
            drafting.send(
                session, visit=current_visit(), held=current_permissions(), draft=draft, revision=revision, name=name
            )
        except NotReady:
            return redirect(to("studio.edit", draft=draft, tried=1, _anchor="mend"), 303)
        session.commit()
    return redirect(to("studio.review", draft=draft, said=_SENT), 303)


def _what_follows(page: Any) -> dict[str, Any]:
    """For the script: what changes on the page with each save."""
    names = ("budget", "mend", "slots", "sources")
    return {
        "revision": page.revision,
        "saved": page.saved,
        "html": {name: render_template(f"studio/tutorials/_{name}.html", page=page) for name in names},
    }


def _number(name: str) -> int:
    given = request.form.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else -1


def _place(then: str) -> str | None:
    """Where the page opens after a press of a button in its middle."""
    return then if then in ("sources", "slots", "questions") else None
