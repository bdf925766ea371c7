"""Draw the start of a descent."""

import numpy as np
from sklearn.utils import check_array, check_random_state

from sk_neuron._input_validation import refuse_masked


def draw_start(init, shape, *, fit_intercept, random_state, dtype):
    """Return coef of shape (K, d) and intercept (K,) before the first step.

    `init` is a name, an array coef, or a pair (coef, intercept). A uniform start is drawn
    in float64, so that it is the same in both precisions. The intercept is drawn last, so
    that coef is the same with and without it.
    """
    n_neurons, n_features = shape
    coef, intercept = np.zeros(shape), np.zeros(n_neurons)
    if not isinstance(init, str):
        coef, intercept = _read_start(init, shape, fit_intercept)
    elif init == "uniform":
        rng = check_random_state(random_state)
        coef = 2 * rng.random_sample((n_features, n_neurons)).T - 1
        if fit_intercept:
            intercept = 2 * rng.random_sample(n_neurons) - 1
    return np.ascontiguousarray(coef, dtype), intercept.astype(dtype)


def _read_start(init, shape, fit_intercept):
    """Return coef (K, d) and intercept (K,) from the arrays that a user passed as init."""
    n_neurons, n_features = shape
    if isinstance(init, tuple) and len(init) != 2:
        raise ValueError(
            "A tuple passed as 'init' must be a pair, (coef, intercept). Got "
            f"{len(init)} elements instead."
        )
    coef, intercept = init if isinstance(init, tuple) else (init, np.zeros(n_neurons))
    for array in (coef, intercept):
        refuse_masked(array, "init")
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
    return (
        np.broadcast_to(coef, (n_neurons, n_features)).copy(),
        np.broadcast_to(intercept, n_neurons).copy(),
    )
