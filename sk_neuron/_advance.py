"""Move each column a number of steps down its loss.

A pass over X evaluates the loss and the gradient of each column at a point. The column
then keeps that point, or goes back to the one it kept before, and steps from there by its
learning rate times 2^j. Where the step adapts, j follows the curvature that was met:

    j ← max(0, min(j + 2, floor(log2(2^j ‖g_kept‖ / (√2 ‖g - g_kept‖)))))
    or, if the loss rose after a step with j > 0, go back and j ← max(0, j - 2)

The inner bound is that of Y. Malitsky and K. Mishchenko, "Adaptive gradient descent
without descent", ICML (2020), with the factor of their "Adaptive proximal gradient method
for convex optimization", NeurIPS (2024). Rounding down to powers of two keeps the rule from
amplifying rounding errors, and a product with them is exact. For the same reason a rise of
the loss that may be rounding is no rise. Where the step does not adapt, j stays 0 and every
point is kept.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array, csr_matrix, issparse

from sk_neuron._compiled import STRETCH, CompiledKernel, History, find_cost, has_kernel
from sk_neuron._rule import negative_gradient, raw_prediction

# A block of rows is as many as keep X within 4 MiB of float64, and the few arrays beside
# it within 256 KiB each, which the memory allocator keeps at hand.
_BLOCK_SIZE = 2**19
_COLUMN_SIZE = 2**15
_MIN_ROWS = 64

# A step in NumPy takes so many times as long as a compiled one, and its calls, whatever
# the data, as long as so many multiplications.
_SLOWER = 4
_CALLS = 2**15

# The base-2 logarithm of a step size beyond which it does not grow: LARGEST_STEP in
# _kernel.h.
_LARGEST_STEP = 1000


class Problem(NamedTuple):
    """What is trained: K independent neurons that share one X, each of them a column."""

    X: np.ndarray | csr_array | csr_matrix  # (n, d)
    target: np.ndarray  # (n, K) int8: 1 or 0, or -1 in a row that is held out
    sample_weight: np.ndarray  # (n, K), or (n, 1) where the neurons share it
    learning_rate: np.ndarray  # (K,), or (1,); where the step adapts, its smallest size
    alpha: float | np.ndarray  # one, or (K,)
    fit_intercept: bool
    is_adaptive: bool = False
    norm_scale: float | np.ndarray = 1.0  # a power of two, so that squared norms are finite
    weight_power: int = 0  # weights, alpha and objective are divided by 2 to this power


def select_columns(problem, columns):
    """Return the problem of a slice of the columns."""
    parts = {}
    for name in ("sample_weight", "learning_rate", "alpha", "norm_scale"):
        array = np.asarray(getattr(problem, name))
        is_shared = array.shape[-1:] in ((), (1,))
        parts[name] = array if is_shared else array[..., columns]
    return problem._replace(target=problem.target[:, columns], **parts)


class State(NamedTuple):
    """Where a descent is. The arrays of a point and of a gradient have a row a column."""

    kept: tuple[np.ndarray, ...]  # the points that the steps start from
    gradient: tuple[np.ndarray, ...]  # minus that of the objective there
    loss: np.ndarray  # (K,) twice the objective there
    squared_error: np.ndarray  # (K,)
    norm: np.ndarray  # (K,) of the gradient, squared and scaled
    exponent: np.ndarray  # (K,) the next step is 2^exponent times the learning rate


def make_kernel(problem):
    """Return a kernel for a problem: it can `start` and `run` a descent."""
    is_empty = 0 in (*problem.X.shape, *problem.target.shape)
    if is_empty or not has_kernel(problem.X):
        return NumpyKernel(problem)
    return CompiledKernel(problem)


class NumpyKernel:
    """The reference: what the compiled kernels do, in NumPy.

    `n_at_once` steps take a fraction of a second, or one does that takes longer.
    """

    def __init__(self, problem):
        n_columns = problem.target.shape[1]
        cost = find_cost(problem.X, n_columns)
        self.n_at_once = max(1, STRETCH // (_SLOWER * cost + _CALLS))
        self.problem = problem
        self.rate = np.broadcast_to(problem.learning_rate, n_columns).astype(np.float64)
        self.alpha = np.broadcast_to(problem.alpha, n_columns)[:, np.newaxis]
        self.target, self.weight = (
            problem.target.astype(problem.X.dtype),
            problem.sample_weight,
        )
        if (problem.target < 0).any():
            self.weight = self.weight * (problem.target >= 0)
        whole = problem.X, self.target, self.weight
        self.blocks: list[tuple[Any, Any, Any]] = [whole]
        if not issparse(problem.X):  # slices of CSR would be a copy of X
            self.blocks = list(row_blocks(*whole)) or [whole]

    def start(self, coef, intercept, exponent=0):
        """Return the state of a descent that begins with coef (K, d), and its `History`.

        The first step is 2^exponent times the learning rate.
        """
        with np.errstate(all="ignore"):
            point = self._locate(coef, intercept)
            gradient, loss, squared_error = self._evaluate(point)
            norm = self._squared_norm(gradient)
        exponent = np.broadcast_to(exponent, len(coef)).astype(np.int64)
        state = State(point, gradient, loss, squared_error, norm, exponent)
        return state, History(squared_error[np.newaxis], exponent[np.newaxis])

    def run(self, state, n_steps):
        """Return the state so many steps later, and the `History` of these steps."""
        state, history, _ = self._run(state, n_steps, lambda state: None)
        return state, history

    def run_recording(self, state, n_steps):
        """Do what `run` does, and return coef (n_steps, K, d), intercept (n_steps, K)."""
        state, history, weights = self._run(state, n_steps, self.weights)
        coefs, intercepts = map(np.stack, zip(*weights, strict=True))
        return state, history, coefs, intercepts

    def points(self, state):
        """Return the points kept, as arrays that have a row for each column."""
        return state.kept

    def weights_at(self, points):
        """Return coef (K, d) and intercept (K,) of points, or of some of them."""
        return points

    def weights(self, state):
        """Return coef (K, d) and intercept (K,) of the points kept."""
        return self.weights_at(state.kept)

    def next_weights(self, state):
        """Return coef (K, d) and intercept (K,) that the next step tries."""
        with np.errstate(all="ignore"):
            return self.weights_at(self._move(state))

    def raw_prediction(self, state):
        """Return x · w + b of all rows at the points kept, (n, K)."""
        with np.errstate(all="ignore"):
            return raw_prediction(self.problem.X, *state.kept)

    def _run(self, state, n_steps, record):
        errors, exponents, records = [], [], []
        # What overflows shows in the result, where the caller looks for it.
        with np.errstate(all="ignore"):
            for _ in range(n_steps):
                state = self._step(state)
                errors.append(state.squared_error)
                exponents.append(state.exponent)
                records.append(record(state))
        shape = (n_steps, len(state.loss))
        history = History(
            np.array(errors, np.float64).reshape(shape),
            np.array(exponents, np.int64).reshape(shape),
        )
        return state, history, records

    def _step(self, state):
        """Return the state after a step."""
        point = self._move(state)
        gradient, loss, squared_error = self._evaluate(point)
        exponent, is_kept = state.exponent, np.full(len(loss), True)
        if self.problem.is_adaptive:
            change = self._squared_norm(
                tuple(
                    np.subtract(new, old, dtype=np.float64)
                    for new, old in zip(gradient, state.gradient, strict=True)
                )
            )
            rounding = 16 * np.finfo(self.problem.X.dtype).eps
            is_fine = (loss <= state.loss * (1 + rounding)) & np.isfinite(point[0]).all(
                axis=1
            )
            is_kept = (exponent == 0) | is_fine
            longest = _LARGEST_STEP - np.frexp(self.rate)[1]
            grown = next_exponent(exponent, state.norm, change, longest)
            exponent = np.where(is_kept, grown, np.maximum(exponent - 2, 0))
        norm = self._squared_norm(gradient) if self.problem.is_adaptive else state.norm
        return State(
            _choose(is_kept, point, state.kept),
            _choose(is_kept, gradient, state.gradient),
            np.where(is_kept, loss, state.loss),
            np.where(is_kept, squared_error, state.squared_error),
            np.where(is_kept, norm, state.norm),
            exponent,
        )

    def _move(self, state):
        """Return the points that the next step tries."""
        step = np.ldexp(self.rate, state.exponent.astype(np.intc))
        return tuple(
            (x + (step if x.ndim == 1 else step[:, np.newaxis]) * g).astype(x.dtype)
            for x, g in zip(state.kept, state.gradient, strict=True)
        )

    def _locate(self, coef, intercept):
        """Return coef and intercept as a point of this kernel."""
        return coef, intercept

    def _evaluate(self, point):
        """Return minus the gradient, twice the objective and the squared error, (K,)."""
        coef, intercept = point
        first, *others = self.blocks
        d_coef, d_intercept, squared_error = negative_gradient(*first, coef, intercept)
        for block in others:
            more = negative_gradient(*block, coef, intercept)
            d_coef += more[0]
            d_intercept += more[1]
            squared_error += more[2]
        d_coef = (d_coef - self.alpha * coef).astype(coef.dtype, copy=False)
        if not self.problem.fit_intercept:
            d_intercept = np.zeros_like(d_intercept)
        loss = squared_error
        if self.problem.is_adaptive and self.alpha.any():
            loss = loss + self.alpha[:, 0] * _sum_squares(coef)
        return (d_coef, d_intercept), loss, squared_error

    def _squared_norm(self, gradient):
        """Return the squared norm of the gradient of each column, scaled, (K,)."""
        d_coef, d_intercept = gradient
        scale = np.broadcast_to(self.problem.norm_scale, len(d_coef))
        return _sum_squares(scale[:, np.newaxis] * d_coef) + (scale * d_intercept) ** 2


def limit_exponent(problem, exponent):
    """Return exponents no larger than the steps of a problem can have."""
    return np.clip(exponent, 0, _LARGEST_STEP - np.frexp(problem.learning_rate)[1])


def next_exponent(exponent, norm, change, longest):
    """Return the exponents after steps that are kept, from squared norms of gradients.

    Where the gradient is zero nothing moves, and the exponent stays.
    """
    ratio = norm / (2 * change)
    grown = np.minimum(exponent + 2, longest)
    # floor(log2(√ratio)): frexp gives 2^(power - 1) <= ratio < 2^power
    root = (np.frexp(ratio)[1].astype(np.int64) - 1) // 2
    root = np.where(ratio > 0, root, -(2**31))
    grown = np.where(np.isfinite(ratio), np.minimum(grown, exponent + root), grown)
    return np.where(norm > 0, np.maximum(grown, 0), exponent)


def _choose(condition, arrays, others):
    """Return the rows of arrays where a condition holds, and of the others elsewhere."""
    return tuple(
        np.where(condition if a.ndim == 1 else condition[:, np.newaxis], a, b)
        for a, b in zip(arrays, others, strict=True)
    )


def _sum_squares(array):
    return np.einsum("kj,kj->k", array, array, dtype=np.float64)


def row_blocks(X, *columns):
    """Yield blocks of rows of X with the rows of the arrays beside it."""
    n_columns = max(column.shape[1] for column in columns)
    n_rows = min(_BLOCK_SIZE // max(1, X.shape[1]), _COLUMN_SIZE // n_columns)
    n_rows = max(_MIN_ROWS, n_rows)
    for start in range(0, X.shape[0], n_rows):
        rows = slice(start, start + n_rows)
        yield X[rows], *(column[rows] for column in columns)
