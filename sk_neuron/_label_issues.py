"""Which recorded labels are probably wrong, and how well recorded labels are predicted."""

from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_consistent_length

from sk_neuron._base import BaseNeuron, check_has_answers, split_estimator
from sk_neuron._input_validation import (
    check_labels,
    check_sample_weight,
    encode_known_labels,
    refuse_masked,
    scale_by_power,
)
from sk_neuron._kernels import _formulas, as_numpy


def recorded_brier_score(
    estimator: Any, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
) -> float:
    """Return minus the Brier score of the probabilities of labels as they are recorded.

    A scorer, for `GridSearchCV` and `cross_val_score`. With label noise, `predict_proba`
    answers for the true labels, while those of a validation fold are recorded ones, some of
    them wrong. The probabilities that they can be compared with are those of
    `predict_recorded_proba`. It is a plain function, to which metadata routing passes
    no weights.

    Parameters
    ----------
    estimator : SigmoidNeuronClassifier, SigmoidNeuronClassifierCV or Pipeline
        A fitted estimator, a Pipeline that ends with one, or a fitted search over one.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The rows to score on, as the estimator takes them.

    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Their recorded labels, of the classes seen during `fit`.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows, 1 each if None.

    Returns
    -------
    score : float
        Minus the mean over the rows of the squared error, summed over the classes if there
        are more than two, or over the labels of a multilabel `y`. Larger is better, and 0
        is the best.

    Raises
    ------
    TypeError
        If the estimator is of another kind.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sk_neuron import SigmoidNeuronClassifier, recorded_brier_score
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> neuron = make_pipeline(
    ...     StandardScaler(), SigmoidNeuronClassifier(max_iter=20, label_noise=0.02)
    ... )
    >>> scores = cross_val_score(neuron, X, y, scoring=recorded_brier_score)
    >>> float(scores.mean().round(3))
    -0.021
    """
    neuron, labels, z = _read_rows(estimator, X, y, recorded_brier_score.__name__)
    errors = _formulas.row_squared_error(
        labels, z, _count_outputs(neuron), as_numpy(neuron._label_noise)
    )
    weight, _ = scale_by_power(check_sample_weight(sample_weight, len(labels)))
    with np.errstate(under="ignore"):
        return -float(np.average(errors.sum(axis=1), weights=weight))


def find_label_issues(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    label_quality: ArrayLike | None = None,
    threshold: float = 0.5,
) -> Any:
    """Return the rows whose recorded label is probably wrong, the worst first.

    Parameters
    ----------
    estimator : SigmoidNeuronClassifier, SigmoidNeuronClassifierCV or Pipeline
        A fitted estimator, a Pipeline that ends with one, or a fitted search over one.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The rows, as the estimator takes them.

    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Their recorded labels, of the classes seen during `fit`.

    label_quality : array-like of shape (n_samples,) or (n_samples, n_labels), default=None
        The probability that each label is the true one, for example `label_quality_` of a
        `SigmoidNeuronClassifierCV` that was fitted on these rows: it judges each row by
        folds that have not seen it. If None, it is what the estimator's `label_quality`
        returns. Rows with NaN are left out.

    threshold : float, default=0.5
        A label is an issue if its quality is below this, from 0 to 1.

    Returns
    -------
    issues : DataFrame or structured array
        A pandas DataFrame where pandas is installed. Its columns are `row`, the index of
        the row; for a multilabel `y` also `label`, the index of the label; `given_label`;
        `suggested_label`, the most probable one if the given label is wrong; and
        `label_quality`. Sorted by quality.

    Raises
    ------
    TypeError
        If the estimator is of another kind.
    ValueError
        If labels, qualities or the threshold do not fit.

    See Also
    --------
    SigmoidNeuronClassifier.label_quality : The quality of each row.
    LabelQualityDisplay : Draws the qualities.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_neuron import SigmoidNeuronClassifier, find_label_issues
    >>> X = np.arange(-10.0, 10.0)[:, np.newaxis]
    >>> y = np.where(X[:, 0] >= 0, "high", "low")
    >>> y[0] = "high"  # a wrong label
    >>> neuron = SigmoidNeuronClassifier(label_noise=0.05).fit(X, y)
    >>> issues = find_label_issues(neuron, X, y)
    >>> issues["row"].tolist(), issues["suggested_label"].tolist()
    ([0], ['low'])
    """
    check_threshold(threshold)
    judged = judge_labels(estimator, X, y, label_quality, find_label_issues.__name__)
    rows, columns = judged.find_below(threshold)
    table = {"row": rows}
    if judged.is_multilabel:
        table["label"] = columns
    table["given_label"] = judged.classes[judged.given[rows, columns]]
    table["suggested_label"] = judged.classes[judged.suggested[rows, columns]]
    table["label_quality"] = judged.quality[rows, columns]
    return _make_table(table)


class JudgedLabels(NamedTuple):
    """Recorded labels, what they may truly be, and the probability that they are right."""

    given: NDArray[np.int32]  # (n, 1) or (n, n_labels), indices of classes
    suggested: NDArray[np.int64]  # the same shape
    quality: NDArray[np.float64]  # the same shape, NaN where it is not known
    classes: NDArray[Any]
    is_multilabel: bool

    def find_below(self, threshold: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows and columns of labels with a quality below, the worst first."""
        rows, columns = np.nonzero(self.quality < threshold)
        order = np.argsort(self.quality[rows, columns], kind="stable")
        return rows[order], columns[order]


def check_threshold(threshold):
    """Raise an error if a threshold of the quality is not a probability."""
    if not isinstance(threshold, Real) or not 0 <= float(threshold) <= 1:
        raise ValueError(f"The threshold must be from 0 to 1. Got {threshold!r}.")


def judge_labels(estimator, X, y, label_quality, name):
    """Return the recorded labels of rows with their qualities, as given or as estimated.

    `name` is that of who asks.
    """
    neuron, labels, z = _read_rows(estimator, X, y, name)
    n_outputs, noise = _count_outputs(neuron), as_numpy(neuron._label_noise)
    if label_quality is None:
        quality = _formulas.label_quality(labels, z, n_outputs, noise)
    else:
        refuse_masked(label_quality, "label_quality")
        quality = check_array(
            as_numpy(label_quality),
            ensure_2d=False,
            ensure_all_finite="allow-nan",
            dtype=np.float64,
        )
        if ((quality < 0) | (quality > 1)).any():
            raise ValueError("The label_quality has values outside of [0, 1].")
        quality = quality.reshape(len(quality), -1)
        if quality.shape != labels.shape:
            raise ValueError(
                f"label_quality has the shape {np.shape(label_quality)}, but there are "
                f"{len(labels)} rows with {labels.shape[1]} label(s)."
            )
    suggested = _formulas.suggest_labels(labels, z, n_outputs, noise)
    classes = np.array([0, 1]) if neuron._multilabel else neuron._classes
    return JudgedLabels(labels, suggested, quality, classes, neuron._multilabel)


def _read_rows(estimator, X, y, name):
    """Return the neuron that an estimator is or ends with, and labels and z of its rows.

    Labels are indices of classes. Both are arrays of NumPy, wherever X is.
    """
    steps, neuron = split_estimator(estimator)
    if not isinstance(neuron, BaseNeuron):
        raise TypeError(
            f"{name} takes a SigmoidNeuronClassifier, a SigmoidNeuronClassifierCV, a "
            "Pipeline that ends with one, or a fitted search over one. "
            f"Got {type(neuron).__name__} instead."
        )
    check_has_answers(neuron)
    X = X if steps is None else steps.transform(X)
    z = as_numpy(neuron.decision_function(X)).reshape(-1, neuron.coef_.shape[0])
    labels = encode_known_labels(check_labels(y), neuron._classes, neuron._multilabel)
    check_consistent_length(z, labels)
    return neuron, labels, z


def _count_outputs(neuron):
    return 1 if neuron._multilabel else neuron.coef_.shape[0]


def _make_table(columns):
    try:
        import pandas as pd
    except ImportError:
        dtype = [(name, column.dtype) for name, column in columns.items()]
        table = np.empty(len(columns["row"]), dtype)
        for name, column in columns.items():
            table[name] = column
        return table
    return pd.DataFrame(columns)
