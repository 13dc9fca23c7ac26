"""What a launch will ask the database, asked while the EHR is answering.

The EHR takes 20 ms and more for the reads of a launch, in which this thread would only wait. What is read here
stands for this launch, as if it had come that much earlier: sessions that are given `seen` do not ask again
(:func:`smart_app.db.once`). The session ends before the answers are waited for.
"""

from collections.abc import Sequence
from uuid import UUID

from launch.context import LaunchContext
from smart_app.db import Seen
from smart_app.fhir.facts import Findings
from smart_app.keys import KeyRing
from smart_app.library.choosing import catalogue_of
from smart_app.organizations.learners import Identity, KnownLearner, RecalledLearner, recall_learner
from smart_app.organizations.permissions import permissions_of
from smart_app.player.history import history_of
from smart_app.player.nudging import was_nudged_lately
from smart_app.player.offered import find_preference
from smart_app.rollout.assigned import assigned_to
from smart_app.services import Services
from smart_app.visits.arriving import identities_of


class Ahead:
    """What one launch has read ahead."""

    def __init__(self, held: Services, context: LaunchContext) -> None:
        self.seen: Seen = {}
        self.was_nudged = False
        """A nudge in the last 24 hours was found; false: it is looked for again where it counts."""
        self._held = held
        self._context = context
        self._recalled: RecalledLearner | None = None

    def read(self) -> None:
        """Who the token says is here, and all that home will ask of that learner. Nothing of somebody new."""
        organization = UUID(self._context.registration.organization)
        known_by = identities_of(self._context, Findings())
        with self._held.database.reading(self.seen) as session:
            catalogue_of(session, organization=organization)
            self._recalled = recall_learner(
                session, organization=organization, identities=known_by, keys=self._held.keys
            )
            if self._recalled is None:
                return
            learner = self._recalled.learner.id
            self.was_nudged = was_nudged_lately(session, organization=organization, learner=learner)
            history_of(session, organization=organization, learner=learner)
            assigned_to(session, organization=organization, learner=learner)
            find_preference(session, organization, learner)
            permissions_of(session, organization=organization, learner=learner)

    def find_learner(self, identities: Sequence[Identity], keys: KeyRing) -> KnownLearner | None:
        """The learner, where these identities add nothing; else None, and nothing stands of what was read.

        A new identity may bring permissions and assignments that waited for it.
        """
        if self._recalled is not None and self._recalled.is_known_by(identities, keys):
            return self._recalled.learner
        self.seen.clear()
        self.was_nudged = False
        return None
