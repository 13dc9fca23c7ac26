"""All pages of who sees what."""

from smart_app.studio.targeting import (
    ai_feature_views,
    coverage_views,
    match_views,
    preview_views,
    role_map_views,
    target_views,
    undoing,
)

__all__ = [
    "ai_feature_views",
    "coverage_views",
    "match_views",
    "preview_views",
    "role_map_views",
    "target_views",
    "undoing",
]
