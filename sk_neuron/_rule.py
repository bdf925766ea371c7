"""The neuron in formulas.

A layer is K independent neurons that share the rows of one matrix, and every neuron
is a column: `features` is (n, d), `coef` (d, K), `intercept` (K,), `target` (n, K) and
`weight` (n, K), or (n, 1) where all neurons share it. But for `log_normalize`, nothing
here mixes two columns, so K neurons together are K neurons apart.
"""

import numpy as np
from scipy.special import expit, log_expit, log_softmax

# The largest second derivative of 1/2 (t - sigmoid(z))^2 in z over all z and all t in
# [0, 1]. With o = sigmoid(z) and t = 1 it is o (1 - o)^2 (3 o - 1), which peaks here:
_STEEPEST = (9 + np.sqrt(33)) / 24
CURVATURE = float(_STEEPEST * (1 - _STEEPEST) ** 2 * (3 * _STEEPEST - 1))


def potential(features, coef, intercept):
    """Return z = x · w + b, the weighted sum of the inputs."""
    return features @ coef + intercept


def activate(potential):
    """Return o = 1 / (1 + exp(-z)), the neuron's output, without overflow."""
    return expit(potential)


def direction(features, target, weight, coef, intercept):
    """Return minus the gradient of 1/2 Σ s (t - o)², and the squared error Σ s (t - o)².

    The gradient comes as that of coef and that of intercept. All three are sums over
    rows, so the results of blocks of rows add up.
    """
    output = activate(potential(features, coef, intercept))
    error = target - output
    weighted_error = weight * error
    delta = weighted_error * output * (1 - output)
    return (
        features.T @ delta,
        delta.sum(axis=0, dtype=np.float64),
        (weighted_error * error).sum(axis=0, dtype=np.float64),
    )


def stuck(features, target, weight, coef, intercept):
    """Return the share of each neuron's squared error in rows that hardly pull at it.

    Those are wrong, on the wrong side of 1/2, with o (1 - o) below 0.001, where it is
    at most 1/4: the potential is about 7 or more on the wrong side.
    """
    output = activate(potential(features, coef, intercept))
    squared_error = weight * (target - output) ** 2
    flat = output * (1 - output) < 1e-3
    wrong = np.abs(target - output) > 0.5
    total = np.maximum(squared_error.sum(axis=0), np.finfo(output.dtype).tiny)
    return (squared_error * (wrong & flat)).sum(axis=0) / total


def log_normalize(potential):
    """Return the logarithm of the outputs scaled to sum to 1 in each row.

    In log space the result stays finite and keeps its order where every output of a
    row under- or overflows.
    """
    return log_softmax(log_expit(potential), axis=1)
