"""Score many fits at once from the raw predictions of the rows they have not seen.

`raw_prediction` is (n, columns) of one layer, or of the neurons of a multilabel fit, and
`labels` (n, 1) or (n, n_labels); each function returns the score of each row, (n,), and the
score of a fit is their weighted mean. Larger is better.
"""

import numpy as np

from sk_neuron._kernels._formulas import activate, log_probability, row_squared_error


def brier_score(raw_prediction, labels):
    """Return minus the squared error of the probabilities, summed over the classes."""
    return -row_squared_error(labels, raw_prediction, raw_prediction.shape[1])[:, 0]


def multilabel_brier_score(raw_prediction, labels):
    """Return minus the squared error of the probabilities, summed over the labels."""
    return -row_squared_error(labels, raw_prediction, 1).sum(axis=1)


def log_loss(raw_prediction, labels):
    """Return the logarithm of the probability of the label, clipped as is usual."""
    if (
        raw_prediction.shape[1] == 1
    ):  # with 1 - o as scikit-learn has it, for equal rounding
        output = activate(raw_prediction)
        probability = np.where(labels == 1, output, 1 - output)
    else:
        logs = log_probability(raw_prediction, raw_prediction.shape[1])
        probability = np.exp(np.take_along_axis(logs, labels, axis=1))
    epsilon = np.finfo(probability.dtype).eps
    return np.log(np.clip(probability[:, 0], epsilon, 1 - epsilon))


def accuracy(raw_prediction, labels):
    """Return 1 where the answer is the label and 0 elsewhere."""
    if raw_prediction.shape[1] > 1:
        return (raw_prediction.argmax(axis=1) == labels[:, 0]).astype(np.float64)
    return multilabel_accuracy(raw_prediction, labels)


def multilabel_accuracy(raw_prediction, labels):
    """Return 1 where the answer is every label and 0 elsewhere."""
    return ((raw_prediction > 0) == (labels == 1)).all(axis=1).astype(np.float64)


# By scikit-learn's names of scorers; its log loss is not for several labels.
ROW_SCORES = {
    "neg_brier_score": brier_score,
    "neg_log_loss": log_loss,
    "accuracy": accuracy,
}
MULTILABEL_ROW_SCORES = {
    "neg_brier_score": multilabel_brier_score,
    "accuracy": multilabel_accuracy,
}
