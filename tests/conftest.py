"""Tests that take many minutes run only when asked for: `uv run pytest --nightly`."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import browser, open_app, server
from tests.looked import pytest_pyfunc_call

__all__ = ["browser", "open_app", "pytest_pyfunc_call", "server"]  # fixtures of the tests that open the app, and a hook


settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nightly", action="store_true", help="run the tests marked nightly as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--nightly"):
        return
    waiting = pytest.mark.skip(reason="takes many minutes; run with --nightly")
    for item in items:
        if item.get_closest_marker("nightly"):
            item.add_marker(waiting)
