"""Score rows from their raw predictions.

`raw_prediction` is (n, columns), for one layer or for the neurons of a multilabel fit.
`labels` are the recorded labels, (n, 1) or (n, n_labels), and `label_noise` is that of the
fit. Each function returns the scores of the rows, (n,); larger is better. The score of a
fit is their weighted mean.
"""

import numpy as np

from sk_neuron._kernels._formulas import (
    log_probability,
    probability,
    recorded_probability,
    row_squared_error,
)


def brier_score(raw_prediction, labels, label_noise=None):
    """Return minus the squared error of the probabilities, summed over the classes."""
    n_outputs = raw_prediction.shape[1]
    return -row_squared_error(labels, raw_prediction, n_outputs, label_noise)[:, 0]


def multilabel_brier_score(raw_prediction, labels, label_noise=None):
    """Return minus the squared error of the probabilities, summed over the labels."""
    return -row_squared_error(labels, raw_prediction, 1, label_noise).sum(axis=1)


def log_loss(raw_prediction, labels, label_noise=None):
    """Return the logarithm of the probability of the label, clipped as in scikit-learn."""
    n_outputs = raw_prediction.shape[1]
    if n_outputs == 1:  # 1 - o, to round as scikit-learn does
        output = _answer(raw_prediction, 1, label_noise)
        answer = np.where(labels == 1, output, 1 - output)
    elif label_noise is None:
        logs = log_probability(raw_prediction, n_outputs)
        answer = np.exp(np.take_along_axis(logs, labels, axis=1))
    else:
        answers = _answer(raw_prediction, n_outputs, label_noise)
        answer = np.take_along_axis(answers, labels, axis=1)
    epsilon = np.finfo(answer.dtype).eps
    return np.log(np.clip(answer[:, 0], epsilon, 1 - epsilon))


def accuracy(raw_prediction, labels, label_noise=None):
    """Return 1 where the predicted class is the label, else 0."""
    n_outputs = raw_prediction.shape[1]
    if n_outputs == 1:
        return multilabel_accuracy(raw_prediction, labels, label_noise)
    if label_noise is not None:
        raw_prediction = _answer(raw_prediction, n_outputs, label_noise)
    return (raw_prediction.argmax(axis=1) == labels[:, 0]).astype(np.float64)


def multilabel_accuracy(raw_prediction, labels, label_noise=None):
    """Return 1 where all predicted labels are correct, else 0."""
    is_positive = raw_prediction > 0
    if label_noise is not None:
        is_positive = _answer(raw_prediction, 1, label_noise) > 0.5
    return (is_positive == (labels == 1)).all(axis=1).astype(np.float64)


def _answer(raw_prediction, n_outputs, label_noise):
    """Return the probabilities of the recorded labels."""
    answer = probability(raw_prediction, n_outputs)
    return recorded_probability(answer, n_outputs, label_noise)


# By the name of the scorer in scikit-learn; its log loss does not support multilabel y.
ROW_SCORES = {
    "neg_brier_score": brier_score,
    "neg_log_loss": log_loss,
    "accuracy": accuracy,
}
MULTILABEL_ROW_SCORES = {
    "neg_brier_score": multilabel_brier_score,
    "accuracy": multilabel_accuracy,
}
