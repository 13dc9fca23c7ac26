"""Who had finished a tutorial's present version before it was assigned to them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.choosing import catalogue_of
from smart_app.organizations.roster.people import learners_of_persons
from smart_app.player.models import Progress
from smart_app.rollout.assigning import Done


def done_before(session: Session, *, organization: UUID, tutorial: str) -> dict[UUID, Done]:
    """Person on the roster -> the day and the version; of the day alone."""
    targets = catalogue_of(session, organization=organization).targets
    version = next((target.version for target in targets if target.tutorial == tutorial), None)
    rows = session.execute(
        select(Progress.learner, Progress.finished_at).where(
            Progress.organization == organization,
            Progress.tutorial == tutorial,
            Progress.version == version,
            Progress.finished_at.is_not(None),
        )
    )
    finished = {learner: moment.date() for learner, moment in rows if moment is not None}
    if not finished or version is None:
        return {}
    found: dict[UUID, Done] = {}
    for person, learners in learners_of_persons(session, organization=organization).items():
        days = [finished[learner] for learner in learners if learner in finished]
        if days:
            found[person] = Done(min(days), version)
    return found
