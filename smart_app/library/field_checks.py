"""Checks of single fields that tutorials, drills and registries share."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from smart_app.library.findings import Findings, did_you_mean
from smart_app.library.yaml_reading import Located, Path

SLUG = re.compile(r"[a-z0-9-]{3,60}")
STATUSES = ("starter", "draft", "in_review", "published", "retired")


@dataclass
class Fields:
    """A mapping of a file, its lines, and where its findings go."""

    located: Located
    found: Findings
    base: Path = ()

    @property
    def data(self) -> Mapping[str, Any]:
        """The mapping; empty where there is none."""
        value = self.located.value
        for step in self.base:
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int):
                value = value[step]
            else:
                return {}
        return value if isinstance(value, dict) else {}

    def line(self, *path: str | int) -> int:
        """The line of a field."""
        return self.located.line(*self.base, *path)

    def wrong(self, path: str | tuple[str | int, ...], wrong: str, mend: str = "") -> None:
        """Note a fault at a field."""
        steps = (path,) if isinstance(path, str) else path
        self.found.add(self.line(*steps), wrong, mend)

    def inside(self, *path: str | int) -> "Fields":
        """The same for a mapping within."""
        return Fields(self.located, self.found, (*self.base, *path))

    def known_only(self, known: Collection[str], required: Collection[str]) -> None:
        """No unknown field, none missing."""
        for name in self.data:
            if name not in known:
                self.wrong(name, f'Unknown field "{name}".', did_you_mean(name, list(known)))
        for name in required:
            if name not in self.data:
                self.wrong((), f'The field "{name}" is missing.', f"Add {name}.")

    def slug(self, name: str) -> str | None:
        """A slug, or None with a finding."""
        value = self.data.get(name)
        if isinstance(value, str) and SLUG.fullmatch(value):
            return value
        if name in self.data:
            self.wrong(name, f'{name} "{value}" must be lower-case words joined by "-", 3 to 60 characters.')
        return None

    def text(self, name: str, *, least: int = 1, most: int) -> str | None:
        """Text on one line of `least` to `most` characters, or None with a finding."""
        value = self.data.get(name)
        if name not in self.data:
            return None
        if not isinstance(value, str) or not value.strip():
            self.wrong(name, f"{name} must be text.", f"Write {least} to {most} characters, in quotes.")
        elif not least <= len(value) <= most:
            self.wrong(name, f"{name} has {len(value)} characters; {least} to {most}.")
        elif "\n" in value.strip():
            self.wrong(name, f"{name} must be one line.")
        else:
            return value
        return None

    def number(self, name: str, *, least: int, most: int | None = None, over: str = "") -> int | None:
        """A whole number, or None with a finding; `over` is said where it is above `most`."""
        value = self.data.get(name)
        if name not in self.data:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.wrong(name, f"{name} must be a whole number, at least {least}.")
        elif most is not None and value > most:
            self.wrong(name, over)
        else:
            return value
        return None

    def one_of(self, name: str, known: Collection[str]) -> None:
        """One of these words."""
        value = self.data.get(name)
        if name in self.data and not (isinstance(value, str) and value in known):
            self.wrong(name, f'{name} "{value}" is not known.', did_you_mean(str(value), list(known)))

    def words(self, name: str) -> list[str]:
        """The value as a list of one text; empty where it is none."""
        value = self.data.get(name)
        return [str(value)] if value else []

    def list_of_text(self, name: str) -> list[str]:
        """The items of a list of text; a finding where it is none."""
        value = self.data.get(name)
        if value is None and name not in self.data:
            return []
        if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
            return value
        self.wrong(name, f"{name} must be a list of words.", f"Write {name}: [one, two].")
        return []

    def review_by(self, today: date) -> None:
        """A date ahead, at most 12 months."""
        value = self.data.get("review_by")
        if "review_by" not in self.data:
            return
        if type(value) is not date:
            self.wrong("review_by", "review_by must be a date.", "Write it as 2027-05-22.")
        elif value < today:
            self.wrong("review_by", "review_by has passed:", "review it or move the date.")
        elif value > today + timedelta(days=366):
            self.wrong("review_by", "review_by is more than 12 months ahead.", "Choose an earlier date.")

    def roles(self, known: Collection[str]) -> None:
        """At least one known role, or everyone."""
        roles = self.list_of_text("roles")
        if "roles" in self.data and self.data["roles"] in ([], None):
            self.wrong("roles", "There is no role.", "Add a role.")
        for index, role in enumerate(roles):
            if role not in known:
                self.wrong(("roles", index), f'No role "{role}".', did_you_mean(role, list(known)))

    def list_of_fields(self, name: str) -> list["Fields"]:
        """The mappings in a list; a finding where an item is none."""
        value = self.data.get(name)
        if name not in self.data:
            return []
        if not isinstance(value, list):
            self.wrong(name, f"{name} must be a list.")
            return []
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                self.wrong((name, index), f"Each of {name} must have named fields.")
        return [self.inside(name, index) for index, item in enumerate(value) if isinstance(item, dict)]

    def sources(self) -> dict[str, int]:
        """Ids of `sources` with their lines; {id, title, url https}, at least one."""
        listed = self.list_of_fields("sources")
        if "sources" in self.data and not listed:
            self.wrong("sources", "There is no source.", "Add one with id, title and url.")
        lines: dict[str, int] = {}
        for source in listed:
            source.known_only(("id", "title", "url"), ("id", "title", "url"))
            source.text("title", most=300)
            source.https("url")
            identifier = source.slug("id")
            if identifier in lines:
                source.wrong("id", f'Source "{identifier}" is listed twice.', "Keep one.")
            if identifier:
                lines[identifier] = source.line("id")
        return lines

    def https(self, name: str) -> None:
        """An https address without blanks."""
        value = self.data.get(name)
        if name in self.data and not (isinstance(value, str) and re.fullmatch(r"https://[^\s<>\"']+", value)):
            self.wrong(name, f'"{value}" is not an https address.', "Start it with https://.")
