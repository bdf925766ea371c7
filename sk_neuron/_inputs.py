"""From what a user passes to target columns and sample weights, or a clear error.

The one module that imports scikit-learn's parameter validation, which is private.
"""

import copy
from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from sklearn.base import _fit_context
from sklearn.metrics import get_scorer_names
from sklearn.utils import _safe_indexing, check_array, column_or_1d
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_method_params, validate_data

# What may be passed for each parameter of the estimators; what is in an array-like is
# checked by `check_iters` and `check_alphas`.
_SHARED = {
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "learning_rate": [
        StrOptions({"auto"}),
        Interval(Real, 0, None, closed="neither"),
    ],
    "fit_intercept": ["boolean"],
    "init": [StrOptions({"uniform", "zeros"})],
    "class_weight": [dict, StrOptions({"balanced"}), None],
    "random_state": ["random_state"],
}
PARAMETERS = {
    **_SHARED,
    "alpha": [Interval(Real, 0, None, closed="left")],
    "checkpoints": ["array-like", None],
}
SEARCH_PARAMETERS = {
    **_SHARED,
    "iters": [StrOptions({"auto"}), "array-like"],
    "alphas": ["array-like"],
    "cv": ["cv_object"],
    "scoring": [StrOptions(set(get_scorer_names())), callable, None],
    "refit": ["boolean"],
    "one_standard_error": ["boolean"],
}

# The decorator that checks the parameters before `fit` begins, and what takes rows from
# whatever holds them and from the metadata that go with them.
fit_context = _fit_context
take_rows = _safe_indexing
take_metadata = _check_method_params


def read_data(estimator, X, *y, **params):
    """Return X, and y, by `validate_data`: CSR and both precisions stay as they are."""
    if issparse(X) and X.format in ("csr", "csc", "bsr"):
        # SciPy's compiled code, and ours, do not look at indices again; a copy of the
        # matrix, not of its arrays, since the check may change them.
        copy.copy(X).check_format()
    dtype = [np.float64, np.float32]
    return validate_data(estimator, X, *y, accept_sparse="csr", dtype=dtype, **params)


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


def check_labels(y):
    """Return y as (n,) class labels, or as an (n, K) array of 0/1 for multilabel."""
    kind = type_of_target(y, input_name="y")
    if kind in ("binary", "multiclass"):
        return column_or_1d(y, warn=True)
    if kind == "multilabel-indicator":
        labels = y.toarray() if issparse(y) else y
        if not np.isin(labels, (0, 1)).all():
            raise ValueError("A multilabel indicator y must hold only 0 and 1.")
        return labels.astype(np.int8)
    check_classification_targets(y)
    raise ValueError(
        f"{kind} y is not supported: pass one column of class labels, or a multilabel "
        "indicator matrix of 0 and 1."
    )


def encode_targets(labels):
    """Return the classes and the (n, K) targets, a column of 0 and 1 for each neuron."""
    if labels.ndim == 2:
        return np.arange(labels.shape[1]), labels.astype(np.int8, order="F")
    classes, index = np.unique(labels, return_inverse=True)
    if len(classes) == 1:
        raise ValueError(
            "At least two classes are needed to train a neuron, but y contains only "
            f"one class: {classes.tolist()}."
        )
    target = index[:, np.newaxis]
    if len(classes) > 2:
        target = target == np.arange(len(classes))
    return classes, target.astype(np.int8, order="F")


def encode_weights(sample_weight, class_weight, labels, dtype):
    """Return sample weights times class weights, (n, 1) or, for multilabel, (n, K)."""
    weight = check_sample_weight(sample_weight, len(labels))[:, np.newaxis]
    if labels.ndim == 2 and isinstance(class_weight, dict):
        if not set(class_weight) <= {0, 1}:
            raise ValueError(
                "The classes of each label of a multilabel y are 0 and 1, but class_weight "
                f"has the keys {list(class_weight)}."
            )
        class_weight = {0: 1, 1: 1} | class_weight
    with np.errstate(all="ignore"):  # the result is judged below
        if class_weight is not None:
            columns = labels.T if labels.ndim == 2 else [labels]
            factors = [_class_weights(class_weight, c, weight[:, 0]) for c in columns]
            weight = weight * np.column_stack(factors)
        weight = weight.astype(dtype, order="F")
        total = weight.sum(axis=0, dtype=np.float64).astype(dtype)
    if not np.isfinite(total).all():
        raise ValueError(f"The weights, or their sum, are NaN or overflow {weight.dtype}.")
    if (weight < 0).any():
        raise ValueError("Negative values in data passed to `class_weight`.")
    if (total == 0).any():
        raise ValueError(
            f"sample_weight times class_weight is zero in every row, in {weight.dtype}."
        )
    return weight


def check_sample_weight(sample_weight, n_samples):
    """Return the weight of each row, (n,), in float64."""
    if sample_weight is None:
        sample_weight = 1.0
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, sample_weight)
    weight = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weight.ndim}D array."
        )
    if weight.shape != (n_samples,):
        raise ValueError(f"sample_weight.shape == {weight.shape}, expected {(n_samples,)}!")
    if (weight < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`.")
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight


def _class_weights(class_weight, labels, weight):
    """Return the factor of each row; "balanced" does not see rows of weight 0."""
    rows = weight > 0 if class_weight == "balanced" else np.full(len(labels), True)
    classes, index = np.unique(labels[rows], return_inverse=True)
    factor = np.zeros(len(labels))
    factor[rows] = compute_class_weight(
        class_weight, classes=classes, y=labels[rows], sample_weight=weight[rows]
    )[index]
    return factor
