"""The reference kernel: it does in NumPy what the compiled kernels do.

A pass over X evaluates the loss and the gradient of each group at a point. The group keeps
that point, or rejects it and returns to the last kept point. From there it steps by its
learning rate times 2^j. If the step adapts, j follows the curvature between the points:

    j ← max(0, min(j + 2, floor(log2(2^j ‖g_kept‖ / (√2 ‖g - g_kept‖)))))
    or, if the loss rose after a step with j > 0, reject it and j ← max(0, j - 2)

The inner bound comes from Y. Malitsky and K. Mishchenko, "Adaptive gradient descent
without descent", ICML (2020), with the factor of their "Adaptive proximal gradient method
for convex optimization", NeurIPS (2024). It is rounded down to a power of two, so that the
rule does not amplify rounding errors, and products with it are exact. For the same reason
a rise of the loss that may be rounding is no rise. If the step does not adapt, j stays 0
and every point is kept.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse

from sk_neuron._kernels import _formulas
from sk_neuron._kernels._compiled import (
    MAX_WORK_PER_CALL,
    History,
    are_finite,
)
from sk_neuron._kernels._packing import estimate_step_cost
from sk_neuron._kernels._problem import Problem
from sk_neuron._kernels._row_blocks import row_blocks
from sk_neuron._kernels._step_rule import compute_max_exponent, update_exponent

# How many times longer a step takes in NumPy than in compiled code. To that, the calls of
# NumPy add the time of a number of multiplications, whatever the data.
_SLOWDOWN = 4
_CALLS = 2**15


class State(NamedTuple):
    """The state of a descent; points and gradients have one row for each column."""

    kept: tuple[np.ndarray, ...]  # the points from which steps start
    gradient: tuple[np.ndarray, ...]  # minus that of the objective there
    loss: np.ndarray  # (n_groups,): twice the objective there
    errors: np.ndarray  # (2, n_groups): squared errors, on trained and on judged rows
    norm: np.ndarray  # (n_groups,): of the gradient, squared and scaled
    exponent: np.ndarray  # (n_groups,): the next step is 2^exponent times the learning rate


class NumpyKernel:
    """The descent of a problem in NumPy.

    `max_steps_per_call` steps take a fraction of a second; it is 1 if one takes longer.
    """

    def __init__(self, problem: Problem):
        self.problem, K = problem, problem.n_outputs
        cost = estimate_step_cost(problem.X, problem.n_columns)
        self.max_steps_per_call = max(1, MAX_WORK_PER_CALL // (_SLOWDOWN * cost + _CALLS))
        self.rate = np.broadcast_to(problem.learning_rate, problem.n_groups).astype(float)
        alpha = np.broadcast_to(problem.alpha, problem.n_groups)
        self.alpha = np.repeat(alpha, K)[:, np.newaxis]
        norm_scale = np.broadcast_to(problem.norm_scale, problem.n_groups)
        self.norm_scale = np.repeat(norm_scale, K)[:, np.newaxis]
        self._bind_rows()

    def start(self, coef, intercept, exponent=0):
        """Return the state of a descent from coef (columns, d), and its `History`.

        The first step is 2^exponent times the learning rate.
        """
        with np.errstate(all="ignore"):
            point = self._locate(coef, intercept)
            gradient, loss, errors = self._evaluate(point)
            norm = self._squared_norm(gradient)
        exponent = np.broadcast_to(exponent, self.problem.n_groups).astype(np.int64)
        state = State(point, gradient, loss, errors, norm, exponent)
        return state, _make_history([(errors, exponent)], self.problem.n_groups)

    def run(self, state, n_steps):
        """Return the state after `n_steps` more steps, and their `History`."""
        noted = []
        for _ in range(n_steps):
            state = self._step(state)
            noted.append((state.errors, state.exponent))
        return state, _make_history(noted, self.problem.n_groups)

    def run_recording(self, state, n_steps):
        """Do what `run` does, and also return the `Recording` of the kept points."""
        noted, points = [], []
        for _ in range(n_steps):
            state = self._step(state)
            noted.append((state.errors, state.exponent))
            points.append(state.kept)
        history = _make_history(noted, self.problem.n_groups)
        return state, history, Recording(self, points)

    def run_predicting(self, state, n_steps):
        """Do what `run` does, and also return the raw predictions, (n, columns)."""
        state, history = self.run(state, n_steps)
        return state, history, self.raw_prediction(state)

    def points(self, state):
        """Return the kept points, as arrays with one row for each column."""
        return state.kept

    def weights_at(self, points):
        """Return coef (columns, d) and intercept (columns,) of some points."""
        return points

    def weights(self, state):
        """Return coef (columns, d) and intercept (columns,) of the kept points."""
        return self.weights_at(state.kept)

    def next_weights(self, state):
        """Return coef (columns, d) and intercept (columns,) that the next step tries."""
        with np.errstate(all="ignore"):
            return self.weights_at(self._move(state))

    def gradient(self, state):
        """Return minus the gradients of coef and of intercept at the kept points."""
        return state.gradient

    def raw_prediction(self, state):
        """Return x · w + b of all rows at the kept points, (n, columns)."""
        with np.errstate(all="ignore"):
            return _formulas.compute_raw_prediction(self.problem.X, *state.kept)

    def are_finite(self, points):
        """Return for which columns the weights and raw predictions are finite."""
        return are_finite(self.problem, *self.weights_at(points))

    def _bind_rows(self):
        """Prepare the arrays of the rows for `_evaluate`."""
        problem = self.problem
        self.labels, n_sets = problem.labels, problem.labels.shape[1]
        if n_sets not in (1, problem.n_groups):
            self.labels = np.tile(self.labels, problem.n_groups // n_sets)
        self.weight, self.judge_weight = problem.training_weight(), None
        if problem.judge_weight is not None:
            self.judge_weight = problem.judging_weight()
        self.blocks = [slice(None)]
        if not issparse(problem.X):  # slices of CSR would copy X
            self.blocks = list(row_blocks(problem.X, problem.n_columns)) or self.blocks

    @np.errstate(all="ignore")  # the caller checks for overflow
    def _step(self, state):
        """Return the state after a step."""
        point = self._move(state)
        gradient, loss, errors = self._evaluate(point)
        exponent, is_kept = state.exponent, np.full(self.problem.n_groups, True)
        norm = state.norm
        if self.problem.is_adaptive:
            change = self._squared_norm(
                tuple(
                    np.subtract(new, old, dtype=np.float64)
                    for new, old in zip(gradient, state.gradient, strict=True)
                )
            )
            rounding = 16 * np.finfo(self.problem.X.dtype).eps
            is_finite = self._sum_groups(~np.isfinite(point[0]).all(axis=1)) == 0
            is_lower = (loss <= state.loss * (1 + rounding)) & is_finite
            is_kept = (exponent == 0) | is_lower
            max_exponent = compute_max_exponent(self.rate)
            grown = update_exponent(exponent, state.norm, change, max_exponent)
            exponent = np.where(is_kept, grown, np.maximum(exponent - 2, 0))
            norm = self._squared_norm(gradient)
        is_kept_column = np.repeat(is_kept, self.problem.n_outputs)
        return State(
            _choose(is_kept_column, point, state.kept),
            _choose(is_kept_column, gradient, state.gradient),
            np.where(is_kept, loss, state.loss),
            np.where(is_kept, errors, state.errors),
            np.where(is_kept, norm, state.norm),
            exponent,
        )

    def _move(self, state):
        """Return the points that the next step tries."""
        step = np.ldexp(self.rate, state.exponent.astype(np.intc))
        step = np.repeat(step, self.problem.n_outputs)
        return tuple(
            (x + (step if x.ndim == 1 else step[:, np.newaxis]) * g).astype(x.dtype)
            for x, g in zip(state.kept, state.gradient, strict=True)
        )

    def _locate(self, coef, intercept):
        """Return the point of coef and intercept in the coordinates of this kernel."""
        return coef, intercept

    def _evaluate(self, point):
        """Return minus the gradient, twice the objective (n_groups,) and the errors."""
        coef, intercept = point
        d_coef, d_intercept, errors = 0, 0, 0
        for rows in self.blocks:
            X = self.problem.X[rows] if rows != slice(None) else self.problem.X
            z = _formulas.compute_raw_prediction(X, coef, intercept)
            delta, block_errors = self._differentiate(rows, z)
            d_coef = d_coef + delta.T @ X
            d_intercept = d_intercept + delta.sum(axis=0, dtype=np.float64)
            errors = errors + block_errors
        return self._decay(coef, d_coef, d_intercept, errors)

    def _decay(self, coef, d_coef, d_intercept, errors):
        """Return what `_evaluate` does, from sums over rows to which decay is added."""
        d_coef = (d_coef - self.alpha * coef).astype(coef.dtype, copy=False)
        decay = self.alpha[:, 0] * _inner(coef, coef) if self.alpha.any() else 0
        return self._finish(d_coef, d_intercept, errors, decay)

    def _differentiate(self, rows, raw_prediction):
        """Return delta and the squared errors of some rows, (2, n_groups)."""
        delta, squared_error = _formulas.pointwise_gradient(
            self.labels[rows],
            self.weight[rows],
            raw_prediction,
            self.problem.n_outputs,
            self.problem.label_noise,
        )
        errors = np.zeros((2, self.problem.n_groups))
        errors[0] = _formulas.sum_squared_error(self.weight[rows], squared_error)
        if self.judge_weight is not None:
            errors[1] = _formulas.sum_squared_error(self.judge_weight[rows], squared_error)
        return delta, errors

    def _finish(self, *parts):
        """Return what `_evaluate` does, from d_coef, d_intercept, errors and decay."""
        *gradient, d_intercept, errors, decay = parts
        if not self.problem.fit_intercept:
            d_intercept = np.zeros_like(d_intercept)
        loss = errors[0] + self._sum_groups(decay)
        return (*gradient, d_intercept), loss, errors

    def _squared_norm(self, gradient):
        """Return the squared norm of the gradient of each group, scaled, (n_groups,)."""
        d_coef, d_intercept = gradient
        scaled = self.norm_scale * d_coef
        norm = _inner(scaled, scaled) + (self.norm_scale[:, 0] * d_intercept) ** 2
        return self._sum_groups(norm)

    def _sum_groups(self, of_columns):
        """Return the sums of the values of columns over each group, (n_groups,)."""
        of_columns = np.broadcast_to(of_columns, self.problem.n_columns)
        return of_columns.reshape(-1, self.problem.n_outputs).sum(axis=1)


class Recording(NamedTuple):
    """The points kept after each of some steps."""

    kernel: NumpyKernel
    points: list[tuple[np.ndarray, ...]]

    def weights_at(self, steps):
        """Return coef (..., columns, d) and intercept (..., columns) of a step or steps."""
        if isinstance(steps, slice):
            weights = [self.kernel.weights_at(point) for point in self.points[steps]]
            coefs, intercepts = map(np.stack, zip(*weights, strict=True))
            return coefs, intercepts
        return self.kernel.weights_at(self.points[steps])

    def points_at(self, steps):
        """Return the points of some steps, and whether they are finite.

        The second result is (len(steps), columns).
        """
        points = [self.points[step] for step in steps]
        return points, np.array([self.kernel.are_finite(point) for point in points])


def _make_history(states, n_groups):
    n_passes = len(states)
    errors = np.array([errors for errors, _ in states], float)
    errors = errors.reshape(n_passes, 2, n_groups)
    exponent = np.array([exponent for _, exponent in states], np.int64)
    return History(errors[:, 0], errors[:, 1], exponent.reshape(n_passes, n_groups))


def _choose(condition, arrays, others):
    """Return the rows of `arrays` where a condition holds, else those of `others`."""
    return tuple(
        np.where(condition if a.ndim == 1 else condition[:, np.newaxis], a, b)
        for a, b in zip(arrays, others, strict=True)
    )


def _inner(a, b):
    return np.einsum("kj,kj->k", a, b, dtype=np.float64)
