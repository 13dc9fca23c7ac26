"""How the player tells the ledger: each act of a visit as one usage event, with no more than may be kept."""

import re
from typing import Any

from sqlalchemy.orm import Session

from smart_app import ledger
from smart_app.keys import KeyRing
from smart_app.ledger import EventType, Recorded, UsageEvent
from smart_app.library import vocabulary
from smart_app.player.offered import Taught
from smart_app.visits.session import VisitView

_FORM_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_DAY_ALONE: dict[str, Any] = {"day_only": True, "context": {}, "seconds": None}
"""What a sensitive AI feature leaves: no clock time, no context, no seconds."""


_NOT_IN_A_WORD = re.compile(r"[^A-Za-z0-9._:/#+-]+")

About = tuple[str, str, str | None]
"""(object type, id, version)."""


class BadKey(ValueError):
    """The form's key is missing or is not one that this app made."""


def tell(
    session: Session,
    *,
    keys: KeyRing,
    visit: VisitView,
    key: str,
    type: EventType,
    taught: Taught | None = None,
    about: About | None = None,
    also: str = "",
    **said: Any,
) -> Recorded:
    """Record one act of this visit, once for the form's `key`.

    `about`: (object type, id, version), by default the tutorial. `also` tells apart two events of one form.
    `said`: further fields of :class:`UsageEvent`. Raises :class:`BadKey`, :class:`~smart_app.ledger.KeyReused`.
    """
    if not _FORM_KEY.fullmatch(key):
        raise BadKey("no key")
    what = about or (about_tutorial(taught) if taught else (None, None, None))
    if taught is not None:
        said |= _DAY_ALONE if taught.sensitive else {"context": context_of(visit)}
    event = UsageEvent(
        **who_and_where(visit), type=type, object_type=what[0], object_id=what[1], object_version=what[2], **said
    )
    return ledger.record(session, keys=keys, key=f"visit/{visit.id}/{key}{also}", event=event)


def who_and_where(visit: VisitView) -> dict[str, Any]:
    """The fields that every event of a visit shares."""
    role = visit.job_roles[0] if visit.job_roles else None
    return {"organization": visit.organization, "learner": visit.learner, "ehr": visit.ehr, "job_role": role}


def context_of(visit: VisitView) -> dict[str, Any]:
    """Codes only: words that we know, and task codes only where the EHR says that a task is open."""
    from_ehr = visit.task_open and visit.task_said is None
    codes = ledger.recordable_task_codes(visit.task_codes) if from_ehr else ()
    intent = visit.intent if visit.intent in vocabulary.WORK else None
    encounter = visit.encounter_class if visit.encounter_class in vocabulary.ENCOUNTER_CLASSES else None
    return {"task_codes": codes, "intent": intent, "encounter_class": encounter}


def about_tutorial(taught: Taught) -> About:
    """The tutorial, as the ledger names it."""
    return ("tutorial", taught.version.tutorial, str(taught.version.version))


def about_feature(taught: Taught) -> About:
    """The AI feature, as the ledger names it; the tutorial, where it teaches no single one."""
    if taught.feature is None:
        return about_tutorial(taught)
    # A version is what an organization wrote, say "May 2026": the ledger keeps words without blanks.
    version = _NOT_IN_A_WORD.sub("-", taught.feature.version).strip("-._:/#+")
    return ("ai-feature", taught.feature.id, version or None)
