"""Move every neuron of a layer a number of steps along the update rule."""

from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array, csr_matrix, issparse

from sk_neuron._compiled import STRETCH, CompiledKernel, find_cost, has_kernel
from sk_neuron._rule import correct, direction, potential

# A block of rows is as many as keep X within 4 MiB of float64, and the few arrays beside
# it within 256 KiB each, which the memory allocator keeps at hand.
_BLOCK_SIZE = 2**19
_COLUMN_SIZE = 2**15
_MIN_ROWS = 64

# A step in NumPy takes so many times as long as a compiled one, and its calls, whatever
# the data, as long as so many multiplications.
_SLOWER = 4
_CALLS = 2**15


class Layer(NamedTuple):
    """K independent neurons that share one X: each neuron is a column."""

    features: np.ndarray | csr_array | csr_matrix  # (n, d)
    target: np.ndarray  # (n, K) int8: 1 or 0, or -1 in a row that is held out
    weight: np.ndarray  # (n, K), or (n, 1) where the neurons share it
    learning_rate: np.ndarray  # (K,), or (1,)
    alpha: float | np.ndarray  # one, or (K,)
    fit_intercept: bool


class SpanLayer(Layer):
    """A layer whose coef are coordinates in the span of the rows of X and of the start.

    `features` are the potentials of these: X Xᵀ, and X coef_0 beside it (see `_span`).
    """

    __slots__ = ()


def prepare(layer):
    """Return a kernel for a layer: it can `advance` and `trace`."""
    is_empty = 0 in (*layer.features.shape, *layer.target.shape)
    if is_empty or isinstance(layer, SpanLayer) or not has_kernel(layer.features):
        return NumpyKernel(layer)
    return CompiledKernel(layer)


class NumpyKernel:
    """The reference: what the compiled kernels do, in NumPy.

    `n_at_once` steps take a fraction of a second, or one does that takes longer.
    """

    def __init__(self, layer):
        cost = find_cost(layer.features, layer.target.shape[1])
        self.n_at_once = max(1, STRETCH // (_SLOWER * cost + _CALLS))
        self.layer, self.features = layer, layer.features
        target, weight = layer.target.astype(layer.features.dtype), layer.weight
        if (layer.target < 0).any():
            weight = weight * (layer.target >= 0)
        whole = layer.features, target, weight
        self.blocks: list[tuple[Any, Any, Any]] = [whole]
        self.direction = direction
        if isinstance(layer, SpanLayer):
            self.direction = _span_direction
        elif not issparse(layer.features):  # slices of CSR would be a copy of X
            self.blocks = list(row_blocks(*whole)) or [whole]

    def advance(self, coef, intercept, n_steps):
        """Return coef, intercept and the squared error before each step, (n_steps, K)."""
        coef, intercept = coef.copy(), intercept.copy()
        squared_error = np.empty((n_steps, coef.shape[1]))
        for step in range(n_steps):
            squared_error[step] = self._move(coef, intercept)
        return coef, intercept, squared_error

    def trace(self, coef, intercept, n_steps):
        """Do what `advance` does, and return coef and intercept after each step."""
        coefs = np.empty((n_steps, *coef.shape), coef.dtype)
        intercepts = np.empty((n_steps, *intercept.shape), intercept.dtype)
        squared_error = np.empty((n_steps, coef.shape[1]))
        coef, intercept = coef.copy(), intercept.copy()
        for step in range(n_steps):
            squared_error[step] = self._move(coef, intercept)
            coefs[step], intercepts[step] = coef, intercept
        return coefs, intercepts, squared_error

    def _move(self, coef, intercept):
        """Take a step in place, and return the squared error before it."""
        layer, (first, *others) = self.layer, self.blocks
        # What overflows shows in the result, where the caller looks for it.
        with np.errstate(all="ignore"):
            d_coef, d_intercept, error = self.direction(*first, coef, intercept)
            for block in others:
                more = self.direction(*block, coef, intercept)
                d_coef += more[0]
                d_intercept += more[1]
                error += more[2]
            coef += layer.learning_rate * (d_coef - layer.alpha * coef)
            if layer.fit_intercept:
                intercept += layer.learning_rate * d_intercept
        return error


def _span_direction(features, target, weight, coef, intercept):
    """Return what `direction` does: in these coordinates Xᵀ delta is delta itself."""
    delta, squared_error = correct(target, weight, potential(features, coef, intercept))
    d_coef = np.zeros_like(coef)
    d_coef[: len(delta)] = delta
    return d_coef, delta.sum(axis=0, dtype=np.float64), squared_error


def row_blocks(features, *columns):
    """Yield blocks of rows of X with the rows of the arrays beside it."""
    n_columns = max(column.shape[1] for column in columns)
    n_rows = min(_BLOCK_SIZE // max(1, features.shape[1]), _COLUMN_SIZE // n_columns)
    n_rows = max(_MIN_ROWS, n_rows)
    for start in range(0, features.shape[0], n_rows):
        rows = slice(start, start + n_rows)
        yield features[rows], *(column[rows] for column in columns)
