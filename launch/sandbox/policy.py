"""The content policy of the sandbox's own pages. Every asset is its own; only apps are framed."""

from urllib.parse import urlsplit


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def content_policy(*, frames: tuple[str, ...] = (), form_action: str = "") -> str:
    """A Content-Security-Policy. `frames`: origins of apps in the sidebar (they come back here to authorize)."""
    framed = " ".join(("'self'", *frames))
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-src {framed}; form-action {' '.join(filter(None, (chr(39) + 'self' + chr(39), form_action)))}; "
        "frame-ancestors 'self'"
    )
