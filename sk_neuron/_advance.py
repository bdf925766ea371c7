"""Move every neuron of a layer a number of steps along the update rule."""

import os
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array, csr_matrix, issparse

from sk_neuron._rule import correct, direction, potential

try:
    from sk_neuron import _dense  # type: ignore[attr-defined]
except ImportError:  # built where there is no C compiler
    _dense = None
if os.environ.get("SK_NEURON_KERNEL") == "numpy":
    _dense = None

# A block of rows is as many as keep X within 4 MiB of float64, and the few arrays beside
# it within 256 KiB each, which the memory allocator keeps at hand.
_BLOCK_SIZE = 2**19
_COLUMN_SIZE = 2**15
_MIN_ROWS = 64

# Multiplications from which threads pay, and after which Python has a look at signals.
_THREADS_PAY = 2**18
_STRETCH = 2**31


class Layer(NamedTuple):
    """K independent neurons that share one X: each neuron is a column."""

    features: np.ndarray | csr_array | csr_matrix  # (n, d)
    target: np.ndarray  # (n, K)
    weight: np.ndarray  # (n, K), or (n, 1) where the neurons share it
    learning_rate: np.ndarray  # (K,), or (1,)
    alpha: float | np.ndarray  # one, or (K,)
    fit_intercept: bool


class SpanLayer(Layer):
    """A layer whose coef are coordinates in the span of the rows of X and of the start.

    `features` are the potentials of these: X Xᵀ, and X coef_0 beside it (see `_span`).
    """

    __slots__ = ()


def advance(layer, coef, intercept, n_steps):
    """Return coef, intercept and the squared error before each step, (n_steps, K)."""
    if _dense and _is_for_dense(layer):
        return _advance_compiled(layer, coef, intercept, n_steps)
    return _advance_numpy(layer, coef, intercept, n_steps)


def _is_for_dense(layer):
    contiguous = getattr(layer.features, "flags", None)
    return not isinstance(layer, SpanLayer) and contiguous and contiguous.c_contiguous


def find_potential(layer, coef, intercept):
    """Return the potentials of all rows, (n, K)."""
    if not (_dense and _is_for_dense(layer)):
        with np.errstate(all="ignore"):
            return potential(layer.features, coef, intercept)
    # After a product by BLAS its threads and those of the kernel would wait for each other.
    tiles, intercepts, size = _tile(coef, intercept)
    z = np.empty((len(layer.features), size), coef.dtype)
    threaded = layer.features.size * size >= _THREADS_PAY
    _dense.fill_potential(layer.features, tiles, intercepts, z, threaded)
    return z[:, : coef.shape[1]]


def _tile(coef, intercept):
    """Return coef as the kernel has it, (n_tiles, d, width), filled up with zeros."""
    n_features, n_columns = coef.shape
    width = 1 if n_columns <= 2 else _dense.LANES[coef.itemsize]
    size = -(-n_columns // width) * width
    tiles = _fill_up(coef, size, coef.dtype).reshape(n_features, -1, width)
    intercepts = _fill_up(intercept[np.newaxis], size, coef.dtype)[0]
    return tiles.swapaxes(0, 1).copy(), intercepts, size


def _fill_up(array, n_columns, dtype):
    full = np.zeros((len(array), n_columns), dtype)
    full[:, : array.shape[1]] = array
    return full


def _advance_compiled(layer, coef, intercept, n_steps):
    """Do in one pass over the rows of X a step what `_advance_numpy` does in two."""
    n_features, n_columns = coef.shape
    tiles, intercepts, size = _tile(coef, intercept)
    sign = np.where(layer.target > 0, layer.weight, -layer.weight)
    signed_weight = _fill_up(sign, size, coef.dtype)
    rate, alpha = np.zeros((2, size))
    rate[:n_columns], alpha[:n_columns] = layer.learning_rate, layer.alpha
    squared_error = np.empty((n_steps, size))
    work = layer.features.size * size
    stretch = max(1, _STRETCH // work)
    for start in range(0, n_steps, stretch):
        _dense.advance_tiles(
            layer.features,
            signed_weight,
            rate,
            alpha,
            layer.fit_intercept,
            tiles,
            intercepts,
            squared_error[start : start + stretch],
            work >= _THREADS_PAY,
        )
    coef = tiles.swapaxes(0, 1).reshape(n_features, size)[:, :n_columns].copy()
    return coef, intercepts[:n_columns].copy(), squared_error[:, :n_columns]


def _advance_numpy(layer, coef, intercept, n_steps):
    whole = layer.features, layer.target, layer.weight
    blocks: list[tuple[Any, Any, Any]]
    if isinstance(layer, SpanLayer):
        step_direction, blocks = _span_direction, [whole]
    elif issparse(layer.features):  # slices of CSR would be a copy of X
        step_direction, blocks = direction, [whole]
    else:
        step_direction, blocks = direction, list(row_blocks(*whole))
    first, *others = blocks
    coef, intercept = coef.copy(), intercept.copy()
    squared_error = np.empty((n_steps, coef.shape[1]))
    # What overflows shows in the result, where the caller looks for it.
    with np.errstate(all="ignore"):
        for step in range(n_steps):
            d_coef, d_intercept, error = step_direction(*first, coef, intercept)
            for block in others:
                more_coef, more_intercept, more_error = direction(*block, coef, intercept)
                d_coef += more_coef
                d_intercept += more_intercept
                error += more_error
            squared_error[step] = error
            coef += layer.learning_rate * (d_coef - layer.alpha * coef)
            if layer.fit_intercept:
                intercept += layer.learning_rate * d_intercept
    return coef, intercept, squared_error


def _span_direction(features, target, weight, coef, intercept):
    """Return what `direction` does: in these coordinates Xᵀ delta is delta itself."""
    delta, squared_error = correct(target, weight, potential(features, coef, intercept))
    d_coef = np.zeros_like(coef)
    d_coef[: len(delta)] = delta
    return d_coef, delta.sum(axis=0, dtype=np.float64), squared_error


def row_blocks(features, *columns):
    """Yield blocks of rows of X with the rows of the arrays beside it."""
    n_columns = max(column.shape[1] for column in columns)
    n_rows = min(_BLOCK_SIZE // features.shape[1], _COLUMN_SIZE // n_columns)
    n_rows = max(_MIN_ROWS, n_rows)
    for start in range(0, features.shape[0], n_rows):
        rows = slice(start, start + n_rows)
        yield features[rows], *(column[rows] for column in columns)
