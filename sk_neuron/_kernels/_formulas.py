"""The neuron and the softmax layer in formulas.

Columns of weights share the rows of one matrix: `X` is (n, d), `coef` (columns, d),
`intercept` and `raw_prediction` have a column each. Columns come in groups of `n_outputs`:
one column is a sigmoid neuron, K columns are a softmax layer over K classes. `labels` is
(n, n_groups) integers, or (n, 1) where the groups share them: 0 or 1 for a neuron, from 0
to K - 1 for a layer. `weight` is (n, n_groups) or (n, 1). Nothing here mixes two groups.
"""

import numpy as np
from scipy.special import log_expit, log_softmax

# The largest second derivative of 1/2 (t - sigmoid(z))^2 in z over all z and all t in
# [0, 1]. With o = sigmoid(z) and t = 1 it is o (1 - o)^2 (3 o - 1), which peaks here:
_STEEPEST = (9 + np.sqrt(33)) / 24
CURVATURE = float(_STEEPEST * (1 - _STEEPEST) ** 2 * (3 * _STEEPEST - 1))

# A row is flat where an output o has o (1 - o) below this: almost no gradient flows.
_FLAT = 1e-3


def curvature(n_outputs):
    """Return the largest curvature of the squared error of a row in its raw predictions.

    Of 1/2 ‖e_y - softmax(z)‖² it is four times that of a neuron (see the user guide).
    """
    return CURVATURE if n_outputs == 1 else 4 * CURVATURE


def raw_prediction(X, coef, intercept):
    """Return z = x · w + b, the weighted sum of the inputs, (n, columns)."""
    # The rows of a column side by side in memory, where sums over rows are fast.
    z = np.asfortranarray((coef @ X.T).T)
    z += intercept
    return z


def activate(raw_prediction, out=None):
    """Return o = 1 / (1 + exp(-z)), the output of a neuron.

    Where the exponential overflows, the output is 0, as it should be. NumPy's is several
    times as fast as `scipy.special.expit`.
    """
    with np.errstate(over="ignore"):
        output = np.negative(raw_prediction, out=out)
        np.exp(output, out=output)
        output += 1
        return np.reciprocal(output, out=output)


def softmax(raw_prediction):
    """Return p_k = exp(z_k) / Σ_j exp(z_j) along the last axis; its sum is 1."""
    with np.errstate(under="ignore"):
        p = np.exp(raw_prediction - raw_prediction.max(axis=-1, keepdims=True))
        p /= p.sum(axis=-1, keepdims=True)
        return p


def split_groups(columns, n_outputs):
    """Return (n, columns) as (n, n_groups, n_outputs)."""
    return columns.reshape(len(columns), columns.shape[1] // n_outputs, n_outputs)


def probability(raw_prediction, n_outputs):
    """Return the outputs of all columns, each of its neuron or its layer, (n, columns)."""
    if n_outputs == 1:
        return activate(raw_prediction)
    return softmax(split_groups(raw_prediction, n_outputs)).reshape(raw_prediction.shape)


def log_probability(raw_prediction, n_outputs):
    """Return the logarithm of `probability`, finite where that rounds to 0."""
    if n_outputs == 1:
        return log_expit(raw_prediction)
    with np.errstate(over="ignore"):
        logs = log_softmax(split_groups(raw_prediction, n_outputs), axis=-1)
    return np.maximum(logs, np.finfo(logs.dtype).min).reshape(raw_prediction.shape)


def pointwise_gradient(labels, weight, raw_prediction, n_outputs):
    """Return delta (n, columns), and the squared errors of rows, (n, n_groups).

    Delta is minus the gradient of 1/2 Σ s ‖e‖² in the raw prediction, which may be
    overwritten; ‖e‖² is the squared error of a row, without its weight s. For a neuron with
    the target t it is (t - o)², and delta = s (t - o) o (1 - o). For a layer with
    e = e_y - p, delta_k = s p_k (e_k - Σ_j p_j e_j).
    """
    if n_outputs == 1:
        return _sigmoid_gradient(labels, weight, raw_prediction)
    delta, squared_error = _softmax_gradient(
        labels[..., np.newaxis],
        weight[..., np.newaxis],
        split_groups(raw_prediction, n_outputs),
    )
    return delta.reshape(raw_prediction.shape), squared_error[..., 0]


def _sigmoid_gradient(target, weight, raw_prediction):
    output = activate(raw_prediction, out=raw_prediction)
    error = target - output
    # In place from here: these arrays are what a step needs besides X.
    delta = weight * error
    error *= error
    delta *= output
    np.subtract(1, output, out=output)
    delta *= output
    return delta, error


def _softmax_gradient(label, weight, z):
    """Return delta and the squared error, from arrays of (n, n_groups, K or 1).

    With y the label, m = 1 - p_y and q = Σ p_k² over the other classes, the squared error
    is m² + q, and delta is p_y (m² + q) for the label and p_k (q - p_y m - p_k) elsewhere.
    """
    label = np.broadcast_to(label, (*z.shape[:2], 1))
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    own = np.take_along_axis(p, label, axis=-1)
    np.put_along_axis(p, label, 0, axis=-1)
    others = p.sum(axis=-1, keepdims=True)
    total = others + own
    p /= total
    p_y, m = own / total, others / total
    q = np.einsum("ngk,ngk->ng", p, p)[..., np.newaxis]
    squared_error = m * m + q
    delta = q - p_y * m - p
    delta *= p
    np.put_along_axis(delta, label, p_y * squared_error, axis=-1)
    delta *= weight
    return delta, squared_error


def row_squared_error(labels, raw_prediction, n_outputs):
    """Return ‖e‖² of each row and group, (n, n_groups)."""
    if n_outputs == 1:
        return (labels - activate(raw_prediction)) ** 2
    p = softmax(split_groups(raw_prediction, n_outputs))
    label = np.broadcast_to(labels, p.shape[:2])[..., np.newaxis]
    own = np.take_along_axis(p, label, axis=-1)
    np.put_along_axis(p, label, 1 - own, axis=-1)
    return np.einsum("ngk,ngk->ng", p, p)


def sum_squared_error(weight, squared_error):
    """Return Σ s ‖e‖² of each group, (n_groups,)."""
    return (weight * squared_error).sum(axis=0, dtype=np.float64)


def constant_error(labels, weight, n_outputs):
    """Return the lowest squared error Σ s ‖e‖² of a constant answer, (n_groups,)."""
    total = weight.sum(axis=0, dtype=np.float64)
    if n_outputs == 1:
        share = (weight * labels).sum(axis=0, dtype=np.float64) / total
        return total * share * (1 - share)
    labels, weight = np.broadcast_arrays(labels, weight)
    counts = np.stack(
        [
            np.bincount(label, s, n_outputs)
            for label, s in zip(labels.T, weight.T, strict=True)
        ]
    )
    others = counts @ (1 - np.eye(n_outputs))  # not total - counts, which loses digits
    return (counts * others).sum(axis=1) / total


def is_saturated(labels, weight, raw_prediction, n_outputs):
    """Return which groups do no better than a constant and get no gradient to improve.

    No gradient is when most of the squared error is in rows whose label has a probability
    below 1/2 while an output o is so near to 1 that o (1 - o) < 0.001.
    """
    if n_outputs == 1:
        output = activate(raw_prediction)
        error = labels - output
        squared_error, is_wrong = weight * error**2, np.abs(error) > 0.5
        is_flat = output * (1 - output) < _FLAT
    else:
        p = softmax(split_groups(raw_prediction, n_outputs))
        label = np.broadcast_to(labels, p.shape[:2])[..., np.newaxis]
        own = np.take_along_axis(p, label, axis=-1)[..., 0]
        squared_error = weight * row_squared_error(labels, raw_prediction, n_outputs)
        largest = p.max(axis=-1)
        is_wrong, is_flat = own < 0.5, largest * (1 - largest) < _FLAT
    error = squared_error.sum(axis=0, dtype=np.float64)
    return (error >= constant_error(labels, weight, n_outputs)) & (
        (squared_error * (is_wrong & is_flat)).sum(axis=0) > error / 2
    )
