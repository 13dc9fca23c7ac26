"""What a finished launch says: who is here and what is open.

Source: SMART App Launch 2.2, "Scopes and Launch Context"; holds no patient data.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from launch.fhir_session import FhirSession
    from launch.report import LaunchReport
    from launch.stores import Registration

FhirUserType = Literal["Practitioner", "PractitionerRole", "Person", "Patient", "RelatedPerson"]


@dataclass(frozen=True, kw_only=True)
class FhirUser:
    """The person in FHIR terms, as the id_token's fhirUser names them."""

    resource_type: FhirUserType
    id: str

    @property
    def reference(self) -> str:
        """Relative reference, say "Practitioner/123"."""
        return f"{self.resource_type}/{self.id}"


@dataclass(frozen=True, kw_only=True)
class ContextReference:
    """An entry of `fhirContext`: a resource that is open in the EHR."""

    resource_type: str
    id: str
    role: str
    """The role's URI; "launch" where the EHR gives none (SMART 2.2)."""


@dataclass(frozen=True, kw_only=True)
class LaunchContext:
    """One launch, after every check. Handed to `on_launch`."""

    registration: "Registration"
    reference: str
    """Reference of the launch report."""
    placement: str | None
    """The place in the EHR's screens: /launch/<placement>."""
    standalone: bool
    """No EHR launch: no task is known."""
    issuer: str
    """`iss` of the id_token, verified."""
    subject: str
    """`sub` of the id_token, verified."""
    fhir_user: FhirUser | None
    """None where the id_token has no fhirUser (then issuer and subject alone identify)."""
    claims: Mapping[str, Any]
    """Claims of the id_token that may help to identify staff: profile, npi, ehr user id; never stored."""
    encounter: str | None
    """Logical id of the launch encounter, read for its class only; never stored."""
    patient_present: bool
    """Whether a patient was in context. The id itself is dropped."""
    intent: str | None
    fhir_context: tuple[ContextReference, ...]
    app_context: Mapping[str, Any]
    """`appContext` where it is a JSON object, else empty."""
    tenant: str | None
    need_patient_banner: bool
    smart_style_url: str | None
    granted_scopes: frozenset[str]
    missing_scopes: frozenset[str]
    fhir: "FhirSession" = field(repr=False)
    """The pinned session: holds the bearer token, reaches nothing but the FHIR base."""
    report: "LaunchReport" = field(repr=False)
    """Steps of the app's own reads are added here."""
    read_style: Callable[[], Mapping[str, str]] = field(repr=False)
    """The EHR's style variables (:mod:`launch.style`), checked; empty where there are none. May ask the network."""
    keep_token: Callable[[str, datetime], bool] = field(repr=False)
    """`keep_token(id, ends_at)`: let :class:`launch.tokens.Tokens` keep the token under the app's own handle.

    False, and nothing is kept, where no enabled feature of the registration needs one.
    """
