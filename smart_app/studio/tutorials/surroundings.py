"""What an organization has that a draft may point at: job roles, AI features, drills, sources, pictures."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.drill_file import SUFFIX
from smart_app.library.front_matter import Known
from smart_app.library.models import AiFeatureRow, LibraryFileRow
from smart_app.library.pictures import picture_names
from smart_app.library.publishing import sources_of
from smart_app.library.vocabulary import EVERYONE
from smart_app.organizations.job_roles import job_roles
from smart_app.studio.tutorials.judging import Surroundings


def surroundings(session: Session, *, organization: UUID) -> Surroundings:
    """Of this organization, now."""
    roles = [role.id for role in job_roles(session, organization=organization)]
    features = select(AiFeatureRow.id).where(AiFeatureRow.organization == organization)
    drills = select(LibraryFileRow.name).where(
        LibraryFileRow.organization == organization, LibraryFileRow.name.endswith(SUFFIX, autoescape=True)
    )
    known = Known(
        roles=[*roles, EVERYONE],
        ai_features=frozenset(session.scalars(features)),
        drills=frozenset(name.removesuffix(SUFFIX) for name in session.scalars(drills)),
        pictures=picture_names(session, organization=organization),
    )
    return Surroundings(known, sources_of(session, organization=organization))
