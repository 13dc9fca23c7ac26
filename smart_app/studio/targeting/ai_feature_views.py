"""The AI feature registry: what staff may use here, by whom, since when, and its known limits."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from smart_app.errors import ProductError
from smart_app.library.ai_registry import (
    Entry,
    FeatureRefused,
    Known,
    kept_feature,
    remove_feature,
    save_feature,
)
from smart_app.library.choosing import catalogue_of
from smart_app.library.launch_hosts import add_host, allowed_link, ehr_hosts, own_hosts, remove_host
from smart_app.library.launch_links import LinkRefused
from smart_app.library.reading import NoSuchAiFeature, get_ai_feature, list_ai_features
from smart_app.library.registries import FEATURE_STATUSES
from smart_app.library.site_rules import CAVEAT, site_rules
from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.permissions import Permission
from smart_app.organizations.roster.people import units
from smart_app.services import services
from smart_app.studio.access import holds, may
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.targeting.feature_form import CARD_WORDS, as_entry, entry_of
from smart_app.studio.targeting.undoing import FEATURE_REMOVED, FEATURE_SAVED, HOST_REMOVED
from smart_app.studio.undo import back_to, remember
from smart_app.visits.session import current_visit

NEW = Entry(id="", name="", version="", status="paused")


@blueprint.get("/<uuid:visit>/ai-features")
@may(Permission.TRAINER, Permission.ANALYST)
def ai_features(**_: Any) -> ResponseReturnValue:
    """All entries, and the hosts on which they may be opened."""
    return _list_page()


@blueprint.get("/<uuid:visit>/ai-features/new")
@may(Permission.TRAINER)
def new_ai_feature(**_: Any) -> ResponseReturnValue:
    """An empty entry."""
    with services().database.reading() as session:
        return _form(session, NEW, {}, is_new=True)


@blueprint.post("/<uuid:visit>/ai-features/new")
@may(Permission.TRAINER)
def add_ai_feature(**_: Any) -> ResponseReturnValue:
    """Keep a new entry under the id that the form gives."""
    return _save(request.form.get("id", "").strip()[:80], is_new=True)


@blueprint.get("/<uuid:visit>/ai-features/<feature>")
@may(Permission.TRAINER, Permission.ANALYST)
def ai_feature(feature: str, **_: Any) -> ResponseReturnValue:
    """One entry, to read and to change."""
    with services().database.reading() as session:
        return _form(session, as_entry(_get(session, feature)), {}, is_new=False)


@blueprint.post("/<uuid:visit>/ai-features/<feature>")
@may(Permission.TRAINER)
def save_ai_feature(feature: str, **_: Any) -> ResponseReturnValue:
    """Keep what changed."""
    return _save(feature, is_new=False)


@blueprint.post("/<uuid:visit>/ai-features/<feature>/remove")
@may(Permission.TRAINER)
def remove_ai_feature(feature: str, **_: Any) -> ResponseReturnValue:
    """Take the entry out; its tutorials then show to nobody."""
    visit = current_visit()
    with services().database.writing() as session:
        try:
            kept = remove_feature(session, organization=visit.organization, feature=feature, actor=visit.learner.hex)
        except NoSuchAiFeature as error:
            raise _no_feature() from error
        words = f"Removed: {kept['name']}. Its tutorials show to nobody now."
        step = remember(session, visit=visit, words=words, kind=FEATURE_REMOVED, payload=kept)
        session.commit()
    return redirect(back_to("studio.ai_features", step, visit=visit), 303)


@blueprint.post("/<uuid:visit>/ai-features/hosts")
@may(Permission.ANALYST)
def allow_launch_host(**_: Any) -> ResponseReturnValue:
    """Allow launch links on one more host."""
    visit, host = current_visit(), request.form.get("host", "")[:300]
    with services().database.writing() as session:
        try:
            add_host(session, organization=visit.organization, host=host, actor=visit.learner.hex)
        except LinkRefused as refused:
            session.rollback()
            return _list_page(fault=str(refused), host=host), 400
        session.commit()
    return redirect(to("studio.ai_features", said="saved"), 303)


@blueprint.post("/<uuid:visit>/ai-features/hosts/remove")
@may(Permission.ANALYST)
def remove_launch_host(**_: Any) -> ResponseReturnValue:
    """Allow it no more; links to it lead nowhere from now on."""
    visit, host = current_visit(), request.form.get("host", "")[:300]
    with services().database.writing() as session:
        if not remove_host(session, organization=visit.organization, host=host, actor=visit.learner.hex):
            raise _no_feature()
        words = f"{host} is not allowed any more: links to it lead nowhere."
        step = remember(session, visit=visit, words=words, kind=HOST_REMOVED, payload={"host": host})
        session.commit()
    return redirect(back_to("studio.ai_features", step, visit=visit), 303)


def _list_page(**more: Any) -> str:
    organization = current_visit().organization
    with services().database.reading() as session:
        features = list_ai_features(session, organization=organization)
        catalogue = catalogue_of(session, organization=organization)
        taught: dict[str, int] = {}
        for target in catalogue.targets:
            taught[target.ai_feature] = taught.get(target.ai_feature, 0) + 1
        hosts = own_hosts(session, organization=organization)
        of_ehrs = ehr_hosts(session, organization=organization)
        titles = {role.id: role.title for role in job_roles(session, organization=organization)}
    return render_template(
        "studio/targeting/features.html",
        features=features,
        taught=taught,
        hosts=hosts,
        of_ehrs=of_ehrs,
        titles=titles,
        may_allow=holds(Permission.ANALYST),
        may_write=holds(Permission.TRAINER),
        **{"fault": "", "host": "", **more},
    )


def _save(feature: str, *, is_new: bool) -> ResponseReturnValue:
    visit, entry = current_visit(), entry_of(request.form, feature)
    with services().database.writing() as session:
        organization = visit.organization
        faults: Mapping[str, str] = {}
        before = kept_feature(session, organization=organization, feature=feature)
        if is_new and any(each.id == feature for each in list_ai_features(session, organization=organization)):
            faults = {"id": "There is an AI feature of that id already."}
        elif not is_new:
            _get(session, feature)
        try:
            if not faults:
                save_feature(
                    session,
                    organization=organization,
                    entry=entry,
                    known=_known(session),
                    actor=visit.learner.hex,
                )
        except FeatureRefused as refused:
            faults = refused.faults
        if faults:
            session.rollback()
            return _form(session, entry, faults, is_new=is_new), 400
        session.flush()
        after = kept_feature(session, organization=organization, feature=feature)
        if before is not None and before != after:
            payload = {"before": before, "after": after}
            step = remember(session, visit=visit, words=_saved_words(entry), kind=FEATURE_SAVED, payload=payload)
            session.commit()
            return redirect(back_to("studio.ai_feature", step, visit=visit, feature=feature), 303)
        session.commit()
    return redirect(to("studio.ai_feature", feature=feature, said="saved"), 303)


def _saved_words(entry: Entry) -> str:
    shown = "Its tutorials can show." if entry.status == "live" else "Its tutorials show to nobody now."
    return f"Saved: {entry.name}. {shown}"


def _known(session: Session) -> Known:
    organization = current_visit().organization
    roles = tuple(role.id for role in job_roles(session, organization=organization))
    names = tuple(unit.name for unit in units(session, organization=organization))
    return Known(roles, names or None)


def _get(session: Session, feature: str) -> Any:
    try:
        return get_ai_feature(session, organization=current_visit().organization, feature=feature)
    except NoSuchAiFeature as error:
        raise _no_feature() from error


def _form(session: Session, entry: Entry, faults: Mapping[str, str], *, is_new: bool) -> str:
    organization = current_visit().organization
    catalogue = catalogue_of(session, organization=organization)
    roles = job_roles(session, organization=organization)
    teaching = [(t.tutorial, catalogue.titles[t.tutorial]) for t in catalogue.targets if t.ai_feature == entry.id]
    link = allowed_link(session, organization=organization, link=entry.launch_link) if entry.launch_link else None
    return render_template(
        "studio/targeting/feature.html",
        entry=entry,
        faults=faults,
        is_new=is_new,
        roles=roles,
        units=units(session, organization=organization),
        statuses=FEATURE_STATUSES,
        card=CARD_WORDS,
        rules=site_rules(states=entry.states, feature=entry.id, job_roles=entry.available_roles),
        caveat=CAVEAT,
        teaching=teaching,
        closed=bool(entry.launch_link) and link is None and not faults,
        may_write=holds(Permission.TRAINER),
    )


def _no_feature() -> ProductError:
    return ProductError(
        status=404,
        title="The registry has no such entry",
        what_happened="It may have been removed. Nothing was changed.",
        what_to_do=("Go back to AI features: all entries stand there.",),
    )
