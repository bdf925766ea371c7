"""The step size "auto": the article's step of 1, shortened where 1 could overshoot."""

import os
from contextlib import nullcontext
from threading import Lock

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.parallel import _get_threadpool_controller

from sk_neuron._advance import row_blocks
from sk_neuron._rule import CURVATURE

# Below this many columns the eigenvalues of the Gram matrix of the columns are exact and
# cheap. The number of rows decides nothing, so that a weight of 2 is exactly a row twice.
_SMALL = 64

# After k products, Lanczos from a random start finds less than (1 - ε) λmax with a
# probability below 1.648 √d exp(-√ε (2k - 1)) (J. Kuczyński and H. Woźniakowski, SIAM
# J. Matrix Anal. Appl. 13 (1992), 1094-1122). A step passes 2/L only where it finds less
# than λmax / (2 * _MARGIN): with 10,000 columns, a probability of 5e-13. Even against data
# built to be orthogonal to the start, so many products bring rounding errors to the fore.
_PRODUCTS = 24
_MARGIN = 1.05

# Values in X from which all threads of BLAS pay.
_LARGE = 2**22


def auto_learning_rate(features, weight, alpha, fit_intercept):
    """Return min(1, 1/L) for each column of `weight`, with L the smoothness of its loss.

    L = CURVATURE λmax(Σ s x xᵀ) + alpha, and no step up to 1/L raises the loss
    (Y. Nesterov, Lectures on Convex Optimization, 2018, lemma 1.2.3). `alpha` is one
    number, or (A, 1) for a row of step sizes each. Where L overflows the result is NaN.
    """
    is_large = features.shape[0] * features.shape[1] > _LARGE
    with np.errstate(all="ignore"), nullcontext() if is_large else _one_thread:
        eigenvalue = _largest_eigenvalue(features, weight, float(fit_intercept))
        smoothness = CURVATURE * eigenvalue + alpha
    rate = 1 / np.maximum(1, smoothness)
    return np.where(np.isfinite(smoothness), rate, np.nan)


class _OneThread:
    """Keeps BLAS to one thread, from when the first asks for it until the last is through.

    Its other threads would stay awake after the last product on small X, for longer than
    all of the products took, and share their cores with the threads of the kernel.
    """

    def __init__(self):
        self.forget()

    def forget(self):
        """Begin without users, as in a child that was forked."""
        self._lock, self._n_users = Lock(), 0

    def __enter__(self):
        with self._lock:
            if self._n_users == 0:
                controller = _get_threadpool_controller()
                self._limit = controller.limit(limits=1, user_api="blas")
            self._n_users += 1

    def __exit__(self, *error):
        with self._lock:
            self._n_users -= 1
            if self._n_users == 0:
                self._limit.restore_original_limits()


_one_thread = _OneThread()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_one_thread.forget)


def check_learning_rate(rate, dtype):
    """Raise an error if an automatic step size is NaN."""
    if np.isnan(rate).any():
        raise ValueError(
            "The values in X, or the weights, are so large that the largest eigenvalue "
            f"of X.T @ X overflows {dtype}. Scale the features."
        )


def _largest_eigenvalue(features, weight, constant):
    """Return λmax of Aᵀ diag(s) A for each column s, where A is [X, constant]."""
    if features.shape[1] >= _SMALL:
        return _MARGIN * _lanczos(features, weight, constant)
    return _exact(features, weight, constant)


def _exact(features, weight, constant):
    size = features.shape[1] + 1
    grams = np.zeros((weight.shape[1], size, size))
    for rows, row_weight in row_blocks(features, weight):
        dense = rows.toarray() if issparse(rows) else rows
        dense = np.column_stack([dense, np.full(len(dense), constant, dense.dtype)])
        for gram, column in zip(grams, row_weight.T, strict=True):
            gram += (dense * column[:, np.newaxis]).T @ dense
    return _last_eigenvalues(grams)


def _lanczos(features, weight, constant):
    """Return the largest Ritz value of each column, all columns in one product."""
    shape = (features.shape[1] + 1, weight.shape[1])
    start = np.random.RandomState(0).standard_normal((shape[0], 1))
    vector = np.broadcast_to(start / np.linalg.norm(start), shape)
    previous, off_diagonal = np.zeros(shape), np.zeros(shape[1])
    ritz = np.zeros((shape[1], _PRODUCTS, _PRODUCTS))
    for k in range(_PRODUCTS):
        image = _product(features, weight, constant, vector) - off_diagonal * previous
        ritz[:, k, k] = (image * vector).sum(axis=0)
        image -= ritz[:, k, k] * vector
        off_diagonal = np.hypot.reduce(image, axis=0)  # a norm that does not overflow
        if k + 1 < _PRODUCTS:
            ritz[:, k + 1, k] = off_diagonal  # eigvalsh reads the lower triangle
        previous = vector
        vector = image / np.maximum(off_diagonal, np.finfo(np.float64).tiny)
    return _last_eigenvalues(ritz)


def _last_eigenvalues(matrices):
    """Return the largest eigenvalue of each matrix, or infinity if it is not finite."""
    finite = np.isfinite(matrices).all(axis=(1, 2))
    eigenvalue = np.full(len(matrices), np.inf)
    eigenvalue[finite] = np.linalg.eigvalsh(matrices[finite])[:, -1]
    return eigenvalue


def _product(features, weight, constant, vector):
    """Return Aᵀ diag(s) A v in float64; X keeps its precision, so it is not copied."""
    vector = vector.astype(features.dtype)
    inner = weight * (features @ vector[:-1] + vector.dtype.type(constant) * vector[-1])
    total = constant * inner.sum(axis=0, keepdims=True, dtype=np.float64)
    return np.concatenate([features.T @ inner, total])
