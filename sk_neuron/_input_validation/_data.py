"""The rows of X that a user passes, and what goes with them."""

import copy
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn import config_context
from sklearn.utils import _safe_indexing, assert_all_finite
from sklearn.utils.validation import _check_method_params, validate_data

from sk_neuron._input_validation._labels import (
    check_labels,
    encode_known_labels,
    read_labels,
)
from sk_neuron._input_validation._masks import refuse_masked
from sk_neuron._input_validation._weights import check_sample_weight
from sk_neuron._kernels import compute_squared_norms

# These take rows from whatever holds them, and from the metadata that go with them.
take_rows = _safe_indexing
take_metadata = _check_method_params


def read_data(estimator, X, *y, **params):
    """Return X, and y, by `validate_data`: CSR and both precisions stay as they are."""
    refuse_masked(X, "X")
    if issparse(X) and X.format in ("csr", "csc", "bsr"):
        # SciPy's compiled code, and ours, do not look at indices again; a copy of the
        # matrix, not of its arrays, since the check may change them.
        copy.copy(X).check_format()
    dtype = [np.float64, np.float32]
    y = tuple(map(read_labels, y))
    return validate_data(estimator, X, *y, accept_sparse="csr", dtype=dtype, **params)


def read_training_data(estimator, X, y, **params):
    """Return what `read_data` does, and the squared norm of each row, in one pass over X.

    A row whose norm is finite is finite. The step size needs the norms.
    """
    X, y = read_data(estimator, X, y, multi_output=True, ensure_all_finite=False, **params)
    with np.errstate(all="ignore"):
        norms = compute_squared_norms(X)
    if not np.isfinite(norms).all():  # or X is so large that squares overflow
        name = type(estimator).__name__
        values = X.data if issparse(X) else X
        with config_context(assume_finite=False):  # it is known by now that they are not
            assert_all_finite(values, estimator_name=name, input_name="X")
    return X, y, norms


class Samples(NamedTuple):
    """Rows of X and what goes with them."""

    X: Any  # (n, d)
    y: np.ndarray  # (n,), or (n, n_labels) for multilabel, as the user has them
    labels: np.ndarray  # (n, 1) or (n, n_labels) int32, as a problem has them
    weight: np.ndarray  # (n,), without class weights
    norms: np.ndarray | None = None  # (n,) squared, of the rows of X


def read_validation_rows(estimator, X_val, y_val, sample_weight_val, samples, classes):
    """Return the rows to validate on that a user passed, for the rows to train on."""
    if X_val is None or y_val is None:
        given, missing = ("y_val", "X_val") if X_val is None else ("X_val", "y_val")
        given = "sample_weight_val" if y_val is None and X_val is None else given
        raise ValueError(f"{given} was passed without {missing}.")
    try:
        X = read_data(estimator, X_val, reset=False)
    except ValueError as error:
        raise ValueError(f"X_val cannot be used: {error}") from error
    with np.errstate(over="ignore"):
        X = X.astype(samples.X.dtype, copy=False)
    if not np.isfinite(X.data if issparse(X) else X).all():
        raise ValueError(f"X_val has values that overflow {X.dtype}, as X has it.")
    y = check_labels(y_val, "y_val")
    labels = encode_known_labels(y, classes, samples.y.ndim == 2, "y_val")
    if len(y) != X.shape[0]:
        raise ValueError(f"X_val has {X.shape[0]} rows, but y_val has {len(y)} labels.")
    weight = check_sample_weight(sample_weight_val, len(y), "sample_weight_val")
    return Samples(X, y, labels, weight)
