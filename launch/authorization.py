"""The request that sends the browser to the EHR's authorization endpoint.

Source: SMART App Launch 2.2, "Obtain authorization code"; RFC 7636 (S256, always);
OpenID Connect Core 3.1.2.1 (nonce).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from launch import browser
from launch.discovery import SmartConfiguration

LONGEST_ADDRESS: Final = 2_000
"""Characters. Some gateways cut or refuse a longer request line; launch tokens can be 4 kB and more."""

_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]+)?|https?://\[[0-9A-Fa-f:.]+\](:[0-9]+)?")


@dataclass(frozen=True, kw_only=True)
class AuthorizationForm:
    """The same request as a form that the browser posts (`authorize-post`)."""

    action: str
    fields: Mapping[str, str]

    @property
    def origin(self) -> str:
        """The one origin that the form leads to."""
        return _origin(self.action)


def authorization_form(configuration: SmartConfiguration, url: str) -> AuthorizationForm | None:
    """The request of `url` as a form, where the address is long and the EHR takes a form; else None."""
    action = configuration.authorization_endpoint
    if len(url) <= LONGEST_ADDRESS or not configuration.takes_post:
        return None
    if not _ORIGIN.fullmatch(_origin(action)):
        return None  # it is written into a policy header: nothing that could end the directive
    # What the endpoint's own query holds stays in the address; the rest of the query is ours.
    own = len(parse_qsl(urlsplit(action).query, keep_blank_values=True))
    return AuthorizationForm(action=action, fields=dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)[own:]))


def authorization_url(
    configuration: SmartConfiguration,
    *,
    client_id: str,
    redirect_uri: str,
    scopes: tuple[str, ...],
    state: str,
    secret: str,
    aud: str,
    launch: str | None,
) -> str:
    """The URL to redirect to.

    `aud`: the FHIR base exactly as the EHR wrote it. `launch`: the EHR's opaque
    launch token; None in a standalone launch. `secret`: the launch cookie's value,
    from which verifier and nonce are derived.
    """
    url: str = prepare_grant_uri(
        configuration.authorization_endpoint,
        client_id=client_id,
        response_type="code",
        redirect_uri=redirect_uri,
        scope=" ".join(scopes),
        state=state,
        aud=aud,
        launch=launch,
        nonce=browser.nonce(secret),
        code_challenge=create_s256_code_challenge(browser.code_verifier(secret)),
        # Whatever the metadata says or leaves out: `plain` is never sent (RFC 9700, 2.1.1).
        code_challenge_method="S256",
    )
    return url


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
