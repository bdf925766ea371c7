"""From labels as a user passes them to integers, or a clear error."""

from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import (
    check_classification_targets,
    type_of_target,
    unique_labels,
)

from sk_neuron._input_validation._masks import are_masked
from sk_neuron._kernels import as_numpy


def read_labels(y, name="y"):
    """Return labels as an array, or unchanged if they are sparse; none may be missing.

    Booleans and integers of pandas' nullable types keep their kind, which scikit-learn
    would change to floats.
    """
    if y is None or issparse(y):
        return y
    y = as_numpy(y)
    labels = np.asarray(y)
    if labels.ndim == 0:
        raise ValueError(f"{name} should be a 1d array, got {type(y).__name__!r} instead.")
    if labels.dtype.kind == "V":
        fields = labels.dtype.names
        column = f", such as {name}[{fields[0]!r}]" if fields else ""
        raise ValueError(
            f"Unknown label type: {name} holds records. Pass one column of labels{column}."
        )
    if isinstance(y, list | tuple) and labels.dtype.kind not in "biufmM":
        labels = np.asarray(y, dtype=object)  # else NaN among words would become a word
    if are_masked(y) or _has_missing(labels):
        raise ValueError(f"{name} contains missing values.")
    if labels.dtype.kind == "T":  # NumPy's strings of variable length
        return labels.astype(object)
    if labels.dtype.kind != "O":
        return labels
    kinds = {type(label) for label in labels.ravel()}
    if np.ndarray in kinds:
        raise ValueError(f"Unknown label type: {name} holds arrays of several lengths.")
    is_number = {issubclass(kind, Real) for kind in kinds}
    if len(is_number) == 2 and any(issubclass(kind, str) for kind in kinds):
        raise ValueError(
            f"Unknown label type: {name} holds words and numbers, which have no common "
            f"order. Pass all of them as words: np.asarray({name}, dtype=str)."
        )
    if kinds and kinds <= {bool, np.bool_}:
        return labels.astype(bool)
    if is_number != {True} or np.timedelta64 in kinds:
        return np.asarray(y)
    dtypes = list(y.dtypes) if hasattr(y, "columns") else [getattr(y, "dtype", None)]
    of_columns = {getattr(dtype, "kind", "O") for dtype in dtypes}
    if of_columns <= set("biuf"):  # pandas' nullable types
        return labels.astype(np.float64 if "f" in of_columns else np.int64)
    if not all(issubclass(kind, Integral) for kind in kinds):
        return np.asarray(y)
    raise ValueError(
        f"Unknown label type: {name} holds integers as Python objects. Pass an array of "
        f"integers of 64 bits or fewer: np.asarray({name}, dtype=int)."
    )


def _has_missing(labels):
    """Return whether a label is NaN, NaT, None or pandas.NA."""
    if labels.dtype.kind in "fmM":
        return (labels != labels).any()
    return labels.dtype.kind == "O" and any(map(_is_missing, labels.ravel()))


def _is_missing(label):
    if label is None:
        return True
    try:
        return bool(label != label)
    except TypeError:  # pandas.NA is neither true nor false
        return True
    except ValueError:  # an array
        return False


def check_labels(y, name="y"):
    """Return y as (n,) class labels, or as an (n, K) array of 0/1 for multilabel."""
    y = read_labels(y, name)
    if issparse(y) and y.ndim == 1:
        raise ValueError(f"A sparse {name} is a multilabel one, of shape (n, n_labels).")
    if y.ndim == 1 and y.dtype.kind in "biu":  # these can only be classes
        return y
    if y.dtype.kind == "f":
        assert_all_finite(y.data if issparse(y) else y, input_name=name)
    kind = type_of_target(y, input_name=name)
    if kind in ("binary", "multiclass"):
        return column_or_1d(y, warn=True)
    if kind == "multilabel-indicator":
        labels = y.toarray() if issparse(y) else y
        if not np.isin(labels, (0, 1)).all():
            raise ValueError(f"A multilabel indicator {name} must hold only 0 and 1.")
        return labels.astype(np.int8)
    check_classification_targets(y)
    raise ValueError(
        f"{kind} {name} is not supported: pass one column of class labels, or a multilabel "
        "indicator matrix of 0 and 1."
    )


def choose_scored_labels(y, labels):
    """Return the labels for scorers: y as passed, or `labels` if scorers may reject it."""
    if issparse(y):
        return y
    plain = np.asarray(y)
    is_column = plain.ndim > labels.ndim
    is_converted = plain.dtype.kind in {"O", "T"} and labels.dtype.kind != plain.dtype.kind
    is_index = hasattr(y, "to_series")  # scikit-learn takes no rows of one held by pyarrow
    return labels if is_column or is_converted or is_index else y


def encode_labels(y):
    """Return the classes, and the labels as indices, (n, 1) or (n, n_labels) int32."""
    if y.ndim == 2:
        return np.arange(y.shape[1]), y.astype(np.int32, order="F")
    classes = np.unique(y)
    if len(classes) == 1:
        raise ValueError(
            "At least two classes are needed to train a neuron, but y contains only "
            f"one class: {list_classes(classes)}."
        )
    if 2 * len(classes) > len(y) > 20:
        check_classification_targets(y)  # may warn that y looks continuous
    return classes, _find_classes(classes, y)


def shape_of_groups(classes, y):
    """Return the number of groups for these labels, and of the outputs of each group."""
    if y.ndim == 2:
        return y.shape[1], 1
    return 1, len(classes) if len(classes) > 2 else 1


def check_classes(classes, labels, multilabel, known):
    """Return the classes of a stream of batches: those known, or else those passed."""
    if multilabel:
        indices = np.arange(labels.shape[-1]) if known is None else known
        if classes is not None and list(classes) != indices.tolist():
            raise ValueError(
                "The classes of a multilabel y are the indices of its labels, "
                f"{indices.tolist()}, and need not be passed. Got {list(classes)!r}."
            )
        return indices
    if classes is None:
        if known is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        return known
    passed = unique_labels(column_or_1d(read_labels(classes, "classes")))
    if known is not None and not np.array_equal(passed, known):
        raise ValueError(
            f"The classes were {list_classes(known)}, but now {list_classes(passed)}."
        )
    if len(passed) < 2:
        raise ValueError(f"At least two classes are needed. Got {list_classes(passed)}.")
    return passed if known is None else known


def encode_known_labels(y, classes, multilabel, name="y"):
    """Return labels of known classes as indices, (n, 1) or (n, n_labels) int32."""
    if y.ndim != 1 + multilabel or (multilabel and y.shape[1] != len(classes)):
        raise ValueError(f"{name} has the shape {y.shape}, unlike that of the fit.")
    if multilabel:
        return y.astype(np.int32, order="F")
    if y.dtype.kind in "mM" and y.dtype.kind == classes.dtype.kind:  # units may differ
        common = np.promote_types(y.dtype, classes.dtype)
        y, classes = y.astype(common), classes.astype(common)
    known = set(list_classes(classes))
    unknown = [label for label in list_classes(np.unique(y)) if label not in known]
    if unknown:
        raise ValueError(
            f"{name} contains labels that were not seen during fit: {unknown}."
        )
    return _find_classes(classes, y)


def list_classes(classes):
    """Return classes as a list for messages: dates as dates, not as numbers."""
    return list(classes) if classes.dtype.kind in "mM" else classes.tolist()


def _find_classes(classes, y):
    """Return the index of each label among the classes, (n, 1) int32."""
    if len(classes) == 2:  # by far the fastest
        return (y == classes[1]).astype(np.int32)[:, np.newaxis]
    # Several times as fast as the inverse of np.unique, which sorts the rows.
    return np.searchsorted(classes, y).astype(np.int32)[:, np.newaxis]


def find_class(classes, label):
    """Return the index of the class that equals a label, or None."""
    if classes.dtype.kind in "mM" and not isinstance(label, np.generic):
        try:
            label = classes.dtype.type(label)  # from a date of Python or pandas
        except (TypeError, ValueError):
            return None
    for index, known in enumerate(classes):
        is_same = known == label
        if isinstance(is_same, bool | np.bool_) and is_same:
            return index
    return None
