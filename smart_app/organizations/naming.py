"""How an administrator names a person to whom a permission is given, also one who was never here.

A learner is a random id, so there are four words for a person: the id of their Practitioner or their user
name at one EHR, their NPI, and the code that the studio shows to whoever lacks a permission.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from launch.discovery import normalise_iss
from smart_app.organizations.learners import Identity, IdentityKind
from smart_app.organizations.models import EhrRegistration, Learner

NAMED_BY: Final[Mapping[str, str]] = {
    "practitioner": "id of their Practitioner in the EHR",
    "ehr_user": "user name in the EHR",
    "npi": "NPI",
    "code": "code on their page in Preceptor",
}
_FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_NPI = re.compile(r"[0-9]{10}")
_SHOWN = 12


class UnfitName(ValueError):
    """Nobody can be named like this; the text says how to write it."""


@dataclass(frozen=True)
class NamedPerson:
    """A person as an administrator named them: by an identity, or by the code of a learner."""

    words: str
    """For the list of grants: "NPI 1234567893"."""
    identity: Identity | None = None
    learner: UUID | None = None


def code_of(learner: UUID) -> str:
    """What a person reads out to whoever grants: "3f2a-9c01-7b44". It opens nothing."""
    return "-".join(re.findall("....", learner.hex[:_SHOWN]))


def person_named(session: Session, *, organization: UUID, by: str, value: str, ehr: str | None = None) -> NamedPerson:
    """The person, known or not. `ehr`: name of the registration, where there are several. Raises UnfitName."""
    value = value.strip()
    if by == "code":
        return NamedPerson(words=f"code {value}", learner=_learner(session, organization, value))
    if by == "npi":
        if not _NPI.fullmatch(value):
            raise UnfitName("An NPI has ten digits.")
        return NamedPerson(words=f"NPI {value}", identity=Identity("npi", value))
    if by not in NAMED_BY:
        raise UnfitName(f"Name the person by one of: {', '.join(NAMED_BY)}.")
    registration = _ehr(session, organization, ehr)
    return NamedPerson(
        words=f"{_WORD[by]} {value} at {registration.name}",
        identity=_at_ehr(by, value, normalise_iss(registration.iss)),
    )


_WORD: Final = {"practitioner": "Practitioner", "ehr_user": "user"}


def _at_ehr(by: str, value: str, iss: str) -> Identity:
    if by == "practitioner":
        value = value.removeprefix("Practitioner/")
        if not _FHIR_ID.fullmatch(value):
            raise UnfitName("The id of a Practitioner has letters, digits, dots and hyphens, at most 64.")
        return Identity("practitioner", f"{iss}|Practitioner/{value}")
    if not value or len(value) > 200 or not value.isprintable():
        raise UnfitName("Write the user name as the EHR shows it.")
    kind: IdentityKind = "ehr_user"
    return Identity(kind, f"{iss}|{value}")


def _ehr(session: Session, organization: UUID, name: str | None) -> EhrRegistration:
    query = select(EhrRegistration).where(EhrRegistration.organization == organization).order_by(EhrRegistration.name)
    rows = session.scalars(query.where(EhrRegistration.name == name) if name else query).all()
    if len(rows) == 1:
        return rows[0]
    if name:
        raise UnfitName(f'No EHR "{name}" is registered here.')
    raise UnfitName("Say at which EHR." if rows else "No EHR is registered here yet.")


def _learner(session: Session, organization: UUID, code: str) -> UUID:
    """The one learner whose id begins so."""
    digits = code.replace("-", "").lower()
    if not re.fullmatch(f"[0-9a-f]{{{_SHOWN},32}}", digits):
        raise UnfitName("A code looks like 3f2a-9c01-7b44; it stands on the page that refused them.")
    least, most = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    query = select(Learner.id).where(Learner.organization == organization, Learner.id.between(least, most))
    found = session.scalars(query.limit(2)).all()
    if len(found) != 1:
        raise UnfitName(f"Nobody here has the code {code}.")
    return found[0]
