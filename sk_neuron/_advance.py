"""Move every neuron of a layer a number of steps along the update rule."""

from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array, csr_matrix, issparse

from sk_neuron._rule import direction

# Elements of X and of the arrays beside it in a block of rows: 1 MiB of float64, so
# that a block is still in the second-level cache when its gradient is taken.
_BLOCK_SIZE = 2**17
_MIN_ROWS = 64


class Layer(NamedTuple):
    """K independent neurons that share one X: each neuron is a column."""

    features: np.ndarray | csr_array | csr_matrix  # (n, d)
    target: np.ndarray  # (n, K)
    weight: np.ndarray  # (n, K), or (n, 1) where the neurons share it
    learning_rate: np.ndarray  # (K,), or (1,)
    alpha: float
    fit_intercept: bool


def advance(layer, coef, intercept, n_steps):
    """Return coef, intercept and the squared error before each step, (n_steps, K)."""
    data = layer.features, layer.target, layer.weight
    # slices of CSR would be a copy of X
    blocks: list[tuple[Any, Any, Any]] = (
        [data] if issparse(layer.features) else list(row_blocks(*data))
    )
    first, *others = blocks
    coef, intercept = coef.copy(), intercept.copy()
    squared_error = np.empty((n_steps, coef.shape[1]))
    # What overflows shows in the result, where `descend` looks for it.
    with np.errstate(all="ignore"):
        for step in range(n_steps):
            d_coef, d_intercept, squared_error[step] = direction(*first, coef, intercept)
            for block in others:
                more_coef, more_intercept, more_error = direction(*block, coef, intercept)
                d_coef += more_coef
                d_intercept += more_intercept
                squared_error[step] += more_error
            coef += layer.learning_rate * (d_coef - layer.alpha * coef)
            if layer.fit_intercept:
                intercept += layer.learning_rate * d_intercept
    return coef, intercept, squared_error


def row_blocks(features, *columns):
    """Yield blocks of rows of X with the rows of the arrays beside it."""
    width = features.shape[1] + sum(column.shape[1] for column in columns)
    n_rows = max(_MIN_ROWS, _BLOCK_SIZE // width)
    for start in range(0, features.shape[0], n_rows):
        rows = slice(start, start + n_rows)
        yield features[rows], *(column[rows] for column in columns)
