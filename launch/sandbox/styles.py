"""EHR styles: what the big EHRs do differently, each a frozen description, so that the client meets it here first.

These are imitations of what is known from documentation and practice (docs/ehr/ has a page for each, with
sources and with what was not verified), not the products themselves. Nothing else in the sandbox asks for
a style's name: a style is only a set of changes to :class:`launch.sandbox.behaviour.Behaviour`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from launch.sandbox.ehr import SandboxEhr

_NO_WORK = ("PractitionerRole", "Task", "AuditEvent")
"""Types that several EHRs do not have: no job role and no task to read."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """One kind of EHR."""

    name: str
    title: str
    """What it behaves like, in words."""
    knobs: Mapping[str, Any] = field(default_factory=dict)
    """Changes to Behaviour. "{origin}" in a text becomes the origin of the sandbox."""

    def apply(self, ehr: "SandboxEhr") -> None:
        """Make this EHR behave so from now on."""
        ehr.behaviour.change({name: _placed(value, ehr.base_url) for name, value in self.knobs.items()})


def _placed(value: Any, origin: str) -> Any:
    return value.replace("{origin}", origin) if isinstance(value, str) else value


_PLAIN = Style(name="plain", title="everything SMART 2.2 asks for")

_EPIC = Style(
    name="epic",
    title="Epic",
    knobs={
        "software": "Sandbox EHR in the style of Epic",
        "issuer": "{origin}/oauth2",
        "scopes_supported": ("openid", "fhirUser", "launch"),
        "unsupported_types": ("AuditEvent",),
        "fhir_user_form": "absolute",
        "task_in": "nowhere",
        "send_iss": False,
        "token_seconds": 3600,
    },
)

_ORACLE = Style(
    name="oracle",
    title="Oracle Health",
    knobs={
        "software": "Sandbox EHR in the style of Oracle Health",
        "issuer": "{origin}/tenants/lakeside",
        "token_issuer": "{origin}/tenants/lakeside/oidc/idsps/lakeside/",
        "unsupported_types": _NO_WORK,
        "trim_unsupported_scopes": True,
        "trim_wildcard_scopes": True,
        "task_in": "nowhere",
        "send_iss": False,
        "token_seconds": 570,
        "rotate_refresh_tokens": False,
        "tenant": "lakeside",
    },
)

_ATHENA = Style(
    name="athena",
    title="athenahealth",
    knobs={
        "software": "Sandbox EHR in the style of athenahealth",
        "issuer": "https://identity.athena-style.example/oauth2/default",
        "unsupported_types": _NO_WORK,
        "task_in": "nowhere",
        "send_iss": False,
    },
)

_MEDITECH = Style(
    name="meditech",
    title="MEDITECH",
    knobs={
        "software": "Sandbox EHR in the style of MEDITECH",
        "issuer": "{origin}/",
        "unsupported_types": ("AuditEvent",),
        "read_by_id_only": ("Task",),
        "advertise_what_is_refused": True,
        "task_in": "nowhere",
        "send_iss": False,
    },
)

_OPENEMR = Style(
    name="openemr",
    title="OpenEMR",
    knobs={
        "software": "Sandbox EHR in the style of OpenEMR",
        "issuer": "{origin}/oauth2/default",
        "unsupported_types": ("Task", "AuditEvent"),
        "fhir_user_in_token_response": True,
        "task_in": "nowhere",
        "send_iss": False,
        "rotate_refresh_tokens": True,
    },
)

_MEDPLUM = Style(
    name="medplum",
    title="Medplum",
    knobs={
        "software": "Sandbox EHR in the style of Medplum",
        "issuer": "{origin}/",
        "iss_with_slash": True,
        "fhir_user_form": "relative",
        "task_in": "fhirContext",
        "send_iss": False,
    },
)

STYLES: Mapping[str, Style] = MappingProxyType(
    {style.name: style for style in (_PLAIN, _EPIC, _ORACLE, _ATHENA, _MEDITECH, _OPENEMR, _MEDPLUM)}
)
