"""Whole classification problems for Hypothesis."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp


class Problem(NamedTuple):
    X: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray


def floats(low, high, dtype):
    """Return floats without subnormals, which lose digits by themselves."""
    width = np.dtype(dtype).itemsize * 8
    return st.floats(low, high, width=width, allow_subnormal=False)


@st.composite
def problems(
    draw, *, dtype=np.float64, max_classes=3, max_rows=12, scale=8.0, weights=None
):
    """Return X, y with every class in it, and weights of which one row's is positive."""
    n_classes = draw(st.integers(2, max_classes))
    n_rows = draw(st.integers(n_classes, max_rows))
    n_features = draw(st.integers(1, 5))
    X = draw(hnp.arrays(dtype, (n_rows, n_features), elements=floats(-scale, scale, dtype)))
    rest = draw(hnp.arrays(int, n_rows - n_classes, elements=st.integers(0, n_classes - 1)))
    y = np.concatenate([np.arange(n_classes), rest])
    if weights is None:
        weights = floats(0, 8, dtype)
    sample_weight = draw(hnp.arrays(dtype, n_rows, elements=weights))
    sample_weight[0] = draw(weights.filter(lambda weight: weight > 0))
    return Problem(X, y, sample_weight)


@st.composite
def wild_problems(draw):
    """Return problems that try to make a step overshoot.

    Features on scales from 1e-150 to 1e70 or so, duplicated, collinear and constant
    columns, duplicated rows, weights from 1e-200 to 1e8; on both sides of the number of
    columns where the step size stops being exact.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_rows = draw(st.integers(2, 40))
    n_features = draw(st.sampled_from([1, 2, 5, 62, 63, 64, 65, 90]))
    X = rng.standard_normal((n_rows, n_features))
    scales = draw(
        st.lists(st.sampled_from([-150, -20, -3, 0, 0, 0, 3, 20, 70]), min_size=1)
    )
    X *= 10.0 ** rng.choice(scales, n_features)
    if draw(st.booleans()):
        X[:, rng.integers(n_features, size=n_features // 2)] = X[:, :1]
    if draw(st.booleans()):
        X = X[rng.integers(n_rows, size=n_rows)]
    if draw(st.booleans()):
        X[:, -1] = draw(st.sampled_from([0.0, 1.0, -1e6]))
    if draw(st.booleans()):  # a dominant direction
        X += draw(st.sampled_from([1e-3, 1.0, 1e3])) * rng.standard_normal((n_rows, 1))
    y = rng.integers(0, 2, n_rows)
    y[:2] = 0, 1
    exponents = draw(st.lists(st.sampled_from([-200, -9, 0, 0, 0, 3, 8]), min_size=1))
    sample_weight = 10.0 ** rng.choice(exponents, n_rows)
    return Problem(X, y, sample_weight)
