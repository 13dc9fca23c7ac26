"""`smart_style_url`: the EHR's colours and type, read with care.

Source: SMART App Launch 2.2, "smart_style_url". It is asked for below the FHIR base or
at an origin that the registration names, without the token; at most 20 kB; of what
comes back only the variables that the specification names, each in its own narrow form.
Anything else is as if it had not been sent. Whether a page may wear the style is the
app's decision: it knows its contrasts.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from launch.discovery import normalise_iss
from launch.documents import Documents
from launch.outbound import Door, OutboundError, json_object, prepared
from launch.stores import Registration

STYLE_BYTES: Final = 20 * 1024
STYLE_SECONDS: Final = 1.0
_LONGEST: Final = 500
_MOST_ADDRESSES: Final = 8
_COLOR: Final = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_LENGTH: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?px")
_NAME: Final = r"(?:'[A-Za-z0-9 \-]{1,60}'|[A-Za-z0-9 \-]{1,60})"
_FONT: Final = re.compile(f"{_NAME}(?:, ?{_NAME}){{0,7}}")
FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "color_background": _COLOR,
    "color_error": _COLOR,
    "color_highlight": _COLOR,
    "color_modal_backdrop": _COLOR,
    "color_success": _COLOR,
    "color_text": _COLOR,
    "dim_border_radius": _LENGTH,
    "dim_font_size": _LENGTH,
    "dim_spacing_size": _LENGTH,
    "font_family_body": _FONT,
    "font_family_heading": _FONT,
}
"""The variables of the specification, and what each may look like."""
_UNSAFE: Final = ("\\", "..", "%2f", "%5c", "%2e", "%00", "#")


class Styles:
    """Reads style documents, through the cache that the workers share."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._seen: dict[str, set[str]] = {}

    def read(self, url: str | None, registration: Registration) -> dict[str, str]:
        """The variables at `url` that are what they should be; empty for anything that is not as it should be."""
        if url is None or len(url) > _LONGEST or not may_be_read(url, registration):
            return {}
        seen = self._seen.setdefault(registration.id, set())
        if url not in seen and len(seen) >= _MOST_ADDRESSES:
            return {}  # an address that changes with every launch would fill the cache
        seen.add(url)
        return known_variables(self._documents.get(registration.id, url, _fetch).body)


def may_be_read(url: str, registration: Registration) -> bool:
    """Below the FHIR base, letter by letter, or at a registered style origin."""
    if not url.isascii() or not url.isprintable() or " " in url or any(part in url.lower() for part in _UNSAFE):
        return False
    if url.startswith(normalise_iss(registration.iss) + "/"):
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}" in registration.style_origins


def known_variables(body: Mapping[str, Any]) -> dict[str, str]:
    """Those members of `body` that the specification names and that have its form."""
    return {
        name: value
        for name, form in FORMS.items()
        if isinstance(value := body.get(name), str) and form.fullmatch(value)
    }


def _fetch(door: Door, url: str) -> dict[str, Any]:
    """A style that is not there is an empty style: it is not asked for again at every launch."""
    try:
        response = door.send(
            prepared("GET", url, {"Accept": "application/json"}), seconds=STYLE_SECONDS, cap=STYLE_BYTES
        )
        return dict(known_variables(json_object(response.content))) if response.status_code == 200 else {}
    except OutboundError:
        return {}
