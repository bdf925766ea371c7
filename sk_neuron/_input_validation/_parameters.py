"""The valid values of the estimators' parameters."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.metrics import get_scorer_names
from sklearn.utils._param_validation import Interval, StrOptions

# The constraints that scikit-learn checks. `check_iters`, `check_alphas` and
# `read_label_noise` check what is in an array.
_SHARED = {
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
    "fit_intercept": ["boolean"],
    "class_weight": [dict, StrOptions({"balanced"}), None],
    "random_state": ["random_state"],
}
PARAMETERS = {
    **_SHARED,
    "alpha": [Interval(Real, 0, None, closed="left")],
    "label_noise": [Interval(Real, 0, 1, closed="left"), dict, "array-like"],
    "init": [StrOptions({"uniform", "zeros"}), tuple, "array-like"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "checkpoints": ["array-like", None],
    "warm_start": ["boolean"],
    "verbose": ["verbose"],
}
SEARCH_PARAMETERS = {
    **_SHARED,
    "init": [StrOptions({"uniform", "zeros"})],
    "iters": [StrOptions({"auto"}), "array-like"],
    "alphas": ["array-like"],
    "label_noises": [StrOptions({"auto"}), "array-like"],
    "cv": ["cv_object"],
    "scoring": [StrOptions(set(get_scorer_names())), callable, None],
    "refit": ["boolean"],
    "one_standard_error": ["boolean"],
}

# How many counts "auto" considers at most.
_AUTO_COUNTS = 100

# scikit-learn's private decorator, which checks the parameters before `fit` begins.
fit_context = _fit_context


def check_iters(iters, name):
    """Return iteration counts sorted and without repeats."""
    largest, allowed = np.iinfo(np.int64).max, "integers in the range [0, inf)"
    return np.unique(_check_numbers(iters, name, "iu", largest, allowed)).astype(np.int64)


def list_iters(iters, max_iter):
    """Return the counts that a search chooses from.

    "auto" is up to 100 from 1 to `max_iter`, spread evenly on a logarithmic scale.
    """
    if not isinstance(iters, str):
        return check_iters(iters, "iters")
    max_iter = int(max_iter)
    counts = np.geomspace(1, max_iter, min(max_iter, _AUTO_COUNTS))
    return np.unique(counts.round().astype(np.int64))


def check_alphas(alphas):
    """Return strengths of weight decay as an array, in their order."""
    largest, allowed = np.finfo(np.float64).max, "floats in the range [0.0, inf)"
    return _check_numbers(alphas, "alphas", "iuf", largest, allowed).astype(np.float64)


def _check_numbers(values, name, kinds, largest, allowed):
    numbers = np.asarray(values)
    is_list = numbers.ndim == 1 and numbers.size > 0 and numbers.dtype.kind in kinds
    if not is_list or not ((numbers >= 0) & (numbers <= largest)).all():
        raise ValueError(
            f"The {name!r} must be one or more {allowed}, in one dimension. "
            f"Got {numbers.tolist()!r} instead."
        )
    return numbers
