"""Full-text search of what is published; marks of sensitive contexts; the model card of AI features."""

import html
import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TUTORIALS = sa.table(
    "tutorial_versions",
    *(sa.column(name, kind) for name, kind in (("organization", sa.Uuid()), ("tutorial", sa.String()))),
    *(sa.column(name, kind) for name, kind in (("version", sa.Integer()), ("status", sa.String()))),
    *(sa.column(name, sa.JSON()) for name in ("front_matter", "rendered")),
)
_FEATURES = sa.table(
    "ai_features", sa.column("organization", sa.Uuid()), sa.column("id", sa.String()), sa.column("name", sa.String())
)


def upgrade() -> None:
    """Add the columns, the index and its rows for what is published already."""
    op.add_column("libraries", sa.Column("sensitive", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("ai_features", sa.Column("model_card", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("ai_features", sa.Column("what_changed", sa.String(300)))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE library_search USING fts5(organization UNINDEXED, tutorial UNINDEXED, "
            "title, feature, body, tokenize = 'porter unicode61')"
        )
    else:
        op.execute(
            "CREATE TABLE library_search (organization uuid NOT NULL, tutorial varchar(60) NOT NULL, "
            "words tsvector NOT NULL, PRIMARY KEY (organization, tutorial))"
        )
        op.execute("CREATE INDEX ix_library_search_words ON library_search USING gin (words)")
    _fill(op.get_bind())


def downgrade() -> None:
    """Remove them."""
    op.execute("DROP TABLE library_search")
    op.drop_column("ai_features", "what_changed")
    op.drop_column("ai_features", "model_card")
    op.drop_column("libraries", "sensitive")


def _fill(connection: sa.Connection) -> None:
    rows = connection.execute(
        sa.select(_TUTORIALS)
        .where(_TUTORIALS.c.status != "draft")
        .order_by(_TUTORIALS.c.organization, _TUTORIALS.c.tutorial, _TUTORIALS.c.version)
    )
    newest = {(row.organization, row.tutorial): row for row in rows}
    names = {(row.organization, row.id): row.name for row in connection.execute(sa.select(_FEATURES))}
    for key, row in newest.items():
        if row.status == "published":
            front = row.front_matter
            connection.execute(
                sa.text(_INSERT[connection.dialect.name]),
                {
                    "organization": key[0].hex,
                    "tutorial": key[1],
                    "title": _plain(f"{front['title']} {front['workflow'].replace('-', ' ')}"),
                    "feature": _plain(names.get((key[0], front["ai_feature"]), "")),
                    "body": _plain(_body(front, row.rendered)),
                },
            )


_INSERT = {
    "sqlite": "INSERT INTO library_search VALUES (:organization, :tutorial, :title, :feature, :body)",
    "postgresql": "INSERT INTO library_search VALUES (CAST(:organization AS uuid), :tutorial, "
    "setweight(to_tsvector('english', :title), 'A') || setweight(to_tsvector('english', :feature), 'B') "
    "|| setweight(to_tsvector('english', :body), 'D'))",
}


def _body(front: dict[str, Any], rendered: dict[str, Any]) -> str:
    parts = [f"{part['heading']} {part['html']}" for part in rendered["parts"]]
    return " ".join([front.get("card") or "", *parts])


def _plain(text: str) -> str:
    text = html.unescape(re.sub(r"<[^>]*>", " ", text))
    kept = (mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))
    return " ".join("".join(kept).lower().split())
