"""Find a tutorial by its title, its parts or the AI feature it teaches, among those for one's job roles."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.choosing import catalogue_of
from smart_app.library.models import AiFeatureRow, TutorialVersionRow
from smart_app.library.search_index import asked_words, plain_words, search
from smart_app.library.situation import Target
from smart_app.library.vocabulary import ANY_FEATURE

MOST_FOUND = 20


@dataclass(frozen=True, kw_only=True)
class Found:
    """A tutorial that was found."""

    tutorial: str
    version: int
    title: str
    minutes: int
    card: str | None
    ai_feature: str
    ai_feature_name: str | None
    """As the organization calls it; None where the tutorial teaches no single one."""
    part: str | None
    """Slug of the part that holds most of the words, or None where title and AI feature hold them all."""
    heading: str | None
    """Of that part."""


def find(session: Session, *, organization: UUID, job_roles: tuple[str, ...], words: str) -> tuple[Found, ...]:
    """At most twenty, best first: titles before AI features before parts. Nothing for words that find nothing.

    Only what is for one of `job_roles` or everyone and whose AI feature is live. Any text is safe; nothing
    of it is kept.
    """
    ranked = search(session, organization=organization, words=words)
    if not ranked:
        return ()
    catalogue = catalogue_of(session, organization=organization)
    live = catalogue.live_for(job_roles, datetime.now(UTC).date()) | {ANY_FEATURE}
    mine = {target.tutorial: target for target in catalogue.for_roles(job_roles) if target.ai_feature in live}
    best = [mine[tutorial] for tutorial in ranked if tutorial in mine][:MOST_FOUND]
    rows = _rows(session, organization, best)
    names = _feature_names(session, organization)
    asked = asked_words(words)
    return tuple(_as_found(rows[target.tutorial], names, asked) for target in best if target.tutorial in rows)


def _rows(session: Session, organization: UUID, targets: Iterable[Target]) -> dict[str, TutorialVersionRow]:
    wanted = {target.tutorial: target.version for target in targets}
    rows = session.scalars(
        select(TutorialVersionRow).where(
            TutorialVersionRow.organization == organization, TutorialVersionRow.tutorial.in_(wanted)
        )
    )
    return {row.tutorial: row for row in rows if row.version == wanted[row.tutorial]}


def _feature_names(session: Session, organization: UUID) -> dict[str, str]:
    named = select(AiFeatureRow.id, AiFeatureRow.name).where(AiFeatureRow.organization == organization)
    return dict(session.execute(named).all())


def _as_found(row: TutorialVersionRow, names: dict[str, str], asked: tuple[str, ...]) -> Found:
    front = row.front_matter
    name = names.get(front["ai_feature"])
    part = _part_with(row, asked, besides=f"{front['title']} {name or ''}")
    return Found(
        tutorial=row.tutorial,
        version=row.version,
        title=front["title"],
        minutes=front["minutes"],
        card=front.get("card"),
        ai_feature=front["ai_feature"],
        ai_feature_name=name,
        part=part["slug"] if part else None,
        heading=part["heading"] if part else None,
    )


def _part_with(row: TutorialVersionRow, asked: tuple[str, ...], *, besides: str) -> dict[str, str] | None:
    if _held(asked, besides) == len(asked):
        return None
    parts: list[dict[str, str]] = row.rendered["parts"]
    best = max(parts, key=lambda part: _held(asked, part["html"]))
    return best if _held(asked, best["html"]) else None


def _held(asked: tuple[str, ...], text: str) -> int:
    """How many of the words begin a word here, give or take an English ending."""
    here = " " + " ".join(re.findall(r"[^\W_]+", plain_words(text)))
    return sum(f" {_stem(word)}" in here for word in asked)


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word
