"""Problems that try to make a step overshoot, for Hypothesis."""

import numpy as np
from hypothesis import strategies as st


@st.composite
def wild_problems(draw):
    """Return X, y and sample_weight.

    Features on scales from 1e-150 to 1e70 or so, duplicated, collinear and constant
    columns, outliers, duplicated rows, two classes or more, perhaps one beside the
    other along a feature, weights from 1e-300 to 1e300.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_rows = draw(st.integers(2, 40))
    n_features = draw(st.sampled_from([1, 2, 5, 63, 64, 90]))
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
    if draw(st.booleans()):
        X[rng.integers(n_rows)] *= 1e4
    n_classes = min(draw(st.sampled_from([2, 2, 3, 6])), n_rows)
    y = rng.integers(0, n_classes, n_rows)
    if draw(st.booleans()):
        y = np.argsort(np.argsort(X[:, 0])) * n_classes // n_rows
    y[:n_classes] = np.arange(n_classes)
    powers = [[0], [-9, 0, 3, 8], [-300, -290], [290, 300], [-200, 0, 200]]
    exponents = draw(st.sampled_from(powers))
    return X, y, 10.0 ** rng.choice(exponents, n_rows)
