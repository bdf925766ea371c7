"""Compute the smallest step size of a descent from a bound of the curvature."""

import numpy as np
from scipy.linalg import eigvalsh
from scipy.sparse import issparse
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from sk_neuron._kernels import as_numpy, compute_squared_norms
from sk_neuron._kernels._formulas import curvature

# Upper limit of the step size 1/L, which keeps it finite if L is almost zero.
_MAX_STEP = 2.0**1000

# Number of rows or features up to which their matrix of products is computed: then it is
# small. For larger X an iterative method computes the eigenvalue.
_MAX_MATRIX_SIZE = 256


def bound_curvature(norms, weight, alpha, fit_intercept, n_outputs):
    """Return L = c Σ s ‖x‖² + alpha, (n_groups,), or (1,) if the groups share it.

    c is the `curvature` of a row, and `norms` are ‖x‖². With an intercept, x has one more
    value, 1. The sum over the training rows is the trace of Σ s x xᵀ, which is at least its
    largest eigenvalue. So a step up to 1/L raises the objective only by rounding
    (Y. Nesterov, Lectures on Convex Optimization, 2018, lemma 1.2.3).
    """
    norms = norms + float(fit_intercept)
    with np.errstate(all="ignore"):  # the caller checks for overflow
        # Not a product by BLAS, since its rounding depends on the number of threads. With
        # one row for each group, the sum does not depend on the other groups.
        weight = np.ascontiguousarray(weight.T)
        products = np.zeros(weight.shape)
        np.multiply(weight, norms, out=products, where=weight > 0)
        return curvature(n_outputs) * products.sum(axis=1) + alpha


def invert_curvature(bound):
    """Return the step size 1/L; 1 where L is 0, and NaN where it overflowed."""
    with np.errstate(all="ignore"):
        step = np.minimum(1 / bound, _MAX_STEP)
    step = np.where(bound > 0, step, 1.0)
    return np.where(np.isfinite(bound), step, np.nan)


def scale_norms(bound):
    """Return powers of two near 1/√L, by which squared norms of gradients stay finite."""
    return np.ldexp(1.0, -(np.frexp(bound)[1] // 2))


def compute_curvature(X, weight, alpha, fit_intercept, n_outputs):
    """Return c λmax(Σ s x xᵀ) + alpha, (n_groups,), with c the `curvature` of a row."""
    X = as_numpy(X).astype(np.float64)
    eigenvalues = [_largest_eigenvalue(X, s, float(fit_intercept)) for s in weight.T]
    return curvature(n_outputs) * np.array(eigenvalues) + alpha


def _largest_eigenvalue(X, weight, constant):
    """Return λmax of AᵀA, where the rows of A are √s [x, constant]."""
    root = np.sqrt(weight.astype(np.float64))
    with np.errstate(all="ignore"):  # the caller checks for overflow
        rows = X.multiply(root[:, np.newaxis]).tocsr() if issparse(X) else root[:, None] * X
        ones = constant * root
        largest = max(abs(rows).max(), ones.max())
        if not 0 < largest < np.inf:
            return largest
        # a power of two, so that the squares neither overflow nor underflow
        power = max(int(np.frexp(largest)[1]), -1000)
        rows, ones = rows * 0.5**power, ones * 0.5**power
        return np.ldexp(_compute_eigenvalue(rows, ones), 2 * power)


def _compute_eigenvalue(rows, ones):
    """Return λmax of AᵀA with A = [rows, ones], whose values are at most 1."""
    with np.errstate(all="ignore"):  # the caller checks for overflow
        if min(rows.shape[0], rows.shape[1] + 1) > _MAX_MATRIX_SIZE:
            return _iterate_eigenvalue(rows, ones)
        if rows.shape[0] <= rows.shape[1]:
            product = to_dense(rows @ rows.T) + np.outer(ones, ones)
        else:
            product = np.empty((rows.shape[1] + 1, rows.shape[1] + 1))
            product[:-1, :-1] = to_dense(rows.T @ rows)
            product[-1, :-1] = product[:-1, -1] = rows.T @ ones
            product[-1, -1] = ones @ ones
    if not np.isfinite(product).all():
        return np.inf
    last = len(product) - 1
    return eigvalsh(product, subset_by_index=[last, last])[0]


def _iterate_eigenvalue(rows, ones):
    """Return the largest eigenvalue by an iterative method."""
    n = rows.shape[0]

    def multiply(vector):
        return rows @ (rows.T @ vector) + ones * (ones @ vector)

    start = np.random.RandomState(0).standard_normal(n)
    with np.errstate(all="ignore"):
        product = multiply(start)
    if not np.isfinite(product).all():
        return np.inf
    if not product.any():
        return 0.0
    operator = LinearOperator((n, n), matvec=multiply, dtype=np.float64)
    try:
        return eigsh(operator, k=1, v0=start, return_eigenvectors=False)[0]
    except ArpackNoConvergence:  # the trace is at least the eigenvalue
        return ones @ ones + compute_squared_norms(rows).sum()


def to_dense(product):
    """Return a product of matrices as an array."""
    return product.toarray() if issparse(product) else product
