"""All pages of people."""

from smart_app.studio.people import assignment_views, refusals, rollout_views, roster_views

__all__ = ["assignment_views", "refusals", "rollout_views", "roster_views"]
