"""Find a code by words: at the EHR's own terminology where that works, else in the code lists that we ship.

The EHR is asked with the token of this visit where one is kept, else by Backend Services where they are registered.
No database transaction is open meanwhile.
"""

from dataclasses import dataclass
from typing import Final

from flask import current_app

from launch.backend import BackendError
from launch.extension import SmartLaunch
from launch.fhir_session import FhirSession
from launch.tokens import RelaunchNeeded, TokenBusy
from smart_app.fhir.expanding import FoundCode, NoCodeSearch, expand
from smart_app.organizations.job_roles import shipped_codes
from smart_app.visits.tokens import fhir_of
from smart_app.visits.view import VisitView

MOST: Final = 60
SCOPES: Final = ("system/ValueSet.rs",)


@dataclass(frozen=True)
class CodeSearch:
    """What was found, and where."""

    codes: tuple[FoundCode, ...]
    from_ehr: bool
    why: str
    """Why the EHR was not asked, or did not answer; empty where it did."""
    added: int = 0
    """How many of the codes the EHR did not have: from the lists that we ship."""


def search_codes(visit: VisitView, words: str) -> CodeSearch:
    """Codes that hold these words; never raises for what the network does.

    An EHR that has one terminology may lack the other (HAPI without SNOMED CT expands no role): ours is added.
    """
    shipped = _shipped(words)
    fhir, why = _session(visit)
    if fhir is not None:
        try:
            found = expand(fhir, words)
            held = {(code.system, code.code) for code in found}
            more = tuple(code for code in shipped if (code.system, code.code) not in held)
            return CodeSearch((*found, *more)[:MOST], True, "", len(more))
        except NoCodeSearch as error:
            why = f"it does not answer a code search ({error})"
        finally:
            fhir.close()
    return CodeSearch(shipped[:MOST], False, why)


def _shipped(words: str) -> tuple[FoundCode, ...]:
    wanted = words.casefold().split()
    codes = (FoundCode(*code) for code in shipped_codes())
    return tuple(code for code in codes if all(word in f"{code.display} {code.code}".casefold() for word in wanted))


def _session(visit: VisitView) -> tuple[FhirSession | None, str]:
    try:
        return fhir_of(visit.id), ""
    except (RelaunchNeeded, TokenBusy):
        return _by_backend_services(visit)


def _by_backend_services(visit: VisitView) -> tuple[FhirSession | None, str]:
    extension: SmartLaunch = current_app.extensions["smart_launch"]
    try:
        registration = extension.client.stores.registrations.get(visit.ehr)
        return extension.client.backend.session(registration, scopes=SCOPES), ""
    except KeyError:
        return None, "it is not registered any more"
    except BackendError as error:
        return None, f"it gives no token for a code search ({error})"
