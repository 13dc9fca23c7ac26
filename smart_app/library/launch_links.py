"""Where an AI feature may be opened: https on hosts that the organization named. Pure.

A link that a trainer types is pressed by every clinician, so who may write links is not who says on which hosts
they may lie. Beyond those hosts, the hosts of the organization's own EHR registrations are allowed.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

LOCAL = frozenset({"localhost", "127.0.0.1"})
"""This machine, for the demo's EHR: http is allowed there alone."""
MOST_LINK = 500
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_FORBIDDEN = frozenset("\\\"'<>`{}|^ ")


class LinkRefused(ValueError):
    """The link may not stand in the registry; the text says why."""


def checked_host(text: str) -> str:
    """A host as it is kept, lower case, without scheme, port or path. Raises LinkRefused."""
    host = text.strip().lower().rstrip(".")
    labels = host.split(".")
    if not _HOST.fullmatch(host) or (len(labels) > 1 and labels[-1].isdigit() and host not in LOCAL):
        raise LinkRefused("Write the host alone, by name: ai.example.org. No address in numbers, no wildcard.")
    if len(labels) < 2 and host not in LOCAL:
        raise LinkRefused("Write the whole name of the host: ai.example.org.")
    return host


def checked_link(text: str, hosts: Collection[str]) -> str | None:
    """The link as it is kept; None for an empty one. Raises LinkRefused.

    `hosts`: allowed ones, whole names: a host below an allowed one is another host.
    """
    link = text.strip()
    if not link:
        return None
    host = host_of(link)
    if host is None:
        raise LinkRefused("A link starts with https:// and a named host, and has no user, blank or quote in it.")
    if host not in hosts:
        raise LinkRefused(
            f"{host} is not among the hosts that AI features may be opened on here. Whoever has the permission "
            "analyst adds it, below the list of AI features."
        )
    return link


def checked_policy(text: str) -> str | None:
    """A link to read from, on any host: https. None for an empty one. Raises LinkRefused."""
    link = text.strip()
    if link and (host_of(link) is None or not link.startswith("https://")):
        raise LinkRefused("A link starts with https:// and a named host, and has no user, blank or quote in it.")
    return link or None


def host_of(link: str) -> str | None:
    """The host that a browser would go to, lower case; None where the link may not be used at all."""
    usable = link.isascii() and link.isprintable() and len(link) <= MOST_LINK and not _FORBIDDEN & set(link)
    if not usable:
        return None
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").rstrip(".")
        _ = parts.port
    except ValueError:
        return None
    if "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    return host if parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL) else None
