"""The studio's navigation: what is there, and only what this learner may open."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import current_app, url_for

from smart_app.organizations.permissions import Permission
from smart_app.studio.access import policy_of
from smart_app.visits.session import current_visit


@dataclass(frozen=True)
class Entry:
    """A page that the navigation leads to."""

    endpoint: str
    words: str
    what: str
    """What one does there, for the first page."""
    address: str = ""


@dataclass(frozen=True)
class Group:
    """Entries that belong together."""

    words: str
    entries: tuple[Entry, ...]


GROUPS = (
    Group(
        "Teach",
        (
            Entry("studio.tutorials", "Tutorials", "Write, preview and send for review."),
            Entry("studio.reviews", "Review", "Read what a colleague wrote, beside what is live."),
            Entry(
                "studio.targeting", "Who sees what", "Preview as any role, and ask why a tutorial did or did not show."
            ),
            Entry("studio.coverage", "Coverage", "Roles and AI features, and where no tutorial is."),
        ),
    ),
    Group(
        "People",
        (
            Entry("studio.role_map", "Job roles", "Which codes of the EHR mean which job role."),
            Entry("studio.roster", "Roster", "Who is staff here, by unit and role."),
            Entry("studio.rollouts", "Rollouts", "AI features, units and dates, and what is still missing."),
            Entry("studio.assignments", "Assignments", "Ask roles, units or people to do a tutorial by a date."),
        ),
    ),
    Group(
        "Set up",
        (
            Entry("studio.ai_features", "AI features", "What staff may use, since when, and its known limits."),
            Entry("studio.files", "Library in files", "Take the library out as files, or bring files in."),
            Entry("studio.admin", "Administration", "EHRs, permissions, launch reports and settings."),
        ),
    ),
)


def navigation(held: Iterable[Permission]) -> tuple[Group, ...]:
    """What somebody with these permissions may open; pages that are not there are left out."""
    mine = frozenset(held)
    groups = (Group(group.words, tuple(_open(group.entries, mine))) for group in GROUPS)
    return tuple(group for group in groups if group.entries)


def _open(entries: Iterable[Entry], held: frozenset[Permission]) -> Iterable[Entry]:
    for entry in entries:
        policy = policy_of(entry.endpoint) if entry.endpoint in current_app.view_functions else None
        if policy and (policy.reason or policy.permissions & held):
            address = url_for(entry.endpoint, visit=current_visit().id)
            yield Entry(entry.endpoint, entry.words, entry.what, address)
