"""An organization with two published tutorials, and people who write and review."""

from dataclasses import replace

import pytest

from smart_app.library.importing import import_library
from smart_app.studio.tutorials.fields import DraftFields
from tests.player.conftest import LIBRARY, local_file
from tests.plugins.app import RealApp
from tests.studio.tutorials.desk import GOOD


@pytest.fixture
def library(app: RealApp) -> RealApp:
    """The app with the tutorials of the player's tests, published by "the reviewer"."""
    with app.database.writing() as session:
        import_library(
            session,
            organization=app.organization,
            folder=LIBRARY,
            local=local_file(LIBRARY, False),
            reviewer="the reviewer",
            publish=True,
            grade=False,
        )
        session.commit()
    return app


@pytest.fixture
def good() -> DraftFields:
    """Fields that every rule lets through."""
    return replace(GOOD)
