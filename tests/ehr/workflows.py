"""The seven workflows that the starter library teaches, as somebody at fixtures/fhir's Lakeside has them open."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """Who, what is open, and what must lead."""

    code: str
    person: str
    role: str
    task: str
    encounter: str | None
    place: str
    tutorial: str


WORKFLOWS = (
    Workflow(
        code="reply-to-message",
        person="prac-okafor-physician",
        role="physician",
        task="task-okafor-reply",
        encounter="enc-message-obi",
        place="inbox",
        tutorial="inbox-draft-reply",
    ),
    Workflow(
        code="shift-handoff",
        person="prac-lindqvist-nurse",
        role="nurse",
        task="task-lindqvist-handoff",
        encounter="enc-ward-eriksen",
        place="handoff",
        tutorial="nurse-handoff-summary",
    ),
    Workflow(
        code="schedule-appointment",
        person="prac-haddad-front-desk",
        role="front-desk",
        task="task-haddad-schedule",
        encounter=None,
        place="schedule",
        tutorial="front-desk-scheduling-agent",
    ),
    Workflow(
        code="pre-visit-review",
        person="prac-reyes-medical-assistant",
        role="medical-assistant",
        task="task-reyes-previsit",
        encounter="enc-previsit-tanaka",
        place="rooming",
        tutorial="medical-assistant-pre-visit-summary",
    ),
    Workflow(
        code="session-note",
        person="prac-bello-counselor",
        role="behavioral-health-clinician",
        task="task-bello-session",
        encounter="enc-session-hassan",
        place="session",
        tutorial="behavioral-health-session-note",
    ),
    Workflow(
        code="referral-triage",
        person="prac-nguyen-referrals",
        role="referral-coordinator",
        task="task-nguyen-referral",
        encounter="enc-home-adeyemi",
        place="referrals",
        tutorial="referral-urgency-triage",
    ),
    Workflow(
        code="case-report-triage",
        person="prac-kealoha-investigator",
        role="public-health-investigator",
        task="task-kealoha-case",
        encounter="enc-field-delgado",
        place="case-reports",
        tutorial="public-health-case-report-triage",
    ),
)
