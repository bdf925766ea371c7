"""Hypothesis profiles: quick and random at the desk, thorough and repeatable in CI."""

import os

import matplotlib as mpl
from hypothesis import settings

settings.register_profile("dev", max_examples=25, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

mpl.use("agg")  # no screen is needed
