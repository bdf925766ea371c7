"""From what a user passes to labels as integers and sample weights, or a clear error.

The one module that imports scikit-learn's parameter validation, which is private.
"""

import copy
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn import config_context
from sklearn.base import _fit_context
from sklearn.metrics import get_scorer_names
from sklearn.utils import _safe_indexing, assert_all_finite, check_array, column_or_1d
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import (
    check_classification_targets,
    type_of_target,
    unique_labels,
)
from sklearn.utils.validation import _check_method_params, validate_data

from sk_neuron._kernels import squared_norms

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
    y = tuple(map(read_labels, y))
    return validate_data(estimator, X, *y, accept_sparse="csr", dtype=dtype, **params)


def read_training_data(estimator, X, y, **params):
    """Return what `read_data` does, and the squared norm of each row, in one pass over X.

    A row whose norm is finite is finite. The step size needs the norms.
    """
    X, y = read_data(estimator, X, y, multi_output=True, ensure_all_finite=False, **params)
    with np.errstate(all="ignore"):
        norms = squared_norms(X)
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


def read_labels(y, name="y"):
    """Return labels as NumPy has them, or as they are if sparse; none may be missing.

    Booleans and integers of pandas' nullable types stay what they are: scikit-learn would
    make them floats.
    """
    if y is None or issparse(y):
        return y
    labels = np.asarray(y)
    if isinstance(y, list | tuple) and labels.dtype.kind not in "biuf":
        labels = np.asarray(y, dtype=object)  # else NaN among words would become a word
    is_masked = isinstance(y, np.ma.MaskedArray) and np.ma.getmaskarray(y).any()
    if is_masked or _are_missing(labels).any():
        raise ValueError(f"{name} contains missing values.")
    if labels.dtype.kind != "O":
        return labels
    kinds = {type(label) for label in labels.ravel()}
    if kinds and kinds <= {bool, np.bool_}:
        return labels.astype(bool)
    if not kinds or not all(issubclass(kind, Integral) for kind in kinds):
        return np.asarray(y)
    dtypes = list(y.dtypes) if hasattr(y, "columns") else [getattr(y, "dtype", None)]
    if all(getattr(dtype, "kind", "O") in "biu" for dtype in dtypes):  # nullable ones
        return labels.astype(np.int64)
    raise ValueError(
        f"{name} holds integers as Python objects. Pass an array of integers, for example "
        f"{name}.astype(int)."
    )


def _are_missing(labels):
    """Return which labels are NaN, NaT, None or pandas.NA."""
    if labels.dtype.kind in "Mm":
        return np.isnat(labels)
    if labels.dtype.kind == "f":
        return np.isnan(labels)
    if labels.dtype.kind != "O":
        return np.zeros(labels.shape, dtype=bool)
    return np.array([_is_missing(label) for label in labels.ravel()], dtype=bool)


def _is_missing(label):
    if label is None:
        return True
    try:
        return bool(label != label)
    except TypeError:  # pandas.NA does not say
        return True


def check_labels(y, name="y"):
    """Return y as (n,) class labels, or as an (n, K) array of 0/1 for multilabel."""
    y = read_labels(y, name)
    if y.ndim == 1 and y.dtype.kind in "biu":  # nothing else than classes
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


def encode_labels(y):
    """Return the classes, and labels (n, 1) or (n, n_labels) as a problem has them."""
    if y.ndim == 2:
        return np.arange(y.shape[1]), y.astype(np.int32, order="F")
    classes = np.unique(y)
    if len(classes) == 1:
        raise ValueError(
            "At least two classes are needed to train a neuron, but y contains only "
            f"one class: {classes.tolist()}."
        )
    if 2 * len(classes) > len(y) > 20:
        check_classification_targets(y)  # which warns that y may not be classes
    return classes, _find_classes(classes, y)


def shape_of_groups(classes, y):
    """Return the numbers of groups, and of the outputs of each, that learn labels."""
    if y.ndim == 2:
        return y.shape[1], 1
    return 1, len(classes) if len(classes) > 2 else 1


def check_classes(classes, labels, multilabel, known):
    """Return the classes of a stream of batches: as known, or as passed with the first."""
    if multilabel:
        passed = np.arange(labels.shape[-1]) if known is None else known
        if classes is not None and list(classes) != passed.tolist():
            raise ValueError(
                "The classes of a multilabel y are the places of its labels, "
                f"{passed.tolist()}, and need not be passed. Got {list(classes)!r}."
            )
    elif classes is None and known is None:
        raise ValueError("classes must be passed on the first call to partial_fit.")
    else:
        passed = known if classes is None else unique_labels(classes)
    if known is not None and passed.tolist() != known.tolist():
        raise ValueError(f"The classes were {known.tolist()}, but now {passed.tolist()}.")
    if not multilabel and len(passed) == 1:
        raise ValueError(
            f"At least two classes are needed. Got one class: {passed.tolist()}."
        )
    return passed


def encode_known_labels(y, classes, multilabel, name="y"):
    """Return labels of known classes as a problem has them."""
    if y.ndim != 1 + multilabel or (multilabel and y.shape[1] != len(classes)):
        raise ValueError(f"{name} has the shape {y.shape}, unlike that of the fit.")
    if multilabel:
        return y.astype(np.int32, order="F")
    known = set(classes.tolist())
    unknown = [label for label in np.unique(y).tolist() if label not in known]
    if unknown:
        raise ValueError(
            f"{name} contains labels that were not seen during fit: {unknown}."
        )
    return _find_classes(classes, y)


def _find_classes(classes, y):
    """Return the index of each label among the classes, (n, 1) int32."""
    if len(classes) == 2:  # by far the fastest
        return (y == classes[1]).astype(np.int32)[:, np.newaxis]
    # several times as fast as the inverse of np.unique, which sorts the rows
    return np.searchsorted(classes, y).astype(np.int32)[:, np.newaxis]


def read_label_noise(label_noise, classes, multilabel):
    """Return the share of each class that is recorded as another, or None for no noise.

    Shares are (1, n_classes), or (n_labels, 2) for a multilabel y.
    """
    if multilabel:
        shares = _read_multilabel_noise(label_noise, len(classes))
    elif isinstance(label_noise, dict):
        shares = _read_class_noise(label_noise, classes)
    else:
        others = ", or a dict of a share for each class"
        share = _check_share(label_noise, "label_noise", others)
        if share >= (len(classes) - 1) / len(classes):
            raise ValueError(
                f"With a label_noise of {share} a recorded class no longer favours the "
                f"true one: with {len(classes)} classes it must be below "
                f"{len(classes) - 1}/{len(classes)}."
            )
        shares = np.full((1, len(classes)), share)
    return shares if shares.any() else None


def list_label_noises(label_noises, classes, multilabel):
    """Return the label noises that a search chooses from, as a user wrote them.

    "auto" is none; the same for all classes; and for two classes that of either alone; all
    in steps of 0.1.
    """
    if isinstance(label_noises, str):
        noises: list[Any] = [0.0, 0.1, 0.2, 0.3, 0.4]
        if len(classes) == 2 and not multilabel:
            one_sided = [0.1, 0.2, 0.3, 0.4, 0.5]
            noises += [{label: s} for label in classes.tolist() for s in one_sided]
        return noises
    if isinstance(label_noises, dict | set):
        raise ValueError(
            "The 'label_noises' are a list of the label noises to choose from. To "
            f"consider one, pass it in a list: [{label_noises!r}]."
        )
    noises = [_copy_noise(noise) for noise in label_noises]
    if not noises:
        raise ValueError("The 'label_noises' must hold one or more label noises.")
    for noise in noises:
        read_label_noise(noise, classes, multilabel)
    return noises


def _copy_noise(noise):
    """Return a label noise that nobody else changes."""
    if isinstance(noise, Real) and not isinstance(noise, bool):
        return float(noise)
    return copy.deepcopy(noise)


def measure_noise(label_noise):
    """Return how much label noise there is: the largest share of a class."""
    if isinstance(label_noise, dict):
        return float(max(label_noise.values(), default=0.0))
    return float(np.max(label_noise))


def _check_share(value, name, others=""):
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1:
        raise ValueError(
            f"The {name} must be a share in the range [0.0, 1.0){others}. "
            f"Got {value!r} instead."
        )
    return float(value)


def _read_class_noise(label_noise, classes):
    indices = {label: find_class(classes, label) for label in label_noise}
    unknown = [label for label, index in indices.items() if index is None]
    if unknown:
        raise ValueError(
            "The keys of label_noise must be among the classes, "
            f"{classes.tolist()}. Got {unknown}."
        )
    shares = np.zeros((1, len(classes)))
    for label, share in label_noise.items():
        shares[0, indices[label]] = _check_share(share, f"label_noise of {label!r}")
    # The matrix of the probabilities of recorded labels, given the true ones. Its
    # eigenvalues are real, and with half the noise they are halfway to 1: where all are
    # positive, none vanishes on the way from no noise to this.
    shift = shares[0] / (len(classes) - 1)
    matrix = np.diag(1 - shares[0] - shift) + shift[:, np.newaxis]
    if np.linalg.eigvals(matrix).real.min() < 1e-9:
        raise ValueError(
            f"With a label_noise of {label_noise} the recorded classes no longer favour "
            "the true ones: so many labels are wrong."
        )
    return shares


def _read_multilabel_noise(label_noise, n_labels):
    if isinstance(label_noise, dict):
        raise ValueError(
            "For a multilabel y, label_noise is one share for all labels, or an array of "
            "the share of each label that was flipped. Got a dict."
        )
    given = [label_noise] * n_labels
    if not isinstance(label_noise, Real):
        given = list(label_noise) if np.iterable(label_noise) else []
    if len(given) != n_labels:
        raise ValueError(
            f"The label_noise must be one share, or one for each of the {n_labels} labels. "
            f"Got {label_noise!r}."
        )
    shares = np.array([_check_share(share, "label_noise") for share in given])
    if (shares >= 0.5).any():
        raise ValueError(
            f"With a label_noise of {shares.max()} a recorded label no longer favours the "
            "true one: it must be below 0.5."
        )
    return np.column_stack([shares, shares])


def find_class_factors(class_weight, classes, labels, sample_weight=None):
    """Return the weights of the classes, {class: factor}, for each column of labels.

    "balanced" does not see rows of weight 0; a class that has no others has a factor of 0.
    """
    if class_weight is None:
        return None
    if labels.ndim == 2:
        classes = np.array([0, 1])
        if isinstance(class_weight, dict):
            if not set(class_weight) <= {0, 1}:
                raise ValueError(
                    "The classes of each label of a multilabel y are 0 and 1, but "
                    f"class_weight has the keys {list(class_weight)}."
                )
            class_weight = {0: 1, 1: 1} | class_weight
    if class_weight != "balanced":
        columns = labels.shape[1] if labels.ndim == 2 else 1
        return [_read_class_weight(class_weight, classes)] * columns
    weight = check_sample_weight(sample_weight, len(labels))
    weight, _ = scale_by_power(weight)
    rows = weight > 0
    columns = labels[rows].T if labels.ndim == 2 else [labels[rows]]
    found = []
    for column in columns:
        present = np.unique(column)
        with np.errstate(all="ignore"):  # what overflows shows in the weights
            factors = compute_class_weight(
                "balanced", classes=present, y=column, sample_weight=weight[rows]
            )
        balanced = dict(zip(present.tolist(), factors, strict=True))
        found.append({label: balanced.get(label, 0.0) for label in classes.tolist()})
    return found


def _read_class_weight(class_weight, classes):
    """Return the weight of each class, 1 where the dict has none.

    The rules are scikit-learn's, whose helper changes the type of a label before it looks
    it up.
    """
    factors, found = np.ones(len(classes)), set()
    for label, factor in class_weight.items():
        index = find_class(classes, label)
        if index is not None:
            factors[index] = factor
            found.add(index)
    missing = [c for k, c in enumerate(classes.tolist()) if k not in found]
    if missing and len(found) != len(class_weight):
        raise ValueError(f"The classes, {missing}, are not in class_weight")
    return dict(zip(classes.tolist(), factors.tolist(), strict=True))


def find_class(classes, label):
    """Return the index of a class by a label as a user writes it, or None."""
    for index, known in enumerate(classes):
        if known == label:
            return index
    return None


def scale_by_power(weight):
    """Return weights divided by a power of two, the largest at least 1 and below 2, and it.

    So nothing is rounded, and neither sums nor products of tiny or huge weights under- or
    overflow. The power is told as its exponent.
    """
    power = int(np.frexp(weight.max())[1]) - 1
    return np.ldexp(weight, -power), power


def combine_weights(sample_weight, class_factors, labels):
    """Return sample weights times class weights as `scale_by_power` has them.

    The weights are (n, 1) or, for multilabel, (n, K).
    """
    weight = check_sample_weight(sample_weight, len(labels))[:, np.newaxis]
    weight, power = scale_by_power(weight)
    if class_factors is None:
        return weight, power
    columns = labels.T if labels.ndim == 2 else [labels]
    factors = [
        _look_up(factor, column)
        for factor, column in zip(class_factors, columns, strict=True)
    ]
    with np.errstate(all="ignore"):  # the result is judged below
        weight = weight * np.column_stack(factors)
    if not np.isfinite(weight).all():
        raise ValueError("The weights are NaN or overflow float64.")
    if (weight < 0).any():
        raise ValueError("Negative values in data passed to `class_weight`.")
    if not weight.any(axis=0).all():
        raise ValueError("sample_weight times class_weight is zero in every row.")
    weight, more = scale_by_power(weight)
    return weight, power + more


def check_sample_weight(sample_weight, n_samples, name="sample_weight"):
    """Return the weight of each row, (n,), in float64."""
    if sample_weight is None:
        sample_weight = 1.0
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, sample_weight)
    weight = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weight.ndim}D array."
        )
    if weight.shape != (n_samples,):
        raise ValueError(f"{name}.shape == {weight.shape}, expected {(n_samples,)}!")
    if (weight < 0).any():
        raise ValueError(f"Negative values in data passed to `{name}`.")
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight


def _look_up(factor, labels):
    """Return the factor of the class of each row."""
    present, index = np.unique(labels, return_inverse=True)
    return np.array([factor[label] for label in present.tolist()])[index]
