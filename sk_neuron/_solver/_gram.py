"""The same descent in fewer coordinates, for wide data.

Every step shrinks coef and adds a linear combination of the rows of X. So coef stays in the
span of the rows and of its start: with V = [X; coef_0], coef = c V. If X has fewer rows
than features, there are fewer coordinates c than weights. A step then needs the Gram matrix
G = V Vᵀ instead of X:

    z = c G + b           its first n elements, one for each row of X
    g = [delta, 0] - alpha c
    c ← c + eta g         and c G ← c G + eta (g G)
    ‖g V‖² = g · (g G)

So one product, g G, gives both the squared norm of the gradient and the next z. The
iterates are the same except for rounding. All groups share one Gram matrix.
"""

import numpy as np
from scipy.sparse import issparse

from sk_neuron._kernels import (
    MAX_WORK_PER_CALL,
    BlockedRows,
    DeviceRows,
    NumpyKernel,
    compute_squared_norms,
    make_kernel,
)
from sk_neuron._solver._step_size import to_dense

# Measured cost of a multiplication in X Xᵀ for dense X, relative to one in a step on X. It
# is smaller since the product uses each value many times while it is in the cache.
_DENSE_PRODUCT = 0.15
# The same for sparse X: a multiplication in half a step, an update of a weight, and a
# multiplication in X Xᵀ.
_SPARSE_STEP = 8.0
_SPARSE_UPDATE = 16.0
_SPARSE_PRODUCT = 40.0

# Number of elements (32 MiB) that the Gram matrix may always have, even if sparse X is
# smaller.
_FREE_SIZE = 2**22


def make_cheapest_kernel(problem, coef, *, n_steps, n_reads):
    """Return the cheaper kernel from coef (columns, d): on X or on the Gram matrix.

    `n_steps` is the number of steps to take, `n_reads` how often coef will be read.
    """
    X, n_columns = problem.X, len(coef)
    if isinstance(X, BlockedRows | DeviceRows):  # whose products with each other are far
        return make_kernel(problem)
    starts, index = coef[:0], np.empty(0, dtype=int)
    if coef.any():  # columns with the same start share a coordinate
        starts, index = np.unique(coef, axis=0, return_inverse=True)
    n_coordinates = X.shape[0] + len(starts)
    if not is_cheaper(X, n_coordinates, n_columns, n_steps, n_reads):
        return make_kernel(problem)
    with np.errstate(all="ignore"):
        gram = np.block(
            [
                [to_dense(X @ X.T), to_dense(X @ starts.T)],
                [to_dense(starts @ X.T), starts @ starts.T],
            ]
        )
    if not _is_accurate(gram, X):
        return make_kernel(problem)
    # in float64, since c G is updated at every step and never computed again
    return GramKernel(problem, gram.astype(np.float64), starts, index.ravel())


def is_cheaper(X, n_coordinates, n_columns, n_steps, n_reads):
    """Return whether a descent on the Gram matrix is cheaper and fits in memory."""
    n_rows, n_features = X.shape
    if issparse(X):
        n_values = int(X.nnz)
        counts = np.bincount(X.indices, minlength=n_features).astype(np.float64)
        product = _SPARSE_PRODUCT * (counts @ counts + n_rows**2)
        half_step = _SPARSE_STEP * n_values + _SPARSE_UPDATE * n_features
        max_size = max(n_values + n_features * n_columns, _FREE_SIZE)
    else:
        half_step = max_size = n_rows * n_features
        product = _DENSE_PRODUCT * n_rows * half_step
    size = n_coordinates**2
    on_gram = product + n_columns * (n_steps * size + n_reads * half_step)
    return size <= max_size and on_gram < 2 * half_step * n_columns * n_steps


def _is_accurate(gram, X):
    """Return whether no product overflowed or lost digits near the smallest number.

    Then a coordinate, about as large as 1/‖x‖², fits the precision as well.
    """
    squares = np.diag(gram)[: X.shape[0]]
    info = np.finfo(gram.dtype)
    is_zero = compute_squared_norms(X) == 0
    return np.isfinite(gram).all() and (is_zero | (squares >= info.tiny / info.eps)).all()


class GramKernel(NumpyKernel):
    """The descent in the coordinates c of the rows of X and of the starts.

    A point is (c, c G, intercept). A gradient is (g, g G, gradient of the intercept).
    """

    def __init__(self, problem, gram, starts, index):
        super().__init__(problem)
        self.gram, self.starts, self.index = gram, starts, index
        self.n_rows = len(problem.labels)
        # A row of zeros does not change coef, and its coordinate could grow without bound.
        self.is_zero = np.diag(gram)[: self.n_rows] == 0
        cost = gram.size * problem.n_columns
        self.max_steps_per_call = max(1, MAX_WORK_PER_CALL // cost)

    def weights_at(self, points):
        """Return coef (columns, d) and intercept (columns,) of some points."""
        c, _, intercept = points
        n_rows, X = self.n_rows, self.problem.X
        with np.errstate(all="ignore"):
            c = c.astype(X.dtype, copy=False)
            coef = c[:, :n_rows] @ X + c[:, n_rows:] @ self.starts
        return coef, intercept

    def raw_prediction(self, state):
        """Return x · w + b of all rows at the kept points, (n, columns)."""
        _, product, intercept = state.kept
        with np.errstate(all="ignore"):
            z = product[:, : self.n_rows] + intercept[:, np.newaxis]
            return z.T.astype(self.problem.X.dtype, copy=False)

    def are_finite(self, points):
        """Return for which columns the raw predictions, and so the weights, are finite."""
        _, product, intercept = points
        return np.isfinite(product + intercept[:, np.newaxis]).all(axis=1)

    def _locate(self, coef, intercept):
        c = np.zeros((len(coef), len(self.gram)))
        if len(self.index):
            c[np.arange(len(coef)), self.problem.X.shape[0] + self.index] = 1
        return c, c @ self.gram, intercept

    def _evaluate(self, point):
        c, product, intercept = point
        z = (product[:, : self.n_rows] + intercept[:, np.newaxis]).T
        delta, errors = self._differentiate([slice(None)], z)
        d_c = -self.alpha * c
        d_c[:, : self.n_rows] += np.where(self.is_zero, 0, delta.T)
        decay = self.alpha[:, 0] * _inner(c, product) if self.decays else None
        d_intercept = delta.sum(axis=0, dtype=np.float64)
        return self._finish((d_c, d_c @ self.gram, d_intercept), errors, decay)

    def _squared_norm(self, gradient):
        d_c, product, d_intercept = gradient
        norm = _inner(self.norm_scale * d_c, self.norm_scale * product)
        norm = np.maximum(norm, 0)  # rounding can make it negative
        return self._sum_groups(norm + (self.norm_scale[:, 0] * d_intercept) ** 2)


def _inner(a, b):
    return np.einsum("kj,kj->k", a, b, dtype=np.float64)
