"""Who will see a draft, in the sentence of *Who sees what*, and whether the organization's own targets go before it."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from smart_app.library.choosing import with_targets
from smart_app.library.own_targets import Targets, find_own_targets
from smart_app.library.situation import Target
from smart_app.studio.targeting.surroundings import Surroundings, surroundings
from smart_app.studio.targeting.target_form import Boxes, questions
from smart_app.studio.tutorials.fields import DraftFields, from_json
from smart_app.studio.tutorials.models import TutorialDraft
from smart_app.visits.codes_seen import staff_codes


@dataclass(frozen=True)
class OwnTargets:
    """What the organization set in place of every version's targets."""

    on: str
    """ "3 May 2027"."""
    sentence: str


@dataclass(frozen=True)
class WhoSees:
    """Of one draft."""

    sentence: str
    """By its own fields; "" where they say nobody yet."""
    own: OwnTargets | None
    questions: tuple[Boxes, ...] = ()
    """The form's, of what stands below the work; only for the editor."""


def who_sees(session: Session, *, row: TutorialDraft, with_questions: bool = False) -> WhoSees:
    """At the organization of the draft. A reading of the database only."""
    fields, organization = from_json(row.fields), row.organization
    around = surroundings(session, organization=organization, with_people=False)
    given = Targets(fields.roles, fields.targets)
    seen = staff_codes(session, organization=organization) if with_questions else ()
    return WhoSees(
        _sentence(row, fields, given, around),
        _own(session, row, fields, around),
        questions(given, around, seen) if with_questions else (),
    )


def _own(session: Session, row: TutorialDraft, fields: DraftFields, around: Surroundings) -> OwnTargets | None:
    found = find_own_targets(session, organization=row.organization, tutorial=row.tutorial)
    if found is None:
        return None
    targets, changed = found
    return OwnTargets(f"{changed.day} {changed:%B %Y}", _sentence(row, fields, targets, around))


def _sentence(row: TutorialDraft, fields: DraftFields, given: Targets, around: Surroundings) -> str:
    if not given.roles:
        return ""
    bare = Target(tutorial=row.tutorial, version=row.version, ai_feature=fields.ai_feature, roles=frozenset())
    try:
        return around.sentence(with_targets(bare, given))
    except ValueError:
        return ""  # a date that is none yet: the field says so
