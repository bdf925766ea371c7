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
    features, n_rows, n_columns = layer.features, layer.features.shape[0], coef.shape[1]
    starts, place = coef[:, :0], np.empty(0, dtype=int)
    if coef.any():  # neurons that start alike share a coordinate
        starts, place = np.unique(coef, axis=1, return_inverse=True)
    n_coordinates = n_rows + starts.shape[1]
    if not is_cheaper(features, n_coordinates, n_columns, n_steps, n_reads):
        return layer, coef, lambda same: same
    with np.errstate(all="ignore"):
        gram = features @ features.T
        gram = gram.toarray() if issparse(gram) else gram
        potentials = np.hstack([gram, features @ starts])
    if not np.isfinite(potentials).all():
        return layer, coef, lambda same: same
    coordinates = np.zeros((n_coordinates, n_columns), coef.dtype)
    coordinates[n_rows + place.ravel(), np.arange(len(place.ravel()))] = 1

    def leave_span(coordinates):
        return features.T @ coordinates[:n_rows] + starts @ coordinates[n_rows:]

    return SpanLayer(*layer._replace(features=potentials)), coordinates, leave_span


def is_cheaper(features, n_coordinates, n_columns, n_steps, n_reads):
    n_rows, n_features = features.shape
    if issparse(features):
        n_values = int(features.nnz)
        counts = np.bincount(features.indices, minlength=n_features).astype(np.float64)
        product = _SPARSE_PRODUCT * (counts @ counts + n_rows**2)
        half_step = _SPARSE_STEP * n_values + _SPARSE_UPDATE * n_features
        room = max(n_values + n_features * n_columns, _FREE_SIZE)
    else:
        half_step = room = n_rows * n_features
        product = _PRODUCT * n_rows * half_step
    size = n_rows * n_coordinates
    span = product + n_columns * (n_steps * size + n_reads * half_step)
    return size <= room and span < 2 * half_step * n_columns * n_steps
