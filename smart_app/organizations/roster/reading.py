"""A roster file, line by line: what each says, or why it is refused. Pure: no database, no Flask.

A file is CSV with one line of headings, in any order and with any headings: `Reading.columns` says which
heading holds what. Nothing is guessed: a line that says something unknown is refused, with how to mend it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

from smart_app.organizations.roster.table import Table

MOST_WORD: Final = 120
NOT_SAID: Final = "*"
"""Access of somebody of whom the file does not speak: the AI feature registry says it by role and unit."""

Field = Literal[
    "staff", "unit", "job_role", "name", "npi", "ehr_user", "practitioner", "leader", "access", "active_from",
    "active_to",
]  # fmt: skip
FIELDS: Final[Mapping[Field, str]] = {
    "staff": "Staff identifier",
    "unit": "Unit",
    "job_role": "Job role",
    "name": "Name",
    "npi": "National provider number (NPI)",
    "ehr_user": "User id in the EHR",
    "practitioner": "Practitioner id in the EHR",
    "leader": "Leader, yes or no",
    "access": "AI features accessible",
    "active_from": "First day",
    "active_to": "Last day",
}
REQUIRED: Final[tuple[Field, ...]] = ("staff", "unit", "job_role")
IDENTITY_FIELDS: Final = ("npi", "ehr_user", "practitioner")
EHR_FIELDS: Final[tuple[Field, ...]] = ("ehr_user", "practitioner")
"""Identities that mean somebody at one EHR, and somebody else at another."""
_HEADINGS: Final[Mapping[Field, str]] = {
    "staff": r"(staff|employee|person(nel)?|badge)([ _-]?(id|identifier|number|no\.?))?",
    "unit": r"(home[ _-]?)?(unit|department|dept\.?|ward|clinic|location)([ _-]?name)?",
    "job_role": r"(job[ _-]?)?(role|title)|job",
    "name": r"(full[ _-]?)?name|person[ _-]?name",
    "npi": r"npi([ _-]?number)?",
    "ehr_user": r"(ehr|epic|user)[ _-]?(user[ _-]?)?(id|name|login)",
    "practitioner": r"practitioner([ _-]?id)?|fhir[ _-]?id",
    "leader": r"(is[ _-]?)?(leader|manager|lead)",
    "access": r"(ai[ _-]?)?(features?|access|licen[cs]es?)([ _-]?accessible)?",
    "active_from": r"(active[ _-]?from|start(s|[ _-]?date)?|from|first[ _-]?day|hire[ _-]?date)",
    "active_to": r"(active[ _-]?to|end(s|[ _-]?date)?|to|until|last[ _-]?day)",
}
_YES: Final = frozenset({"yes", "y", "true", "1", "x", "leader"})
_NO: Final = frozenset({"no", "n", "false", "0", ""})
DATES: Final[Mapping[str, tuple[str, str]]] = {
    "year first": ("%Y-%m-%d", "2026-12-31"),
    "month first": ("%m/%d/%Y", "12/31/2026"),
    "day first": ("%d.%m.%Y", "31.12.2026"),
}
"""How dates are written: a format, and an example of it."""
_IDENTIFIER: Final = re.compile(r"[!-~]([ -~]{0,98}[!-~])?")
_FHIR_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a file is read."""

    columns: Mapping[Field, str]
    """Field -> heading of its column."""
    staff_is: Literal["staff", "npi", "ehr_user", "practitioner"] = "staff"
    """What the staff identifier is: the organization's own number, or what the EHR knows the person by."""
    whole: bool = False
    """The file is everybody: whoever is not in it leaves the roster."""
    dates: str = "year first"
    roles: Mapping[str, str] = field(default_factory=dict)
    """A word of the file, in small letters -> job role."""
    source: Literal["file", "EHR"] = "file"
    ehr: str = ""
    """Registration (hex) whose user ids and Practitioner ids these are; empty: nobody said."""
    below: str = ""
    """Of an EHR's list: id of the Organization below which it was read; empty: all of it."""

    @property
    def names_an_ehr(self) -> bool:
        """A column holds what an EHR knows people by, so it must be said which EHR."""
        return self.staff_is in EHR_FIELDS or any(self.columns.get(name) for name in EHR_FIELDS)

    def as_json(self) -> dict[str, Any]:
        """As it is kept between a dry run and the import."""
        return {
            "columns": dict(self.columns), "staff_is": self.staff_is, "whole": self.whole, "dates": self.dates,
            "roles": dict(self.roles), "source": self.source, "ehr": self.ehr, "below": self.below,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class StaffLine:
    """Somebody on the roster, as a file or an EHR says."""

    line: int
    """Of the file, counted from 1; the place in the answer, where an EHR said it."""
    staff: str
    unit: str
    """Its name."""
    job_role: str
    is_leader: bool = False
    access: str = NOT_SAID
    active_from: date | None = None
    active_to: date | None = None
    name: str | None = None
    known_as: tuple[tuple[str, str], ...] = ()
    """(kind of identity, value) beside the staff identifier."""


@dataclass(frozen=True)
class Fault:
    """Why a line is refused, and how to mend it."""

    line: int
    wrong: str
    mend: str


@dataclass(frozen=True)
class ReadRoster:
    """A file, read: nothing of it is imported where there is a fault."""

    lines: tuple[StaffLine, ...]
    faults: tuple[Fault, ...]
    unknown_roles: tuple[str, ...] = ()
    """Words in the job role's column that no job role is known by, the most frequent first."""


@dataclass(frozen=True)
class Known:
    """Words that the organization knows, in small letters."""

    job_roles: Mapping[str, str]
    """Id or title -> id."""
    features: Mapping[str, str]
    """Id or name of an AI feature -> id."""


class _Refused(Exception):
    """(wrong, mend)."""


def guess_columns(headings: Sequence[str]) -> dict[Field, str]:
    """Which heading seems to hold which field; a person looks at it before anything is done."""
    found: dict[Field, str] = {}
    for name, pattern in _HEADINGS.items():
        fitting = [heading for heading in headings if re.fullmatch(pattern, heading.strip().lower())]
        if fitting and fitting[0] not in found.values():
            found[name] = fitting[0]
    return found


def reading_of(kept: Mapping[str, Any]) -> Reading:
    """What :meth:`Reading.as_json` kept."""
    return Reading(**kept)


def read_roster(table: Table, reading: Reading, known: Known) -> ReadRoster:
    """Every line, read or refused."""
    missing = [FIELDS[name] for name in REQUIRED if reading.columns.get(name) not in table.headings]
    if missing:
        wrong = f"No column is chosen for: {', '.join(missing)}."
        return ReadRoster((), (Fault(1, wrong, "Choose one of the file's headings for each."),))
    lines, faults, strange = [], [], Counter[str]()
    for number, cells in table.lines:
        try:
            lines.append(_line(number, _Cells(cells, reading), reading, known))
        except _UnknownRole as unknown:
            strange[unknown.word] += 1
            faults.append(Fault(number, unknown.args[0], unknown.args[1]))
        except _Refused as refused:
            faults.append(Fault(number, *refused.args))
    faults += _twice(lines)
    faults.sort(key=lambda fault: fault.line)
    return ReadRoster(tuple(lines), tuple(faults), tuple(word for word, _ in strange.most_common()))


class _UnknownRole(_Refused):
    def __init__(self, word: str) -> None:
        super().__init__(f'No job role is called "{word}" here.', "Say which job role it means.")
        self.word = word


class _Cells:
    """One line, by field."""

    def __init__(self, cells: Mapping[str, str], reading: Reading) -> None:
        self._cells = cells
        self._reading = reading

    def text(self, name: Field) -> str:
        """The cell without blanks around it; empty where there is no such column."""
        value = self._cells.get(self._reading.columns.get(name, ""), "").strip()
        if len(value) > MOST_WORD and name != "access":
            raise _Refused(f"{FIELDS[name]}: longer than {MOST_WORD} letters.", "Shorten it.")
        if not value.isprintable():
            raise _Refused(f"{FIELDS[name]}: holds a letter that cannot be printed.", "Write it anew.")
        return value

    def needed(self, name: Field) -> str:
        value = self.text(name)
        if not value:
            raise _Refused(f"{FIELDS[name]} is empty.", "Fill it, or take the line out.")
        return value


def _line(number: int, cells: _Cells, reading: Reading, known: Known) -> StaffLine:
    word = cells.needed("job_role").lower()
    role = known.job_roles.get(reading.roles.get(word, word).lower())
    if role is None:
        raise _UnknownRole(word)
    starts, ends = _day(cells, "active_from", reading), _day(cells, "active_to", reading)
    if starts and ends and ends < starts:
        raise _Refused("The last day is before the first.", "Correct one of the two.")
    return StaffLine(
        line=number,
        staff=_identifier(cells.needed("staff"), reading.staff_is, "staff"),
        unit=cells.needed("unit"),
        job_role=role,
        is_leader=_yes(cells),
        access=_access(cells, reading, known),
        active_from=starts,
        active_to=ends,
        name=cells.text("name") or None,
        known_as=tuple(_known_as(cells)),
    )


def _known_as(cells: _Cells) -> Iterator[tuple[str, str]]:
    for kind in IDENTITY_FIELDS:
        if value := cells.text(kind):  # type: ignore[arg-type]
            yield kind, _identifier(value, kind, kind)  # type: ignore[arg-type]


def _identifier(value: str, kind: str, name: Field) -> str:
    if kind == "npi" and not re.fullmatch(r"\d{10}", value):
        raise _Refused(f"{FIELDS[name]}: an NPI has ten digits.", "Correct it, or leave the cell empty.")
    if kind == "practitioner":
        value = value.removeprefix("Practitioner/")
        if not _FHIR_ID.fullmatch(value):
            raise _Refused(f"{FIELDS[name]}: this is no FHIR id.", "Write the Practitioner's logical id.")
    if not _IDENTIFIER.fullmatch(value):
        raise _Refused(f"{FIELDS[name]}: plain letters and digits are expected.", "Correct it.")
    return value


def _yes(cells: _Cells) -> bool:
    word = cells.text("leader").lower()
    if word not in _YES | _NO:
        raise _Refused(f'{FIELDS["leader"]}: "{word}" is neither.', "Write yes or no.")
    return word in _YES


def _access(cells: _Cells, reading: Reading, known: Known) -> str:
    if "access" not in reading.columns:
        return NOT_SAID
    words = [word.strip().lower() for word in re.split(r"[;,|\n]", cells.text("access")) if word.strip()]
    unknown = [word for word in words if word not in known.features]
    if unknown:
        raise _Refused(
            f'No AI feature is called "{unknown[0]}" here.', "Register it first (AI features), or correct the word."
        )
    access = " ".join(sorted({known.features[word] for word in words}))
    if len(access) > 2000:
        raise _Refused("More AI features than one line can hold.", "Leave some out.")
    return access


def _day(cells: _Cells, name: Field, reading: Reading) -> date | None:
    text = cells.text(name)
    if not text:
        return None
    shape, example = DATES[reading.dates]
    try:
        return datetime.strptime(text[:10], shape).date()  # noqa: DTZ007 -- a day has no zone
    except ValueError:
        raise _Refused(f'{FIELDS[name]}: "{text}" is not a day.', f"Write it as {example}.") from None


def _twice(lines: Sequence[StaffLine]) -> Iterator[Fault]:
    """A person stands in a file once: neither the staff identifier nor another one comes again."""
    seen: dict[tuple[str, str], int] = {}
    for line in lines:
        for kind, value in (("staff identifier", line.staff), *line.known_as):
            first = seen.setdefault((kind, value), line.line)
            if first != line.line:
                words = kind if kind == "staff identifier" else FIELDS[kind]  # type: ignore[index]
                yield Fault(line.line, f"The same {words} stands in line {first}.", "Take one of the two lines out.")
                break
