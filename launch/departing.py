"""The first half of a launch: what was asked for at /launch, and what is kept until the browser is back."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from launch import browser, errors
from launch.authorization import AuthorizationForm
from launch.discovery import is_plausible_iss, normalise_iss
from launch.documents import now
from launch.report import LaunchReport
from launch.stores import LaunchTransaction, Registration, RegistrationStore

_MAX_LAUNCH_TOKEN: Final = 16_384


@dataclass(frozen=True, kw_only=True)
class LaunchRequest:
    """What the EHR (or the way out) asked for."""

    iss: str | None
    launch: str | None
    """The EHR's launch token; None: a standalone launch."""
    placement: str | None = None
    way_out: bool = False


@dataclass(frozen=True, kw_only=True)
class Departure:
    """Where the browser goes next, and the cookie that it takes."""

    url: str
    state: str
    secret: str = field(repr=False)
    form: AuthorizationForm | None = None
    """Set where the browser posts the request in place of following `url`."""


def registration_of(request: LaunchRequest, registrations: RegistrationStore) -> Registration:
    """The registration that `request` is for; found, or refused, before any network call.

    Raises :class:`launch.errors.LaunchError`.
    """
    if not request.iss:
        raise errors.IssuerMissing("the parameter iss is missing")
    if not is_plausible_iss(request.iss):
        raise errors.IssuerUnknown("iss is not an http(s) URL")
    registration = registrations.find_by_iss(request.iss)
    # Compared here as well: a store that is generous (case, say) must not widen what is registered.
    if registration is None or normalise_iss(registration.iss) != normalise_iss(request.iss):
        raise errors.IssuerUnknown("iss is not registered")
    if request.launch is not None and not 0 < len(request.launch) <= _MAX_LAUNCH_TOKEN:
        raise errors.LaunchRequestInvalid("the parameter launch is empty or too long")
    return registration


def transaction_for(
    request: LaunchRequest, registration: Registration, report: LaunchReport, *, state: str, secret: str
) -> LaunchTransaction:
    """What is kept for ten minutes: hashes of the secrets, and the report so far."""
    created = now()
    return LaunchTransaction(
        state_hash=browser.sha256_hex(state),
        browser_hash=browser.sha256_hex(secret),
        registration_id=registration.id,
        organization=registration.organization,
        placement=request.placement,
        standalone=request.launch is None,
        way_out=request.way_out,
        reference=report.reference,
        steps=report.steps,
        created_at=created,
        expires_at=created + timedelta(seconds=browser.LIFETIME_SECONDS),
    )


def way_out_url(base_url: str, registration: Registration, placement: str | None) -> str:
    """A standalone launch of the same EHR, for a new window with first-party cookies."""
    place = f"/{placement}" if placement else ""
    return f"{base_url}/launch{place}?{urlencode({'iss': registration.iss, 'way_out': '1'})}"
