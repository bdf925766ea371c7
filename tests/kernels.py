"""The kernels by themselves, and a record of what an estimator asks of them."""

import numpy as np
from scipy.special import expit

from sk_neuron._advance import NumpyKernel, make_kernel
from sk_neuron._compiled import CompiledKernel


def advance(problem, coef, intercept, n_steps, kernel_class=make_kernel):
    """Return coef, intercept and the squared error before each step, by a kernel."""
    kernel = kernel_class(problem)
    state, start = kernel.start(coef, intercept)
    state, history = kernel.run(state, n_steps)
    squared_error = np.vstack([start.squared_error, history.squared_error])[:n_steps]
    return *kernel.weights(state), squared_error


def advance_compiled(problem, coef, intercept, n_steps):
    return advance(problem, coef, intercept, n_steps, CompiledKernel)


def follow_rule(problem, coef, intercept, n_steps):
    """Return what `advance` does, in the next higher precision and other words.

    With y = 1 for a target of 1 and -1 for 0, |t - o| is sigmoid(-y z): so no digit is lost
    where the output is almost 0 or 1.
    """
    dtype = np.longdouble if coef.dtype == np.float64 else np.float64
    X, s = problem.X.astype(dtype), problem.sample_weight.astype(dtype)
    y = np.select([problem.target > 0, problem.target == 0], [1, -1], 0)
    w, b, errors = coef.T.astype(dtype), intercept.astype(dtype), []
    for _ in range(n_steps):
        z = y * (X @ w + b)
        errors.append((np.abs(y) * s * expit(-z) ** 2).sum(axis=0))
        delta = y * s * expit(-z) ** 2 * expit(z)
        w = w + problem.learning_rate * (X.T @ delta - problem.alpha * w)
        b = b + problem.fit_intercept * problem.learning_rate * delta.sum(axis=0)
    squared_error = np.array(errors, float).reshape(n_steps, len(coef))
    return w.T.astype(coef.dtype), b.astype(coef.dtype), squared_error


def record_calls(monkeypatch):
    """Return a list that grows by (kernel, columns, steps) with every call of a kernel."""
    calls = []
    for kernel_class in (NumpyKernel, CompiledKernel):

        def count(self, state, n_steps, run=kernel_class.run):
            calls.append((self, self.problem.target.shape[1], n_steps))
            return run(self, state, n_steps)

        monkeypatch.setattr(kernel_class, "run", count)
    return calls
