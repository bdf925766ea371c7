"""The neuron in formulas.

A layer is K independent neurons that share the rows of one matrix, and every neuron
is a column: `X` is (n, d), `coef` (K, d), `intercept` (K,), `target` (n, K) and
`weight` (n, K), or (n, 1) where all neurons share it. But for `log_normalize`, nothing
here mixes two columns, so K neurons together are K neurons apart.
"""

import numpy as np
from scipy.special import log_expit, log_softmax

# The largest second derivative of 1/2 (t - sigmoid(z))^2 in z over all z and all t in
# [0, 1]. With o = sigmoid(z) and t = 1 it is o (1 - o)^2 (3 o - 1), which peaks here:
_STEEPEST = (9 + np.sqrt(33)) / 24
CURVATURE = float(_STEEPEST * (1 - _STEEPEST) ** 2 * (3 * _STEEPEST - 1))


def raw_prediction(X, coef, intercept):
    """Return z = x · w + b, the weighted sum of the inputs."""
    # Each neuron's rows side by side in memory, where sums over rows are fast.
    z = np.asfortranarray((coef @ X.T).T)
    z += intercept
    return z


def activate(raw_prediction, out=None):
    """Return o = 1 / (1 + exp(-z)), the neuron's output.

    Where the exponential overflows, the output is 0, as it should be. NumPy's is several
    times as fast as `scipy.special.expit`.
    """
    with np.errstate(over="ignore"):
        output = np.negative(raw_prediction, out=out)
        np.exp(output, out=output)
        output += 1
        return np.reciprocal(output, out=output)


def pointwise_gradient(target, weight, raw_prediction):
    """Return delta = s (t - o) o (1 - o) of each row, and squared error Σ s (t - o)².

    Delta is minus the gradient of 1/2 Σ s (t - o)² in the raw prediction, which is
    overwritten.
    """
    output = activate(raw_prediction, out=raw_prediction)
    error = target - output
    # In place from here: these arrays are what a step needs besides X.
    delta = weight * error
    error *= delta
    squared_error = error.sum(axis=0, dtype=np.float64)
    delta *= output
    np.subtract(1, output, out=output)
    delta *= output
    return delta, squared_error


def negative_gradient(X, target, weight, coef, intercept):
    """Return minus the gradient of 1/2 Σ s (t - o)², and the squared error Σ s (t - o)².

    The gradient comes as that of coef and that of intercept. All three are sums over
    rows, so the results of blocks of rows add up.
    """
    z = raw_prediction(X, coef, intercept)
    delta, squared_error = pointwise_gradient(target, weight, z)
    return delta.T @ X, delta.sum(axis=0, dtype=np.float64), squared_error


def constant_error(target, weight):
    """Return the lowest squared error Σ s (t - c)² of a constant answer c, (K,)."""
    total = weight.sum(axis=0, dtype=np.float64)
    mean = (weight * target).sum(axis=0, dtype=np.float64) / total
    return total * mean * (1 - mean)


def is_saturated(target, raw_prediction, weight):
    """Return which neurons do no better than a constant and get no gradient to improve.

    No gradient is when most of the squared error is in rows on the wrong side of 1/2 with
    o (1 - o) below 0.001, where it is at most 1/4: the raw prediction is at least 7 off.
    """
    output = activate(raw_prediction)
    squared_error = weight * (target - output) ** 2
    stuck = (np.abs(target - output) > 0.5) & (output * (1 - output) < 1e-3)
    error = squared_error.sum(axis=0, dtype=np.float64)
    return (error >= constant_error(target, weight)) & (
        (squared_error * stuck).sum(axis=0) > error / 2
    )


def log_normalize(raw_prediction):
    """Return the logarithm of the outputs scaled to sum to 1 in each row.

    In log space the result stays finite and keeps its order where every output of a
    row under- or overflows.
    """
    return log_softmax(log_expit(raw_prediction), axis=1)
