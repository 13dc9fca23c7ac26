"""The EHR's token of a visit: kept only where an enabled feature needs it, gone when the visit ends."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from launch.context import LaunchContext
from launch.extension import SmartLaunch
from launch.fhir_session import FhirSession
from launch.tokens import REVOKE_SECONDS, Tokens
from smart_app.logs import get_logger
from smart_app.services import services

log = get_logger(__name__)


def keep_token(context: LaunchContext, visit: UUID) -> None:
    """Keep the launch's token for the visit, at most as long as the visit can last; nothing where none is needed.

    Called with no transaction open. Without its token the visit goes on: only the feature asks for a new launch.
    """
    try:
        context.keep_token(visit.hex, datetime.now(UTC) + timedelta(hours=services().settings.visit_hours))
    except SQLAlchemyError as error:
        log.error("token not kept", reference=context.reference, fault=type(error).__name__)


def fhir_of(visit: UUID) -> FhirSession:
    """A session of the visit's person with a token that is good now. Close it after the reads.

    Raises :class:`launch.tokens.RelaunchNeeded`, :class:`launch.tokens.TokenBusy`. Asks the network: hold no
    transaction open.
    """
    return _tokens().fhir(visit.hex)


def end_tokens(visits: Iterable[UUID], *, seconds: float = REVOKE_SECONDS) -> None:
    """Delete the tokens of visits that ended, and give them back to the EHRs that take them.

    `seconds`: what the EHRs may take for it, together.
    """
    try:
        _tokens().end((visit.hex for visit in visits), seconds=seconds)
    except SQLAlchemyError as error:
        log.error("tokens not deleted", fault=type(error).__name__)


def _tokens() -> Tokens:
    extension: SmartLaunch = current_app.extensions["smart_launch"]
    return extension.client.tokens
