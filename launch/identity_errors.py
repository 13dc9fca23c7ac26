"""Failures of steps 6 to 8: the token, the person, what is open. See :mod:`launch.errors`."""

from launch.errors import AGAIN, ANALYST, LaunchError

# Step 6: the token.


class TokenUnreachable(LaunchError):
    status = 502
    step = 6
    title = "The EHR does not answer"
    what_happened = "The EHR's token service did not answer in time. The chart is not affected."
    what_to_do = ("Wait a minute and open it again from the chart.", ANALYST)


class TokenRefused(LaunchError):
    status = 502
    step = 6
    title = "The EHR did not accept this app"
    what_happened = "The EHR signed you in and then refused to give this app access. The chart is not affected."


class ClientRefused(TokenRefused):
    """The EHR does not know the app by the secret or the key that it showed (RFC 6749 5.2, invalid_client)."""


class TokenResponseInvalid(LaunchError):
    status = 502
    step = 6
    title = "The EHR's answer cannot be used"
    what_happened = "The EHR's answer to the sign-in is not what the standard asks for, so it was not used."
    what_to_do = ("Give your EHR analyst the reference below.",)


# Step 7: the person.


class IdTokenError(LaunchError):
    """Base of every refusal of an id_token."""

    status = 403
    step = 7
    title = "Who you are could not be confirmed"
    what_happened = "The EHR's statement of who signed in did not pass the checks, so nobody was signed in."
    what_to_do: tuple[str, ...] = (AGAIN, ANALYST)


class IdTokenMissing(IdTokenError):
    """The token response holds no id_token."""


class IdTokenMalformed(IdTokenError):
    """Not a signed JWT, or a header this client does not accept."""


class IdTokenAlgorithmRefused(IdTokenError):
    """`alg` is not on the allow-list."""


class IdTokenKeyUnknown(IdTokenError):
    """No key of the pinned issuer fits."""


class KeySetUnreachable(IdTokenError):
    """The issuer's JWKS could not be read."""

    status = 502
    title = "The EHR's keys cannot be read"
    what_happened = "The EHR did not answer when it was asked for its public keys, so nobody was signed in."
    what_to_do = ("Wait a minute and open it again from the chart.", ANALYST)


class IdTokenSignatureInvalid(IdTokenError):
    """The signature does not fit the issuer's key."""


class IdTokenIssuerWrong(IdTokenError):
    """`iss` is not the pinned issuer. The reason names the one that came, where it has the shape of an issuer."""


class IdTokenAudienceWrong(IdTokenError):
    """`aud` or `azp` does not name this client."""


class IdTokenExpired(IdTokenError):
    """`exp` has passed."""


class IdTokenTimeWrong(IdTokenError):
    """`iat` or `nbf` is too far from this server's clock."""

    title = "The clocks do not agree"
    what_happened = (
        "The EHR's clock and this server's clock differ by more than 90 seconds, so nobody was signed in. "
        "The chart is not affected."
    )
    what_to_do = ("Give your EHR analyst the reference below: one of the clocks needs to be set.",)


class IdTokenNonceWrong(IdTokenError):
    """`nonce` is not the one of this launch."""


class IdTokenSubjectMissing(IdTokenError):
    """`sub` is absent or not usable."""


class FhirUserRefused(IdTokenError):
    """`fhirUser` names something that is not a person of this EHR."""


class StaffOnly(LaunchError):
    """A patient or a relative signed in."""

    status = 403
    step = 7
    title = "This app is for staff"
    what_happened = (
        "You signed in as a patient or as a relative of one. This app teaches the people who work here, "
        "so there is nothing in it for you to do. Nothing was recorded."
    )
    what_to_do = ("Close this page. Your health record and your portal are as they were.",)


# Step 8: the context.


class ContextRefused(LaunchError):
    """The launch context names something that is not a FHIR id."""

    status = 403
    step = 8
    title = "What is open could not be read safely"
    what_happened = "The EHR described what is open in a way that is not safe to follow, so the launch stopped."
    what_to_do = ("Give your EHR analyst the reference below.",)
