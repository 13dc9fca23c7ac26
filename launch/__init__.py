"""SMART App Launch: both sides of it, with no database and no word of the product.

Names only: nothing is imported until it is used (PEP 562), so that the sandbox
EHR in :mod:`launch.sandbox` can run without loading the client it tests.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "SmartLaunch": "launch.extension",
    "LaunchContext": "launch.context",
    "LaunchError": "launch.errors",
}

__all__ = ["LaunchContext", "LaunchError", "SmartLaunch"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'launch' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
