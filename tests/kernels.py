"""The kernels by themselves, and a record of what an estimator asks of them."""

import numpy as np
from scipy.special import expit

from sk_neuron._kernels import JUDGED, TRAINED, CompiledKernel, NumpyKernel, make_kernel


def advance(problem, coef, intercept, n_steps, kernel_class=make_kernel):
    """Return coef, intercept and the errors before each step, by a kernel.

    The errors are two arrays, (n_steps, n_groups): on trained and on judged rows.
    """
    kernel = kernel_class(problem)
    state, start = kernel.start(coef, intercept)
    state, history = kernel.run(state, n_steps)
    errors = (
        np.vstack([getattr(part, name) for part in (start, history)])[:n_steps]
        for name in ("squared_error", "judged_error")
    )
    return *kernel.weights(state), *errors


def advance_compiled(problem, coef, intercept, n_steps):
    return advance(problem, coef, intercept, n_steps, CompiledKernel)


def follow_rule(problem, coef, intercept, n_steps):
    """Return what `advance` does, in the next higher precision and other words."""
    dtype = np.longdouble if coef.dtype == np.float64 else np.float64
    n_groups, n_outputs = problem.n_groups, problem.n_outputs
    X = problem.X.astype(dtype)
    labels = problem.labels[:, np.arange(n_groups) % problem.labels.shape[1]]
    roles = TRAINED if problem.roles is None else problem.roles
    trained = ((roles & TRAINED) > 0) * problem.sample_weight.astype(dtype)
    judged = 0 * trained
    if problem.judge_weight is not None:
        judged = ((roles & JUDGED) > 0) * problem.judge_weight.astype(dtype)
    rate, alpha = (
        np.repeat(np.broadcast_to(value, n_groups), n_outputs)
        for value in (problem.learning_rate, problem.alpha)
    )
    w, b, errors = coef.T.astype(dtype), intercept.astype(dtype), []
    for _ in range(n_steps):
        pull = _pull_sigmoid if n_outputs == 1 else _pull_softmax
        delta, squared_error = pull((X @ w + b).reshape(-1, n_groups, n_outputs), labels)
        errors += [
            (trained * squared_error).sum(axis=0),
            (judged * squared_error).sum(axis=0),
        ]
        delta = (trained[..., np.newaxis] * delta).reshape(len(labels), len(coef))
        w = w + rate * (X.T @ delta - alpha * w)
        b = b + problem.fit_intercept * rate * delta.sum(axis=0)
    errors = np.array(errors, float).reshape(n_steps, 2, n_groups)
    return w.T.astype(coef.dtype), b.astype(coef.dtype), errors[:, 0], errors[:, 1]


def _pull_sigmoid(z, labels):
    """With y = 1 for the label 1 and -1 for 0, |t - o| is sigmoid(-y z).

    So no digit is lost where the output is almost 0 or 1.
    """
    y = 2 * labels - 1
    z = y * z[..., 0]
    return (y * expit(-z) ** 2 * expit(z))[..., np.newaxis], expit(-z) ** 2


def _pull_softmax(z, labels):
    """Return delta and the error; that of the label is the sum of the other p."""
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    is_label = labels[..., np.newaxis] == np.arange(z.shape[-1])
    others = np.where(is_label, 0, p).sum(axis=-1, keepdims=True)
    error = np.where(is_label, others, -p)
    delta = p * (error - (p * error).sum(axis=-1, keepdims=True))
    return delta, (error**2).sum(axis=-1)


def record_calls(monkeypatch):
    """Return a list that grows by (kernel, columns, steps) with every call of a kernel."""
    calls = []
    for kernel_class, name in (
        (NumpyKernel, "run"),  # which its `run_predicting` calls
        (CompiledKernel, "run"),
        (CompiledKernel, "run_predicting"),
        (NumpyKernel, "run_recording"),
        (CompiledKernel, "run_recording"),
    ):
        run = getattr(kernel_class, name)

        def count(self, state, n_steps, run=run):
            calls.append((self, self.problem.n_columns, n_steps))
            return run(self, state, n_steps)

        monkeypatch.setattr(kernel_class, name, count)
    return calls
