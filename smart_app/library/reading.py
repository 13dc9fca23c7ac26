"""Read published tutorials and the AI feature registry: plain frozen values, no rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from smart_app.db import once
from smart_app.library.models import AiFeatureRow, LibraryRow, TutorialVersionRow
from smart_app.library.own_targets import Targets, own_targets
from smart_app.library.vocabulary import ANY_FEATURE, EVERYONE

_REVISION = select(LibraryRow.revision).where(LibraryRow.organization == bindparam("organization"))
"""Made once: every launch asks."""


class NoSuchTutorial(LookupError):
    """This organization has no such published version."""


class NoSuchAiFeature(LookupError):
    """This organization's registry has no such AI feature."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One of the six parts. `html` is sanitized; sources stand at its end, local slots are filled."""

    slug: str
    """why, how, watch-for, verify, try-it or when-not."""
    heading: str
    html: str
    actions: tuple[str, ...] = ()
    """How: each numbered action as sanitized HTML without its <li>; empty in the other parts."""
    seconds: int
    """Estimated reading time, at 200 words a minute."""


@dataclass(frozen=True)
class Check:
    """A check of the Verify part: the bold action and what to do, as plain text."""

    action: str
    text: str


@dataclass(frozen=True)
class Source:
    """A source the tutorial cites."""

    id: str
    title: str
    url: str


@dataclass(frozen=True, kw_only=True)
class TutorialVersion:
    """A published version, as the player shows it."""

    tutorial: str
    version: int
    title: str
    minutes: int
    card: str | None
    """The 20-second card's line."""
    parts: tuple[Part, ...]
    checks: tuple[Check, ...]
    verify_note: str
    """What to do when a check finds no match; plain text, may be empty."""
    sources: tuple[Source, ...]
    roles: tuple[str, ...]
    ai_feature: str
    """Slug of the registry, or "any"."""
    workflow: str
    what_changed: str | None
    review_by: date
    starter: bool
    """Starter content: its file says that it needs local clinical review."""
    reviewer: str | None
    drill: str | None = None
    questions: tuple[Mapping[str, Any], ...] = field(default=())
    sensitive: bool = False
    """Its work is sensitive wherever it is done: see :mod:`smart_app.library.sensitivity`."""

    def part(self, slug: str) -> Part:
        """The part with this slug; KeyError if there is none."""
        for part in self.parts:
            if part.slug == slug:
                return part
        raise KeyError(slug)


@dataclass(frozen=True, kw_only=True)
class AiFeature:
    """An entry of the AI feature registry."""

    id: str
    name: str
    version: str
    status: str
    """pilot, live or paused."""
    launch_link: str | None
    sensitive: bool
    model_card: Mapping[str, str | None] = field(default_factory=dict)
    """intended_use, known_limits, data_sent, retention, local_validation, contact; None: nobody has stated it."""
    what_changed: str | None = None
    """In its present version."""
    vendor: str | None = None
    available_roles: tuple[str, ...] = ()
    """Job roles that have it; empty: nobody has said."""
    available_units: tuple[str, ...] = ()
    available_since: date | None = None
    states: tuple[str, ...] = ()
    """Where it is used, for :mod:`smart_app.library.site_rules`: "IL"."""
    policy_link: str | None = None
    verify_card: tuple[Check, ...] = ()
    """Empty: that of its tutorials."""
    evidence_rule: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class TutorialListing:
    """A line in the list of all tutorials."""

    tutorial: str
    version: int
    title: str
    minutes: int
    card: str | None
    roles: tuple[str, ...]
    ai_feature: str
    workflow: str


def library_revision(session: Session, *, organization: UUID) -> int:
    """The number that rises with every change of this organization's library; 0 before the first import."""
    return once(session, _revision, organization)


def _revision(session: Session, organization: UUID) -> int:
    revision: int | None = session.connection().execute(_REVISION, {"organization": organization}).scalar()
    return revision or 0


def get_version(session: Session, *, organization: UUID, tutorial: str, version: int) -> TutorialVersion:
    """A published version, also one that a later one has replaced; raises :class:`NoSuchTutorial`."""
    row = session.get(TutorialVersionRow, (organization, tutorial, version))
    if row is None or row.status == "draft":
        raise NoSuchTutorial(f"{tutorial} version {version}")
    return as_version(row)


def get_current(session: Session, *, organization: UUID, tutorial: str) -> TutorialVersion:
    """The published version that is shown now; raises :class:`NoSuchTutorial`."""
    for row in current_rows(session, organization=organization):
        if row.tutorial == tutorial:
            return as_version(row)
    raise NoSuchTutorial(tutorial)


def list_tutorials(session: Session, *, organization: UUID, job_roles: tuple[str, ...] = ()) -> list[TutorialListing]:
    """All tutorials that are shown now, by title; for these job roles and everyone, where roles are given."""
    wanted = {*job_roles, "everyone"}
    own = own_targets(session, organization=organization)
    listed = [_as_listing(row, own.get(row.tutorial)) for row in current_rows(session, organization=organization)]
    fitting = [listing for listing in listed if not job_roles or wanted.intersection(listing.roles)]
    return sorted(fitting, key=lambda listing: (listing.title, listing.tutorial))


def tutorials_for_roles(
    session: Session, *, organization: UUID, job_roles: tuple[str, ...]
) -> tuple[TutorialListing, ...]:
    """All that a person of these roles may learn now: for a role or everyone, its AI feature live. By title."""
    live = {
        ANY_FEATURE,
        *session.scalars(
            select(AiFeatureRow.id).where(AiFeatureRow.organization == organization, AiFeatureRow.status == "live")
        ),
    }
    listed = list_tutorials(session, organization=organization, job_roles=job_roles or (EVERYONE,))
    return tuple(listing for listing in listed if listing.ai_feature in live)


def get_ai_feature(session: Session, *, organization: UUID, feature: str) -> AiFeature:
    """An entry of the registry; raises :class:`NoSuchAiFeature`."""
    row = session.get(AiFeatureRow, (organization, feature))
    if row is None:
        raise NoSuchAiFeature(feature)
    return as_ai_feature(row)


def list_ai_features(session: Session, *, organization: UUID) -> tuple[AiFeature, ...]:
    """The whole registry, by name."""
    rows = session.scalars(select(AiFeatureRow).where(AiFeatureRow.organization == organization))
    return tuple(sorted(map(as_ai_feature, rows), key=lambda feature: (feature.name, feature.id)))


def as_ai_feature(row: AiFeatureRow) -> AiFeature:
    """The frozen value of a row."""
    return AiFeature(
        id=row.id,
        name=row.name,
        version=row.version,
        status=row.status,
        launch_link=row.launch_link,
        sensitive=row.sensitive,
        model_card=dict(row.model_card),
        what_changed=row.what_changed,
        vendor=row.vendor,
        available_roles=tuple(row.available_roles or ()),
        available_units=tuple(row.available_units or ()),
        available_since=row.available_since,
        states=tuple(row.states or ()),
        policy_link=row.policy_link,
        verify_card=tuple(Check(**check) for check in row.verify_card or ()),
        evidence_rule=row.evidence_rule,
    )


def current_rows(session: Session, *, organization: UUID) -> list[TutorialVersionRow]:
    """The newest published version of each tutorial, without those whose newest is retired."""
    rows = session.scalars(
        select(TutorialVersionRow)
        .where(TutorialVersionRow.organization == organization, TutorialVersionRow.status != "draft")
        .order_by(TutorialVersionRow.tutorial, TutorialVersionRow.version)
    )
    newest = {row.tutorial: row for row in rows}
    return [row for row in newest.values() if row.status == "published"]


def as_version(row: TutorialVersionRow) -> TutorialVersion:
    """The frozen value of a row."""
    front, rendered = row.front_matter, row.rendered
    return TutorialVersion(
        tutorial=row.tutorial,
        version=row.version,
        title=front["title"],
        minutes=front["minutes"],
        card=front.get("card"),
        parts=tuple(Part(**{**part, "actions": tuple(part["actions"])}) for part in rendered["parts"]),
        checks=tuple(Check(**check) for check in rendered["checks"]),
        verify_note=rendered["verify_note"],
        sources=tuple(Source(**source) for source in front["sources"]),
        roles=tuple(front["roles"]),
        ai_feature=front["ai_feature"],
        workflow=front["workflow"],
        what_changed=front.get("what_changed"),
        review_by=date.fromisoformat(front["review_by"]),
        starter=front["status"] == "starter",
        reviewer=row.reviewer,
        drill=front.get("drill"),
        questions=tuple(front.get("questions") or ()),
        sensitive=bool(front.get("sensitive")),
    )


def _as_listing(row: TutorialVersionRow, own: Targets | None) -> TutorialListing:
    front = row.front_matter
    return TutorialListing(
        tutorial=row.tutorial,
        version=row.version,
        title=front["title"],
        minutes=front["minutes"],
        card=front.get("card"),
        roles=own.roles if own is not None else tuple(front["roles"]),
        ai_feature=front["ai_feature"],
        workflow=front["workflow"],
    )
