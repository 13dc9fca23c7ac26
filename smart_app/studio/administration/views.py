"""All pages of Administration."""

from smart_app.studio.administration import admin_views, ehr_views, permission_views

__all__ = ["admin_views", "ehr_views", "permission_views"]
