"""What the editor shows, decided before the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.library import vocabulary
from smart_app.library.drill_file import SUFFIX
from smart_app.library.models import AiFeatureRow, LibraryFileRow, PictureRow
from smart_app.library.publishing import sources_of
from smart_app.library.vocabulary import ANY_FEATURE, EVERYONE, WORK
from smart_app.organizations.job_roles import job_roles
from smart_app.studio.tutorials.fields import (
    PARTS,
    DraftFields,
    QuestionFields,
    SourceFields,
    from_json,
)
from smart_app.studio.tutorials.forms import MOST_SOURCES, QUESTIONS
from smart_app.studio.tutorials.judging import EMPTY, SECONDS_AT_MOST, Judged, Problem, judge
from smart_app.studio.tutorials.models import TutorialDraft
from smart_app.studio.tutorials.surroundings import surroundings
from smart_app.studio.tutorials.target_fields import AS_IT_IS, BY_WORDS, work_by, work_of
from smart_app.studio.tutorials.target_words import beyond_the_work
from smart_app.studio.tutorials.version_rules import IN_PROGRESS_WORDS
from smart_app.visits.view import VisitView

_HINTS: Mapping[str, str] = {
    "why": "The tedious work it removes, and the fear it answers.",
    "how": "Numbered steps in the EHR: 1. Open the panel. One action a line.",
    "watch-for": "How it fails, and who says so. Cite a source as [@its-id].",
    "verify": "Three checks at most, each: - **Open the lab.** Match each result. This is also the verify card.",
    "try-it": "On the open task, and safe. Not yet is an answer.",
    "when-not": "When to leave it alone: - one case a line.",
}
_ROWS: Mapping[str, int] = {"why": 5, "how": 7, "watch-for": 6, "verify": 6, "try-it": 4, "when-not": 5}
_NAMES: Mapping[str, str] = {
    "title": "Title",
    "ai_feature": "AI feature",
    "roles": "Who it is for",
    "targets": "When it shows",
    "card": "The card's line",
    "sources": "Sources",
    "slots": "What is local",
    "questions": "Three questions",
    "what_changed": "What changed",
    "minutes": "Minutes",
    "review_by": "Read again by",
    "drill": "Practice",
    "workflow": "Workflow",
    "sensitive": "Sensitive",
    "file": "The whole",
    **PARTS,
}


class Option(NamedTuple):
    """A choice of a list or a box to tick."""

    value: str
    words: str
    chosen: bool


class PartField(NamedTuple):
    """One of the six parts."""

    slug: str
    heading: str
    hint: str
    rows: int
    text: str
    words: int
    problems: tuple[str, ...]


class Shortcoming(NamedTuple):
    """A problem with a link to its field."""

    field: str
    name: str
    words: str


class SlotField(NamedTuple):
    """A local slot in the text."""

    slot: str
    value: str


class PictureLine(NamedTuple):
    """A picture that may be shown."""

    name: str
    alt: str


@dataclass(frozen=True, kw_only=True)
class EditorPage:
    """The editor of one draft."""

    draft: UUID
    tutorial: str
    version: int
    revision: int
    saved: str
    """ "14:32", UTC."""
    fields: DraftFields
    judged: Judged
    shortcomings: tuple[Shortcoming, ...]
    features: tuple[Option, ...]
    drills: tuple[Option, ...]
    roles: tuple[Option, ...]
    roles_words: str
    work: tuple[Option, ...]
    work_words: str
    work_by: tuple[Option, ...]
    """How the work is known: by an open task, by the launch's intent, or by both."""
    also: str
    """What else brings or narrows it, in a sentence; "" for nothing."""
    parts: tuple[PartField, ...]
    sources: tuple[SourceFields, ...]
    """With one empty at the end."""
    listed: tuple[SourceFields, ...]
    """The library's, to cite."""
    slots: tuple[SlotField, ...]
    pictures: tuple[PictureLine, ...]
    questions: tuple[QuestionFields, ...]
    in_progress: tuple[Option, ...]
    note: str | None
    last_editor: str
    """The open page that saved last."""
    local_copy: str
    """Under which name this browser keeps what is not saved yet: of this person and draft."""

    @property
    def reading(self) -> str:
        """ "1 min 20 s"."""
        minutes, seconds = divmod(self.judged.seconds, 60)
        return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"

    @property
    def empty_words(self) -> frozenset[str]:
        """What is said of empty fields: at the field itself only to whoever has tried to send."""
        return frozenset(EMPTY.values())

    @property
    def seconds_at_most(self) -> int:
        """Three minutes."""
        return SECONDS_AT_MOST


def editor_page(session: Session, *, visit: VisitView, row: TutorialDraft, keys: KeyRing) -> EditorPage:
    """The page of a draft as it is saved. A reading of the database only."""
    fields, around = from_json(row.fields), surroundings(session, organization=visit.organization)
    judged = judge(fields, tutorial=row.tutorial, version=row.version, around=around)
    roles = [(role.id, role.title) for role in job_roles(session, organization=visit.organization)]
    titles = {**dict(roles), EVERYONE: "Everyone"}
    chosen = work_of(fields.targets)
    return EditorPage(
        draft=row.id,
        tutorial=row.tutorial,
        version=row.version,
        revision=row.revision,
        saved=f"{row.saved_at:%H:%M}",
        fields=fields,
        judged=judged,
        shortcomings=tuple(map(_shortcoming, judged.problems)),
        features=_features(session, visit.organization, fields.ai_feature),
        drills=_drills(session, visit.organization, fields.drill),
        roles=tuple(Option(id, title, id in fields.roles) for id, title in titles.items()),
        roles_words=vocabulary.in_words([titles.get(role, role) for role in fields.roles]),
        work=tuple(Option(word, work_words(word), word in chosen) for word in WORK),
        work_words="any work" if fields.targets.get("any") else vocabulary.in_words(sorted(map(work_words, chosen))),
        work_by=_work_by(fields.targets),
        also=beyond_the_work(fields.targets),
        parts=tuple(_part(slug, fields, judged) for slug in PARTS),
        sources=(*fields.sources, SourceFields())[:MOST_SOURCES],
        listed=_listed(session, visit.organization, fields),
        slots=tuple(SlotField(slot, fields.slots.get(slot, "")) for slot in fields.slot_texts()),
        pictures=_pictures(session, visit.organization),
        questions=(*fields.questions, *[QuestionFields()] * QUESTIONS)[:QUESTIONS],
        in_progress=tuple(
            Option(value.value, words, value == fields.in_progress) for value, words in IN_PROGRESS_WORDS.items()
        ),
        note=row.note,
        last_editor=row.editor,
        local_copy=keys.hash("local copy of a draft", f"{visit.learner.hex}/{row.id.hex}").hex()[:24],
    )


def work_words(word: str) -> str:
    """ "shift-handoff" -> "a handoff"; as the sentence to the clinician says it."""
    return WORK[word].work if word in WORK else word.replace("-", " ")


def _work_by(targets: Mapping[str, object]) -> tuple[Option, ...]:
    """Leaving it as it is, is a choice only where no other one says what is there."""
    now = work_by(targets)
    return tuple(Option(by, words, by == now) for by, words in BY_WORDS.items() if by in (now, *_PLAIN))


_PLAIN = tuple(by for by in BY_WORDS if by != AS_IT_IS)


def _shortcoming(problem: Problem) -> Shortcoming:
    return Shortcoming(problem.field, _NAMES.get(problem.field, problem.field), problem.words)


def _part(slug: str, fields: DraftFields, judged: Judged) -> PartField:
    text = fields.parts.get(slug, "")
    return PartField(slug, PARTS[slug], _HINTS[slug], _ROWS[slug], text, judged.words[slug], judged.of(slug))


def _features(session: Session, organization: UUID, chosen: str) -> tuple[Option, ...]:
    row = AiFeatureRow
    found = session.execute(
        select(row.id, row.name, row.version, row.status).where(row.organization == organization).order_by(row.name)
    )
    options = [Option("", "Choose one", not chosen)]
    options += [
        Option(each.id, _feature_words(each.name, each.version, each.status), each.id == chosen) for each in found
    ]
    return (*options, Option(ANY_FEATURE, "None in particular", chosen == ANY_FEATURE))


def _feature_words(name: str, version: str, status: str) -> str:
    numbered = name if version == "not stated" else f"{name} {version}"
    return f"{numbered[:1].upper()}{numbered[1:]}" + ("" if status == "live" else f" ({status})")


def _drills(session: Session, organization: UUID, chosen: str) -> tuple[Option, ...]:
    row = LibraryFileRow
    names = session.scalars(
        select(row.name)
        .where(row.organization == organization, row.name.endswith(SUFFIX, autoescape=True))
        .order_by(row.name)
    )
    drills = [name.removesuffix(SUFFIX) for name in names]
    return (Option("", "None", not chosen), *(Option(drill, drill, drill == chosen) for drill in drills))


def _listed(session: Session, organization: UUID, fields: DraftFields) -> tuple[SourceFields, ...]:
    mine = {source.id for source in fields.sources}
    found = sources_of(session, organization=organization).values()
    return tuple(SourceFields(**_five(each)) for each in found if each.get("id") not in mine)


def _five(source: Mapping[str, str]) -> dict[str, str]:
    return {name: str(source.get(name) or "") for name in ("id", "title", "url", "sentence", "checked")}


def _pictures(session: Session, organization: UUID) -> tuple[PictureLine, ...]:
    row = PictureRow
    query = select(row.name, row.alt).where(row.organization == organization, row.removed_at.is_(None))
    return tuple(PictureLine(name, alt) for name, alt in session.execute(query.order_by(row.added_at.desc()).limit(40)))
