"""Check the rows of X, and what belongs to them."""

import copy
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn import config_context, get_config
from sklearn.utils import _safe_indexing, assert_all_finite, check_consistent_length
from sklearn.utils.validation import _check_method_params, validate_data

from sk_neuron._compat import get_namespace_and_device
from sk_neuron._input_validation._labels import (
    check_labels,
    encode_known_labels,
    read_labels,
)
from sk_neuron._input_validation._masks import refuse_masked
from sk_neuron._input_validation._weights import check_sample_weight
from sk_neuron._kernels import (
    BlockedRows,
    DeviceRows,
    as_numpy,
    compute_squared_norms,
    is_on_device,
)

# A private function of scikit-learn, which takes rows of metadata.
take_metadata = _check_method_params


def take_rows(X, rows):
    """Return some rows, whatever holds them."""
    return X[rows] if isinstance(X, DeviceRows) else _safe_indexing(X, rows)


def read_data(estimator, X, *y, **params):
    """Return X, and y, by `validate_data`: CSR and both precisions stay as they are.

    With scikit-learn's array_api_dispatch, X of another library than NumPy is returned as
    `DeviceRows`.
    """
    if isinstance(X, BlockedRows):  # its blocks were checked where they are
        note_features(estimator, X, reset=params.get("reset", True))
        check_consistent_length(X, *y)
        return (X, *map(read_labels, y)) if y else X
    refuse_masked(X, "X")
    if issparse(X) and X.format in ("csr", "csc", "bsr"):
        # Compiled code trusts the indices. The check may replace the arrays of a matrix, so
        # it gets another matrix with the same arrays.
        copy.copy(X).check_format()
    xp, y = np, tuple(map(read_labels, y))
    if is_on_device(X):
        _check_dispatch(X)
        xp, *_ = get_namespace_and_device(X)
        # the check of scikit-learn knows the complex numbers of NumPy only
        if get_config()["array_api_dispatch"] and xp.isdtype(X.dtype, "complex floating"):
            raise ValueError(f"Complex data not supported\n{X}\n")
    dtype = [xp.float64, xp.float32]
    read = validate_data(estimator, X, *y, accept_sparse="csr", dtype=dtype, **params)
    first = read[0] if y else read
    if is_on_device(first):
        return (DeviceRows(first), read[1]) if y else DeviceRows(first)
    return read


def _check_dispatch(X):
    """Raise an error if NumPy cannot read X, and it is not to stay where it is."""
    if get_config()["array_api_dispatch"]:
        return
    try:
        np.asarray(X)
    except Exception as error:
        raise TypeError(
            f"NumPy cannot read X, of type {type(X).__name__} on {X.device}. To compute "
            "there, switch on sklearn.set_config(array_api_dispatch=True). Else move X "
            "to the CPU."
        ) from error


def read_training_data(estimator, X, y, **params):
    """Return X, y and the squared norm of each row, from one pass over X.

    If the norm of a row is finite, so are its values. The step size needs the norms.
    """
    X, y = read_data(estimator, X, y, multi_output=True, ensure_all_finite=False, **params)
    if isinstance(X, BlockedRows):
        return X, y, X.norms
    with np.errstate(all="ignore"):
        norms = compute_squared_norms(X)
    if not np.isfinite(norms).all():  # X is not finite, or squares overflow
        name = type(estimator).__name__
        values = X.data if issparse(X) else as_numpy(X)
        with config_context(assume_finite=False):  # check even if the user turned it off
            assert_all_finite(values, estimator_name=name, input_name="X")
    return X, y, norms


def note_features(estimator, X, *, reset=True):
    """Let an estimator note the features of X, or compare them with those it knows."""
    columns = X.columns if isinstance(X, BlockedRows) else X
    validate_data(estimator, columns, reset=reset, skip_check_array=True)


class Samples(NamedTuple):
    """Rows of X and what belongs to them."""

    X: Any  # (n, d)
    y: np.ndarray  # (n,), or (n, n_labels) for multilabel: the user's labels
    labels: np.ndarray  # (n, 1) or (n, n_labels) int32: indices of classes
    weight: np.ndarray  # (n,), without class weights
    norms: np.ndarray | None = None  # (n,): the squared norms of the rows


def _convert(X, dtype):
    """Return X_val in the dtype of X."""
    with np.errstate(over="ignore"):
        X = X.astype(dtype, copy=False)
    if not np.isfinite(X.data if issparse(X) else as_numpy(X)).all():
        raise ValueError(f"X_val overflows {X.dtype}, which is the dtype of X.")
    return X


def read_validation_rows(estimator, X_val, y_val, sample_weight_val, samples, classes):
    """Return the validation rows that a user passed; `samples` are the training rows."""
    if X_val is None:
        given = "sample_weight_val" if y_val is None else "y_val"
        raise ValueError(f"{given} was passed without X_val.")
    if y_val is None:
        raise ValueError("X_val was passed without y_val.")
    try:
        X = read_data(estimator, X_val, reset=False)
    except ValueError as error:
        raise ValueError(f"X_val cannot be used: {error}") from error
    if not isinstance(X, BlockedRows):  # which were read and checked in this dtype
        X = _convert(X, samples.X.dtype)
    y = check_labels(y_val, "y_val")
    labels = encode_known_labels(y, classes, samples.y.ndim == 2, "y_val")
    if len(y) != X.shape[0]:
        raise ValueError(f"X_val has {X.shape[0]} rows, but y_val has {len(y)} labels.")
    weight = check_sample_weight(sample_weight_val, len(y), "sample_weight_val")
    return Samples(X, y, labels, weight)
