"""What an organization may decide for itself, each with what holds until it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.organizations.models import OrganizationSetting
from smart_app.organizations.verbs import write_audit


class UnfitSetting(ValueError):
    """The text says how to write it."""


@dataclass(frozen=True)
class Setting:
    """One decision."""

    words: str
    """As the page asks it."""
    hint: str
    default: bool | int | str
    least: int = 0
    most: int = 200
    """Range of a number; length of a text."""

    def read(self, given: str | None) -> bool | int | str:
        """What a form sent, as a value; an absent box is off. Raises UnfitSetting."""
        text = (given or "").strip()
        if isinstance(self.default, bool):
            return text == "on"
        if isinstance(self.default, int):
            if not text.isdecimal() or not self.least <= int(text) <= self.most:
                raise UnfitSetting(f"{self.words}: a whole number from {self.least} to {self.most}.")
            return int(text)
        if len(text) > self.most or not text.isprintable():
            raise UnfitSetting(f"{self.words}: one line of at most {self.most} characters.")
        return text


SETTINGS: Final[Mapping[str, Setting]] = {
    "permissions contact": Setting(
        "Whom to ask for a permission",
        "A role or a desk, say: EHR service desk, extension 4410. Stands on the page of whoever lacks one.",
        "",
    ),
    "review months": Setting(
        "Months until a published tutorial is read again",
        "The review-by date that a new version starts with.",
        12,
        least=1,
        most=36,
    ),
    "names of assigned work": Setting(
        "Educators see by name who has finished assigned work",
        "Finished or not finished, and nothing else: never use, scores or time spent. Opening the list asks for a "
        "reason, and each person on it sees that in My record.",
        False,
    ),
}


def setting(session: Session, *, organization: UUID, name: str) -> Any:
    """What holds for the organization. KeyError for a name that is not in SETTINGS."""
    known = SETTINGS[name]
    row = session.get(OrganizationSetting, (organization, name))
    return known.default if row is None else row.value


def settings_of(session: Session, *, organization: UUID) -> dict[str, Any]:
    """All of them."""
    rows = session.execute(
        select(OrganizationSetting.name, OrganizationSetting.value).where(
            OrganizationSetting.organization == organization
        )
    )
    decided = {row.name: row.value for row in rows}
    return {name: decided.get(name, known.default) for name, known in SETTINGS.items()}


def decide(session: Session, *, organization: UUID, values: Mapping[str, Any], actor: str) -> int:
    """Keep these decisions; what changed goes to the audit, before and after. Returns how many. Flushes."""
    before = settings_of(session, organization=organization)
    changed = {name: value for name, value in values.items() if before[name] != value}
    for name, value in changed.items():
        session.merge(OrganizationSetting(organization=organization, name=name, value=value))
        details = {"setting": name, "before": before[name], "after": value}
        write_audit(session, organization=organization, actor=actor, action="setting changed", details=details)
    session.flush()
    return len(changed)
