"""Score many fits at once from the potentials of the rows they have not seen.

`potential` and `target` are (n, K), as in `_rule`; each function returns the score of each
row, (n,), and the score of a fit is their weighted mean. Larger is better.
"""

import numpy as np

from sk_neuron._inputs import scale_by_power
from sk_neuron._rule import activate, log_normalize


def brier_score(potential, target):
    """Return minus the squared error of the probabilities, summed over the classes."""
    if potential.shape[1] > 1:
        return -((target - np.exp(log_normalize(potential))) ** 2).sum(axis=1)
    return multilabel_brier_score(potential, target)


def multilabel_brier_score(potential, target):
    """Return minus the squared error of the probabilities, summed over the labels."""
    return -((target - activate(potential)) ** 2).sum(axis=1)


def log_loss(potential, target):
    """Return the logarithm of the probability of the true class, clipped as is usual."""
    if potential.shape[1] == 1:  # with 1 - o as scikit-learn has it, for equal rounding
        output = activate(potential)[:, 0]
        probability = np.where(target[:, 0] == 1, output, 1 - output)
    else:
        probability = np.exp((target * log_normalize(potential)).sum(axis=1))
    epsilon = np.finfo(probability.dtype).eps
    return np.log(np.clip(probability, epsilon, 1 - epsilon))


def accuracy(potential, target):
    """Return 1 where the answer is right and 0 elsewhere."""
    if potential.shape[1] > 1:
        return (potential.argmax(axis=1) == target.argmax(axis=1)).astype(np.float64)
    return multilabel_accuracy(potential, target)


def multilabel_accuracy(potential, target):
    """Return 1 where every label is right and 0 elsewhere."""
    return ((potential > 0) == (target == 1)).all(axis=1).astype(np.float64)


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


class HeldOut:
    """The held-out rows of several fits, one after the other."""

    def __init__(self, tests, columns, target, weight, row_score):
        """Take the held-out rows of each fit and the columns of its neurons."""
        sizes = [len(test) for test in tests]
        self._rows = np.concatenate(tests)
        first = np.repeat([here.start for here in columns], sizes)
        self._columns = first[:, np.newaxis] + np.arange(target.shape[1])
        self._starts = np.cumsum([0, *sizes[:-1]])
        self._target = target[self._rows]
        self._weight, _ = scale_by_power(weight[self._rows])
        self._total = np.add.reduceat(self._weight, self._starts)
        self._row_score = row_score

    def score(self, potential):
        """Return the score of each fit from the potentials of all rows and columns."""
        seen = potential[self._rows[:, np.newaxis], self._columns]
        with np.errstate(all="ignore"):  # what cannot be scored is NaN
            scores = self._row_score(seen, self._target) * self._weight
            return np.add.reduceat(scores, self._starts) / self._total
