"""The smallest step of a descent, from a bound of the curvature that it can meet."""

import numpy as np
from scipy.linalg import eigvalsh
from scipy.sparse import issparse
from scipy.sparse.linalg import LinearOperator, eigsh

from sk_neuron._compiled import squared_norms
from sk_neuron._rule import CURVATURE

# The largest smallest step, which a bound near zero asks for.
_LARGEST = 2.0**1000

# Up to so many rows or columns a matrix of their products is small.
_SMALL = 256


def bound_curvature(X, target, weight, alpha, fit_intercept):
    """Return L = CURVATURE Σ s ‖x‖² + alpha for each column, or for all that share it.

    With the intercept, x has a 1 more. The sum over the rows that a column is trained on is
    the trace of Σ s x xᵀ and at least its largest eigenvalue, so no step up to 1/L raises
    the objective but by rounding (Y. Nesterov, Lectures on Convex Optimization, 2018, lemma
    1.2.3).
    """
    norms = squared_norms(X) + float(fit_intercept)
    held_out = target < 0
    with np.errstate(all="ignore"):  # judged by the caller
        weighted = weight * norms[:, np.newaxis]
        if held_out.any():
            columns = np.broadcast_to(weighted, target.shape).T
            weighted = [
                np.where(out, 0, s) for out, s in zip(held_out.T, columns, strict=True)
            ]
            trace = np.array([column.sum() for column in weighted])
        else:  # not a product by BLAS, whose rounding depends on the number of threads
            trace = weighted.sum(axis=0)
        return CURVATURE * trace + alpha


def invert_curvature(bound):
    """Return the step size 1/L, or NaN where L overflowed."""
    with np.errstate(all="ignore"):
        step = np.minimum(1 / bound, _LARGEST)
    return np.where(np.isfinite(bound), step, np.nan)


def scale_norms(bound):
    """Return powers of two near 1/√L, by which squared norms of gradients stay finite."""
    return np.ldexp(1.0, -(np.frexp(bound)[1] // 2))


def largest_curvature(X, weight, alpha, fit_intercept):
    """Return CURVATURE λmax(Σ s x xᵀ) + alpha for each column of `weight`."""
    X = X.astype(np.float64)
    eigenvalues = [_largest_eigenvalue(X, s, float(fit_intercept)) for s in weight.T]
    return CURVATURE * np.array(eigenvalues) + alpha


def _largest_eigenvalue(X, weight, constant):
    """Return λmax of AᵀA, where the rows of A are √s [x, constant]."""
    root = np.sqrt(weight.astype(np.float64))
    with np.errstate(all="ignore"):  # judged by the caller
        rows = X.multiply(root[:, np.newaxis]).tocsr() if issparse(X) else root[:, None] * X
        ones = constant * root
        if min(X.shape[0], X.shape[1] + 1) > _SMALL:
            return _iterate(rows, ones)
        if X.shape[0] <= X.shape[1]:
            product = _dense(rows @ rows.T) + np.outer(ones, ones)
        else:
            product = np.empty((X.shape[1] + 1, X.shape[1] + 1))
            product[:-1, :-1] = _dense(rows.T @ rows)
            product[-1, :-1] = product[:-1, -1] = rows.T @ ones
            product[-1, -1] = ones @ ones
    if not np.isfinite(product).all():
        return np.inf
    last = len(product) - 1
    return eigvalsh(product, subset_by_index=[last, last])[0]


def _iterate(rows, ones):
    """Return the eigenvalue from products with vectors."""
    n = rows.shape[0]

    def multiply(vector):
        return rows @ (rows.T @ vector) + ones * (ones @ vector)

    start = np.random.RandomState(0).standard_normal(n)
    with np.errstate(all="ignore"):
        if not np.isfinite(multiply(start)).all():
            return np.inf
    operator = LinearOperator((n, n), matvec=multiply, dtype=np.float64)
    return eigsh(operator, k=1, v0=start, return_eigenvectors=False)[0]


def _dense(product):
    return product.toarray() if issparse(product) else product
