"""Who acts on a draft, in the words of the rules, and what is told of it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.organizations.models import LearnerIdentity
from smart_app.organizations.permissions import Permission
from smart_app.organizations.verbs import write_audit
from smart_app.studio.tutorials.models import TutorialDraft
from smart_app.studio.tutorials.version_rules import Act, Actor, State, step
from smart_app.visits.view import VisitView


def actor_of(visit: VisitView, held: Iterable[Permission], *, invited: bool = False) -> Actor:
    """The learner of this visit. `invited`: holds an invitation for the very version."""
    mine = frozenset(held)
    return Actor(visit.learner.hex, Permission.TRAINER in mine, invited or Permission.REVIEWER in mine)


def move(session: Session, draft: TutorialDraft, act: Act, *, actor: Actor, **told: Any) -> None:
    """Take the draft to the state that `act` leads to, and write the audit. Raises NotPossible, NotYours."""
    before = State(draft.state)
    after = step(before, act, actor=actor, authors=everybody(session, draft))
    draft.state = after.value
    details = {"tutorial": draft.tutorial, "version": draft.version, "draft": draft.id.hex, **told}
    write_audit(
        session,
        organization=draft.organization,
        actor=actor.id,
        action=f"tutorial version: {act.value}",
        details={**details, "before": before.value, "after": after.value},
    )
    session.flush()


def everybody(session: Session, draft: TutorialDraft) -> frozenset[str]:
    """Who wrote in it, under every id: a person with the same identity elsewhere is the same person."""
    authors = [UUID(author) for author in draft.authors]
    identity = LearnerIdentity
    known = select(identity.kind, identity.hash).where(
        identity.organization == draft.organization, identity.learner.in_(authors)
    )
    hashes = {row.hash for row in session.execute(known)}
    same = select(identity.learner).where(identity.hash.in_(hashes)) if hashes else None
    others = session.scalars(same) if same is not None else ()
    return frozenset([*draft.authors, *(other.hex for other in others)])
