"""The request that sends the browser to the EHR's authorization endpoint.

Source: SMART App Launch 2.2, "Obtain authorization code"; RFC 7636 (S256, always);
OpenID Connect Core 3.1.2.1 (nonce).
"""

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from launch import browser
from launch.discovery import SmartConfiguration


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
