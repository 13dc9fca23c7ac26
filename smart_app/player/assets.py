"""Static files under an address that changes with their content, so that browsers keep them for a year; pictures."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, request

from smart_app.library.pictures import Picture

_ONE_YEAR = "public, max-age=31536000, immutable"


def install(blueprint: Blueprint) -> None:
    """Fingerprint every ``url_for("static", ...)`` of the app, and let the answers be kept."""
    blueprint.app_url_defaults(_add_fingerprint)
    blueprint.after_app_request(_allow_keeping)


@lru_cache(maxsize=64)
def fingerprint(path: Path) -> str:
    """The first 12 hex digits of the file's SHA-256; read once a process. OSError if there is no such file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _add_fingerprint(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "filename" in values:
        values.setdefault("v", fingerprint(Path(current_app.static_folder or "") / values["filename"]))


def _allow_keeping(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code == 200 and "v" in request.args:
        asked = Path(current_app.static_folder or "") / (request.view_args or {})["filename"]
        # Another address than today's is answered, but not kept: it may come from a page of an older version.
        known = request.args["v"] == fingerprint(asked)
        response.headers["Cache-Control"] = _ONE_YEAR if known else "no-cache"
    return response


def picture_answer(picture: Picture) -> Response:
    """A picture of the library, as that and nothing else: of the kind it is, without any right of a page."""
    answer = Response(picture.content, mimetype=picture.kind)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Content-Disposition"] = f'inline; filename="{picture.name}"'
    answer.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return answer
