"""The weights of rows: sample weights times class weights."""

from numbers import Real

import numpy as np
from sklearn.utils import check_array

from sk_neuron._input_validation._labels import find_class, list_classes
from sk_neuron._input_validation._masks import refuse_masked


def compute_class_factors(class_weight, classes, labels, multilabel, sample_weight=None):
    """Return the weights of the classes, (1, n_classes) or (n_labels, 2), or None for none.

    `labels` are encoded. "balanced" is n / (n_classes count) as scikit-learn has it. It
    does not see rows of weight 0; a class that has no others has a factor of 0.
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
    weight = check_sample_weight(sample_weight, len(labels))
    weight, _ = scale_by_power(weight)
    factors = np.zeros((n_columns, len(classes)))
    for factor, column in zip(factors, labels.T, strict=True):
        counts = np.bincount(column, weight, len(classes))
        is_present = counts > 0
        with np.errstate(all="ignore"):  # what overflows shows in the weights
            present = is_present.sum() * counts[is_present]
            factor[is_present] = counts.sum() / present
    return factors


def _read_class_weight(class_weight, classes):
    """Return the weight of each class, (n_classes,), 1 where the dict has none.

    The rules are scikit-learn's, whose helper changes the type of a label before it looks
    it up.
    """
    factors, found = np.ones(len(classes)), set()
    for label, factor in class_weight.items():
        index = find_class(classes, label)
        if index is not None:
            factors[index] = factor
            found.add(index)
    missing = [c for k, c in enumerate(list_classes(classes)) if k not in found]
    if missing and len(found) != len(class_weight):
        raise ValueError(f"The classes, {missing}, are not in class_weight")
    return factors


def scale_by_power(weight):
    """Return weights divided by a power of two, the largest at least 1 and below 2, and it.

    So nothing is rounded, and neither sums nor products of tiny or huge weights under- or
    overflow. The power is told as its exponent.
    """
    power = int(np.frexp(weight.max())[1]) - 1
    with np.errstate(under="ignore"):
        return np.ldexp(weight, -power), power


def combine_weights(sample_weight, class_factors, labels):
    """Return sample weights times class weights as `scale_by_power` has them.

    The weights are (n, 1) or, for multilabel, (n, K).
    """
    sample_weight = check_sample_weight(sample_weight, len(labels))
    weight, power = _multiply_weights(sample_weight, class_factors, labels)
    if not weight.any(axis=0).all():
        raise ValueError("sample_weight times class_weight is zero in every row.")
    weight, more = scale_by_power(weight)
    return weight, power + more


def find_idle_columns(sample_weight, class_factors, labels):
    """Return in which columns of labels no row has a weight, (1,), or (K,) for some."""
    weight, _ = _multiply_weights(sample_weight, class_factors, labels)
    return ~weight.any(axis=0)


def _multiply_weights(sample_weight, class_factors, labels):
    """Return the product of both weights divided by a power of two, and the exponent."""
    weight, power = scale_by_power(sample_weight[:, np.newaxis])
    if class_factors is None:
        return weight, power
    factors = [
        factor[column] for factor, column in zip(class_factors, labels.T, strict=True)
    ]
    with np.errstate(all="ignore"):  # the result is judged below
        weight = weight * np.column_stack(factors)
    if not np.isfinite(weight).all():
        raise ValueError("The weights are NaN or overflow float64.")
    if (weight < 0).any():
        raise ValueError("Negative values in data passed to `class_weight`.")
    return weight, power


def check_sample_weight(sample_weight, n_samples, name="sample_weight"):
    """Return the weight of each row, (n,), in float64; not all are 0."""
    weight = read_sample_weight(sample_weight, n_samples, name)
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight


def read_sample_weight(sample_weight, n_samples, name="sample_weight"):
    """Return the weight of each row, (n,), in float64."""
    if sample_weight is None:
        sample_weight = 1.0
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, sample_weight)
    refuse_masked(sample_weight, name)
    weight = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weight.ndim}D array."
        )
    if weight.shape != (n_samples,):
        raise ValueError(f"{name}.shape == {weight.shape}, expected {(n_samples,)}!")
    if (weight < 0).any():
        raise ValueError(f"Negative values in data passed to `{name}`.")
    return weight
