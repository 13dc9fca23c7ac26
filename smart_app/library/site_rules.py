"""Rules of single states, as examples: shown only for an AI feature that is used there by people whom they are about.

Preceptor does not know the law of a place. Each example names its source and the day it was read; every screen that
shows one says *have counsel confirm*.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml

CAVEAT = "Have counsel confirm: an example, as it was read on that day, and no legal advice."
STATES = frozenset(
    (
        *("AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY"),
        *("LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH"),
        *("OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY"),
        *("AS", "GU", "MP", "PR", "VI"),
    )
)
"""USPS codes of states, the district and the territories."""


@dataclass(frozen=True)
class SiteRule:
    """One example."""

    id: str
    state: str
    title: str
    says: str
    law: str
    url: str
    read_on: date
    features: frozenset[str]
    roles: frozenset[str]


def site_rules(*, states: Collection[str], feature: str, job_roles: Collection[str]) -> tuple[SiteRule, ...]:
    """What applies to this AI feature in these states. `job_roles`: who has it; empty: nobody has said, so all may."""
    return tuple(rule for rule in _shipped() if rule.state in states and _is_about(rule, feature, job_roles))


def _is_about(rule: SiteRule, feature: str, job_roles: Collection[str]) -> bool:
    of_feature = not rule.features or feature in rule.features
    return of_feature and (not rule.roles or not job_roles or not rule.roles.isdisjoint(job_roles))


@cache
def _shipped() -> tuple[SiteRule, ...]:
    rows = yaml.safe_load((Path(__file__).parent / "site_rules.yaml").read_text("utf-8"))
    return tuple(
        SiteRule(**{**row, "features": frozenset(row["features"]), "roles": frozenset(row["roles"])}) for row in rows
    )
