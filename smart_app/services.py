"""What every request needs, in one frozen hand: settings, database, keys."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from smart_app.config import Settings
from smart_app.db import Database
from smart_app.keys import KeyRing

EXTENSION = "preceptor"


@dataclass(frozen=True)
class Services:
    """Kept in ``app.extensions["preceptor"]``."""

    settings: Settings
    database: Database
    keys: KeyRing


def services() -> Services:
    """The services of the current app; RuntimeError outside an app context."""
    return cast(Services, current_app.extensions[EXTENSION])
