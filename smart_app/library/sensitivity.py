"""Which context is sensitive: its use leaves the day alone, with no task code, intent, encounter class or hour.

Marked are, each by itself enough:

- an AI feature (`sensitive: true` in the registry or the local file);
- a tutorial (`sensitive: true` in its front matter), and with it the work that it names;
- a job role, or the whole organization (`sensitive` in the local file), such as a program under 42 CFR Part 2.

An AI feature that many use, such as an ambient note, is therefore not hidden for all because some of its use is.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from smart_app.library.choosing import catalogue_of
from smart_app.library.reading import AiFeature, TutorialVersion


def is_sensitive(
    session: Session,
    *,
    organization: UUID,
    version: TutorialVersion,
    feature: AiFeature | None,
    job_roles: Iterable[str],
    task_codes: Iterable[str],
    intent: str | None,
) -> bool:
    """Whether this use of this tutorial, by somebody of these roles with this work open, is sensitive."""
    taught = version.sensitive or (feature is not None and feature.sensitive)
    return taught or context_is_sensitive(
        session, organization=organization, job_roles=job_roles, task_codes=task_codes, intent=intent
    )


def context_is_sensitive(
    session: Session,
    *,
    organization: UUID,
    job_roles: Iterable[str],
    task_codes: Iterable[str],
    intent: str | None,
) -> bool:
    """Whether the person's role or the open work is sensitive by itself, whatever is taught.

    `task_codes`: "system|code" of the open task and of what the person often does.
    """
    catalogue = catalogue_of(session, organization=organization)
    if catalogue.sensitive or not catalogue.sensitive_roles.isdisjoint(job_roles):
        return True
    return not catalogue.sensitive_work.isdisjoint({*task_codes, *([intent] if intent else [])})
