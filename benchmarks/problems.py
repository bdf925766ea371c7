"""The data of the benchmarks: every seed gives the same rows on every machine."""

from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array, issparse
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


class Problem(NamedTuple):
    """Rows to learn from, and where a descent on them starts and how far it steps."""

    name: str
    X: Any  # (n, d), an array or CSR
    target: np.ndarray  # (n, n_groups), integers: 0 or 1, or from 0 to K - 1
    start: np.ndarray  # (d, columns), the weights before the first step
    eta: float
    n_outputs: int = 1  # columns of a group: 1 of a sigmoid neuron, K of a softmax layer


def make_article():
    """Return the four rows of the article, with its start and its step."""
    X = np.array([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]], float)
    start = 2 * np.random.RandomState(15).random_sample((3, 1)) - 1
    return Problem("4 x 3", X, np.array([[0], [1], [1], [0]], np.int8), start, 1.0)


def make_dense(n, d, dtype="float64", n_columns=1):
    """Return rows of normal numbers, and for each column a plane that splits them."""
    X = np.random.default_rng(0).standard_normal((n, d), dtype)
    return _find_planes(f"{n:,} x {d:,}", X, n_columns)


def make_layer(neurons, noise=0.1):
    """Return the problem of one softmax layer with as many columns, on the same rows."""
    X, n_classes = neurons.X, neurons.start.shape[1]
    rng = np.random.default_rng(2)
    labels = (X @ rng.standard_normal((X.shape[1], n_classes))).argmax(axis=1)
    is_wrong = rng.random(len(X)) < noise
    labels[is_wrong] = rng.integers(0, n_classes, is_wrong.sum())
    return neurons._replace(
        name=f"{neurons.name}, {n_classes} classes",
        target=labels[:, np.newaxis],
        eta=neurons.eta / 4,  # the curvature of a layer is up to four times a neuron's
        n_outputs=n_classes,
    )


def make_sparse(n, d, n_nonzeros):
    """Return CSR rows of `n_nonzeros` numbers each, one in every stretch of columns."""
    rng = np.random.default_rng(0)
    shape, width = (n, n_nonzeros), d // n_nonzeros
    indices = rng.integers(0, width, shape, np.int32)
    indices += np.arange(n_nonzeros, dtype=np.int32) * width
    indptr = np.arange(n + 1, dtype=np.int32) * n_nonzeros
    data = rng.standard_normal(shape)
    X = csr_array((data.ravel(), indices.ravel(), indptr), shape=(n, d))
    return _find_planes(f"{n:,} x {d:,}, {n_nonzeros} non-zeros a row", X, 1)


def _find_planes(name, X, n_columns, noise=0.1):
    rng = np.random.default_rng(1)
    n, d = X.shape
    planes, start = rng.standard_normal((2, d, n_columns)).astype(X.dtype)
    wrong = rng.random((n, n_columns)) < noise
    target = ((X @ planes > 0) ^ wrong).astype(np.int8)
    numbers = list_arrays(X)[0].ravel()
    eta = 2 * d / float(numbers @ numbers)  # about 1/6 of the longest safe step
    return Problem(name, X, target, start / X.dtype.type(np.sqrt(d)), eta)


def take(problem, n_columns):
    """Return a problem of the first columns of another."""
    return problem._replace(
        name=f"{problem.name}, {n_columns} columns",
        target=np.ascontiguousarray(problem.target[:, :n_columns]),
        start=np.ascontiguousarray(problem.start[:, :n_columns]),
    )


def make_train_and_test(name, n_rows, seed=0):
    """Return X, X_test, y, y_test, scaled; made-up data have `n_rows` to train on."""
    if name in ("logistic", "flipped"):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((2 * n_rows, 50))
        potential = X @ rng.standard_normal(50) / 2
        if name == "logistic":
            y = y_test = rng.random(len(X)) < expit(potential)
        else:
            y_test = potential > 0
            y = y_test ^ (rng.random(len(X)) < 0.1)
        y, y_test = y.astype(int), y_test.astype(int)
        return X[:n_rows], X[n_rows:], y[:n_rows], y_test[n_rows:]
    load = {"breast cancer": load_breast_cancer, "digits": load_digits}[name]
    X, y = load(return_X_y=True)
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.5, stratify=y, random_state=seed
    )
    scaler = StandardScaler().fit(X)
    return scaler.transform(X), scaler.transform(X_test), y, y_test


def wrap(name, X, y):
    """Return data as a problem, for those who know where to start and how far to step."""
    classes, labels = np.unique(y, return_inverse=True)
    n_outputs = 1 if len(classes) == 2 else len(classes)
    return Problem(name, X, labels[:, np.newaxis], None, None, n_outputs)


def list_arrays(X):
    """Return what holds X in memory."""
    return [X.data, X.indices, X.indptr] if issparse(X) else [X]


def describe(problem):
    """Return the columns of the table that say how large a problem is."""
    n, d = problem.X.shape
    return {
        "problem": problem.name,
        "rows": n,
        "features": d,
        "columns": problem.target.shape[1] * problem.n_outputs,
        "density": problem.X.nnz / (n * d) if issparse(problem.X) else 1.0,
        "bytes": sum(array.nbytes for array in list_arrays(problem.X)),
        "dtype": str(problem.X.dtype),
    }
