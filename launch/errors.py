"""Every way in which a launch can fail: one class each, in plain words.

A class says which of the eight steps failed, the HTTP status, and what the person
can do. The instance adds `reason`, one technical line for the EHR analyst, which is
safe to show and to keep: no token, no code, no patient data. Steps 1 to 5 are here,
6 to 8 in :mod:`launch.identity_errors`.
"""

from typing import ClassVar, Final

STEP_NAMES: Final = {
    1: "finding the EHR",
    2: "reading the EHR's settings",
    3: "asking the EHR to sign you in",
    4: "checking this browser",
    5: "checking the sign-in reply",
    6: "fetching the access token",
    7: "checking who you are",
    8: "reading what is open",
}

AGAIN = "Close this panel and open it again from the chart."
ANALYST = "Still not? Give your EHR analyst the reference below."


def printable(text: str, *, limit: int = 200) -> str:
    """`text` as one short line of printable characters: what a stranger sent may be shown, never obeyed."""
    return "".join(character if character.isprintable() else " " for character in text)[:limit]


class LaunchError(Exception):
    """A launch that stopped. `on_error` receives it."""

    status: ClassVar[int] = 400
    step: ClassVar[int] = 1
    title: ClassVar[str] = "The launch did not finish"
    way_out_helps: ClassVar[bool] = False
    """Whether a new window may succeed where the frame did not."""

    what_happened: str = "The launch from your EHR did not finish. The chart is not affected."
    what_to_do: tuple[str, ...] = (AGAIN, ANALYST)

    def __init__(self, reason: str = "") -> None:
        self.reason = printable(reason) or self.title
        self.new_window_url: str | None = None
        """A standalone launch of the same EHR, where a new window may help."""
        super().__init__(self.reason)

    @property
    def offers_new_window(self) -> bool:
        """Whether the page should offer `new_window_url`."""
        return self.new_window_url is not None

    @property
    def step_name(self) -> str:
        """The step that failed, in words."""
        return STEP_NAMES[self.step]


# Step 1: the issuer.


class IssuerMissing(LaunchError):
    title = "This page opens from your EHR"
    what_happened = "The address holds no EHR, so there is nothing to open. Nothing was changed."
    what_to_do = ("Open it from the chart, not from a bookmark.", ANALYST)


class IssuerUnknown(LaunchError):
    title = "This EHR is not registered here"
    what_happened = "The EHR that opened this page is not registered with your organization. The chart is not affected."
    what_to_do = (
        "Ask your EHR analyst to register this EHR, or to check the address that it sends.",
        "Give them the reference below.",
    )


class LaunchRequestInvalid(LaunchError):
    title = "The EHR sent a request that cannot be read"
    what_happened = "The EHR opened this page in a way that cannot be understood. The chart is not affected."


class RegistrationUnsupported(LaunchError):
    status = 500
    title = "This EHR's registration cannot be used yet"
    what_happened = "The EHR is registered with a way to sign in that this version does not have. Nothing was changed."
    what_to_do = ("Give your EHR analyst the reference below.",)


# Step 2: discovery.


class DiscoveryUnreachable(LaunchError):
    status = 502
    step = 2
    title = "The EHR does not answer"
    what_happened = "The EHR did not answer when it was asked for its sign-in settings. The chart is not affected."
    what_to_do = ("Wait a minute and open it again from the chart.", ANALYST)


class DiscoveryInvalid(LaunchError):
    status = 502
    step = 2
    title = "The EHR's settings cannot be used"
    what_happened = "The EHR's sign-in settings are incomplete or unsafe, so the launch stopped. Nothing was changed."
    what_to_do = ("Give your EHR analyst the reference below.",)


class DiscoveryIssuerMismatch(DiscoveryInvalid):
    title = "The EHR's settings name another issuer"
    what_happened = (
        "The EHR's sign-in settings name an issuer that is not the registered one, so the launch stopped. "
        "Nothing was changed."
    )


# Step 4: the browser.


class CallbackUnknown(LaunchError):
    step = 4
    title = "The sign-in came back to the wrong address"
    what_happened = "The EHR sent its sign-in reply to an address of another registration, so it was not used."
    what_to_do = ("Give your EHR analyst the reference below: the redirect URI needs to be checked.",)


class LaunchCookieMissing(LaunchError):
    status = 403
    step = 4
    title = "This panel kept no cookie"
    way_out_helps = True
    what_happened = (
        "The sign-in came back to a browser that did not start it, or the browser keeps no cookies inside this panel. "
        "The sign-in was not used, and the chart is not affected."
    )
    what_to_do = ("Open it in a new window; it then works without this panel.", ANALYST)


class CookiesBlocked(LaunchError):
    status = 403
    step = 4
    title = "This browser blocks all cookies"

    def __init__(self, reason: str = "", *, host: str = "this site") -> None:
        """`host`: the name for which IT has to allow cookies."""
        super().__init__(reason)
        self.what_happened = (
            f"A new window was tried too, and the browser kept no cookie for {host}. "
            "Without one nobody can be signed in safely. The chart is not affected."
        )
        self.what_to_do = (
            f"Ask IT to allow cookies for {host}. In Chrome and Edge: Settings, Privacy, Cookies, Allowed sites; "
            f"or the policy CookiesAllowedForUrls with {host}.",
            "Then open it again from the chart.",
            "Give IT the reference below.",
        )


class LaunchCookieWrong(LaunchCookieMissing):
    title = "The sign-in belongs to another browser"
    way_out_helps = False
    what_happened = "This sign-in was started in another browser, so it was not used. The chart is not affected."
    what_to_do = (AGAIN, ANALYST)


class CrossSiteCallback(LaunchError):
    status = 403
    step = 4
    title = "The sign-in reply came from another site"
    what_happened = "Another site sent the sign-in reply, so it was not used. The chart is not affected."


# Step 5: the sign-in reply.


class ReplyIncomplete(LaunchError):
    step = 5
    title = "The sign-in reply is incomplete"
    what_happened = "The sign-in reply from your EHR misses what it must have, so it was not used."


class StateUnknown(LaunchError):
    step = 5
    title = "This sign-in was used already"
    what_happened = (
        "Each sign-in from your EHR works once. This one was used already, or is not known here. "
        "The chart is not affected."
    )


class StateExpired(LaunchError):
    step = 5
    title = "The sign-in took too long"
    way_out_helps = True
    what_happened = (
        "The sign-in from your EHR took longer than 10 minutes, so it is no longer valid. The chart is not affected."
    )
    what_to_do = (
        AGAIN,
        "Still here? Some EHRs block sign-in inside a panel: open it in a new window.",
        ANALYST,
    )


class ReplyIssuerMismatch(LaunchError):
    step = 5
    title = "The sign-in reply is from another EHR"
    what_happened = "The sign-in reply names another EHR than the one that was asked, so it was not used."
    what_to_do = ("Give your EHR analyst the reference below.",)


_MEANINGS: Final = {
    "access_denied": "The EHR, or the person who signed in, did not allow it.",
    "invalid_scope": "The EHR does not know, or does not allow, something that was asked for.",
    "unauthorized_client": "The EHR does not allow this app to sign people in this way.",
    "invalid_request": "The EHR could not understand the request; often the redirect URI is not registered there.",
    "unsupported_response_type": "The EHR does not support this kind of sign-in.",
    "server_error": "The EHR had a fault of its own.",
    "temporarily_unavailable": "The EHR is too busy, or in maintenance.",
    "login_required": "The EHR wants the person to sign in first.",
    "interaction_required": "The EHR wants to ask the person something, and could not.",
    "consent_required": "The EHR wants the person's consent, and could not ask.",
}


_LEAVE_OUT: Final = "; leave out what it does not know: preceptor ehr change --without-scope"
_FOR_THE_ANALYST: Final = (
    "For the EHR analyst: some EHRs refuse the whole sign-in where one scope is unknown to them. "
    "preceptor doctor says which those are; leave them out with preceptor ehr change --without-scope, "
    "or on the EHR's page in the studio."
)


class AuthorizationRefused(LaunchError):
    """The EHR answered with `error` (RFC 6749, 4.1.2.1)."""

    status = 403
    step = 5
    title = "The EHR refused the sign-in"

    def __init__(self, error: str, *, description: str | None = None, uri: str | None = None) -> None:
        """`description` and `uri` are shown as text on the page and kept nowhere."""
        known = error == "invalid_scope"
        super().__init__(f"The EHR answered with the error {error}{_LEAVE_OUT if known else ''}")
        if known:
            self.what_to_do = (_FOR_THE_ANALYST, "Give your EHR analyst the reference below.")
        self.error = printable(error, limit=60)
        said = f' It says: "{printable(description)}".' if description else ""
        more = f" More at (as sent, not a link): {printable(uri)}" if uri else ""
        meaning = _MEANINGS.get(error, f"It gave the reason {self.error}.")
        self.what_happened = f"{meaning}{said}{more} The chart is not affected."
