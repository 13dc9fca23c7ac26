"""draft -> in review -> published -> retired: who may do what with a version, as one table. Pure.

A draft is one open text of a tutorial. Once published it is a version and never changes; a change is a new draft.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class State(StrEnum):
    """Of a draft or of the version it became."""

    DRAFT = "draft"
    IN_REVIEW = "in review"
    PUBLISHED = "published"
    RETIRED = "retired"
    DISCARDED = "discarded"


class Act(StrEnum):
    """What can be done with it."""

    SAVE = "save"
    SEND = "send for review"
    TAKE_BACK = "take back"
    SEND_BACK = "send back"
    PUBLISH = "publish"
    DISCARD = "discard"
    RESTORE = "restore"
    RETIRE = "retire"
    REINSTATE = "reinstate"


class Part(StrEnum):
    """What somebody is to a version."""

    WRITER = "writer"
    """A trainer of the organization."""
    REVIEWER = "reviewer"
    """Somebody who may review it and wrote none of it."""


class Step(NamedTuple):
    """Where an act leads, and whose act it is."""

    to: State
    by: Part


STEPS: Mapping[tuple[State, Act], Step] = MappingProxyType(
    {
        (State.DRAFT, Act.SAVE): Step(State.DRAFT, Part.WRITER),
        (State.DRAFT, Act.SEND): Step(State.IN_REVIEW, Part.WRITER),
        (State.DRAFT, Act.DISCARD): Step(State.DISCARDED, Part.WRITER),
        (State.DISCARDED, Act.RESTORE): Step(State.DRAFT, Part.WRITER),
        (State.IN_REVIEW, Act.TAKE_BACK): Step(State.DRAFT, Part.WRITER),
        (State.IN_REVIEW, Act.SEND_BACK): Step(State.DRAFT, Part.REVIEWER),
        (State.IN_REVIEW, Act.PUBLISH): Step(State.PUBLISHED, Part.REVIEWER),
        (State.PUBLISHED, Act.RETIRE): Step(State.RETIRED, Part.WRITER),
        (State.RETIRED, Act.REINSTATE): Step(State.PUBLISHED, Part.WRITER),
    }
)
"""Every act that there is. What is not here cannot be done; nothing leads from published back to a draft."""


class NotPossible(ValueError):
    """The act does not fit the state."""

    def __init__(self, state: State, act: Act) -> None:
        super().__init__(f"{act} a version that is {state}")
        self.state, self.act = state, act


class NotYours(ValueError):
    """The act is somebody else's; `why` says so in a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Actor(NamedTuple):
    """Who acts, as far as the table asks."""

    id: str
    """Learner, hex."""
    is_trainer: bool
    may_review: bool
    """Clinical reviewer here, or invited for this very version."""


def step(state: State, act: Act, *, actor: Actor, authors: frozenset[str]) -> State:
    """The state after `act`. `authors`: everybody who wrote in this draft. Raises NotPossible, NotYours."""
    following = STEPS.get((state, act))
    if following is None:
        raise NotPossible(state, act)
    if following.by is Part.WRITER and not actor.is_trainer:
        raise NotYours("Trainers do this.")
    if following.by is Part.REVIEWER:
        _must_be_a_second_person(actor, authors)
    return following.to


def _must_be_a_second_person(actor: Actor, authors: frozenset[str]) -> None:
    if not actor.may_review:
        raise NotYours("Clinical reviewers do this.")
    if actor.id in authors:
        raise NotYours("You wrote in this version, so a second person must review it.")


class InProgress(StrEnum):
    """What a new version does with people who are in the middle of the one before."""

    FINISH = "finish"
    """They finish the old one, then see what changed."""
    KEEP = "keep"
    """They finish the old one, and it counts: the new one is not put before them."""
    RESTART = "restart"
    """They begin the new one at its beginning."""


IN_PROGRESS_WORDS: Mapping[InProgress, str] = MappingProxyType(
    {
        InProgress.FINISH: "They finish the old version, then see what changed.",
        InProgress.KEEP: "They finish the old version, and that is enough.",
        InProgress.RESTART: "They start again with the new version.",
    }
)
