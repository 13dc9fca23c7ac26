"""People at the studio's door: `studio(Permission.TRAINER)` launches somebody who holds just that.

`Visitor.home` is then /studio/<visit>/, so that `.get("tutorials")` and `.post("tutorials", {...})` are short.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

import pytest
from werkzeug.test import TestResponse, encode_multipart

from smart_app.organizations.permissions import Permission, grant
from smart_app.visits.models import Visit
from tests.plugins.app import BASE_URL, OUR_PAGE, RealApp, Visitor

Studio = Callable[..., Visitor]


def learner_of(app: RealApp, visitor: Visitor) -> UUID:
    """Who the visitor's visit belongs to."""
    with app.database.reading() as session:
        return session.get_one(Visit, (app.organization, visitor.visit)).learner


def give(app: RealApp, visitor: Visitor, *permissions: Permission) -> None:
    """Grant them, as an administrator would."""
    learner = learner_of(app, visitor)
    with app.database.writing() as session:
        for permission in permissions:
            grant(session, organization=app.organization, learner=learner, permission=permission, actor="test")
        session.commit()


def at_studio(app: RealApp, visitor: Visitor) -> Visitor:
    """The same browser, at the studio's pages of its visit."""
    return Visitor(visitor.client, f"/studio/{visitor.visit}/")


def upload(visitor: Visitor, path: str, fields: Mapping[str, object]) -> TestResponse:
    """POST a form with files, as a browser does; whole in memory, for werkzeug's own encoder leaves a file open."""
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    return visitor.client.post(visitor.home + path, data=body, content_type=kind, headers=OUR_PAGE, base_url=BASE_URL)


@pytest.fixture
def studio(app: RealApp) -> Studio:
    """Launch as `person` (each a colleague of their own), hold these permissions, and go to the studio."""

    def enter(*permissions: Permission, person: str = "prac-1") -> Visitor:
        if person != "prac-1":
            app.records.add_nurse(person)
        visitor = app.launch(person=person)
        give(app, visitor, *permissions)
        return at_studio(app, visitor)

    return enter
