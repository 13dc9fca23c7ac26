"""Words for the codes that choose tutorials. Pure: sentences are made of these, never of text from the EHR."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

EVERYONE = "everyone"
ANY_FEATURE = "any"
TASK_SYSTEM = "urn:preceptor:task"


class RoleWords(NamedTuple):
    """A job role in a sentence."""

    one: str
    many: str


class WorkWords(NamedTuple):
    """A kind of work in a sentence."""

    task: str
    """With its article, before "task is open"."""
    work: str
    """After "the EHR opened this for"."""


ROLES: Mapping[str, RoleWords] = MappingProxyType(
    {
        "physician": RoleWords("a physician", "physicians"),
        "nurse": RoleWords("a nurse", "nurses"),
        "medical-assistant": RoleWords("a medical assistant", "medical assistants"),
        "front-desk": RoleWords("on the front desk", "the front desk"),
        "referral-coordinator": RoleWords("a referral coordinator", "referral coordinators"),
        "behavioral-health-clinician": RoleWords("a behavioral health clinician", "behavioral health clinicians"),
        "care-manager": RoleWords("a care manager", "care managers"),
        "public-health-investigator": RoleWords("a public health investigator", "public health investigators"),
        "public-health-nurse": RoleWords("a public health nurse", "public health nurses"),
        "coder-him": RoleWords("a coder", "coders"),
        "pharmacist": RoleWords("a pharmacist", "pharmacists"),
        "team-leader": RoleWords("a team leader", "team leaders"),
        EVERYONE: RoleWords("everyone", "everyone"),
    }
)

WORK: Mapping[str, WorkWords] = MappingProxyType(
    {
        "reply-to-message": WorkWords("a message reply", "a message reply"),
        "shift-handoff": WorkWords("a handoff", "a handoff"),
        "schedule-appointment": WorkWords("a scheduling", "scheduling"),
        "pre-visit-review": WorkWords("a pre-visit review", "a pre-visit review"),
        "session-note": WorkWords("a session note", "a session note"),
        "referral-triage": WorkWords("a referral triage", "referral triage"),
        "case-report-triage": WorkWords("a case report triage", "case report triage"),
        "medication-reconciliation": WorkWords("a medication reconciliation", "medication reconciliation"),
        "code-review": WorkWords("a code review", "a code review"),
        "prior-authorization": WorkWords("a prior authorization", "a prior authorization"),
        "outreach-call": WorkWords("an outreach call", "an outreach call"),
        "fax-intake": WorkWords("a fax intake", "fax intake"),
        "chart-review": WorkWords("a chart review", "a chart review"),
        "denial-appeal": WorkWords("a denial appeal", "a denial appeal"),
        "discharge-summary": WorkWords("a discharge summary", "a discharge summary"),
        "visit-note": WorkWords("a visit note", "a visit note"),
        "order-entry": WorkWords("an order entry", "order entry"),
        "flowsheet-charting": WorkWords("a flowsheet", "flowsheet charting"),
        "deterioration-alert": WorkWords("a deterioration alert", "a deterioration alert"),
        "message-routing": WorkWords("a message routing", "message routing"),
        "chart-question": WorkWords("a chart question", "a chart question"),
        "treatment-plan": WorkWords("a treatment plan", "a treatment plan"),
        "substance-use-review": WorkWords("a records review", "a records review"),
        "risk-list-review": WorkWords("a risk list review", "a risk list review"),
        "line-list-report": WorkWords("a line list report", "a line list report"),
    }
)
"""Task codes of `urn:preceptor:task`; the intents are the same words. What could tell of a patient in front of an
onlooker, such as substance use, is worded without it."""

PLACEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "inbox": "in the inbox",
        "handoff": "on the handoff screen",
        "schedule": "in the schedule",
        "rooming": "on the rooming screen",
        "session": "on the session screen",
        "referrals": "in the referral list",
        "case-reports": "in the case report list",
        "notes": "on the notes screen",
        "orders": "on the orders screen",
        "alerts": "in the alerts",
        "pharmacy": "on the pharmacy screen",
        "coding": "on the coding screen",
        "care-management": "on the care management screen",
    }
)

ENCOUNTER_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "AMB": "an office visit",
        "EMER": "an emergency visit",
        "FLD": "a visit in the field",
        "HH": "a home visit",
        "IMP": "an inpatient stay",
        "ACUTE": "an acute inpatient stay",
        "NONAC": "a non-acute inpatient stay",
        "OBSENC": "an observation stay",
        "PRENC": "a pre-admission visit",
        "SS": "a short stay",
        "VR": "a virtual visit",
    }
)
"""HL7 v3 ActCode, ActEncounterCode."""

CARE_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "clinic": "a clinic",
        "hospital": "a hospital",
        "emergency-department": "an emergency department",
        "home": "a home",
        "virtual": "a virtual setting",
        "field": "the field",
        "long-term-care": "long-term care",
        "public-health-department": "a public health department",
    }
)

SETTING_OF_CLASS: Mapping[str, str] = MappingProxyType(
    {
        "AMB": "clinic",
        "EMER": "emergency-department",
        "FLD": "field",
        "HH": "home",
        "IMP": "hospital",
        "ACUTE": "hospital",
        "OBSENC": "hospital",
        "PRENC": "hospital",
        "SS": "hospital",
        "VR": "virtual",
    }
)
"""Where an encounter of this class takes place, for EHRs that say no setting. NONAC names none: it may be a hospital's
rehabilitation ward or long-term care."""


def you_are(role: str, titles: Mapping[str, str]) -> str:
    """ "you are a nurse"; a role of the organization's own speaks by its title, else by its slug."""
    if role in ROLES:
        return f"you are {ROLES[role].one}"
    return f"your role is {titles.get(role, role.replace('-', ' '))}"


def people(role: str) -> str:
    """ "nurses"; a role of the organization's own by its slug."""
    return ROLES[role].many if role in ROLES else role.replace("-", " ")


def task_is_open(code: str) -> str:
    """ "a handoff task is open", for a code "system|code"."""
    system, _, word = code.rpartition("|")
    if system == TASK_SYSTEM and word in WORK:
        return f"{WORK[word].task} task is open"
    return "a task of this kind is open"


def opened_for(intent: str) -> str:
    """ "the EHR opened this for a handoff"."""
    return f"the EHR opened this for {WORK[intent].work if intent in WORK else 'this work'}"


def you_are_in(placement: str) -> str:
    """ "you are in the inbox"."""
    return f"you are {PLACEMENTS.get(placement, 'in this part of the EHR')}"


def encounter_is(code: str) -> str:
    """ "this is an inpatient stay"."""
    return f"this is {ENCOUNTER_CLASSES.get(code, 'this kind of encounter')}"


def in_words(items: list[str], last: str = "and") -> str:
    """Join as in a sentence: "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""
