"""Published versions from this process's memory: every home page shows up to three, and they never change.

What is held stands as long as the library's revision does, so a retired or renewed tutorial is seen at once.
"""

from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from sqlalchemy.orm import Session

from smart_app.library.reading import NoSuchTutorial, TutorialVersion, get_version, library_revision

_MOST = 256
"""Versions held by one process, some 20 kB each; beyond it the one held longest goes."""
_held: OrderedDict[tuple[UUID, str, int], tuple[int, TutorialVersion]] = OrderedDict()


def versions_of(
    session: Session, *, organization: UUID, wanted: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], TutorialVersion]:
    """Of these (tutorial, version), those that are there; see :func:`smart_app.library.reading.get_version`."""
    revision = library_revision(session, organization=organization)
    found = {}
    for tutorial, version in wanted:
        with suppress(NoSuchTutorial):
            found[tutorial, version] = _version(session, organization, tutorial, version, revision)
    return found


def _version(session: Session, organization: UUID, tutorial: str, version: int, revision: int) -> TutorialVersion:
    key = (organization, tutorial, version)
    held = _held.get(key)
    if held is not None and held[0] == revision:
        return held[1]
    read = get_version(session, organization=organization, tutorial=tutorial, version=version)
    _held[key] = (revision, read)
    while len(_held) > _MOST:
        with suppress(KeyError):  # another thread was quicker
            _held.popitem(last=False)
    return read
