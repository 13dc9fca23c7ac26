"""What is done with a published version: take it away, bring it back, find it still right. Its text never changes."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from smart_app.library.models import TutorialVersionRow
from smart_app.library.publishing import feature_version, library_changed, lock_library, newest_version
from smart_app.organizations.permissions import Permission
from smart_app.organizations.verbs import write_audit
from smart_app.studio.tutorials.people import actor_of
from smart_app.studio.tutorials.version_rules import Act, Actor, State, step
from smart_app.studio.undo import CannotUndo, remember, undoer
from smart_app.visits.view import VisitView

_RETIRED = "tutorial retired"


class NoSuchVersion(LookupError):
    """This tutorial has no such published version."""


def retire(session: Session, *, visit: VisitView, held: Collection[Permission], tutorial: str) -> UUID:
    """Show a tutorial no longer; returns the step that brings it back. Raises NoSuchVersion, NotPossible, NotYours."""
    row = _move(session, visit, actor_of(visit, held), tutorial, Act.RETIRE)
    words = f'"{row.front_matter["title"]}" is retired: it is shown to nobody. What was finished stays on record.'
    payload = {"tutorial": tutorial, "version": row.version}
    return remember(session, visit=visit, words=words, kind=_RETIRED, payload=payload)


def reinstate(session: Session, *, visit: VisitView, held: Collection[Permission], tutorial: str) -> None:
    """Show a retired tutorial again. Raises NoSuchVersion, NotPossible, NotYours."""
    _move(session, visit, actor_of(visit, held), tutorial, Act.REINSTATE)


def find_still_right(session: Session, *, visit: VisitView, tutorial: str) -> str | None:
    """A reviewer has read it against the AI feature as it is now: it is no longer stale. Returns that version."""
    library = lock_library(session, organization=visit.organization)
    row = _newest(session, visit.organization, tutorial)
    before = row.feature_version
    row.feature_version = feature_version(
        session, organization=visit.organization, feature=row.front_matter["ai_feature"]
    )
    _tell(session, visit, row, "tutorial found right", before, row.feature_version)
    library_changed(session, library)
    return row.feature_version


@undoer(_RETIRED, Permission.TRAINER)
def _bring_back(session: Session, *, visit: VisitView, payload: Mapping[str, Any]) -> None:
    if newest_version(session, organization=visit.organization, tutorial=payload["tutorial"]) != payload["version"]:
        raise CannotUndo("A newer version was published since.")
    _move(session, visit, actor_of(visit, {Permission.TRAINER}), payload["tutorial"], Act.REINSTATE)


def _move(session: Session, visit: VisitView, actor: Actor, tutorial: str, act: Act) -> TutorialVersionRow:
    library = lock_library(session, organization=visit.organization)
    row = _newest(session, visit.organization, tutorial)
    before = row.status
    row.status = step(State(before), act, actor=actor, authors=frozenset()).value
    _tell(session, visit, row, f"tutorial version: {act.value}", before, row.status)
    library_changed(session, library)
    return row


def _newest(session: Session, organization: UUID, tutorial: str) -> TutorialVersionRow:
    newest = newest_version(session, organization=organization, tutorial=tutorial)
    row = session.get(TutorialVersionRow, (organization, tutorial, newest))
    if row is None:
        raise NoSuchVersion(tutorial)
    return row


def _tell(
    session: Session, visit: VisitView, row: TutorialVersionRow, action: str, before: str | None, after: str | None
) -> None:
    details = {"tutorial": row.tutorial, "version": row.version, "before": before, "after": after}
    write_audit(session, organization=visit.organization, actor=visit.learner.hex, action=action, details=details)
