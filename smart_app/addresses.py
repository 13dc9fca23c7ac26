"""Addresses of pages, made once for each endpoint and filled in: a page of the player holds some thirty.

Building one from the URL map costs as much as a query; the parts that change are a visit's id and a slug.
"""

import re
from functools import lru_cache
from typing import Any
from uuid import UUID

from flask import Flask, request, url_for

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_STANDS_FOR_A_VISIT = UUID("5fa2c9d1-7e0b-4c36-9a84-d3b61f08e257")
_STANDS_FOR_A_SLUG = "stands-for-a-slug-"


def install(app: Flask) -> None:
    """Give the templates an `url_for` that remembers, each app for itself: it has a URL map of its own."""
    static, pattern = lru_cache(maxsize=256)(_static), lru_cache(maxsize=512)(_pattern)

    def remembering(endpoint: str, **values: Any) -> str:
        if endpoint.startswith(".") or not all(map(_can_be_filled_in, values.values())):
            return url_for(endpoint, **values)
        if endpoint == "static":
            return static(request.script_root, values["filename"])
        names = tuple((name, isinstance(value, UUID)) for name, value in values.items())
        return pattern(request.script_root, endpoint, names) % {name: str(value) for name, value in values.items()}

    app.jinja_env.globals["url_for"] = remembering


def _can_be_filled_in(value: object) -> bool:
    """What needs no quoting in a path or a query."""
    return isinstance(value, UUID) or (isinstance(value, str) and _SLUG.fullmatch(value.replace(".", "-")) is not None)


def _static(root: str, filename: str) -> str:
    return url_for("static", filename=filename)


def _pattern(root: str, endpoint: str, names: tuple[tuple[str, bool], ...]) -> str:
    """The address with %(name)s in place of each value."""
    stand_ins: dict[str, Any] = {
        name: UUID(int=_STANDS_FOR_A_VISIT.int + n) if is_uuid else f"{_STANDS_FOR_A_SLUG}{n}"
        for n, (name, is_uuid) in enumerate(names)
    }
    pattern = url_for(endpoint, **stand_ins).replace("%", "%%")
    for name, stand_in in stand_ins.items():
        pattern = pattern.replace(str(stand_in), f"%({name})s")
    return pattern
