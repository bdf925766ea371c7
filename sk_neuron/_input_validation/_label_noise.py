"""Check label noise, and convert it to a share for each class."""

import copy
from numbers import Real
from typing import Any

import numpy as np

from sk_neuron._input_validation._labels import find_class, list_classes


def read_label_noise(label_noise, classes, multilabel):
    """Return the share of each class that is recorded as another, or None for no noise.

    Shares are (1, n_classes), or (n_labels, 2) for a multilabel y.
    """
    if multilabel:
        shares = _read_multilabel_noise(label_noise, len(classes))
    elif isinstance(label_noise, dict):
        shares = _read_class_noise(label_noise, classes)
    else:
        or_dict = ", or a dict with a share for each class"
        share = _check_share(label_noise, "label_noise", or_dict)
        if share >= (len(classes) - 1) / len(classes):
            raise ValueError(
                f"With a label_noise of {share} a recorded class no longer favours the "
                f"true one: with {len(classes)} classes it must be below "
                f"{len(classes) - 1}/{len(classes)}."
            )
        shares = np.full((1, len(classes)), share)
    return shares if shares.any() else None


def list_label_noises(label_noises, classes, multilabel):
    """Return the label noises from which a search chooses, as values of `label_noise`.

    "auto" is from 0 to 0.4 for all classes alike, and for two classes also from 0.1 to 0.5
    for only one of them.
    """
    if isinstance(label_noises, str):
        noises: list[Any] = [0.0, 0.1, 0.2, 0.3, 0.4]
        if len(classes) == 2 and not multilabel:
            one_sided = [0.1, 0.2, 0.3, 0.4, 0.5]
            noises += [{label: s} for label in list_classes(classes) for s in one_sided]
        return noises
    if isinstance(label_noises, dict | set):
        raise ValueError(
            "The 'label_noises' must be a list of label noises. To consider only one, "
            f"pass it in a list: [{label_noises!r}]."
        )
    noises = list(label_noises)
    if not noises:
        raise ValueError("The 'label_noises' must hold one or more label noises.")
    for noise in noises:
        read_label_noise(noise, classes, multilabel)
    # copies, so that the caller cannot change them
    return [float(n) if isinstance(n, Real) else copy.deepcopy(n) for n in noises]


def measure_noise(label_noise):
    """Return the largest share of a class or label."""
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
            f"{list_classes(classes)}. Got {unknown}."
        )
    shares = np.zeros((1, len(classes)))
    for label, share in label_noise.items():
        shares[0, indices[label]] = _check_share(share, f"label_noise of {label!r}")
    # The matrix of the probabilities of recorded labels, given the true ones. Its
    # eigenvalues are real. With less noise in proportion they come closer to 1, so if all
    # are positive, none is 0 at any share between no noise and this.
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
            "For a multilabel y, label_noise must be one share for all labels, or an array "
            "with the share of each label. Got a dict instead."
        )
    given = list(label_noise) if np.iterable(label_noise) else [label_noise] * n_labels
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
