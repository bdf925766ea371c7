"""Warn if a fit went wrong, and say what to do."""

import warnings

import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning

from sk_neuron._kernels import (
    BlockedRows,
    are_finite,
    as_numpy,
    check_raw_prediction,
    map_blocks,
)
from sk_neuron._kernels._formulas import constant_error, is_saturated
from sk_neuron._solver._objective import mean_brier_score

# Ratio of the largest absolute values of two features above which convergence is slow.
# Features smaller than _ROUNDING times the largest are rounding errors and do not count.
_MAX_RATIO = 1000
_ROUNDING = 1e-10

# Number of evenly spaced rows from which the ratio is first computed, to save time.
_SAMPLE_ROWS = 1000

# A fit is unfinished if its loss fell by more than the first fraction in its last tenth, or
# if its loss is less than the second fraction below that of a constant prediction.
_UNFINISHED_FALL = 1e-3
_MIN_GAIN = 0.05

# A fit is worse than a constant prediction if its Brier score is larger by this fraction.
_WORSE = 0.01


def warn_of_fit(result, problem, *, tol, max_iter, early_stopping, is_zero_start):
    """Warn of a fit that is unfinished or worse than a constant."""
    # ended by tol or a callback; early stopping may end a fit just because it is slow
    stops_well = result.is_over and not early_stopping
    learned = result.learned
    if saturated := describe_saturation(problem, learned, is_zero_start=is_zero_start):
        _warn(saturated)
    elif uneven := not stops_well and describe_uneven_features(problem, result.losses):
        _warn(f"{uneven}." if result.is_over else f"{uneven}, or raise max_iter.")
    elif worse := describe_worse_fit(problem, learned):
        _warn(worse)
    elif early_stopping and not learned.coef.any():
        _warn(
            "Early stopping kept the start: no step was better on the validation rows. "
            "The answers are the same for all rows."
        )
    elif tol > 0 and not result.is_over:
        _warn(
            f"max_iter={max_iter} was reached while the loss still fell by more than "
            f"tol={tol} within n_iter_no_change steps. Raise max_iter or tol."
        )


def raise_interrupt(n_iter, max_iter):
    """Raise the interrupt again, after the weights reached are stored."""
    raise KeyboardInterrupt(
        f"The fit was interrupted at iteration {n_iter} of {max_iter}. The weights reached "
        "are kept: with warm_start=True another fit goes on from there."
    )


def describe_saturation(problem, learned, *, is_zero_start):
    """Return a message if neurons or the layer are saturated, or None.

    Weights that started from zero had a gradient, so they are not saturated.
    """
    if is_zero_start or (learned.squared_error < _constant_error(problem)).all():
        return None
    weight = problem.training_weight()
    z = as_numpy(check_raw_prediction(problem.X, learned.coef, learned.intercept))
    saturated = is_saturated(
        problem.labels, weight, z, problem.n_outputs, problem.label_noise
    )
    if not saturated.any():
        return None
    who = f"{saturated.sum()} of {len(saturated)} neurons"
    if problem.n_outputs > 1:
        who = "the softmax layer"
    return (
        f"The start left {who} saturated: for most of the error |X @ w| is so large that "
        "no gradient flows. Scale the features, with StandardScaler for example, or use "
        "init='zeros'."
    )


def describe_uneven_features(problem, losses, *, may_fall=False):
    """Return a message if a fit is unfinished and its features differ in size, or None.

    With `may_fall` the loss may still fall at the end, as after the choice of a search.
    """
    n_steps = len(losses) - 1
    n_last = max(min(5, n_steps), n_steps // 10)
    last = losses[n_steps]
    fall = losses[n_steps - n_last] - last
    still_falls = not may_fall and fall > _UNFINISHED_FALL * last
    constant = mean_brier_score(problem.total_weight(), _constant_error(problem))
    if not still_falls and last < (1 - _MIN_GAIN) * constant:
        return None
    X = problem.X
    is_blocked = isinstance(X, BlockedRows)
    sample = () if is_blocked else (X[:: -(-X.shape[0] // _SAMPLE_ROWS)],)
    for rows in (*sample, X):  # all rows only if needed
        low, high = measure_feature_range(rows)
        if not high / _MAX_RATIO > low:
            return None
    found = "The loss still fell when the fit ended"
    if not still_falls:
        found = "The fit is hardly better than a constant answer"
    is_sparse = X.is_sparse if is_blocked else issparse(X)
    scaler = "MaxAbsScaler" if is_sparse else "StandardScaler"
    return (
        f"{found}, and the largest values of the features range from "
        f"{low:.2g} to {high:.2g}. Put a {scaler} before the neuron"
    )


def measure_feature_range(X):
    """Return the smallest and the largest of the largest absolute values of the columns."""
    largest = map_blocks(_largest_values, X).max(axis=0)
    with np.errstate(under="ignore"):
        largest = largest[largest > _ROUNDING * largest.max(initial=0)]
    # as floats of Python, which may underflow in a ratio whatever NumPy is set to do
    return float(largest.min(initial=np.inf)), float(largest.max(initial=0))


def _largest_values(X):
    """Return the largest absolute value of each column, (1, d)."""
    low, high = X.min(axis=0), X.max(axis=0)
    if issparse(X):
        low, high = low.toarray().ravel(), high.toarray().ravel()
    return np.maximum(-low, high)[np.newaxis]


def describe_worse_fit(problem, learned):
    """Return a message if a fit is worse than a constant prediction, or None.

    If all rows have the same label, only a constant can be learned, so there is no message.
    """
    total_weight = problem.total_weight()
    score = mean_brier_score(total_weight, learned.squared_error)
    best = mean_brier_score(total_weight, _constant_error(problem))
    limit = best * (1 + _WORSE)
    if not score > limit or best == 0:
        return None
    return (
        "The fit is worse than a constant answer: its Brier score on the training rows is "
        f"{score:.3g}, that of the share of each class {best:.3g}. Scaled features, more "
        "iterations, or a smaller learning_rate or alpha may help."
    )


def _constant_error(problem):
    """Return the lowest squared error of a constant prediction, (n_groups,)."""
    weight = problem.training_weight()
    return constant_error(problem.labels, weight, problem.n_outputs)


def check_weights(problem, coef, intercept):
    """Raise an error if weights are so large that X @ coef.T overflows."""
    if not are_finite(problem, coef, intercept).all():
        raise ValueError(
            f"The weights are so large that X @ coef_.T overflows {coef.dtype}. Scale the "
            "features, or choose a smaller learning_rate or init."
        )


def _warn(message, category=ConvergenceWarning):
    warnings.warn(message, category, stacklevel=5)  # at the call of `fit`
