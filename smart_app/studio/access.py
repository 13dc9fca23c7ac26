"""Who may open which page. A view says so by `@may(...)`; one that says nothing is refused, and fails the tests.

1. The visit's cookie says who is here (:mod:`smart_app.visits.session`).
2. The view's policy names permissions; one of them is enough.
3. A permission is granted, or asserted by the EHR through the organization's map. What the request says, and the
   job role (declared or not), is never looked at.
4. A write that was refused stands in the audit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import current_app, g, request

from smart_app.errors import ProductError
from smart_app.organizations.naming import code_of
from smart_app.organizations.permissions import Permission, permissions_of_visit
from smart_app.organizations.settings import setting
from smart_app.organizations.verbs import write_audit
from smart_app.services import services
from smart_app.visits.session import current_visit

View = TypeVar("View", bound=Callable[..., object])
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Policy:
    """Who may open a view."""

    permissions: frozenset[Permission] = frozenset()
    """One of these is needed; none where `reason` says why everybody may."""
    reason: str = ""
    needs_visit: bool = True


def may(*permissions: Permission) -> Callable[[View], View]:
    """Whoever holds one of these permissions may open the view. Stands below the route's decorator."""
    if not permissions:
        raise ValueError("name a permission, or say @open_to_all(reason)")
    return _mark(Policy(frozenset(permissions)))


def open_to_all(reason: str, *, needs_visit: bool = True) -> Callable[[View], View]:
    """Everybody with a visit may open the view (it checks more itself, or there is nothing to guard): say why."""
    return _mark(Policy(reason=reason, needs_visit=needs_visit))


def policy_of(endpoint: str) -> Policy | None:
    """The policy that the view of this endpoint states."""
    found: Policy | None = getattr(current_app.view_functions.get(endpoint), "policy", None)
    return found


def current_permissions() -> frozenset[Permission]:
    """What the learner of this visit may do here, asked once a request."""
    if "permissions" not in g:
        with services().database.reading() as session:
            g.permissions = permissions_of_visit(session, visit=current_visit())
    held: frozenset[Permission] = g.permissions
    return held


def holds(*permissions: Permission) -> bool:
    """Whether the learner of this visit holds one of them."""
    return not current_permissions().isdisjoint(permissions)


def check_policy() -> None:
    """Before every view of the studio: 403 unless its policy lets this learner in."""
    policy = policy_of(request.endpoint or "")
    if policy is None:
        raise RuntimeError(f"{request.endpoint} does not say who may open it")
    if not policy.needs_visit:
        return
    current_visit()
    if policy.permissions and not holds(*policy.permissions):
        refuse(policy.permissions)


def refuse(needed: frozenset[Permission]) -> None:
    """Raise the 403 page that names what is missing and who gives it; a refused write goes to the audit first."""
    visit, words = current_visit(), " or ".join(sorted(needed))
    with services().database.reading() as session:
        contact = setting(session, organization=visit.organization, name="permissions contact")
    if request.method not in _SAFE:
        details = {"endpoint": request.endpoint, "needed": sorted(needed), "held": sorted(current_permissions())}
        with services().database.writing() as session:
            write_audit(
                session, organization=visit.organization, actor=visit.learner.hex, action="refused", details=details
            )
            session.commit()
    raise ProductError(
        status=403,
        title=f"This needs the permission: {words}",
        what_happened="You do not have it here, so the page stayed closed and nothing was changed. "
        "A job role does not give it, and nobody can give it to themselves.",
        what_to_do=(
            f"Ask {contact or 'your EHR analyst'}: whoever has the permission analyst grants it, under Administration.",
            f"Tell them your code here, {code_of(visit.learner)}. It stands for you and opens nothing.",
        ),
    )


def _mark(policy: Policy) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.policy = policy  # type: ignore[attr-defined]
        return view

    return mark
