"""The clinician's pages below /v/<visit>/, all on one blueprint.

The visit is resolved and writes are checked before any of these runs (:mod:`smart_app.visits.session`).
"""

from smart_app.player import (
    find_views,
    home_views,
    knowing_views,
    preference_views,
    role_views,
    tutorial_views,
    use_views,
)
from smart_app.player.blueprint import blueprint

__all__ = [
    "blueprint",
    "find_views",
    "home_views",
    "knowing_views",
    "preference_views",
    "role_views",
    "tutorial_views",
    "use_views",
]
