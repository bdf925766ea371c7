"""Where a descent starts, how it runs from stop to stop, and whether it went well."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from sk_neuron._rule import dead, potential


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


def descend(kernel, coef, intercept, stops):
    """Yield (n_iter, coef, intercept, squared_error) at each of the rising stops.

    `squared_error` has a row for each step since the stop before.
    """
    n_iter = 0
    for stop in stops:
        coef, intercept, squared_error = kernel.advance(coef, intercept, stop - n_iter)
        n_iter = stop
        yield n_iter, coef, intercept, squared_error


def check_overflow(n_iter, *results):
    """Raise an error if a result of `descend` is not finite."""
    if not all(np.isfinite(result).all() for result in results):
        raise ValueError(
            f"The descent overflowed {results[0].dtype} within {n_iter} iterations. "
            "Scale the features, or choose a smaller learning_rate or alpha."
        )


def finite_potential(features, coef, intercept):
    """Return the potential, or raise an error if it overflows."""
    with np.errstate(all="ignore"):
        z = potential(features, coef, intercept)
    if not np.isfinite(z).all():
        raise ValueError(
            f"The values in X are so large that X @ coef_.T overflows {z.dtype}. "
            "Scale the features."
        )
    return z


def check_trained(init, features, target, weight, coef, intercept):
    """Raise an error if finite weights overflow on X, warn if a neuron is saturated."""
    trained = finite_potential(features, coef, intercept)
    neurons = dead(target, trained, weight) if init == "uniform" else np.zeros(0, bool)
    if neurons.any():
        warnings.warn(
            f"The random start left {neurons.sum()} of {len(neurons)} neurons saturated: "
            "for most of their error |X @ w| is so large that no gradient flows. Scale "
            "the features, with StandardScaler for example, or use init='zeros'.",
            ConvergenceWarning,
            stacklevel=4,
        )
