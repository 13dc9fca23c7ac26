"""*My record*: all that is held on a learner, gathered for that learner and nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smart_app.ledger.models import UsageEventRow
from smart_app.ledger.reading import events_of_learner
from smart_app.library.models import AiFeatureRow, TutorialVersionRow
from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.models import LearnerIdentity
from smart_app.player.dates import day_words
from smart_app.player.models import Progress
from smart_app.player.offered import dismissals_of, pauses_of, progress_of
from smart_app.player.role_views import role_words
from smart_app.rollout.naming import Looked, looks_at
from smart_app.trust.also import also_kept
from smart_app.trust.entries import Day, Names, days_of
from smart_app.visits.session import VisitView

ENTRIES_A_PAGE = 100

_IDENTITIES: Mapping[str, str] = {
    "token": "Your sign-in at the EHR",
    "practitioner": "Your entry in the EHR's staff list",
    "npi": "Your national provider number (NPI)",
    "ehr_user": "Your user id in the EHR",
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """Something kept about a tutorial."""

    tutorial: str
    title: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """Somebody looked at this learner by name."""

    words: str
    """When."""
    what: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RecordPage:
    """The page, in words."""

    summary: str
    days: tuple[Day, ...]
    older_than: datetime | None
    """Where the next page begins; None on the last."""
    role_words: str
    identities: tuple[str, ...]
    progress: tuple[Line, ...]
    dismissed: tuple[Line, ...]
    paused: tuple[Line, ...]
    """Not in this shift."""
    looked: tuple[Look, ...]
    """Who opened a list of names with this learner on it."""
    also: tuple[str, ...]


def record_page(session: Session, *, visit: VisitView, before: datetime | None = None) -> RecordPage:
    """Everything held on the visit's learner; entries newest first, a page at a time."""
    rows, older_than = _page_of_events(session, visit, before)
    names = _names(session, visit.organization)
    roles = {role.id: role.title for role in job_roles(session, organization=visit.organization)}
    return RecordPage(
        summary=_summary(session, visit),
        days=days_of(rows, names=names, roles=roles),
        older_than=older_than,
        role_words=role_words(visit),
        identities=_identities(session, visit),
        progress=tuple(
            Line(tutorial=row.tutorial, title=_title(names, row.tutorial), words=_place(row))
            for row in progress_of(session, visit.organization, visit.learner)
        ),
        dismissed=tuple(
            Line(tutorial=row.tutorial, title=_title(names, row.tutorial), words="")
            for row in dismissals_of(session, visit.organization, visit.learner)
        ),
        paused=tuple(
            Line(tutorial=row.tutorial, title=_title(names, row.tutorial), words=f"until {row.until:%H:%M} UTC")
            for row in pauses_of(session, visit.organization, visit.learner)
        ),
        looked=tuple(
            Look(words=f"{day_words(look.at)}, {look.at:%H:%M} UTC", what=_looked_at(names, look), reason=look.reason)
            for look in looks_at(session, organization=visit.organization, learner=visit.learner)
        ),
        also=also_kept(session, visit),
    )


def everything_else(page: RecordPage) -> str:
    """What the page says beside the entries, as plain text to take along."""
    groups = {
        "Your role": [page.role_words],
        "How you are known": page.identities,
        "Your place in tutorials": [f"{line.title}: {line.words}" for line in page.progress],
        "Hidden by you": [line.title for line in page.dismissed],
        "Quiet in this shift": [f"{line.title}, {line.words}" for line in page.paused],
        "Also kept": page.also,
        "Who has looked": [f"{look.words}: {look.what} Reason given: {look.reason}" for look in page.looked],
    }
    blocks = ["\n".join([f"{name}:", *(f"- {line}" for line in lines)]) for name, lines in groups.items() if lines]
    return "\n\n".join(blocks) + "\n"


def _page_of_events(
    session: Session, visit: VisitView, before: datetime | None
) -> tuple[list[UsageEventRow], datetime | None]:
    """A page of events. It ends between two moments, since the next one begins before a moment."""
    rows = events_of_learner(
        session, organization=visit.organization, learner=visit.learner, before=before, limit=ENTRIES_A_PAGE + 1
    )
    if len(rows) <= ENTRIES_A_PAGE:
        return rows, None
    whole = [row for row in rows if row.recorded_at > rows[-1].recorded_at]
    page = whole or rows[:ENTRIES_A_PAGE]
    return page, page[-1].recorded_at


def _summary(session: Session, visit: VisitView) -> str:
    count, first = session.execute(
        select(func.count(), func.min(UsageEventRow.occurred_at)).where(
            UsageEventRow.organization == visit.organization, UsageEventRow.learner == visit.learner
        )
    ).one()
    if not count:
        return "No entry yet."
    return f"{count} {'entry' if count == 1 else 'entries'} since {day_words(first)}."


def _names(session: Session, organization: UUID) -> Names:
    tutorials = session.execute(
        select(TutorialVersionRow.tutorial, TutorialVersionRow.front_matter)
        .where(TutorialVersionRow.organization == organization, TutorialVersionRow.status != "draft")
        .order_by(TutorialVersionRow.version)
    )
    features = session.execute(
        select(AiFeatureRow.id, AiFeatureRow.name).where(AiFeatureRow.organization == organization)
    )
    names = {("tutorial", tutorial): str(front["title"]) for tutorial, front in tutorials}
    return names | {("ai-feature", feature): name for feature, name in features}


def _looked_at(names: Names, look: Looked) -> str:
    how = "took a transcript of" if look.kind == "file" else "looked at"
    return f"A trainer {how} who has finished {_title(names, look.tutorial)}, you among them: finished or not, no more."


def _title(names: Names, tutorial: str) -> str:
    return names.get(("tutorial", tutorial), tutorial)


def _identities(session: Session, visit: VisitView) -> tuple[str, ...]:
    kinds = session.scalars(
        select(LearnerIdentity.kind)
        .where(LearnerIdentity.organization == visit.organization, LearnerIdentity.learner == visit.learner)
        .distinct()
        .order_by(LearnerIdentity.kind.desc())
    )
    return tuple(f"{_IDENTITIES.get(kind, kind)}: kept under a code" for kind in kinds)


def _place(row: Progress) -> str:
    if row.finished_at:
        return f"Finished on {day_words(row.finished_at)}, version {row.version}."
    return f"Begun on {day_words(row.started_at)}, version {row.version}, {'under way' if row.step else 'card seen'}."
