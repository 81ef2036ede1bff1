"""Fixtures that several folders of tests share."""

import pytest

from conformance.suite import Suite, load


@pytest.fixture(scope="session")
def suite() -> Suite:
    """The suite that the kit brings, read once a process."""
    return load()
