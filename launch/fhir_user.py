"""`fhirUser`: which resource of this EHR the person is. And references in general.

Source: SMART App Launch 2.2, "Scopes for requesting identity data"; FHIR R4,
"Literal References". Absolute, relative and versioned references are read; one
that leads anywhere but below the launch's own FHIR base is refused.
"""

import re
from typing import Final, cast, get_args

from launch.context import FhirUser, FhirUserType
from launch.discovery import normalise_iss
from launch.identity_errors import FhirUserRefused, StaffOnly

PERSON_TYPES: Final = get_args(FhirUserType)
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")


def is_fhir_id(text: object) -> bool:
    """Whether `text` is a FHIR id that is safe in a path: "." and ".." are not."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None and text.strip(".") != ""


def find_reference(value: str, *, base: str) -> tuple[str, str] | None:
    """(resource type, id) of a literal reference below `base`; None for anything else."""
    prefix = normalise_iss(base) + "/"
    parts = value.removeprefix(prefix).split("/")
    if len(parts) == 4 and parts[2] == "_history" and is_fhir_id(parts[3]):
        parts = parts[:2]
    if len(parts) != 2 or not _TYPE.fullmatch(parts[0]) or not is_fhir_id(parts[1]):
        return None
    return parts[0], parts[1]


def read_fhir_user(value: str | None, *, base: str) -> FhirUser | None:
    """The person that `value` names; None where the id_token has no fhirUser.

    Raises :class:`FhirUserRefused` for another host or type, :class:`StaffOnly`
    for a patient or a relative.
    """
    if value is None:
        return None
    reference = find_reference(value, base=base)
    if reference is None:
        raise FhirUserRefused("fhirUser is not a reference below the FHIR base")
    resource_type, logical_id = reference
    if resource_type in ("Patient", "RelatedPerson"):
        raise StaffOnly(f"fhirUser is a {resource_type}")
    if resource_type not in PERSON_TYPES:
        raise FhirUserRefused(f"fhirUser is a {resource_type}")
    return FhirUser(resource_type=cast(FhirUserType, resource_type), id=logical_id)
