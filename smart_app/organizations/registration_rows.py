"""A registration's row in launch's own words."""

from typing import Any

from launch.stores import Registration
from smart_app.organizations.models import EhrRegistration

SECRETS = ("client_secret", "earlier_client_secret")
_NOT_TOLD = frozenset({"organization", "iss_key", "created_at", *SECRETS})


def facts_of(row: EhrRegistration) -> dict[str, Any]:
    """The row for the audit, as JSON: every column that says how it is registered, and never a secret."""
    told = [column.key for column in EhrRegistration.__table__.c if column.key not in _NOT_TOLD]
    return {name: row.id.hex if name == "id" else getattr(row, name) for name in told}


def registration_of(row: EhrRegistration, *, secret: str | None, earlier: str | None = None) -> Registration:
    """The row as launch knows it. `secret`, `earlier`: client secrets in the clear, where the EHR is to be asked."""
    return Registration(
        id=row.id.hex,
        organization=row.organization.hex,
        name=row.name,
        iss=row.iss,
        client_id=row.client_id,
        auth=row.auth,  # type: ignore[arg-type]  # checked when it was registered
        signing_algorithm=row.signing_algorithm,  # type: ignore[arg-type]
        client_secret=secret,
        earlier_client_secret=earlier,
        callback=row.callback,
        token_issuer=row.token_issuer,
        jwks_uri=row.jwks_uri,
        scopes=row.scopes,  # type: ignore[arg-type]
        legacy_metadata=row.legacy_metadata,
        frame_ancestors=tuple(row.frame_ancestors),
        extra_scopes=tuple(row.extra_scopes),
        without_scopes=tuple(row.without_scopes),
        style_origins=tuple(row.style_origins),
        backend_client_id=row.backend_client_id,
    )
