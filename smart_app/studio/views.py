"""The studio's pages, all on one blueprint; each module holds the views of one group."""

from smart_app.studio import home_views
from smart_app.studio.blueprint import blueprint

__all__ = ["blueprint", "home_views"]
