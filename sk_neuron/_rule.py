"""The neuron in formulas.

A layer is K independent neurons that share the rows of one matrix, and every neuron
is a column: `features` is (n, d), `coef` (d, K), `intercept` (K,), `target` (n, K) and
`weight` (n, K), or (n, 1) where all neurons share it. But for `log_normalize`, nothing
here mixes two columns, so K neurons together are K neurons apart.
"""

import numpy as np
from scipy.special import log_expit, log_softmax

# The largest second derivative of 1/2 (t - sigmoid(z))^2 in z over all z and all t in
# [0, 1]. With o = sigmoid(z) and t = 1 it is o (1 - o)^2 (3 o - 1), which peaks here:
_STEEPEST = (9 + np.sqrt(33)) / 24
CURVATURE = float(_STEEPEST * (1 - _STEEPEST) ** 2 * (3 * _STEEPEST - 1))


def potential(features, coef, intercept):
    """Return z = x · w + b, the weighted sum of the inputs."""
    # Each neuron's rows side by side in memory, where sums over rows are fast.
    z = np.asfortranarray((coef.T @ features.T).T)
    z += intercept
    return z


def activate(potential, out=None):
    """Return o = 1 / (1 + exp(-z)), the neuron's output.

    Where the exponential overflows, the output is 0, as it should be. NumPy's is several
    times as fast as `scipy.special.expit`.
    """
    with np.errstate(over="ignore"):
        output = np.negative(potential, out=out)
        np.exp(output, out=output)
        output += 1
        return np.reciprocal(output, out=output)


def correct(target, weight, potential):
    """Return delta = s (t - o) o (1 - o) of each row, and squared error Σ s (t - o)².

    The potential is overwritten.
    """
    output = activate(potential, out=potential)
    error = target - output
    # In place from here: these arrays are what a step needs besides X.
    delta = weight * error
    error *= delta
    squared_error = error.sum(axis=0, dtype=np.float64)
    delta *= output
    np.subtract(1, output, out=output)
    delta *= output
    return delta, squared_error


def direction(features, target, weight, coef, intercept):
    """Return minus the gradient of 1/2 Σ s (t - o)², and the squared error Σ s (t - o)².

    The gradient comes as that of coef and that of intercept. All three are sums over
    rows, so the results of blocks of rows add up.
    """
    delta, squared_error = correct(target, weight, potential(features, coef, intercept))
    return features.T @ delta, delta.sum(axis=0, dtype=np.float64), squared_error


def dead(target, potential, weight):
    """Return which neurons do no better than a constant and get no gradient to improve.

    The best constant, the mean target p, has the Brier score p (1 - p). No gradient is
    when most of the squared error is in rows on the wrong side of 1/2 with o (1 - o)
    below 0.001, where it is at most 1/4: the potential is at least 7 off.
    """
    output = activate(potential)
    squared_error = weight * (target - output) ** 2
    stuck = (np.abs(target - output) > 0.5) & (output * (1 - output) < 1e-3)
    total = weight.sum(axis=0, dtype=np.float64)
    mean = (weight * target).sum(axis=0, dtype=np.float64) / total
    error = squared_error.sum(axis=0, dtype=np.float64)
    return (error >= total * mean * (1 - mean)) & (
        (squared_error * stuck).sum(axis=0) > error / 2
    )


def log_normalize(potential):
    """Return the logarithm of the outputs scaled to sum to 1 in each row.

    In log space the result stays finite and keeps its order where every output of a
    row under- or overflows.
    """
    return log_softmax(log_expit(potential), axis=1)
