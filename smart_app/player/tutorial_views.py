"""A tutorial: card, parts, verify card. Parse, call a verb, commit, answer 303; GETs only read."""

from typing import Any

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.library.pictures import find_picture
from smart_app.player import pages, verbs
from smart_app.player.assets import picture_answer
from smart_app.player.blueprint import blueprint, came_from, form_key, to
from smart_app.player.offered import Taught, changes_since, find_progress, get_taught
from smart_app.rollout.telling_ehr import tell_ehr
from smart_app.services import services
from smart_app.visits.session import current_visit


@blueprint.post("/tutorials/<tutorial>/open")
def open_tutorial(tutorial: str, **_: Any) -> ResponseReturnValue:
    """To the card; to the place kept, where it was begun; to what changed, where an earlier version was finished."""
    visit = current_visit()
    with services().database.writing() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        progress = verbs.open_tutorial(session, keys=services().keys, visit=visit, taught=taught, key=form_key())
        step = None if progress.finished_at else progress.step
        changed = bool(changes_since(session, visit=visit, taught=taught))
        session.commit()
    if step:
        return redirect(to("player.step", tutorial=tutorial, part=step, resumed=1), 303)
    return redirect(to("player.changed" if changed else "player.card", tutorial=tutorial), 303)


@blueprint.get("/tutorials/<tutorial>")
def card(tutorial: str, **_: Any) -> ResponseReturnValue:
    """The 20-second card of an opened tutorial."""
    visit = current_visit()
    with services().database.reading() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        if find_progress(session, visit, taught.version) is None:
            return redirect(to("player.home"), 303)
        return render_template("card.html", page=pages.card_page(taught))


@blueprint.post("/tutorials/<tutorial>/start")
def start(tutorial: str, **_: Any) -> ResponseReturnValue:
    """From the card to a part."""
    visit = current_visit()
    with services().database.writing() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        part = _part(taught, request.form.get("part", ""))
        verbs.start(session, visit=visit, taught=taught, part=part)
        session.commit()
    return redirect(to("player.step", tutorial=tutorial, part=part), 303)


@blueprint.get("/tutorials/<tutorial>/<part>")
def step(tutorial: str, part: str, **_: Any) -> ResponseReturnValue:
    """One part of an opened tutorial."""
    visit = current_visit()
    with services().database.reading() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        progress = find_progress(session, visit, taught.version)
        if progress is None:
            return redirect(to("player.home"), 303)
        page = pages.step_page(
            taught,
            progress,
            _part(taught, part),
            resumed="resumed" in request.args,
            pictures=f"{to('player.home')}pictures/",
        )
    return render_template("step.html", page=page, back=_back_from(page))


@blueprint.get("/pictures/<name>")
def picture(name: str, **_: Any) -> ResponseReturnValue:
    """A picture of the organization's library."""
    with services().database.reading() as session:
        found = find_picture(session, organization=current_visit().organization, name=name)
    return picture_answer(found) if found else abort(404)


@blueprint.post("/tutorials/<tutorial>/<part>/complete")
def complete_step(tutorial: str, part: str, **_: Any) -> ResponseReturnValue:
    """Go on from a part; from the last one, to the end."""
    visit = current_visit()
    with services().database.writing() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        progress = verbs.complete_step(
            session,
            keys=services().keys,
            visit=visit,
            taught=taught,
            part=_part(taught, part),
            seconds=_seconds(),
            key=form_key(),
        )
        following, finished = _following(taught, part), progress.finished_at is not None
        kept = progress.step
        session.commit()
    if following is None and finished:
        tell_ehr(visit)
        return redirect(to("player.finished", tutorial=tutorial), 303)
    return redirect(to("player.step", tutorial=tutorial, part=following or kept or part), 303)


@blueprint.post("/tutorials/<tutorial>/verify-card")
def open_verify_card(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Records the opening, then shows the card."""
    visit = current_visit()
    with services().database.writing() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        verbs.open_verify_card(session, keys=services().keys, visit=visit, taught=taught, key=form_key())
        session.commit()
    return redirect(to("player.verify_card", tutorial=tutorial, **came_from()), 303)


@blueprint.get("/tutorials/<tutorial>/verify-card")
def verify_card(tutorial: str, **_: Any) -> ResponseReturnValue:
    """The three checks."""
    visit = current_visit()
    with services().database.reading() as session:
        page = pages.verify_page(
            get_taught(session, visit=visit, tutorial=tutorial), request.args.get("from", pages.HOME)
        )
    at_home = page.came_from == pages.HOME
    back = to("player.home") if at_home else to("player.step", tutorial=tutorial, part=page.came_from)
    return render_template("verify.html", page=page, back=back)


def _seconds() -> int | None:
    given = request.form.get("seconds", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else None


def _part(taught: Taught, part: str) -> str:
    if part not in [each.slug for each in taught.version.parts]:
        abort(404)
    return part


def _following(taught: Taught, part: str) -> str | None:
    slugs = [each.slug for each in taught.version.parts]
    at = slugs.index(part)
    return slugs[at + 1] if at + 1 < len(slugs) else None


def _back_from(page: pages.StepPage) -> str:
    if page.previous is None:
        return to("player.card", tutorial=page.tutorial)
    return to("player.step", tutorial=page.tutorial, part=page.previous)
