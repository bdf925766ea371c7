"""Whether a fit went well, and what to do where it did not."""

import warnings

import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning

from sk_neuron._compiled import check_raw_prediction
from sk_neuron._rule import constant_error, is_saturated
from sk_neuron._solver._objective import mean_brier_score

# Features whose largest values differ by more than this factor hinder convergence.
_UNEVEN = 1000

# Rows that are looked at for it, spread evenly.
_MOST_ROWS = 10_000

# A fit is not finished if the loss fell by more than this share in its last tenth.
_UNFINISHED = 1e-3

# How much worse than a constant answer a fit may be, for rounding.
_TOLERANCE = 1e-6


def warn_of_fit(result, problem, *, tol, max_iter, is_zero_start):
    """Warn of a fit that was interrupted, is not finished or worse than a constant."""
    if result.is_interrupted:
        _warn(
            f"The fit was interrupted at iteration {result.n_iter} of {max_iter}. The "
            "weights reached are kept: with warm_start=True another fit goes on from "
            "there.",
            UserWarning,
        )
    elif saturated := find_saturated(problem, result.learned, is_zero_start=is_zero_start):
        _warn(saturated)
    elif uneven := find_uneven(problem.X, result.losses):
        _warn(
            f"The loss still fell when the fit ended after {result.n_iter} steps, and "
            f"{uneven}, or raise max_iter."
        )
    elif worse := find_worse(problem, result.learned):
        _warn(worse)
    elif tol > 0 and not result.is_over:
        _warn(
            f"max_iter={max_iter} was reached while the loss still fell by more than "
            f"tol={tol} within n_iter_no_change steps. Raise max_iter or tol."
        )


def find_saturated(problem, learned, *, is_zero_start):
    """Return what to say of neurons that are saturated, or None.

    Those that started from zero have all had a gradient.
    """
    target, weight = problem.target, problem.sample_weight
    if is_zero_start or (learned.squared_error < constant_error(target, weight)).all():
        return None
    z = check_raw_prediction(problem.X, learned.coef, learned.intercept)
    saturated = is_saturated(target, z, weight)
    if not saturated.any():
        return None
    return (
        f"The start left {saturated.sum()} of {len(saturated)} neurons saturated: for most "
        "of their error |X @ w| is so large that no gradient flows. Scale the features, "
        "with StandardScaler for example, or use init='zeros'."
    )


def find_uneven(X, losses):
    """Return what to say of uneven features where the loss still falls, or None."""
    n_steps = len(losses) - 1
    n_last = max(min(5, n_steps), n_steps // 10)
    fall = losses[n_steps - n_last] - losses[n_steps]
    if not fall > _UNFINISHED * losses[n_steps]:
        return None
    some = X[:: -(-X.shape[0] // _MOST_ROWS)]
    low, high = some.min(axis=0), some.max(axis=0)
    if issparse(X):
        low, high = low.toarray().ravel(), high.toarray().ravel()
    magnitude = np.maximum(-low, high)
    magnitude = magnitude[magnitude > 0]
    if not len(magnitude) or magnitude.max() <= _UNEVEN * magnitude.min():
        return None
    scaler = "MaxAbsScaler" if issparse(X) else "StandardScaler"
    return (
        f"the largest values of the features range from {magnitude.min():.2g} to "
        f"{magnitude.max():.2g}. Put a {scaler} before"
    )


def find_worse(problem, learned):
    """Return what to say of answers that are worse than a constant, or None.

    Where all rows have the same label there is nothing to learn but a constant.
    """
    constant = constant_error(problem.target, problem.sample_weight)
    score, best = (
        mean_brier_score(problem.sample_weight, error)
        for error in (learned.squared_error, constant)
    )
    if not score > best * (1 + _TOLERANCE) or best == 0:
        return None
    return (
        "The fit is worse than a constant answer: its Brier score on the training rows is "
        f"{score:.3g}, that of the share of each class {best:.3g}. Scale the features, "
        "raise max_iter, or choose a smaller learning_rate or alpha."
    )


def check_weights(X, coef, intercept):
    """Raise an error if weights so large that they could overflow on X do so."""
    limit = np.sqrt(np.finfo(coef.dtype).max) / max(1, X.shape[1])
    if np.abs(coef).max(initial=0) > limit:
        check_raw_prediction(X, coef, intercept)


def _warn(message, category=ConvergenceWarning):
    warnings.warn(message, category, stacklevel=5)  # at the call of `fit`
