"""Write the AI feature registry: one entry at a time, checked as a file of it is. Verbs flush, callers commit."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from smart_app.library.evidence_rule import RuleRefused, checked_rule
from smart_app.library.field_checks import SLUG
from smart_app.library.launch_hosts import ehr_hosts, own_hosts
from smart_app.library.launch_links import LinkRefused, checked_link, checked_policy
from smart_app.library.models import AiFeatureRow
from smart_app.library.own_targets import raise_revision
from smart_app.library.reading import NoSuchAiFeature
from smart_app.library.registries import FEATURE_STATUSES, MODEL_CARD, MOST_CHANGED, MOST_FACT
from smart_app.library.site_rules import STATES
from smart_app.library.vocabulary import ANY_FEATURE
from smart_app.organizations.verbs import write_audit

MOST_CHECKS = 3
_LONGEST = {"name": 80, "version": 40, "vendor": 120, "what_changed": MOST_CHANGED}
_LONGEST_ACTION, _LONGEST_TEXT = 80, 200


class FeatureRefused(ValueError):
    """The entry cannot be kept as it is: field -> what is wrong, in words."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {said}" for name, said in faults.items()))
        self.faults = dict(faults)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry as a form has it: all text, lists split."""

    id: str
    name: str
    version: str
    status: str
    vendor: str = ""
    available_roles: tuple[str, ...] = ()
    available_units: tuple[str, ...] = ()
    available_since: str = ""
    states: tuple[str, ...] = ()
    model_card: Mapping[str, str] = field(default_factory=dict)
    policy_link: str = ""
    launch_link: str = ""
    verify_card: tuple[tuple[str, str], ...] = ()
    """(action, text), at most three."""
    evidence_search: str = ""
    evidence_condition: str = ""
    sensitive: bool = False
    what_changed: str = ""


@dataclass(frozen=True)
class Known:
    """What an entry may point at."""

    roles: Collection[str]
    units: Collection[str] | None
    """None: there is no roster, so a unit is whatever one writes."""


def save_feature(session: Session, *, organization: UUID, entry: Entry, known: Known, actor: str) -> bool:
    """Add or change an entry; True where anything changed. Raises FeatureRefused.

    A new version must say what changed: that is what people see first who learned it on the version before.
    """
    row = session.get(AiFeatureRow, (organization, entry.id))
    facts = _checked(session, organization, entry, known, row)
    before = _as_json(row) if row is not None else None
    if row is None:
        row = AiFeatureRow(organization=organization, id=entry.id)
        session.add(row)
    for name, value in facts.items():
        setattr(row, name, value)
    after = _as_json(row)
    if before == after:
        return False
    changed = {name: value for name, value in after.items() if before is None or before[name] != value}
    details = {
        "ai_feature": entry.id,
        "before": {name: before[name] for name in changed} if before is not None else None,
        "after": changed,
    }
    write_audit(session, organization=organization, actor=actor, action="AI feature saved", details=details)
    raise_revision(session, organization=organization)
    return True


def kept_feature(session: Session, *, organization: UUID, feature: str) -> dict[str, Any] | None:
    """The entry as JSON, for whoever changes it; None where there is none."""
    row = session.get(AiFeatureRow, (organization, feature))
    return None if row is None else _as_json(row)


def restore_feature(
    session: Session, *, organization: UUID, before: Mapping[str, Any], after: Mapping[str, Any], actor: str
) -> None:
    """The entry as it was `before`, where it is still as it was `after`. FeatureRefused where it is not."""
    row = session.get(AiFeatureRow, (organization, before["id"]))
    if row is None or _as_json(row) != dict(after):
        raise FeatureRefused({"id": "It was changed again since."})
    for name, value in _from_json(before).items():
        setattr(row, name, value)
    details = {"ai_feature": before["id"], "before": dict(after), "after": dict(before)}
    write_audit(session, organization=organization, actor=actor, action="AI feature put back", details=details)
    raise_revision(session, organization=organization)


def remove_feature(session: Session, *, organization: UUID, feature: str, actor: str) -> dict[str, Any]:
    """Take an entry out; gives what it was, for the undo. Raises NoSuchAiFeature."""
    row = session.get(AiFeatureRow, (organization, feature))
    if row is None:
        raise NoSuchAiFeature(feature)
    before = _as_json(row)
    session.delete(row)
    details = {"ai_feature": feature, "before": before, "after": None}
    write_audit(session, organization=organization, actor=actor, action="AI feature removed", details=details)
    raise_revision(session, organization=organization)
    return before


def put_back_feature(session: Session, *, organization: UUID, kept: Mapping[str, Any], actor: str) -> None:
    """Undo :func:`remove_feature`. FeatureRefused where there is one of that id again."""
    if session.get(AiFeatureRow, (organization, kept["id"])) is not None:
        raise FeatureRefused({"id": "There is an AI feature of that id again."})
    session.add(AiFeatureRow(organization=organization, **_from_json(kept)))
    details = {"ai_feature": kept["id"], "before": None, "after": dict(kept)}
    write_audit(session, organization=organization, actor=actor, action="AI feature put back", details=details)
    raise_revision(session, organization=organization)


def _checked(
    session: Session, organization: UUID, entry: Entry, known: Known, row: AiFeatureRow | None
) -> dict[str, Any]:
    faults: dict[str, str] = {}
    hosts = {*own_hosts(session, organization=organization), *ehr_hosts(session, organization=organization)}
    facts: dict[str, Any] = {"status": entry.status, "sensitive": entry.sensitive}
    _check_names(entry, row, faults, facts)
    _check_card(entry, faults, facts)
    _check_where(entry, known, faults, facts)
    _take(faults, facts, "launch_link", lambda: checked_link(entry.launch_link, hosts))
    _take(faults, facts, "policy_link", lambda: checked_policy(entry.policy_link))
    _take(faults, facts, "evidence_rule", lambda: checked_rule(entry.evidence_search, entry.evidence_condition))
    if faults:
        raise FeatureRefused(faults)
    return facts


def _take(faults: dict[str, str], facts: dict[str, Any], name: str, check: Any) -> None:
    try:
        facts[name] = check()
    except (LinkRefused, RuleRefused) as refused:
        faults[name] = str(refused)


def _check_names(entry: Entry, row: AiFeatureRow | None, faults: dict[str, str], facts: dict[str, Any]) -> None:
    if not SLUG.fullmatch(entry.id) or entry.id == ANY_FEATURE:
        faults["id"] = "Lower-case words joined by -, 3 to 60 characters."
    if entry.status not in FEATURE_STATUSES:
        faults["status"] = f"One of {', '.join(FEATURE_STATUSES)}."
    for name, most in _LONGEST.items():
        text = _one_line(getattr(entry, name))
        facts[name] = text or None
        if len(text) > most or (not text and name in ("name", "version")):
            faults[name] = f"One line of at most {most} characters."
    told = facts["what_changed"] and (row is None or facts["what_changed"] != row.what_changed)
    if row is not None and row.version != facts["version"] and not told:
        faults["what_changed"] = (
            f"The version changes from {row.version}: say what is different, for those who learned the earlier one."
        )


def _check_card(entry: Entry, faults: dict[str, str], facts: dict[str, Any]) -> None:
    card = {name: _one_line(entry.model_card.get(name, "")) or None for name in MODEL_CARD}
    for name, text in card.items():
        if text and len(text) > MOST_FACT:
            faults[name] = f"At most {MOST_FACT} characters; it has {len(text)}."
    facts["model_card"] = card
    checks = [(_one_line(action), _one_line(text)) for action, text in entry.verify_card]
    checks = [check for check in checks if any(check)]
    if len(checks) > MOST_CHECKS or any(
        not action or not text or len(action) > _LONGEST_ACTION or len(text) > _LONGEST_TEXT for action, text in checks
    ):
        faults["verify_card"] = (
            f"At most three checks, each with what to do ({_LONGEST_ACTION} characters) and how ({_LONGEST_TEXT})."
        )
    facts["verify_card"] = [{"action": action, "text": text} for action, text in checks]


def _check_where(entry: Entry, known: Known, faults: dict[str, str], facts: dict[str, Any]) -> None:
    facts["available_roles"] = sorted(set(entry.available_roles))
    facts["available_units"] = sorted({_one_line(unit) for unit in entry.available_units} - {""})
    facts["states"] = sorted({state.strip().upper() for state in entry.states} - {""})
    if not set(facts["available_roles"]) <= set(known.roles):
        faults["available_roles"] = "One of them is no job role here."
    units = facts["available_units"]
    unknown = [] if known.units is None else [unit for unit in units if unit not in known.units]
    if unknown or len(units) > 500 or any(len(unit) > 120 for unit in units):
        faults["available_units"] = f"No unit on the roster: {', '.join(unknown)[:200]}." if unknown else "Too long."
    if not set(facts["states"]) <= set(STATES):
        faults["states"] = "Codes of two letters: IL, TX, CA."
    try:
        facts["available_since"] = date.fromisoformat(entry.available_since) if entry.available_since else None
    except ValueError:
        faults["available_since"] = "A date, written as 2027-05-22."


def _as_json(row: AiFeatureRow) -> dict[str, Any]:
    """The row as the audit and the undo keep it."""
    names = [column.key for column in AiFeatureRow.__table__.columns if column.key != "organization"]
    kept = {name: getattr(row, name) for name in names}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in kept.items()}


def _from_json(kept: Mapping[str, Any]) -> dict[str, Any]:
    since = kept["available_since"]
    return {**kept, "available_since": date.fromisoformat(since) if since else None}


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
