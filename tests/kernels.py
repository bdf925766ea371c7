"""The kernels by themselves, and a record of what an estimator asks of them."""

import numpy as np
from scipy.special import expit

from sk_neuron._advance import NumpyKernel, prepare
from sk_neuron._compiled import CompiledKernel


def advance(layer, coef, intercept, n_steps):
    return prepare(layer).advance(coef, intercept, n_steps)


def follow_rule(layer, coef, intercept, n_steps):
    """Return what `advance` does, in the next higher precision and other words.

    With y = 1 for a target of 1 and -1 for 0, |t - o| is sigmoid(-y z): so no digit is lost
    where the output is almost 0 or 1.
    """
    dtype = np.longdouble if coef.dtype == np.float64 else np.float64
    X, s = layer.features.astype(dtype), layer.weight.astype(dtype)
    y = np.select([layer.target > 0, layer.target == 0], [1, -1], 0)
    w, b, errors = coef.astype(dtype), intercept.astype(dtype), []
    for _ in range(n_steps):
        z = y * (X @ w + b)
        errors.append((np.abs(y) * s * expit(-z) ** 2).sum(axis=0))
        delta = y * s * expit(-z) ** 2 * expit(z)
        w = w + layer.learning_rate * (X.T @ delta - layer.alpha * w)
        b = b + layer.fit_intercept * layer.learning_rate * delta.sum(axis=0)
    squared_error = np.array(errors, float).reshape(n_steps, coef.shape[1])
    return w.astype(coef.dtype), b.astype(coef.dtype), squared_error


def advance_compiled(layer, coef, intercept, n_steps):
    return CompiledKernel(layer).advance(coef, intercept, n_steps)


def record_calls(monkeypatch):
    """Return a list that grows by (kernel, columns, steps) with every call of a kernel."""
    calls = []
    for kernel_class in (NumpyKernel, CompiledKernel):

        def count(self, coef, intercept, n_steps, advance=kernel_class.advance):
            calls.append((self, coef.shape[1], n_steps))
            return advance(self, coef, intercept, n_steps)

        monkeypatch.setattr(kernel_class, "advance", count)
    return calls
