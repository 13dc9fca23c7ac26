"""Rollouts: planned, looked at unit by unit, assigned wave by wave, printed."""

from typing import Any
from uuid import UUID

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from smart_app.library.choosing import catalogue_of
from smart_app.library.vocabulary import EVERYONE
from smart_app.organizations.permissions import Permission
from smart_app.organizations.roster.people import units
from smart_app.rollout.assigning import DueInThePast, NobodyMeant, assign, assigned_in
from smart_app.rollout.planning import (
    MOST_WAVES,
    Planned,
    UnfitPlan,
    get_rollout,
    name_super_users,
    plan_of,
    remove_rollout,
    rollouts,
    save_rollout,
)
from smart_app.rollout.tasking import plan_tasks
from smart_app.services import services
from smart_app.studio.access import may
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.people.done_before import done_before
from smart_app.studio.people.rollout_page import (
    RolloutPage,
    UnitLine,
    WaveLines,
    known_features,
    plan_of_form,
    rollout_page,
    tutorial_titles,
    verify_cards,
)
from smart_app.studio.people.undoing import ASSIGNED, PLANNED, REMOVED, SUPER_USERS
from smart_app.studio.telling import tells
from smart_app.studio.undo import back_to, remember
from smart_app.visits.session import current_visit

LEAST_WAVES = 3
"""Rows that an empty form offers."""
WAVE_OVER = tells("wave-over", "Nothing was assigned: the last day of that wave has passed. Change the plan first.")
NOTHING_TO_ASSIGN = tells(
    "nothing-to-assign", "Nothing was assigned: nobody in that wave has access to a feature with a published tutorial."
)


@blueprint.get("/<uuid:visit>/rollouts", endpoint="rollouts")
@may(Permission.TRAINER, Permission.LEADER)
def all_rollouts(**_: Any) -> ResponseReturnValue:
    """All rollouts."""
    with services().database.reading() as session:
        planned = rollouts(session, organization=current_visit().organization)
    return render_template("studio/people/rollouts.html", rollouts=planned)


@blueprint.get("/<uuid:visit>/rollouts/new")
@may(Permission.TRAINER)
def new_rollout(**_: Any) -> ResponseReturnValue:
    """An empty plan; `waves` in the address: how many rows."""
    return _form(MultiDict(), None)


@blueprint.post("/<uuid:visit>/rollouts/new")
@may(Permission.TRAINER)
def plan_rollout(**_: Any) -> ResponseReturnValue:
    """Keep a plan."""
    return _save(None)


@blueprint.get("/<uuid:visit>/rollouts/<uuid:rollout>")
@may(Permission.TRAINER, Permission.LEADER)
def rollout(rollout: UUID, **_: Any) -> ResponseReturnValue:
    """Waves, units and what is still missing in each."""
    visit = current_visit()
    with services().database.reading() as session:
        page = _page(session, rollout)
        assigned = assigned_in(session, organization=visit.organization, rollout=rollout)
        wanted = tuple(dict.fromkeys(row.tutorial for row in assigned))
        titles = tutorial_titles(session, organization=visit.organization, tutorials=wanted)
    return render_template("studio/people/rollout.html", page=page, assigned=assigned, titles=titles)


@blueprint.get("/<uuid:visit>/rollouts/<uuid:rollout>/plan")
@may(Permission.TRAINER)
def edit_rollout(rollout: UUID, **_: Any) -> ResponseReturnValue:
    """The plan as it is, to be changed."""
    with services().database.reading() as session:
        plan = get_rollout(session, organization=current_visit().organization, rollout=rollout)
    return _form(_as_form(plan), rollout)


@blueprint.post("/<uuid:visit>/rollouts/<uuid:rollout>/plan")
@may(Permission.TRAINER)
def change_rollout(rollout: UUID, **_: Any) -> ResponseReturnValue:
    """Keep the change."""
    return _save(rollout)


@blueprint.post("/<uuid:visit>/rollouts/<uuid:rollout>/remove", endpoint="remove_rollout")
@may(Permission.TRAINER)
def remove(rollout: UUID, **_: Any) -> ResponseReturnValue:
    """Take it out of the list; it can be put back for a day."""
    visit = current_visit()
    with services().database.writing() as session:
        name = remove_rollout(session, organization=visit.organization, rollout=rollout, actor=visit.learner.hex)
        words = f"Removed the rollout {name}. Its assignments stand."
        step = remember(session, visit=visit, words=words, kind=REMOVED, payload={"rollout": rollout.hex})
        session.commit()
    return redirect(back_to("studio.rollouts", step, visit=visit), 303)


@blueprint.get("/<uuid:visit>/rollouts/<uuid:rollout>/units/<unit>")
@may(Permission.TRAINER, Permission.LEADER)
def rollout_unit(rollout: UUID, unit: str, **_: Any) -> ResponseReturnValue:
    """One unit: every question answered; super-users named."""
    return _unit(rollout, unit)


@blueprint.post("/<uuid:visit>/rollouts/<uuid:rollout>/units/<unit>")
@may(Permission.TRAINER)
def save_super_users(rollout: UUID, unit: str, **_: Any) -> ResponseReturnValue:
    """Who helps colleagues here, and how they are reached."""
    visit, held = current_visit(), services()
    try:
        with held.database.writing() as session:
            was = name_super_users(
                session,
                organization=visit.organization,
                rollout=rollout,
                unit=unit,
                staff=request.form.get("staff", "").replace(",", " ").split()[:20],
                reach=" ".join(request.form.get("reach", "").split())[:160],
                keys=held.keys,
                actor=visit.learner.hex,
            )
            payload = {"rollout": rollout.hex, "unit": unit, **was}
            step = remember(session, visit=visit, words="Saved the super-users.", kind=SUPER_USERS, payload=payload)
            session.commit()
    except UnfitPlan as error:
        return _unit(rollout, unit, problem=str(error)), 400
    return redirect(back_to("studio.rollout_unit", step, visit=visit, rollout=rollout, unit=unit), 303)


@blueprint.post("/<uuid:visit>/rollouts/<uuid:rollout>/waves/<int:wave>/assign")
@may(Permission.TRAINER)
def assign_wave(rollout: UUID, wave: int, **_: Any) -> ResponseReturnValue:
    """Ask each unit of the wave to finish the tutorials that its people need, by the wave's last day."""
    visit, held = current_visit(), services()
    with held.database.writing() as session:
        page = _page(session, rollout)
        lines = next((each for each in page.waves if each.number == wave), None) or abort(404)
        made = []
        for tutorial, unit_ids in _needed(lines).items():
            done = done_before(session, organization=visit.organization, tutorial=tutorial)
            try:
                row = assign(
                    session,
                    organization=visit.organization,
                    tutorial=tutorial,
                    due=lines.wave.ends,
                    units=unit_ids,
                    roles=_roles(session, tutorial),
                    done=done,
                    actor=visit.learner.hex,
                    rollout=rollout,
                    wave=wave,
                )
            except NobodyMeant:
                continue
            except DueInThePast:
                return redirect(to("studio.rollout", rollout=rollout, said=WAVE_OVER), 303)
            made.append(row.id.hex)
        plan_tasks(session, organization=visit.organization, keys=held.keys)
        if not made:
            return redirect(to("studio.rollout", rollout=rollout, said=NOTHING_TO_ASSIGN), 303)
        words = f"Assigned {len(made)} {'tutorial' if len(made) == 1 else 'tutorials'} to wave {wave}."
        step = remember(session, visit=visit, words=words, kind=ASSIGNED, payload={"assignments": made})
        session.commit()
    return redirect(back_to("studio.rollout", step, visit=visit, rollout=rollout), 303)


@blueprint.get("/<uuid:visit>/rollouts/<uuid:rollout>/units/<unit>/huddle")
@may(Permission.TRAINER, Permission.LEADER)
def huddle_sheet(rollout: UUID, unit: str, **_: Any) -> ResponseReturnValue:
    """One page for the unit's huddle, to be printed."""
    visit = current_visit()
    with services().database.reading() as session:
        page = _page(session, rollout)
        wave, line = page.unit(unit) or abort(404)
        cards = verify_cards(session, organization=visit.organization, page=page, unit=unit)
        wanted = tuple(dict.fromkeys(tutorial for one in line.features for tutorial in one.tutorials))
        titles = tutorial_titles(session, organization=visit.organization, tutorials=wanted)
    return render_template("studio/people/huddle.html", page=page, wave=wave, line=line, cards=cards, titles=titles)


@blueprint.get("/<uuid:visit>/rollouts/<uuid:rollout>/verify-cards", endpoint="print_verify_cards")
@may(Permission.TRAINER, Permission.LEADER)
def print_cards(rollout: UUID, **_: Any) -> ResponseReturnValue:
    """The verify cards of all its tutorials, to be printed."""
    with services().database.reading() as session:
        page = _page(session, rollout)
        cards = verify_cards(session, organization=current_visit().organization, page=page)
    return render_template("studio/people/verify_cards.html", page=page, cards=cards)


def _page(session: Session, rollout: UUID) -> RolloutPage:
    organization = current_visit().organization
    plan = get_rollout(session, organization=organization, rollout=rollout)
    return rollout_page(session, organization=organization, plan=plan, keys=services().keys)


def _unit(rollout: UUID, unit: str, *, problem: str = "") -> str:
    with services().database.reading() as session:
        page = _page(session, rollout)
    found: tuple[WaveLines, UnitLine] = page.unit(unit) or abort(404)
    return render_template(
        "studio/people/rollout_unit.html",
        page=page,
        wave=found[0],
        line=found[1],
        problem=problem,
        typed=request.form,
    )


def _needed(lines: WaveLines) -> dict[str, list[str]]:
    """Tutorial -> the units whose people need it."""
    found: dict[str, list[str]] = {}
    for line in lines.units:
        for one in line.features:
            for tutorial in one.tutorials:
                if line.id not in found.setdefault(tutorial, []):
                    found[tutorial].append(line.id)
    return found


def _roles(session: Session, tutorial: str) -> list[str]:
    """The job roles that it is for; none named means all."""
    targets = catalogue_of(session, organization=current_visit().organization).targets
    roles = next(target.roles for target in targets if target.tutorial == tutorial)
    return [] if EVERYONE in roles else sorted(roles)


def _save(rollout: UUID | None) -> ResponseReturnValue:
    visit, held = current_visit(), services()
    try:
        with held.database.writing() as session:
            places = tuple(unit.id for unit in units(session, organization=visit.organization))
            features = tuple(one[0] for one in known_features(session, organization=visit.organization))
            plan = plan_of_form(request.form, known_units=places, known_features=features)
            of: dict[str, Any] = {"organization": visit.organization}
            before = plan_of(session, **of, rollout=rollout) if rollout else None
            kept = save_rollout(session, **of, plan=plan, actor=visit.learner.hex, rollout=rollout)
            after = plan_of(session, **of, rollout=kept)
            step = None
            if before is not None and before != after:
                payload = {"rollout": kept.hex, "before": before, "after": after}
                words = f"Changed the plan {plan.name}."
                step = remember(session, visit=visit, words=words, kind=PLANNED, payload=payload)
            session.commit()
    except UnfitPlan as error:
        return _form(request.form, rollout, problem=str(error)), 400
    if step is not None:
        return redirect(back_to("studio.rollout", step, visit=visit, rollout=kept), 303)
    return redirect(to("studio.rollout", rollout=kept, said="saved"), 303)


def _form(form: MultiDict[str, str], rollout: UUID | None, *, problem: str = "") -> str:
    visit = current_visit()
    with services().database.reading() as session:
        places = units(session, organization=visit.organization)
        features = known_features(session, organization=visit.organization)
    asked = request.args.get("waves", "")
    rows = [number for number in range(1, MOST_WAVES + 1) if form.get(f"starts-{number}")]
    count = min(max(LEAST_WAVES, len(rows), int(asked) if asked.isdecimal() else 0), MOST_WAVES)
    return render_template(
        "studio/people/rollout_form.html",
        typed=form,
        rollout=rollout,
        problem=problem,
        units=places,
        features=features,
        waves=range(1, count + 1),
        most=MOST_WAVES,
    )


def _as_form(plan: Planned) -> MultiDict[str, str]:
    form: MultiDict[str, str] = MultiDict({"name": plan.name, "target": str(plan.target or "")})
    form["target_by"] = plan.target_by.isoformat() if plan.target_by else ""
    form.setlist("feature", list(plan.features))
    for number, wave in enumerate(plan.waves, 1):
        form[f"starts-{number}"], form[f"ends-{number}"] = wave.starts.isoformat(), wave.ends.isoformat()
        for unit in wave.units:
            form[f"unit-{unit}"] = str(number)
    return form
