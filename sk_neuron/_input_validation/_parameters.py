"""What may be passed for the parameters of the estimators."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.metrics import get_scorer_names
from sklearn.utils._param_validation import Interval, StrOptions

# What may be passed for each parameter of the estimators; what is in an array-like is
# checked by `check_iters` and `check_alphas`.
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

# scikit-learn's decorator that checks the parameters before `fit` begins; it is private.
fit_context = _fit_context


def check_iters(iters, name):
    """Return iteration counts sorted and without repeats."""
    counts = np.asarray(iters)
    valid = counts.ndim == 1 and counts.size > 0 and counts.dtype.kind in "iu"
    if not valid or counts.min() < 0 or int(counts.max()) >= 2**63:
        raise ValueError(
            f"The {name!r} must be one or more integers in the range [0, inf), in one "
            f"dimension. Got {counts.tolist()!r} instead."
        )
    return np.unique(counts).astype(np.int64)


def check_alphas(alphas):
    """Return strengths of weight decay as an array, in their order."""
    alphas = np.asarray(alphas)
    valid = alphas.ndim == 1 and alphas.size > 0 and alphas.dtype.kind in "iuf"
    if not valid or not ((alphas >= 0) & (alphas < np.inf)).all():
        raise ValueError(
            "The 'alphas' must be one or more floats in the range [0.0, inf), in one "
            f"dimension. Got {alphas.tolist()!r} instead."
        )
    return alphas.astype(np.float64)
