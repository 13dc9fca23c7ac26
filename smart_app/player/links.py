"""Which links of AI features may be opened from a page. Pure."""

from urllib.parse import urlsplit

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def openable(link: str | None) -> str | None:
    """`link` if a page may lead there, else None.

    https to a named host without a user in it; http to this machine alone (the demo's EHR). Nothing that a
    browser would run (``javascript:``, ``data:``), and no address that readers and browsers take apart differently.
    """
    if not link or not link.isascii() or any(mark in link for mark in "\\ \t\r\n\"'<>"):
        return None
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return None
    if not host or "@" in parts.netloc:
        return None
    return link if parts.scheme == "https" or (parts.scheme == "http" and host in _LOCAL) else None
