"""Hypothesis profiles: random at the desk, repeatable in CI, and a thorough one."""

import os

import matplotlib as mpl
from hypothesis import settings

settings.register_profile("dev", max_examples=25, deadline=None)
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=250, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

mpl.use("agg")  # no screen is needed
