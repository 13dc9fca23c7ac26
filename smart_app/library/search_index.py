"""The full-text index of what an organization has published: SQLite FTS5, PostgreSQL tsvector.

Words are stored without accents and in lower case, and asked for in the same form, so that both databases
find the same. English endings are cut off by the databases themselves.
"""

import html
import re
import unicodedata
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from smart_app.library.models import AiFeatureRow, TutorialVersionRow
from smart_app.library.reading import current_rows

MOST_WORDS = 8
MOST_LETTERS = 40
_MOST_CHARACTERS = 400
_WHOLE_BELOW = 3
"""A word of fewer letters is asked for as it is; longer ones also as the beginning of a word."""

_INSERT = {
    "sqlite": "INSERT INTO library_search VALUES (:organization, :tutorial, :title, :feature, :body)",
    "postgresql": "INSERT INTO library_search VALUES (CAST(:organization AS uuid), :tutorial, "
    "setweight(to_tsvector('english', :title), 'A') || setweight(to_tsvector('english', :feature), 'B') "
    "|| setweight(to_tsvector('english', :body), 'D'))",
}
_DELETE = {
    "sqlite": "DELETE FROM library_search WHERE organization = :organization",
    "postgresql": "DELETE FROM library_search WHERE organization = CAST(:organization AS uuid)",
}
_SEARCH = {
    "sqlite": "SELECT tutorial FROM library_search WHERE library_search MATCH :words "
    "AND organization = :organization ORDER BY bm25(library_search, 0, 0, 10.0, 5.0, 1.0), tutorial",
    "postgresql": "SELECT tutorial FROM library_search WHERE organization = CAST(:organization AS uuid) "
    "AND words @@ to_tsquery('english', :words) ORDER BY ts_rank(words, to_tsquery('english', :words)) DESC, tutorial",
}
_STOP_WORDS = (
    "a an and are as at be but by do for from how i if in into is it my no not of on or so such that the their then "
    "there these they this to was what when which who why will with you your"
)
"""Words that PostgreSQL leaves out of its index: left out of the question too, on both databases."""


def index_library(session: Session, *, organization: UUID) -> None:
    """Write the index of an organization anew: the newest published version of each tutorial. Flushes."""
    session.flush()
    dialect = session.get_bind().dialect.name
    session.execute(text(_DELETE[dialect]), {"organization": organization.hex})
    named = select(AiFeatureRow.id, AiFeatureRow.name).where(AiFeatureRow.organization == organization)
    names = dict(session.execute(named).all())
    rows = [_entry(row, names) for row in current_rows(session, organization=organization)]
    if rows:
        session.execute(text(_INSERT[dialect]), rows)


def search(session: Session, *, organization: UUID, words: str) -> tuple[str, ...]:
    """Tutorials that hold every word, best first; none for a question without a word. Safe for any text."""
    asked = asked_words(words)
    if not asked:
        return ()
    dialect = session.get_bind().dialect.name
    query = _fts5(asked) if dialect == "sqlite" else _tsquery(asked)
    return tuple(session.scalars(text(_SEARCH[dialect]), {"organization": organization.hex, "words": query}))


def asked_words(words: str) -> tuple[str, ...]:
    """The words of a question in the index's form: letters and digits only, each once, at most eight."""
    found = re.findall(r"[^\W_]+", plain_words(words[:_MOST_CHARACTERS]))
    told = dict.fromkeys(word[:MOST_LETTERS] for word in found if word not in _STOP_WORDS.split())
    return tuple(told)[:MOST_WORDS]


def plain_words(text_or_html: str) -> str:
    """Without tags, accents and capitals, on one line."""
    bare = html.unescape(re.sub(r"<[^>]*>", " ", text_or_html))
    kept = (mark for mark in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(mark))
    return " ".join("".join(kept).lower().split())


def _entry(row: TutorialVersionRow, names: dict[str, str]) -> dict[str, str]:
    front = row.front_matter
    parts = [f"{part['heading']} {part['html']}" for part in row.rendered["parts"]]
    return {
        "organization": row.organization.hex,
        "tutorial": row.tutorial,
        "title": plain_words(f"{front['title']} {front['workflow'].replace('-', ' ')}"),
        "feature": plain_words(names.get(front["ai_feature"], "")),
        "body": plain_words(" ".join([front.get("card") or "", *parts])),
    }


def _fts5(asked: Iterable[str]) -> str:
    return " ".join(f'"{word}"' + ("*" if len(word) >= _WHOLE_BELOW else "") for word in asked)


def _tsquery(asked: Iterable[str]) -> str:
    return " & ".join(f"'{word}'" + (":*" if len(word) >= _WHOLE_BELOW else "") for word in asked)
