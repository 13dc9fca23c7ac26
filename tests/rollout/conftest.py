"""A world on each kind of database, with an EHR in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smart_app.db import Database
from tests.rollout.world import World, world_over


@pytest.fixture
def world(database: Database, key_path: Path) -> Iterator[World]:
    """On SQLite, then on PostgreSQL."""
    with world_over(database, key_path, resources=[]) as made:
        yield made


@pytest.fixture
def quick(sqlite_database: Database, key_path: Path) -> Iterator[World]:
    """On SQLite alone."""
    with world_over(sqlite_database, key_path, resources=[]) as made:
        yield made
