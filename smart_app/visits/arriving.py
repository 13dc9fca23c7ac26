"""From a finished launch and what was read to an open visit: who is here, what is open, whose visits end."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from flask import Response
from sqlalchemy.orm import Session

from launch.context import LaunchContext
from smart_app.fhir.facts import Findings
from smart_app.keys import KeyRing
from smart_app.organizations.asserting import asserted_by
from smart_app.organizations.grants import give_awaited
from smart_app.organizations.learners import Identity, KnownLearner, resolve_learner
from smart_app.organizations.profile import Profile, Profiles
from smart_app.organizations.roster.uploads import purge_uploads
from smart_app.organizations.titles import JobRoleTitle
from smart_app.visits import cookies
from smart_app.visits.codes_seen import note_codes
from smart_app.visits.ehr_style import properties_of
from smart_app.visits.models import Visit
from smart_app.visits.role_match import match_job_roles, specialties_of
from smart_app.visits.task_context import what_is_open
from smart_app.visits.task_titles import TITLES
from smart_app.visits.verbs import (
    MOST_LIVE,
    end_visits,
    live_visits,
    open_visit,
    purge_old_visits,
    tell_asserted,
)
from smart_app.visits.view import ChoiceLike, VisitChoice, VisitView, as_json, view_of, with_choices

_PURGE_SECONDS = 600.0
_next_purge = [0.0]
_KNOWN_BY = {
    "token": "issuer and subject",
    "practitioner": "Practitioner",
    "npi": "NPI",
    "ehr_user": "user name of the EHR",
}
_profiles = Profiles()

Choose = Callable[[VisitView], Sequence[ChoiceLike]]
FindKnown = Callable[[Sequence[Identity], KeyRing], KnownLearner | None]


@dataclass(frozen=True, kw_only=True)
class OpenedVisit:
    """A new visit, and what the answer's cookies must say."""

    visit: VisitView
    secret: str = field(repr=False)
    ended: tuple[UUID, ...]
    """Earlier visits of this browser that ended with this launch."""

    def set_cookies(self, response: Response, *, keys: KeyRing, lifetime: int) -> None:
        """Give the visit's cookie and take away those of the ended ones. `lifetime`: seconds."""
        for ended in self.ended:
            cookies.drop_cookie(response, ended)
        cookies.set_cookie(response, visit=self.visit.id, secret=self.secret, keys=keys, lifetime=lifetime)


def open_visit_for(
    session: Session,
    *,
    context: LaunchContext,
    findings: Findings,
    request_cookies: Mapping[str, str],
    keys: KeyRing,
    choose: Choose,
    find_known: FindKnown = lambda identities, keys: None,
    style: Mapping[str, str] | None = None,
) -> OpenedVisit:
    """Resolve the learner, match role and task, end other learners' visits here, choose, open the visit. Flushes.

    `choose`: the tutorials for the visit, from the library; asked once, before the row is written.
    `find_known`: the learner, where that was found out before and these identities add nothing.
    """
    organization = UUID(context.registration.organization)
    profile = _profiles.get(session, organization)
    identities = identities_of(context, findings)
    _tell_who(context, identities)
    learner = find_known(identities, keys) or resolve_learner(
        session, organization=organization, identities=identities, keys=keys
    )
    if learner.first_seen:
        given = learner.first_seen
        give_awaited(session, organization=organization, learner=learner.id, identities=given, keys=keys)
    held = live_visits(session, cookies.all_cookies(request_cookies, keys=keys))
    ended = _end_earlier(session, held, learner)
    visit = _new_visit(profile, learner, context, findings)
    visit.style = dict(style) if style else None
    visit.asserted = _asserted(profile, findings) or None
    view = view_of(
        visit,
        organization_name=profile.name,
        ehr_name=context.registration.name,
        frame_ancestors=context.registration.frame_ancestors,
    )
    view = with_choices(view, choose(view))
    visit.choices = as_json(view.choices)
    visit.intent = known_intent(view.intent, view.choices)
    _tell_what_stood_in(context, visit)
    view = replace(view, intent=visit.intent)
    if visit.asserted:
        tell_asserted(session, visit=visit)
    visit, secret = open_visit(session, visit=visit)
    note_codes(
        session,
        organization=organization,
        learner=learner.id,
        registration=visit.registration,
        findings=findings,
        today=visit.started_at.date(),
    )
    _purge_now_and_then(session)
    return OpenedVisit(visit=view, secret=secret, ended=tuple(ended))


def style_of(context: LaunchContext) -> dict[str, str]:
    """What our pages may wear of the EHR's style; asks the network, so no transaction may be open."""
    variables = context.read_style()
    worn = properties_of(variables)
    if context.smart_style_url and not worn:
        why = "its contrast is too low, or it names no colour" if variables else "it could not be read from there"
        context.report.note_missing(f"the EHR's style is not used: {why}")
    return worn


def identities_of(context: LaunchContext, findings: Findings) -> list[Identity]:
    """All that the person is known by, each unique beyond its EHR; the token's identity is the primary one."""
    iss, claims, person = context.fhir.base, context.claims, findings.person
    identities = [Identity("token", f"{context.issuer}|{context.subject}")]
    practitioner = person.id if person else _launching_practitioner(context)
    if practitioner:
        identities.append(Identity("practitioner", f"{iss}|Practitioner/{practitioner}"))
    npi = (person.npi if person else None) or claims.get("npi")
    if isinstance(npi, str) and npi:
        identities.append(Identity("npi", npi))
    if isinstance(claims.get("preferred_username"), str):
        identities.append(Identity("ehr_user", f"{iss}|{claims['preferred_username']}"))
    return identities


def _tell_who(context: LaunchContext, identities: Sequence[Identity]) -> None:
    """Which of the ways to know the person there were, for the report: their kinds, never a value."""
    user = context.fhir_user
    with context.report.step("person") as step:
        known = ", ".join(_KNOWN_BY[identity.kind] for identity in identities)
        step.detail = f"{f'fhirUser is a {user.resource_type}' if user else 'no fhirUser'}; known by {known}"


def _launching_practitioner(context: LaunchContext) -> str | None:
    user = context.fhir_user
    return user.id if user is not None and user.resource_type == "Practitioner" else None


def _new_visit(profile: Profile, learner: KnownLearner, context: LaunchContext, findings: Findings) -> Visit:
    roles, declared = _roles(profile, learner, context, findings)
    task = what_is_open(
        context_tasks=findings.context_tasks,
        own_tasks=findings.own_tasks,
        encounter=context.encounter,
        app_context=context.app_context,
    )
    return Visit(
        organization=learner.organization,
        id=uuid4(),
        learner=learner.id,
        registration=UUID(context.registration.id),
        reference=context.reference,
        job_roles=[role.id for role in roles],
        role_titles=[role.title for role in roles],
        role_declared=declared,
        specialties=list(specialties_of(findings.roles)),
        task_open=task.task_open,
        task_codes=list(task.codes),
        frequent_task_codes=list(task.frequent_codes),
        intent=context.intent,
        placement=context.placement,
        encounter_class=findings.encounter_class,
        standalone=context.standalone,
        missing=list(findings.missing),
        choices=[],
    )


def known_intent(intent: str | None, choices: Sequence[VisitChoice]) -> str | None:
    """The launch's intent, where it is a word of ours or one that chose a tutorial; no other is kept.

    An EHR can send any text there, and what looks like a word may be a name.
    """
    chose = any(reason["kind"] == "intent" for choice in choices for reason in choice.reasons)
    return intent if chose or intent in TITLES else None


def _tell_what_stood_in(context: LaunchContext, visit: Visit) -> None:
    """What the launch did not say, for the report: an unknown intent without its text."""
    if context.intent and not visit.intent:
        context.report.note_missing("an intent that is not known here came with the launch: neither used nor kept")
    if not visit.task_open:
        context.report.note_missing(f"no open task: {_in_its_place(visit)} used")


def _asserted(profile: Profile, findings: Findings) -> list[list[str]]:
    """Permissions that the codes of the person's active roles give: what the EHR says, and the organization's map."""
    if findings.person is not None and not findings.person.active:
        return []
    codes = (code for role in findings.roles if role.active for code in role.codes)
    return asserted_by(codes, profile.permissions)


def _in_its_place(visit: Visit) -> str:
    """What stands in for the open task: all that the launch and the reads give, in the order of their weight."""
    given = {
        "the place of the launch": visit.placement,
        "the intent of the launch": visit.intent,
        "the class of the encounter": visit.encounter_class,
        "the person's other tasks": visit.frequent_task_codes,
    }
    names = [name for name, value in given.items() if value]
    if not names:
        return "the job role alone is"
    return f"{' and '.join(names)} {'are' if len(names) > 1 or names[0].endswith('tasks') else 'is'}"


def _roles(
    profile: Profile, learner: KnownLearner, context: LaunchContext, findings: Findings
) -> tuple[tuple[JobRoleTitle, ...], bool]:
    """The EHR's roles; where it is silent the one that the learner declared; else none, and the page asks."""
    match = match_job_roles(roles=findings.roles, person=findings.person, meaning=profile.meaning)
    if match.roles:
        if match.source != "code":
            context.report.note_missing(f"no job role from the codes of the roles: the person's {match.source} is used")
        return match.roles, False
    declared = profile.roles.get(learner.declared_job_role or "")
    how = "the declared one is used" if declared else "the learner is asked"
    context.report.note_missing(f"no job role from the EHR: {how}")
    return ((declared,), True) if declared else ((), False)


def _end_earlier(session: Session, held: list[Visit], learner: KnownLearner) -> list[UUID]:
    """Another learner's visits in this browser end; of this learner's the oldest, where there are too many."""
    me = (learner.organization, learner.id)
    others = [visit for visit in held if (visit.organization, visit.learner) != me]
    mine = [visit for visit in held if (visit.organization, visit.learner) == me]
    ended = end_visits(session, visits=others, ended_by="another learner")
    return ended + end_visits(session, visits=mine[: max(0, len(mine) - MOST_LIVE + 1)], ended_by="too many")


def _purge_now_and_then(session: Session) -> None:
    if time.monotonic() >= _next_purge[0]:
        _next_purge[0] = time.monotonic() + _PURGE_SECONDS
        purge_old_visits(session)
        purge_uploads(session)
