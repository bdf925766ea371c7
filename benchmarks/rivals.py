"""The same update rule by others, each as fast as it goes without a kernel of its own.

Every `train` takes X, the target, the start, the step size and the number of steps, and
returns the weights. X and the target come as the library's own arrays, which its `own`
makes once beforehand, so that it is the steps that are timed.
"""

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from joblib import cpu_count
from scipy.special import expit, softmax

from sk_neuron._kernels import NumpyKernel, compute_squared_norms, make_kernel
from sk_neuron._solver._objective import make_problem

MISSING = []


def find(name):
    """Return a module, or None where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        MISSING.append(name)
        return None


torch, jax, numba = find("torch"), find("jax"), find("numba")
CORES = cpu_count()
OURS = "sk-neuron"
WAYS_OF_NUMBA = {"serial": 1} | ({"parallel": CORES} if CORES > 1 else {})


class Variant(NamedTuple):
    """One way to run a contender; the fastest of its ways is what counts."""

    setting: str
    threads: int
    train: Callable[..., Any]
    own: Callable[..., Any]


def follow_rule(X, target, start, eta, n_steps):
    """Train in float64, in other words than all the others: what they must agree with."""
    X, weights = X.astype(np.float64, copy=False), start.astype(np.float64)
    for _ in range(n_steps):
        output = expit(X @ weights)
        slope = (output - target) * output * (1 - output)
        weights = weights - eta * (X.T @ slope)
    return weights


def follow_softmax_rule(X, labels, start, eta, n_steps):
    """Train one softmax layer in float64: what its steps must agree with."""
    X, weights = X.astype(np.float64, copy=False), start.astype(np.float64)
    target = np.eye(weights.shape[1])[labels[:, 0]]
    for _ in range(n_steps):
        p = softmax(X @ weights, axis=1)
        slope = p * (p - target)
        slope -= p * slope.sum(axis=1, keepdims=True)
        weights = weights - eta * (X.T @ slope)
    return weights


def train_ours(begun, target, start, eta, n_steps):
    kernel, state = begun
    state, _ = kernel.run(state, n_steps)
    return kernel.weights(state)[0].T


def train_article(X, target, weights, eta, n_steps):
    """Train as the article does; this is also the plain loop of SciPy on CSR."""
    for _ in range(n_steps):
        output = 1 / (1 + np.exp(-(X @ weights)))
        error = target - output
        weights = weights + eta * (X.T @ (error * output * (1 - output)))
    return weights


def train_buffers(X, target, start, eta, n_steps):
    """Train as the article does, in arrays that are made once."""
    X, transposed = X
    weights, target = start[:, 0].copy(), target.ravel()
    output, error, change = np.empty_like(target), np.empty_like(target), weights.copy()
    for _ in range(n_steps):
        np.matmul(X, weights, out=output)
        correct(target, output, error)
        np.matmul(transposed, error, out=change)
        change *= eta
        weights += change
    return weights[:, np.newaxis]


def train_scipy(X, target, start, eta, n_steps):
    """Train on CSR as `train_buffers` does on dense X."""
    X, transposed = X
    weights, target = start[:, 0].copy(), target.ravel()
    error = np.empty_like(target)
    for _ in range(n_steps):
        correct(target, X @ weights, error)
        weights += eta * (transposed @ error)
    return weights[:, np.newaxis]


def correct(target, output, error):
    """Turn potentials in `output` into (t - o) o (1 - o) in `error`."""
    np.negative(output, out=output)
    np.exp(output, out=output)
    output += 1
    np.reciprocal(output, out=output)
    np.subtract(target, output, out=error)
    error *= output
    np.subtract(1, output, out=output)
    error *= output


def train_torch(X, target, start, eta, n_steps):
    X, transposed = X
    with torch.inference_mode():
        weights, error = torch.from_numpy(start[:, 0].copy()), torch.empty_like(target)
        times_slope = torch.ops.aten.sigmoid_backward.grad_input
        for _ in range(n_steps):
            output = (X @ weights).sigmoid_()
            torch.sub(target, output, out=error)
            times_slope(error, output, grad_input=error)  # error *= output (1 - output)
            weights.add_(transposed @ error, alpha=eta)
        return weights.numpy()[:, np.newaxis]


def train_autograd(X, target, start, eta, n_steps):
    X, _ = X
    weights = torch.from_numpy(start[:, 0].copy()).requires_grad_()
    descent, loss = torch.optim.SGD([weights], lr=eta), torch.nn.MSELoss(reduction="sum")
    for _ in range(n_steps):
        descent.zero_grad()
        (loss(torch.sigmoid(X @ weights), target) / 2).backward()
        descent.step()
    return weights.detach().numpy()[:, np.newaxis]


if jax:
    jax.config.update("jax_enable_x64", True)

    @jax.jit
    def _loop_jax(X, target, weights, eta, n_steps):
        def step(_, weights):
            output = jax.nn.sigmoid(X @ weights)
            return weights + eta * (((target - output) * output * (1 - output)) @ X)

        return jax.lax.fori_loop(0, n_steps, step, weights)


def train_jax(X, target, start, eta, n_steps):
    weights = _loop_jax(X, target, start[:, 0], start.dtype.type(eta), n_steps)
    return np.asarray(weights)[:, np.newaxis]


def _loop_numba(X, target, weights, eta, n_steps):
    """Go over X once a step, four rows at a time to keep four sums under way."""
    n, d = X.shape
    n_parts = max(1, min(64, n // 256))
    change, one = np.zeros((n_parts, d), X.dtype), X.dtype.type(1)
    for _ in range(n_steps):
        for part in numba.prange(n_parts):
            first, end = part * n // n_parts, (part + 1) * n // n_parts
            mine, delta = np.zeros(d, X.dtype), np.empty(4, X.dtype)
            for i in range(first, end, 4):
                last = end - 1  # read again in the last four, where it weighs nothing
                a, b, c, e = (
                    X[i],
                    X[min(i + 1, last)],
                    X[min(i + 2, last)],
                    X[min(i + 3, last)],
                )
                p = q = r = s = one - one
                for j in range(d):
                    p += a[j] * weights[j]
                    q += b[j] * weights[j]
                    r += c[j] * weights[j]
                    s += e[j] * weights[j]
                delta[0], delta[1], delta[2], delta[3] = p, q, r, s
                for k in range(4):
                    output = one / (one + np.exp(-delta[k]))
                    delta[k] = 0
                    if i + k < end:
                        delta[k] = (target[i + k] - output) * output * (one - output)
                p, q, r, s = delta[0], delta[1], delta[2], delta[3]
                for j in range(d):
                    mine[j] += (p * a[j] + q * b[j]) + (r * c[j] + s * e[j])
            change[part] = mine
        for part in range(n_parts):
            weights += eta * change[part]
    return weights


def _loop_numba_csr(X, target, weights, eta, n_steps):
    data, indices, indptr, n_parts = X
    n, d = len(indptr) - 1, len(weights)
    change = np.zeros((n_parts, d), data.dtype)
    for _ in range(n_steps):
        for part in numba.prange(n_parts):
            mine = change[part]
            mine[:] = 0
            for i in range(part * n // n_parts, (part + 1) * n // n_parts):
                z = 0.0
                for k in range(indptr[i], indptr[i + 1]):
                    z += data[k] * weights[indices[k]]
                output = 1 / (1 + np.exp(-z))
                delta = (target[i] - output) * output * (1 - output)
                for k in range(indptr[i], indptr[i + 1]):
                    mine[indices[k]] += delta * data[k]
        for part in range(n_parts):
            weights += eta * change[part]
    return weights


@cache
def compile_loop(loop, parallel):
    compiled = numba.njit(parallel=parallel)(loop)

    def train_numba(X, target, start, eta, n_steps):
        weights, eta = start[:, 0].copy(), start.dtype.type(eta)
        return compiled(X, target.ravel(), weights, eta, n_steps)[:, np.newaxis]

    return train_numba


def make_own_kernel(problem, learning_rate, make_kernel=make_kernel):
    """Return a kernel, which knows the target and the step size."""
    return make_kernel(
        make_problem(
            problem.X,
            problem.target.astype(np.int32),
            np.ones((problem.X.shape[0], 1), problem.X.dtype),
            n_groups=problem.target.shape[1],
            n_outputs=problem.n_outputs,
            learning_rate=learning_rate,
            alpha=0.0,
            fit_intercept=False,
            weight_power=0,
            norms=compute_squared_norms(problem.X),
        )
    )


def own_ours(problem, make_kernel=make_kernel):
    """Return a kernel and a descent that has begun: a fit takes one pass for that."""
    kernel = make_own_kernel(problem, problem.eta, make_kernel)
    start = problem.start
    state, _ = kernel.start(start.T, np.zeros(start.shape[1], start.dtype))
    return (kernel, state), None


def own_ours_numpy(problem):
    return own_ours(problem, NumpyKernel)


def own_numpy(problem):
    return problem.X, problem.target.astype(problem.X.dtype)


def own_pair(problem):
    X, target = own_numpy(problem)
    return (X, X.T), target


def own_copied(problem):
    """Return X with a copy of its transpose, which may be faster on CSR."""
    X, target = own_numpy(problem)
    return (X, X.T.tocsr()), target


def own_torch(problem):
    X = torch.from_numpy(problem.X)
    return (X, X.T), torch.from_numpy(problem.target.ravel()).to(X.dtype)


def own_jax(problem):
    X, target = own_numpy(problem)
    return jax.device_put(X), jax.device_put(target.ravel())


def own_numba_csr(n_parts, problem):
    X, target = own_numpy(problem)
    return (X.data, X.indices, X.indptr, n_parts), target


def list_ours():
    return {
        OURS: [Variant("", CORES, train_ours, own_ours)],
        f"{OURS}, NumPy kernel": vary(train_ours, own_ours_numpy),
    }


def vary(train, own):
    """Return a variant on one core and one on all of them."""
    return [Variant("", threads, train, own) for threads in sorted({1, CORES})]


def list_dense():
    """Return the contenders on dense X, each in its variants."""
    contenders = list_ours() | {
        "article's NumPy loop": vary(train_article, own_numpy),
        "NumPy, buffers reused": vary(train_buffers, own_pair),
    }
    if torch:
        contenders["PyTorch loop"] = vary(train_torch, own_torch)
        contenders["PyTorch autograd + SGD"] = vary(train_autograd, own_torch)
    if jax:  # its threads are as many as the cores, for good
        contenders["JAX jit"] = [Variant("", CORES, train_jax, own_jax)]
    if numba:
        contenders["numba"] = [
            Variant(setting, threads, compile_loop(_loop_numba, threads > 1), own_numpy)
            for setting, threads in WAYS_OF_NUMBA.items()
        ]
    return contenders


def list_sparse():
    """Return the contenders on CSR, which JAX and PyTorch support as an experiment."""
    contenders = list_ours() | {
        "SciPy, two products": [
            Variant("plain", 1, train_article, own_numpy),
            Variant("buffers", 1, train_scipy, own_pair),
            Variant("buffers, transpose copied", 1, train_scipy, own_copied),
        ],
    }
    if numba:
        contenders["numba"] = [
            Variant(
                setting,
                threads,
                compile_loop(_loop_numba_csr, threads > 1),
                partial(own_numba_csr, threads),
            )
            for setting, threads in WAYS_OF_NUMBA.items()
        ]
    return contenders
