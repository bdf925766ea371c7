"""Wide data: the same descent in fewer coordinates.

Every step adds a combination of rows of X to coef and shrinks the rest, so coef never
leaves the span of the rows and of the start: coef = [Xᵀ, coef_0] c. With fewer rows than
columns there are fewer coordinates c than weights, and a step needs X Xᵀ in place of X:

    z = [X Xᵀ, X coef_0] c + b
    c ← c + eta ([delta, 0] - alpha c)

The iterates are the same but for rounding. One X Xᵀ serves all neurons.
"""

import numpy as np
from scipy.sparse import issparse

from sk_neuron._advance import SpanLayer

# Rough times, in multiplications of a step on dense X: of a multiplication in X Xᵀ, where
# data are used again and again; for sparse X, of a multiplication and an update of a weight
# in half a step, and of a multiplication or an element in X Xᵀ.
_PRODUCT = 0.15
_SPARSE_STEP = 8.0
_SPARSE_UPDATE = 16.0
_SPARSE_PRODUCT = 40.0

# Elements of X Xᵀ that may be had however few sparse X has: 32 MiB of float64.
_FREE_SIZE = 2**22


def enter_span(layer, coef, *, n_steps, n_reads):
    """Return layer and coef in the coordinates that cost least, and the way back to coef.

    `n_steps` is how many steps are to come, `n_reads` how often coef will be asked for.
    """
    features, n_rows = layer.features, layer.features.shape[0]
    if not _is_cheaper(features, coef.shape[1], n_steps, n_reads):
        return layer, coef, lambda same: same
    with np.errstate(all="ignore"):
        gram = features @ features.T
        potentials = gram.toarray() if issparse(gram) else gram
        coordinates = np.zeros((n_rows, coef.shape[1]), coef.dtype)
        if coef.any():
            potentials = np.hstack([potentials, features @ coef])
            coordinates = np.vstack([coordinates, np.eye(coef.shape[1], dtype=coef.dtype)])
    if not np.isfinite(potentials).all():
        return layer, coef, lambda same: same

    def leave_span(coordinates):
        moved = features.T @ coordinates[:n_rows]
        return moved + coef @ coordinates[n_rows:] if len(coordinates) > n_rows else moved

    return (
        SpanLayer(*layer._replace(features=potentials)),
        coordinates,
        leave_span,
    )


def _is_cheaper(features, n_columns, n_steps, n_reads):
    n_rows, n_features = features.shape
    if issparse(features):
        size = int(features.nnz)
        counts = np.bincount(features.indices, minlength=n_features).astype(np.float64)
        product = _SPARSE_PRODUCT * (counts @ counts + n_rows**2)
        half_step = _SPARSE_STEP * size + _SPARSE_UPDATE * n_features
        room = max(size + n_features * n_columns, _FREE_SIZE)
    else:
        half_step = room = n_rows * n_features
        product = _PRODUCT * n_rows * half_step
    span = product + n_columns * (n_steps * n_rows**2 + n_reads * half_step)
    return n_rows**2 <= room and span < 2 * half_step * n_columns * n_steps
