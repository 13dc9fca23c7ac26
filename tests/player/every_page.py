"""Every page of the player and of the launch, each with the way that leads to it.

`tests/player/test_every_page.py` goes there and holds each page to the same properties. A template
that no line here shows fails it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.player.browsing import Act, Chooses, Goes, Types
from tests.player.conftest import HANDOFF
from tests.player.mishaps import FAULTS, REFUSALS, launch_errors
from tests.player.reader import Reader
from tests.player.test_playing import play_to_the_end

REPLY = "inbox-draft-reply"
NOBODY_HERE = "00000000-0000-4000-8000-000000000000"
HOME, HOW, LIST = Goes(""), ("Open", "Show me how"), Goes("tutorials")
QUESTIONS = (HOME, "Open", "I know this")
THE_END = Goes(f"tutorials/{HANDOFF}/finished")
NO_ROLE: Mapping[str, Any] = {"roles": ()}
NO_TASK: Mapping[str, Any] = {"task": None}
PHYSICIAN: Mapping[str, Any] = {"roles": ("physician",), "task": "reply-to-message"}
CHANGED: Mapping[str, Any] = {"person": "finished version 1", **PHYSICIAN}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page in one state."""

    name: str
    template: str
    heading: str
    """Its first heading begins so; "" where the words differ by the failure."""
    way: tuple[Act, ...] = (HOME,)
    arrives: Mapping[str, Any] = field(default_factory=dict)
    """How the visit differs from that of a nurse with a handoff task open, for the first time today."""
    before: Callable[[Reader], object] | None = None
    """What was done earlier in this visit."""
    launches: int = 1
    """Of this person so far, this one included."""
    held_back: str = ""
    """A script that would lead on from the page at once."""
    needs_script: tuple[str, ...] = ()
    """Controls that are there with a script only."""


def hides_and_pauses(reader: Reader) -> None:
    """Puts the tutorial away for good, back, and away for this shift."""
    reader.press(reader.press(reader.open(), "Hide"), "Show it again")
    play_to_the_end(reader)
    reader.press(reader.open("tutorials"), "Give report")
    reader.press(reader.open(), "Not this shift")


def opens_the_card_often(reader: Reader) -> None:
    """More entries than a page of the record holds."""
    home = reader.open()
    for number in range(101):
        action, fields = reader.body(home, "Verify card")
        reader.send(action, {**fields, "key": f"{fields['key'][:-4]}{number:04d}"})


def turns_single_keys_off(reader: Reader) -> None:
    reader.press(reader.open("settings"), "Turn them off")


def place(name: str, template: str, heading: str, *way: Act, **more: Any) -> Place:
    """A line of the table."""
    return Place(name=name, template=template, heading=heading, way=way or (HOME,), **more)


HOME_PAGES = (
    place("the first launch", "welcome.html", "What Preceptor is", arrives={"first": True}),
    place("home", "home.html", "For you now"),
    place("home with a quiet list", "home.html", "For you now", launches=2),
    place("home without a task", "home.html", "For you now", arrives=NO_TASK),
    place("home in a window of its own", "home.html", "For you now", arrives={"standalone": True, **NO_TASK}),
    place("home where the EHR failed", "home.html", "For you now", arrives={"missing": ["Task: timed out"]}),
    place("home with nothing for the task", "home.html", "For you now", arrives={"task": "prior-authorization"}),
    place("home after Hide", "home.html", "For you now", HOME, "Hide"),
    place("home after Not this shift", "home.html", "For you now", HOME, "Not this shift"),
    place("home with a tutorial under way", "home.html", "For you now", HOME, *HOW, "Next: ", HOME),
    place("home after all is finished", "home.html", "For you now", before=play_to_the_end),
    place("home with single keys off", "home.html", "For you now", before=turns_single_keys_off),
)
ROLE_PAGES = (
    place("the role question", "role.html", "What is your role here?", arrives=NO_ROLE),
    place("the role question unanswered", "role.html", "What is", HOME, "Save my role", arrives=NO_ROLE),
    place("role and task", "role.html", "Role and task", HOME, "Wrong role or task?"),
    place(
        "the task as named", "role.html", "Role and task", Goes("role"), Chooses("No task"), "Use this", Goes("role")
    ),
)
FIND_PAGES = (
    place("all tutorials for my role", "find.html", "All tutorials for my role", HOME, "All tutorials"),
    place("all tutorials, one put away", "find.html", "All tutorials", HOME, "Hide", "Put away by you"),
    place("all tutorials, one quiet", "find.html", "All tutorials", HOME, "Not this shift", "Put away by you"),
    place("find", "find.html", "Find a tutorial", LIST, Types("Find by words", "report"), "Find"),
    place("find with nothing found", "find.html", "Find", LIST, Types("Find by words", "x-ray sparrow"), "Find"),
)
TUTORIAL_PAGES = (
    place("the card", "card.html", "Give report", HOME, "Open"),
    place("the card without questions", "card.html", "Reply", HOME, "Open", arrives=PHYSICIAN),
    place("step 1, why", "step.html", "Why", HOME, "Open", "Read why first"),
    place("step 2, how", "step.html", "How", HOME, *HOW),
    *(
        place(f"step {at}, {name}", "step.html", "", HOME, *HOW, *["Next: "] * (at - 2))
        for at, name in ((3, "watch for"), (4, "verify"), (5, "try it"), (6, "when not"))
    ),
    place("a step looked at again", "step.html", "Why", HOME, *HOW, "Next: ", Goes(f"tutorials/{HANDOFF}/why")),
    place("a step after a break", "step.html", "Watch for", HOME, *HOW, "Next: ", HOME, "Resume"),
    place("what changed", "changed.html", "What changed", HOME, "Reply", arrives=CHANGED, launches=2),
    place("the questions", "questions.html", "Three questions", *QUESTIONS),
    place("the questions unanswered", "questions.html", "Three", *QUESTIONS, "Check my answers"),
    place(
        "the questions as marked", "questions.html", "Three", *QUESTIONS,
        Chooses("The code status"), Chooses("Read it out"), Chooses("Ask the next nurse"), "Check my answers",
    ),
    place("the verify card", "verify.html", "", HOME, "Verify card", needs_script=("Print this card",)),
    place("the verify card from a step", "verify.html", "", HOME, *HOW, "Verify V", needs_script=("Print this card",)),
    place("the end", "finished.html", "Finished", THE_END, before=play_to_the_end),
    place(
        "the end, used", "finished.html", "Finished", THE_END, "I used it on this task", before=play_to_the_end,
    ),
    place(
        "the end, about six times", "finished.html", "Finished",
        THE_END, Types("More than once?", "6"), "I used it about so often", before=play_to_the_end,
    ),
    place(
        "the way to the AI feature", "opened.html", "Open ", Goes(f"tutorials/{HANDOFF}/feature"),
        before=play_to_the_end,
    ),
)  # fmt: skip
OWN_PAGES = (
    place("My record, empty", "record.html", "Everything recorded about you", HOME, "My record"),
    place("My record", "record.html", "Everything recorded", Goes("record"), before=hides_and_pauses),
    place("My record, older", "record.html", "Everything", Goes("record"), "Older", before=opens_the_card_often),
    place("what is recorded", "recorded.html", "What is recorded", HOME, "What is recorded"),
    place("settings", "settings.html", "Settings", HOME, "Settings"),
    place("settings as saved", "settings.html", "Settings", Goes("settings"), Chooses("Light"), "Save my colours"),
    place("signed out", "signed_out.html", "Signed out", HOME, "Not you?"),
)
ERROR_PAGES = (
    place("no such page of a visit", "error.html", "There is no such page", Goes("no-such-page")),
    place("no such tutorial", "error.html", "That is not offered here", Goes("tutorials/no-such")),
    place("the visit has ended", "visit_ended.html", "This visit has ended", HOME, "Not you?", HOME),
    place("a visit of nobody", "visit_ended.html", "This visit has ended", Goes(f"/v/{NOBODY_HERE}/")),
    *(place(f"refused with {status}", "error.html", "", Goes(f"/mishap/refused/{status}")) for status in REFUSALS),
    *(place(f"fault: {name}", "error.html", "", Goes(f"/mishap/fault/{name}")) for name in FAULTS),
    place("the database is away", "error.html", "Preceptor cannot write just now", Goes("/mishap/database")),
)
LAUNCH_PAGES = (
    place("the launch's reply", "launch/callback.html", "Signing you in", Goes("/launch/callback/ehr?code=c&state=s"),
          held_back="callback.js"),
    place("the launch's request", "launch/authorize.html", "Going to your EHR", Goes("/mishap/authorize"),
          held_back="authorize.js"),
    place("a launch from no EHR", "launch_failed.html", "This page opens from your EHR", Goes("/launch")),
    *(
        place(f"launch failed: {name}", "launch_failed.html", title, Goes(f"/mishap/launch/{name}"))
        for name, title in ((kind.__name__, kind.title) for kind in launch_errors())
    ),
)  # fmt: skip
EVERY_PAGE = (*HOME_PAGES, *ROLE_PAGES, *FIND_PAGES, *TUTORIAL_PAGES, *OWN_PAGES, *ERROR_PAGES, *LAUNCH_PAGES)
