"""Find a tutorial by its title, its parts or the AI feature it teaches, among those for one's job roles."""

import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.models import AiFeatureRow, TutorialVersionRow
from smart_app.library.reading import current_rows
from smart_app.library.search_index import asked_words, plain_words, search
from smart_app.library.vocabulary import ANY_FEATURE, EVERYONE

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
    features = _live_features(session, organization)
    rows = {row.tutorial: row for row in current_rows(session, organization=organization)}
    mine = {*job_roles, EVERYONE}
    asked = asked_words(words)
    fitting = [
        _as_found(rows[tutorial], features, asked)
        for tutorial in ranked
        if tutorial in rows
        and mine.intersection(rows[tutorial].front_matter["roles"])
        and rows[tutorial].front_matter["ai_feature"] in features
    ]
    return tuple(fitting[:MOST_FOUND])


def _live_features(session: Session, organization: UUID) -> dict[str, str | None]:
    """Id to name of the live ones, and "any" without a name."""
    rows = session.execute(
        select(AiFeatureRow.id, AiFeatureRow.name).where(
            AiFeatureRow.organization == organization, AiFeatureRow.status == "live"
        )
    )
    return {ANY_FEATURE: None, **dict(rows.all())}


def _as_found(row: TutorialVersionRow, features: dict[str, str | None], asked: tuple[str, ...]) -> Found:
    front = row.front_matter
    name = features[front["ai_feature"]]
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
