"""The studio's pages, all on one blueprint; each module holds the views of one group."""

from smart_app.studio import home_views
from smart_app.studio.administration import views as administration
from smart_app.studio.blueprint import blueprint
from smart_app.studio.files import views as files
from smart_app.studio.people import views as people
from smart_app.studio.targeting import views as targeting
from smart_app.studio.tutorials import views as tutorials

__all__ = ["administration", "blueprint", "files", "home_views", "people", "targeting", "tutorials"]
