"""EHRs that are known by name, and what of them no document of theirs says. Facts only; docs/ehr has the sources.

A recognised name adds hints to a diagnosis. It changes nothing in a launch: there only the registration counts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, kw_only=True)
class KnownEhr:
    """An EHR product."""

    name: str
    guide: str
    """Page of the documentation."""
    said: str
    """What its CapabilityStatement says in software, publisher or title: a regular expression, whatever the case."""
    hosts: tuple[str, ...] = ()
    """Hosts of its own, with those below them."""
    token_issuer_differs: bool = False
    """Its id_tokens carry another issuer than its settings document advertises."""
    by_id_only: frozenset[str] = frozenset()
    """Resource types whose advertised searches it refuses."""
    hints: tuple[str, ...] = ()


KNOWN_EHRS: Final = (
    KnownEhr(
        name="Epic",
        guide="docs/ehr/epic.md",
        said=r"\bepic\b",
        hosts=("epic.com",),
        hints=(
            "one client id serves all customers: register each customer's FHIR base here, with its own token issuer",
            "a new client id takes time to reach each customer's system",
        ),
    ),
    KnownEhr(
        name="Oracle Health",
        guide="docs/ehr/oracle-health.md",
        said=r"\boracle health\b|\bcerner\b",
        hosts=("cerner.com",),
        token_issuer_differs=True,
        hints=(
            "tokens live about ten minutes; a refresh brings no new refresh token",
            "scopes that the app is not registered for are left out without a word",
        ),
    ),
    KnownEhr(
        name="athenahealth",
        guide="docs/ehr/athenahealth.md",
        said=r"\bathena",
        hosts=("athenahealth.com",),
    ),
    KnownEhr(
        name="MEDITECH",
        guide="docs/ehr/meditech.md",
        said=r"\bmeditech\b|medical information technology, inc",
        hosts=("meditech.com",),
        by_id_only=frozenset({"Task"}),
        hints=("it advertises more than it grants: only a launch shows what a registration may do",),
    ),
    KnownEhr(
        name="OpenEMR",
        guide="docs/ehr/openemr.md",
        said=r"\bopenemr\b",
        hints=(
            "an administrator must enable the app by hand: apps with user/ scopes are never approved by themselves",
        ),
    ),
    KnownEhr(
        name="Medplum",
        guide="docs/ehr/medplum.md",
        said=r"\bmedplum\b",
        hosts=("medplum.com",),
        hints=("iss ends with a slash: register it so",),
    ),
    KnownEhr(
        name="HAPI FHIR",
        guide="docs/ehr/hapi.md",
        said=r"\bhapi\b",
        hosts=("hapi.fhir.org",),
        hints=("it has no sign-in of its own: put the sandbox EHR before it (preceptor demo --fhir URL)",),
    ),
)


def find_known(statement: Mapping[str, Any], *, host: str) -> KnownEhr | None:
    """The product that this CapabilityStatement or this host names."""
    software = statement.get("software")
    words = [software.get("name") if isinstance(software, Mapping) else None]
    words += [statement.get(name) for name in ("publisher", "title", "name", "description")]
    text = "\n".join(word[:500] for word in words if isinstance(word, str))
    for known in KNOWN_EHRS:
        is_its_host = any(host == own or host.endswith(f".{own}") for own in known.hosts)
        if is_its_host or re.search(known.said, text, re.IGNORECASE):
            return known
    return None
