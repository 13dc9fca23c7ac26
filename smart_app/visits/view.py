"""A visit as pages see it: frozen, in codes, without row or session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID

from smart_app.visits.task_titles import find_title

NO_TASK = "none"
"""What the learner names where no task in particular is open."""


@dataclass(frozen=True)
class VisitChoice:
    """A tutorial chosen for the visit, with why."""

    tutorial: str
    version: int
    reasons: tuple[Mapping[str, str], ...]
    """Each {kind, text}."""

    def as_json(self) -> dict[str, Any]:
        """As the row keeps it."""
        return {"tutorial": self.tutorial, "version": self.version, "reasons": list(self.reasons)}


class ReasonLike(Protocol):
    """Why a tutorial was chosen."""

    @property
    def kind(self) -> str: ...

    @property
    def text(self) -> str: ...


class ChoiceLike(Protocol):
    """What targeting gives (:class:`smart_app.library.targeting.Choice`)."""

    @property
    def tutorial(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def reasons(self) -> Sequence[ReasonLike]: ...


@dataclass(frozen=True, kw_only=True)
class VisitView:
    """Who is here, what is open, and what was chosen."""

    id: UUID
    organization: UUID
    organization_name: str
    learner: UUID
    ehr: str
    """Id of the EHR registration, hex."""
    ehr_name: str
    reference: str
    """Of the launch report."""
    job_roles: tuple[str, ...]
    role_titles: tuple[str, ...]
    role_declared: bool
    task_codes: tuple[str, ...]
    """ "system|code"; empty where no task is open."""
    task_open: bool
    task_title: str | None
    intent: str | None
    placement: str | None
    encounter_class: str | None
    frequent_task_codes: tuple[str, ...]
    specialties: tuple[str, ...]
    standalone: bool
    missing: tuple[str, ...]
    choices: tuple[VisitChoice, ...]
    frame_ancestors: tuple[str, ...]
    style: Mapping[str, str] = field(default_factory=dict)
    """Custom properties of the EHR's style (:mod:`smart_app.visits.ehr_style`); empty: our own."""
    task_said: str | None = None
    """The task is the learner's word: a code, or NO_TASK. None: the EHR's."""
    nudges: bool = False
    """Home puts the first choice first, unasked."""
    asserted: tuple[tuple[str, str, str], ...] = ()
    """Permissions that the EHR's role codes gave at the launch: (permission, system, code)."""
    asked: bool = False
    """Home puts one tutorial first, since the learner asked. With neither, it is a quiet list."""


def view_of(row: Any, *, organization_name: str, ehr_name: str, frame_ancestors: Sequence[str]) -> VisitView:
    """The view of a row: a :class:`~smart_app.visits.models.Visit`, or its columns as a query gives them."""
    return VisitView(
        id=row.id,
        organization=row.organization,
        organization_name=organization_name,
        learner=row.learner,
        ehr=row.registration.hex,
        ehr_name=ehr_name,
        reference=row.reference,
        job_roles=tuple(row.job_roles),
        role_titles=tuple(row.role_titles),
        role_declared=row.role_declared,
        **_what_is_open(row),
        encounter_class=row.encounter_class,
        frequent_task_codes=tuple(row.frequent_task_codes),
        specialties=tuple(row.specialties),
        standalone=row.standalone,
        missing=tuple(row.missing),
        choices=tuple(map(_choice, row.choices)),
        frame_ancestors=tuple(frame_ancestors),
        style=dict(row.style or {}),
        nudges=row.nudged_at is not None,
        asked=bool(row.asked),
        asserted=tuple((permission, system, code) for permission, system, code in row.asserted or ()),
    )


def _what_is_open(row: Any) -> dict[str, Any]:
    """From the EHR; where the learner named the task, that alone, since the rest led to the wrong one."""
    said = row.task_said
    codes = tuple(row.task_codes) if said is None else tuple(code for code in (said,) if code != NO_TASK)
    return {
        "task_said": said,
        "task_codes": codes,
        "task_open": row.task_open if said is None else bool(codes),
        "task_title": find_title(codes),
        "intent": row.intent if said is None else None,
        "placement": row.placement if said is None else None,
    }


def with_choices(view: VisitView, choices: Sequence[ChoiceLike]) -> VisitView:
    """The view with what was chosen for it."""
    return replace(view, choices=tuple(map(_chosen, choices)))


def as_json(choices: Sequence[VisitChoice]) -> list[dict[str, Any]]:
    """Choices as the row keeps them."""
    return [choice.as_json() for choice in choices]


def _chosen(choice: ChoiceLike) -> VisitChoice:
    reasons = tuple({"kind": reason.kind, "text": reason.text} for reason in choice.reasons)
    return VisitChoice(choice.tutorial, choice.version, reasons)


def _choice(kept: Mapping[str, Any]) -> VisitChoice:
    return VisitChoice(kept["tutorial"], kept["version"], tuple(kept["reasons"]))
