"""Words for the work that is open: from the code alone, never from what the Task says."""

from collections.abc import Iterable

SYSTEM = "urn:preceptor:task"
TITLES = {
    "reply-to-message": "Message reply",
    "shift-handoff": "Shift handoff",
    "schedule-appointment": "Scheduling",
    "pre-visit-review": "Pre-visit review",
    "session-note": "Session note",
    "referral-triage": "Referral triage",
    "case-report-triage": "Case report triage",
    "medication-reconciliation": "Medication reconciliation",
    "code-review": "Code review",
    "prior-authorization": "Prior authorization",
    "outreach-call": "Outreach call",
    "fax-intake": "Fax intake",
    "chart-review": "Chart review",
    "denial-appeal": "Denial appeal",
    "discharge-summary": "Discharge summary",
    "visit-note": "Visit note",
    "order-entry": "Orders",
    "flowsheet-charting": "Flowsheet",
    "deterioration-alert": "Deterioration alert",
    "message-routing": "Message routing",
    "chart-question": "Chart question",
    "treatment-plan": "Treatment plan",
    "substance-use-review": "Records review",
    "risk-list-review": "Risk list review",
    "line-list-report": "Line list report",
}


def find_title(codes: Iterable[str]) -> str | None:
    """The title of the first code ("system|code") that has one."""
    known = (TITLES.get(code.removeprefix(f"{SYSTEM}|")) for code in codes)
    return next((title for title in known if title), None)
