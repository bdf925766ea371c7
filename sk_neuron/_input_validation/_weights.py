"""The weights of rows: sample weights times class weights."""

from numbers import Real

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import check_non_negative

from sk_neuron._input_validation._labels import find_class, list_classes
from sk_neuron._input_validation._masks import refuse_masked
from sk_neuron._kernels import as_numpy


def compute_class_factors(class_weight, classes, labels, multilabel, sample_weight=None):
    """Return the weights of the classes, (1, n_classes) or (n_labels, 2), or None.

    `labels` are indices of classes. "balanced" is n / (n_classes * count), as in
    scikit-learn, but with sums of sample weights for n and count, and without classes that
    have no weight: their factor is 0.
    """
    if class_weight is None:
        return None
    n_columns = labels.shape[1]
    if multilabel:
        classes = np.array([0, 1])
        if isinstance(class_weight, dict):
            if not set(class_weight) <= {0, 1}:
                raise ValueError(
                    "The classes of each label of a multilabel y are 0 and 1, but "
                    f"class_weight has the keys {list(class_weight)}."
                )
            class_weight = {0: 1, 1: 1} | class_weight
    if class_weight != "balanced":
        return np.tile(_read_class_weight(class_weight, classes), (n_columns, 1))
    weight, _ = scale_by_power(check_sample_weight(sample_weight, len(labels)))
    counts = [np.bincount(column, weight, len(classes)) for column in labels.T]
    return np.array([_balance(count) for count in counts])


def _balance(count):
    """Return n / (n_classes * count) for each class, and 0 where the count is 0."""
    n_classes = np.count_nonzero(count)
    with np.errstate(all="ignore"):  # `combine_weights` finds what overflows
        return np.where(count > 0, count.sum() / (n_classes * count), 0.0)


def _read_class_weight(class_weight, classes):
    """Return the weight of each class, (n_classes,): 1 if the dict does not have it.

    The rules are those of scikit-learn's `compute_class_weight`, which would convert the
    labels to another type before it looks them up.
    """
    factors = {find_class(classes, label): w for label, w in class_weight.items()}
    missing = [c for k, c in enumerate(list_classes(classes)) if k not in factors]
    if missing and None in factors:
        raise ValueError(f"The classes, {missing}, are not in class_weight")
    return np.array([factors.get(k, 1) for k in range(len(classes))], dtype=np.float64)


def scale_by_power(weight):
    """Return weights divided by a power of two, and the exponent of that power.

    The largest weight becomes 1 or more, but less than 2, so sums and products do not
    overflow. Nothing is rounded, unless it is so small beside the largest that it
    underflows.
    """
    power = int(np.frexp(weight.max())[1]) - 1
    with np.errstate(under="ignore"):
        return np.ldexp(weight, -power), power


def combine_weights(sample_weight, class_factors, labels):
    """Return sample weights times class weights, scaled by `scale_by_power`.

    The weights are (n, 1) or, for multilabel, (n, n_labels).
    """
    sample_weight = check_sample_weight(sample_weight, len(labels))
    weight, power = _multiply_weights(sample_weight, class_factors, labels)
    if not weight.any(axis=0).all():
        raise ValueError("sample_weight times class_weight is zero in every row.")
    weight, more = scale_by_power(weight)
    return weight, power + more


def find_idle_columns(sample_weight, class_factors, labels):
    """Return for which columns of labels all weights are 0, (1,) or (n_labels,)."""
    weight, _ = _multiply_weights(sample_weight, class_factors, labels)
    return ~weight.any(axis=0)


def _multiply_weights(sample_weight, class_factors, labels):
    """Return sample weights times class weights by a power of two, and its exponent."""
    weight, power = scale_by_power(sample_weight[:, np.newaxis])
    if class_factors is None:
        return weight, power
    factors = [f[column] for f, column in zip(class_factors, labels.T, strict=True)]
    with np.errstate(all="ignore"):  # the check below finds what overflows
        weight = weight * np.column_stack(factors)
    if not np.isfinite(weight).all():
        raise ValueError("The weights are NaN or overflow float64.")
    check_non_negative(weight, "`class_weight`")
    return weight, power


def check_sample_weight(sample_weight, n_samples, name="sample_weight"):
    """Return the weight of each row, (n,) float64, or raise an error if all are 0."""
    weight = read_sample_weight(sample_weight, n_samples, name)
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight


def read_sample_weight(sample_weight, n_samples, name="sample_weight"):
    """Return the weight of each row, (n,) float64."""
    sample_weight = 1.0 if sample_weight is None else as_numpy(sample_weight)
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, sample_weight)
    refuse_masked(sample_weight, name)
    weight = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if weight.shape != (n_samples,):
        raise ValueError(f"{name}.shape == {weight.shape}, expected {(n_samples,)}!")
    check_non_negative(weight, f"`{name}`")
    return weight
