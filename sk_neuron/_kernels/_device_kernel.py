"""The descent on rows that another library holds, perhaps on a GPU.

A pass over X, with all that is as long as it has rows, is computed on the device. The sums
over rows come back, and what follows from them is done by the rule of the NumPy kernel: so
both take the same steps.
"""

from typing import Any

import numpy as np

from sk_neuron._kernels import _formulas
from sk_neuron._kernels._compiled import compute_raw_prediction
from sk_neuron._kernels._numpy import NumpyKernel

# Largest number of values of the arrays with a value for each row and column of a block.
_BLOCK_SIZE = 2**24


class DeviceKernel(NumpyKernel):
    """The descent of a problem whose X is `DeviceRows`."""

    def raw_prediction(self, state):
        """Return x · w + b of all rows at the kept points, (n, columns)."""
        return compute_raw_prediction(self.problem.X, *state.kept)

    def _bind_rows(self):
        super()._bind_rows()
        X: Any = self.problem.X
        K = self.problem.n_outputs
        n_rows = max(1, _BLOCK_SIZE // self.problem.n_columns)
        starts = range(0, max(1, len(X)), n_rows)
        self.blocks = [slice(start, min(start + n_rows, len(X))) for start in starts]
        target = self.labels if K > 1 else self.labels.astype(X.dtype)
        judge = self.judge_weight
        self._parts = [
            (
                X.array[rows, :],
                X.send(target[rows]),
                X.send(self.weight[rows], X.dtype),
                None if judge is None else X.send(judge[rows], X.dtype),
            )
            for rows in self.blocks
        ]
        self._noise = None
        if self.problem.label_noise is not None:
            terms = _formulas.noise_terms(self.problem.label_noise, K)
            self._noise = tuple(X.send(term, X.dtype) for term in terms)

    def _evaluate(self, point):
        X: Any = self.problem.X
        xp = X.xp
        coef, intercept = map(X.send, point)
        sums: Any = None
        for rows, target, weight, judge_weight in self._parts:
            z = rows @ coef.T + intercept
            delta, squared_error = pointwise_gradient(
                xp, target, weight, z, self.problem.n_outputs, self._noise
            )
            part = [
                delta.T @ rows,
                xp.sum(delta, axis=0, dtype=xp.float64),
                xp.sum(weight * squared_error, axis=0, dtype=xp.float64),
            ]
            if judge_weight is not None:
                judged = xp.sum(judge_weight * squared_error, axis=0, dtype=xp.float64)
                part.append(judged)
            sums = (
                part if sums is None else [a + b for a, b in zip(sums, part, strict=True)]
            )
        # in one array, since each transfer waits for the device
        flat = [xp.reshape(xp.astype(part, xp.float64), (-1,)) for part in sums]
        flat = X.fetch(xp.concat(flat))
        n_columns, n_weights = len(point[0]), point[0].size
        d_coef = flat[:n_weights].reshape(point[0].shape).astype(X.dtype)
        d_intercept = flat[n_weights : n_weights + n_columns]
        errors = np.zeros((2, self.problem.n_groups))
        judged = flat[n_weights + n_columns :].reshape(-1, self.problem.n_groups)
        errors[: len(judged)] = judged
        return self._decay(point[0], d_coef, d_intercept, errors)


def pointwise_gradient(xp, target, weight, z, n_outputs, noise):
    """Return what `_formulas.pointwise_gradient` does, for any library of arrays.

    `target` has the labels, for neurons in the dtype of z. `noise` is None or the terms of
    `_formulas.noise_terms`.
    """
    if n_outputs == 1:
        return _sigmoid_gradient(xp, target, weight, z, noise)
    shape, K = z.shape, n_outputs
    z = xp.reshape(z, (shape[0], shape[1] // K, K))
    classes = xp.arange(K, dtype=target.dtype, device=target.device)
    is_own = target[:, :, None] == classes
    gradient = _softmax_gradient if noise is None else _noisy_softmax_gradient
    delta, squared_error = gradient(xp, is_own, z, noise)
    return xp.reshape(weight[:, :, None] * delta, shape), squared_error[:, :, 0]


def _sigmoid_gradient(xp, target, weight, z, noise):
    output = 1 / (1 + xp.exp(-z))
    if noise is None:
        error = target - output
        return weight * error * output * (1 - output), error * error
    shift, slope = (term[:, 0] for term in noise)
    error = target - (shift + slope * output)
    return weight * error * output * (1 - output) * slope, error * error


def _softmax_gradient(xp, is_own, z, _):
    p = xp.exp(z - xp.max(z, axis=-1, keepdims=True))
    nothing = xp.zeros_like(p)
    own = xp.sum(xp.where(is_own, p, nothing), axis=-1, keepdims=True)
    p = xp.where(is_own, nothing, p)
    others = xp.sum(p, axis=-1, keepdims=True)
    total = others + own
    p, p_own, m = p / total, own / total, others / total
    q = xp.sum(p * p, axis=-1, keepdims=True)
    squared_error = m * m + q
    return xp.where(is_own, p_own * squared_error, (q - p_own * m - p) * p), squared_error


def _noisy_softmax_gradient(xp, is_own, z, noise):
    shift, slope = noise
    p = softmax(xp, z)
    error = xp.astype(is_own, z.dtype) - slope * p
    error = error - xp.sum(shift * p, axis=-1, keepdims=True)
    squared_error = xp.sum(error * error, axis=-1, keepdims=True)
    error = slope * error
    return p * (error - xp.sum(p * error, axis=-1, keepdims=True)), squared_error


def softmax(xp, z):
    """Return the softmax along the last axis."""
    p = xp.exp(z - xp.max(z, axis=-1, keepdims=True))
    return p / xp.sum(p, axis=-1, keepdims=True)


def sigmoid(xp, z):
    """Return 1 / (1 + exp(-z))."""
    return 1 / (1 + xp.exp(-z))


def log_sigmoid(xp, z):
    """Return the logarithm of the sigmoid, finite even if that rounds to 0."""
    return xp.minimum(z, xp.zeros_like(z)) - xp.log1p(xp.exp(-xp.abs(z)))


def log_softmax(xp, z):
    """Return the logarithm of the softmax along the last axis, finite wherever z is."""
    z = z - xp.max(z, axis=-1, keepdims=True)
    return z - xp.log(xp.sum(xp.exp(z), axis=-1, keepdims=True))
