"""The studio's attacks stand on an organization with published tutorials."""

from tests.studio.tutorials.conftest import library

__all__ = ["library"]
