"""Where a descent starts, and how it runs from stop to stop."""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sk_neuron._advance import advance


def draw_start(init, shape, *, fit_intercept, random_state, dtype) -> tuple[Any, Any]:
    """Return coef of shape (d, K) and intercept (K,) before the first step.

    A uniform start is drawn in float64, so that both precisions share it, and the
    intercept last, so that a seed gives the same weights with and without one.
    """
    coef, intercept = np.zeros(shape), np.zeros(shape[1])
    if init == "uniform":
        rng = check_random_state(random_state)
        coef = 2 * rng.random_sample(shape) - 1
        if fit_intercept:
            intercept = 2 * rng.random_sample(shape[1]) - 1
    return coef.astype(dtype), intercept.astype(dtype)


def descend(layer, coef, intercept, stops):
    """Yield (n_iter, coef, intercept, squared_error) at each of the rising stops.

    `squared_error` has a row for each step since the stop before.
    """
    n_iter = 0
    for stop in stops:
        coef, intercept, squared_error = advance(layer, coef, intercept, stop - n_iter)
        n_iter = stop
        if not all(np.isfinite(a).all() for a in (coef, intercept, squared_error)):
            raise ValueError(
                f"The descent overflowed {coef.dtype} within {n_iter} iterations. "
                "Scale the features, or choose a smaller learning_rate or alpha."
            )
        yield n_iter, coef, intercept, squared_error
