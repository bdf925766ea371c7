"""Profiles of Hypothesis (random at the desk, repeatable in CI, thorough), and threads."""

import os

import matplotlib as mpl
import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

settings.register_profile("dev", max_examples=15, deadline=None)
settings.register_profile("ci", max_examples=15, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=250, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

mpl.use("agg")  # no screen is needed


@pytest.fixture(scope="session", autouse=True)
def one_thread_for_each_worker():
    """Where all cores have a worker: more threads than cores wait for each other."""
    with threadpool_limits(1 if "PYTEST_XDIST_WORKER" in os.environ else None):
        yield
