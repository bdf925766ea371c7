"""Where a descent starts, how it runs from stop to stop, and whether it went well."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state

from sk_neuron._compiled import find_potential
from sk_neuron._rule import dead


def draw_start(init, shape, *, fit_intercept, random_state, dtype) -> tuple[Any, Any]:
    """Return coef of shape (d, K) and intercept (K,) before the first step.

    `init` is a name, an array of coef, or a pair of coef and intercept. A uniform start is
    drawn in float64, so that both precisions share it, and the intercept last, so that a
    seed gives the same weights with and without one.
    """
    coef, intercept = np.zeros(shape), np.zeros(shape[1])
    if not isinstance(init, str):
        coef, intercept = _read_start(init, shape, fit_intercept)
    elif init == "uniform":
        rng = check_random_state(random_state)
        coef = 2 * rng.random_sample(shape) - 1
        if fit_intercept:
            intercept = 2 * rng.random_sample(shape[1]) - 1
    return coef.astype(dtype), intercept.astype(dtype)


def _read_start(init, shape, fit_intercept):
    """Return coef (d, K) and intercept (K,) of what a user passed to start from."""
    n_features, n_neurons = shape
    if isinstance(init, tuple) and len(init) != 2:
        raise ValueError(
            "A tuple passed as 'init' must be a pair, (coef, intercept). Got "
            f"{len(init)} elements instead."
        )
    coef, intercept = init if isinstance(init, tuple) else (init, np.zeros(n_neurons))
    coef = check_array(coef, ensure_2d=False, dtype=np.float64, input_name="init")
    intercept = check_array(
        np.ravel(intercept), ensure_2d=False, dtype=np.float64, input_name="init"
    )
    if coef.shape not in ((n_features,), (n_neurons, n_features)):
        raise ValueError(
            f"The coef in 'init' must have the shape ({n_features},) or ({n_neurons}, "
            f"{n_features}). Got {coef.shape} instead."
        )
    if intercept.shape not in ((1,), (n_neurons,)):
        raise ValueError(
            f"The intercept in 'init' must have the shape ({n_neurons},). Got "
            f"{intercept.shape} instead."
        )
    if intercept.any() and not fit_intercept:
        raise ValueError("The 'init' has an intercept, but fit_intercept=False.")
    coef = np.broadcast_to(coef, (n_neurons, n_features)).T
    return coef.copy(), np.broadcast_to(intercept, n_neurons).copy()


def descend(kernel, coef, intercept, stops):
    """Yield (n_iter, coef, intercept, squared_error) at each of the rising stops.

    `squared_error` has a row for each step since the stop before.
    """
    n_iter = 0
    for stop in stops:
        coef, intercept, squared_error = kernel.advance(coef, intercept, stop - n_iter)
        n_iter = stop
        yield n_iter, coef, intercept, squared_error


def average_error(weight, squared_error):
    """Return the Brier score at each step, summed over neurons, of their squared error."""
    total_weight = weight.sum(axis=0, dtype=np.float64)
    return (squared_error / total_weight).sum(axis=1)


def check_overflow(n_iter, *results):
    """Raise an error if a result of `descend` is not finite."""
    if not all(np.isfinite(result).all() for result in results):
        raise ValueError(
            f"The descent overflowed {results[0].dtype} within {n_iter} iterations. "
            "Scale the features, or choose a smaller learning_rate or alpha."
        )


def finite_potential(features, coef, intercept):
    """Return the potential, or raise an error if it overflows."""
    z = find_potential(features, coef, intercept)
    if not np.isfinite(z).all():
        raise ValueError(
            f"The values in X are so large that X @ coef_.T overflows {z.dtype}. "
            "Scale the features."
        )
    return z


def check_trained(from_zero, features, target, weight, coef, intercept):
    """Raise an error if finite weights overflow on X, warn if a neuron is saturated.

    Neurons that started from zero have all had a gradient.
    """
    trained = finite_potential(features, coef, intercept)
    neurons = np.zeros(0, bool) if from_zero else dead(target, trained, weight)
    if neurons.any():
        warnings.warn(
            f"The start left {neurons.sum()} of {len(neurons)} neurons saturated: "
            "for most of their error |X @ w| is so large that no gradient flows. Scale "
            "the features, with StandardScaler for example, or use init='zeros'.",
            ConvergenceWarning,
            stacklevel=4,
        )
