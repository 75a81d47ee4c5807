"""What all tests share: how hypothesis searches, and that the browser comes last."""

import os

import pytest
from hypothesis import HealthCheck, settings

# No deadlines: how long an example takes says something about the machine, nothing about flowkit.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples on every run: a change is never blamed for a fault that somebody else's dice found.
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: quick answers first, and Playwright leaves an event loop running in this thread."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
