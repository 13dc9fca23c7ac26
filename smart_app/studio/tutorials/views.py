"""All pages of tutorials: importing this puts them on the studio's blueprint."""

from smart_app.studio.tutorials import (
    editor_views,
    list_views,
    picture_views,
    preview_views,
    refusals,
    review_views,
)

__all__ = ["editor_views", "list_views", "picture_views", "preview_views", "refusals", "review_views"]
