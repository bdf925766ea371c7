"""The formulas of the neuron and the softmax layer.

`X` is (n, d), `coef` (columns, d), `intercept` (columns,), `raw_prediction` (n, columns).
Columns come in groups of `n_outputs`: one column is a sigmoid neuron, K columns are a
softmax layer over K classes. `labels` are integers, (n, n_groups), or (n, 1) if the groups
share them: 0 or 1 for a neuron, from 0 to K - 1 for a layer. `weight` is (n, n_groups) or
(n, 1). No formula mixes two groups.

`label_noise` is (n_groups, n_classes), or None. Of the rows with the true class k, the
fraction label_noise[:, k] has a wrong label; all other classes are equally likely. The
outputs are probabilities of the true class. The errors are those of q, the probability of
the recorded label (G. Patrini et al., "Making deep neural networks robust to label noise: a
loss correction approach", CVPR 2017, forward correction).

What a step and an answer need is written for all libraries of arrays that follow the array
API standard, on their devices. It uses what is in the standard only, and no value of an
array decides which operation comes next. The other formulas are for NumPy.
"""

from functools import wraps

import numpy as np
from scipy.sparse import issparse

from sk_neuron._compat import array_namespace, get_device

# The largest second derivative of 1/2 (t - sigmoid(z))^2 in z over all z and all t in
# [0, 1]. With o = sigmoid(z) and t = 1 it is o (1 - o)^2 (3 o - 1), largest at:
_STEEPEST = (9 + np.sqrt(33)) / 24
CURVATURE = float(_STEEPEST * (1 - _STEEPEST) ** 2 * (3 * _STEEPEST - 1))

# An output o with o (1 - o) below this has almost no gradient.
_FLAT = 1e-3


def _underflows_to_zero(formula):
    """Let what underflows be 0, also where NumPy is set to raise an error then."""

    @wraps(formula)
    def compute(*args, **kwargs):
        with np.errstate(under="ignore"):
            return formula(*args, **kwargs)

    return compute


def curvature(n_outputs):
    """Return the largest curvature of the squared error of a row in its raw predictions.

    For 1/2 ‖e_y - softmax(z)‖² it is four times that of a neuron (see the user guide).
    """
    return CURVATURE if n_outputs == 1 else 4 * CURVATURE


def compute_raw_prediction(X, coef, intercept):
    """Return z = x · w + b, the weighted sum of the inputs, (n, columns)."""
    z = (coef @ X.T).T
    if issparse(X):
        z = np.asfortranarray(z)  # as for other X: sums over rows are fast then
    z += intercept
    return z


def activate(raw_prediction):
    """Return o = 1 / (1 + exp(-z)), the output of a neuron.

    Where the exponential overflows, the output is 0, which is correct. This is several
    times as fast as `scipy.special.expit`.
    """
    with np.errstate(over="ignore", under="ignore"):
        output = array_namespace(raw_prediction).exp(-raw_prediction)
        output += 1
        return 1 / output


def softmax(raw_prediction):
    """Return p_k = exp(z_k) / Σ_j exp(z_j) along the last axis; its sum is 1."""
    xp = array_namespace(raw_prediction)
    with np.errstate(under="ignore"):
        p = xp.exp(raw_prediction - xp.max(raw_prediction, axis=-1, keepdims=True))
        p /= xp.sum(p, axis=-1, keepdims=True)
        return p


def split_groups(columns, n_outputs):
    """Return (n, columns) as (n, n_groups, n_outputs)."""
    shape = columns.shape[0], columns.shape[1] // n_outputs, n_outputs
    return array_namespace(columns).reshape(columns, shape)


def probability(raw_prediction, n_outputs):
    """Return the outputs of all neurons or layers, (n, columns)."""
    if n_outputs == 1:
        return activate(raw_prediction)
    p = softmax(split_groups(raw_prediction, n_outputs))
    return array_namespace(p).reshape(p, raw_prediction.shape)


@_underflows_to_zero
def log_probability(raw_prediction, n_outputs):
    """Return the logarithm of `probability`, finite even if that rounds to 0."""
    z, xp = raw_prediction, array_namespace(raw_prediction)
    if n_outputs == 1:
        return xp.minimum(z, xp.zeros_like(z)) - xp.log1p(xp.exp(-xp.abs(z)))
    z = split_groups(z, n_outputs)
    with np.errstate(over="ignore"):
        z = z - xp.max(z, axis=-1, keepdims=True)
    logs = z - xp.log(xp.sum(xp.exp(z), axis=-1, keepdims=True))
    logs = xp.maximum(logs, xp.full_like(logs, xp.finfo(logs.dtype).min))
    return xp.reshape(logs, raw_prediction.shape)


def noise_terms(label_noise, n_outputs):
    """Return shift and slope, (n_groups, n_classes): q_k = slope_k p_k + Σ_j shift_j p_j.

    For a neuron q = shift_0 + slope o, and both classes have the same slope.
    """
    shift = label_noise / (label_noise.shape[1] - 1)
    if n_outputs == 1:
        slope = 1 - label_noise.sum(axis=1, keepdims=True)
        return shift, np.broadcast_to(slope, shift.shape)
    return shift, 1 - label_noise - shift


@_underflows_to_zero
def recorded_probability(probability, n_outputs, label_noise):
    """Return q, the probabilities of the recorded labels, from those of true labels."""
    if label_noise is None:
        return probability
    shift, slope = noise_terms(label_noise, n_outputs)
    if n_outputs == 1:
        q = shift[:, 0] + slope[:, 0] * probability
        return q.astype(probability.dtype, copy=False)
    p = split_groups(probability, n_outputs)
    q = slope * p + (shift * p).sum(axis=-1, keepdims=True)
    return q.astype(p.dtype, copy=False).reshape(probability.shape)


@_underflows_to_zero
def pointwise_gradient(labels, weight, raw_prediction, n_outputs, noise=None):
    """Return delta (n, columns) and the squared errors of the rows, (n, n_groups).

    Delta is minus the gradient of 1/2 Σ s ‖e‖² in `raw_prediction`; ‖e‖² is the squared
    error of a row and s its weight. For a neuron with the target t, ‖e‖² = (t - q)² and
    delta = s slope (t - q) o (1 - o). For a layer with e = e_y - q and h_k = slope_k e_k,
    delta_k = s p_k (h_k - Σ_j p_j h_j). `noise` are the `noise_terms`, or None.
    """
    z, xp = raw_prediction, array_namespace(raw_prediction)
    if n_outputs == 1:
        return _sigmoid_gradient(xp.astype(labels, z.dtype), weight, z, noise)
    classes = xp.arange(n_outputs, dtype=labels.dtype, device=get_device(labels))
    is_own = labels.T[:, None, :] == classes[:, None]  # rows last: fast, as in z
    own = xp.permute_dims(xp.astype(is_own, z.dtype), (2, 0, 1))
    layer_gradient = _softmax_gradient if noise is None else _noisy_softmax_gradient
    delta, squared_error = layer_gradient(own, split_groups(z, n_outputs), noise, xp)
    delta *= weight[:, :, None]
    return xp.reshape(delta, z.shape), squared_error[:, :, 0]


def _sigmoid_gradient(target, weight, z, noise):
    output = activate(z)
    if noise is None:
        error = target - output
    else:
        shift, slope = noise
        error = target - (shift[:, 0] + slope[:, 0] * output)
    # In place, since a step needs hardly more memory than X and these arrays.
    delta = weight * error
    error *= error
    delta *= output
    delta *= 1 - output
    if noise is not None:
        delta *= slope[:, 0]
    return delta, error


def _softmax_gradient(own, z, _, xp):
    """Return delta for a weight of 1, and the squared error, (n, n_groups, K or 1).

    `own` is 1 for the label and 0 for the other classes. Let y be the label, m = 1 - p_y,
    and q = Σ p_k² over the other classes. The squared error is m² + q. Delta is
    p_y (m² + q) for the label, else p_k (q - p_y m - p_k).
    """
    p = xp.exp(z - xp.max(z, axis=-1, keepdims=True))
    p_own = p * own
    p -= p_own  # 0 for the label
    p_y = xp.sum(p_own, axis=-1, keepdims=True)
    m = xp.sum(p, axis=-1, keepdims=True)
    total = m + p_y
    p /= total
    p_y /= total
    m /= total
    q = xp.sum(p * p, axis=-1, keepdims=True)
    squared_error = m * m + q
    delta = q - p_y * m - p
    delta *= p
    delta += own * (p_y * squared_error)
    return delta, squared_error


def _noisy_softmax_gradient(own, z, noise, xp):
    """Return what `_softmax_gradient` does, with label noise."""
    p = softmax(z)
    shift, slope = noise
    error = own - (slope * p + xp.sum(shift * p, axis=-1, keepdims=True))
    squared_error = xp.sum(error * error, axis=-1, keepdims=True)
    error *= slope
    error -= xp.sum(p * error, axis=-1, keepdims=True)
    error *= p
    return error, squared_error


@_underflows_to_zero
def row_squared_error(labels, raw_prediction, n_outputs, label_noise=None):
    """Return ‖e‖² of each row and group, (n, n_groups)."""
    answer = recorded_probability(
        probability(raw_prediction, n_outputs), n_outputs, label_noise
    )
    if n_outputs == 1:
        return (labels - answer) ** 2
    q = split_groups(answer, n_outputs).copy()
    label = np.broadcast_to(labels, q.shape[:2])[..., np.newaxis]
    own = np.take_along_axis(q, label, axis=-1)
    np.put_along_axis(q, label, 1 - own, axis=-1)
    return np.einsum("ngk,ngk->ng", q, q)


@_underflows_to_zero
def label_quality(labels, raw_prediction, n_outputs, label_noise):
    """Return the probability that each label is the true one, (n, n_groups).

    Without label noise it is the probability of the label.
    """
    if n_outputs == 1:
        sign = (2 * labels - 1).astype(raw_prediction.dtype)
        own = activate(sign * raw_prediction)
        if label_noise is None:
            return own
        is_first = labels == 1
        share = np.where(is_first, label_noise[:, 1], label_noise[:, 0])
        other_share = np.where(is_first, label_noise[:, 0], label_noise[:, 1])
        odds = _multiply_odds(-sign * raw_prediction, other_share)
    else:
        z = split_groups(raw_prediction, n_outputs)
        label = np.broadcast_to(labels, z.shape[:2])[..., np.newaxis]
        own = np.take_along_axis(softmax(z), label, axis=-1)[..., 0]
        if label_noise is None:
            return own
        shares = np.broadcast_to(label_noise, z.shape).copy()
        share = np.take_along_axis(shares, label, axis=-1)[..., 0]
        np.put_along_axis(shares, label, 0, axis=-1)
        odds = _multiply_odds(z - np.take_along_axis(z, label, axis=-1), shares)
        odds = odds.sum(axis=-1) / (n_outputs - 1)
    # `odds` are the odds that the label is wrong, times 1 - share
    quality = np.where(label_noise.any(axis=1), (1 - share) / (1 - share + odds), own)
    return quality.astype(raw_prediction.dtype, copy=False)


def _multiply_odds(log_odds, share):
    """Return exp(log_odds) * share: infinite where it overflows, 0 where the share is 0."""
    with np.errstate(over="ignore"):
        odds = np.exp(log_odds)
    return np.multiply(odds, share, out=np.zeros(np.shape(odds)), where=share > 0)


@_underflows_to_zero
def suggest_labels(labels, raw_prediction, n_outputs, label_noise):
    """Return the most probable true label of each row if its label is wrong."""
    if n_outputs == 1:
        return 1 - labels
    p = softmax(split_groups(raw_prediction, n_outputs))
    label = np.broadcast_to(labels, p.shape[:2])[..., np.newaxis]
    np.put_along_axis(p, label, -1, axis=-1)
    if label_noise is None:
        return p.argmax(axis=-1)
    # if no other class can have this label, suggest the most probable one
    joint = p * label_noise
    is_possible = joint.max(axis=-1) > 0
    np.put_along_axis(joint, label, -1, axis=-1)
    return np.where(is_possible, joint.argmax(axis=-1), p.argmax(axis=-1))


@_underflows_to_zero
def sum_squared_error(weight, squared_error):
    """Return Σ s ‖e‖² of each group, (n_groups,)."""
    xp = array_namespace(squared_error)
    return xp.sum(weight * squared_error, axis=0, dtype=xp.float64)


@_underflows_to_zero
def constant_error(labels, weight, n_outputs):
    """Return the lowest Σ s ‖e‖² of a constant prediction, (n_groups,)."""
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


@_underflows_to_zero
def is_saturated(labels, weight, raw_prediction, n_outputs, label_noise=None):
    """Return which groups are no better than a constant and have no gradient to improve.

    A group has no gradient if most of its squared error is in wrong and flat rows: the
    label has a probability below 1/2, and an output o has o (1 - o) < 0.001.
    """
    squared_error = weight * row_squared_error(
        labels, raw_prediction, n_outputs, label_noise
    )
    output = probability(raw_prediction, n_outputs)
    if n_outputs == 1:
        is_wrong, is_flat = np.abs(labels - output) > 0.5, output * (1 - output) < _FLAT
    else:
        p = split_groups(output, n_outputs)
        label = np.broadcast_to(labels, p.shape[:2])[..., np.newaxis]
        own, largest = np.take_along_axis(p, label, axis=-1)[..., 0], p.max(axis=-1)
        is_wrong, is_flat = own < 0.5, largest * (1 - largest) < _FLAT
    error = squared_error.sum(axis=0, dtype=np.float64)
    return (error >= constant_error(labels, weight, n_outputs)) & (
        (squared_error * (is_wrong & is_flat)).sum(axis=0) > error / 2
    )
