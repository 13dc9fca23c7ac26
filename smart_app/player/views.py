"""The clinician's pages below /v/<visit>/, all on one blueprint.

The visit is resolved and writes are checked before any of these runs (:mod:`smart_app.visits.session`).
"""

from smart_app.player import home_views, role_views, tutorial_views
from smart_app.player.blueprint import blueprint

__all__ = ["blueprint", "home_views", "role_views", "tutorial_views"]
