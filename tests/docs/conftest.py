"""The site, built once a test run."""

import os
from pathlib import Path

import pytest

from tests.support.site import built


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site: the build has no warning, and every link leads somewhere."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return built(shared / "site")
