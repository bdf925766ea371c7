"""The reference kernel: it does in NumPy what the compiled kernels do.

It does the same in any library of arrays that follows the array API standard, perhaps on a
GPU. Then the state of a descent stays on the device of X: no step waits for a value from
there, and the history comes to NumPy once for all steps of a call.

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

from operator import add
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse

from sk_neuron._kernels import _formulas
from sk_neuron._kernels._compiled import (
    MAX_WORK_PER_CALL,
    History,
    are_finite,
    compute_raw_prediction,
)
from sk_neuron._kernels._device_rows import DeviceRows, Host
from sk_neuron._kernels._packing import estimate_step_cost
from sk_neuron._kernels._problem import Problem
from sk_neuron._kernels._row_blocks import row_blocks
from sk_neuron._kernels._step_rule import StepRule

# How many times longer a step takes in NumPy, and on a GPU (an estimate, by the speed of
# its memory), than in compiled code. The calls of NumPy, and of other libraries, take the
# time of so many multiplications besides, whatever the data.
_SLOWDOWN, _GPU_SLOWDOWN = 4, 1 / 64
_CALLS, _DEVICE_CALLS = 2**15, 2**19


class State(NamedTuple):
    """The state of a descent, where X is: points have one row for each column."""

    kept: tuple[Any, ...]  # the points from which steps start
    gradient: tuple[Any, ...]  # minus that of the objective there
    loss: Any  # (n_groups,): twice the objective there
    errors: Any  # (2, n_groups): squared errors, on trained and on judged rows
    norm: Any  # (n_groups,): of the gradient, squared and scaled
    exponent: Any  # (n_groups,): the next step is 2^exponent times the learning rate


class NumpyKernel:
    """The descent of a problem in NumPy, or in the library of `DeviceRows`.

    `max_steps_per_call` steps take a fraction of a second; it is 1 if one takes longer.
    """

    def __init__(self, problem: Problem):
        self.problem, X = problem, problem.X
        rows: Any = X if isinstance(X, DeviceRows) else Host
        self.xp, self.send, self.fetch = rows.xp, rows.send, rows.fetch
        slowdown = _SLOWDOWN if rows.is_on_host else _GPU_SLOWDOWN
        calls = _CALLS if rows is Host else _DEVICE_CALLS
        cost = slowdown * estimate_step_cost(X, problem.n_columns) + calls
        self.max_steps_per_call = max(1, int(MAX_WORK_PER_CALL // cost))
        self.rule = StepRule(self._of_groups(problem.learning_rate), self.send)
        self.decays = np.any(problem.alpha)
        self.alpha, self.norm_scale = (
            self.send(np.repeat(self._of_groups(value), problem.n_outputs)[:, np.newaxis])
            for value in (problem.alpha, problem.norm_scale)
        )
        self.noise = None
        if problem.label_noise is not None:
            terms = _formulas.noise_terms(problem.label_noise, problem.n_outputs)
            self.noise = tuple(self.send(term, X.dtype) for term in terms)
        self._bind_rows()

    def start(self, coef, intercept, exponent=0):
        """Return the state of a descent from coef (columns, d), and its `History`.

        The first step is 2^exponent times the learning rate.
        """
        with np.errstate(all="ignore"):
            point = tuple(map(self.send, self._locate(coef, intercept)))
            gradient, loss, errors = self._evaluate(point)
            norm = self._squared_norm(gradient)
        exponent = self.send(self._of_groups(exponent, np.int64))
        state = State(point, gradient, loss, errors, norm, exponent)
        return state, self._fetch_history([(errors, exponent)])

    def run(self, state, n_steps):
        """Return the state after `n_steps` more steps, and their `History`."""
        noted = []
        for _ in range(n_steps):
            state = self._step(state)
            noted.append((state.errors, state.exponent))
        return state, self._fetch_history(noted)

    def run_recording(self, state, n_steps):
        """Do what `run` does, and also return the `Recording` of the kept points."""
        noted, points = [], []
        for _ in range(n_steps):
            state = self._step(state)
            noted.append((state.errors, state.exponent))
            points.append(state.kept)
        stacked = [self.fetch(self.xp.stack(part)) for part in zip(*points, strict=True)]
        points = list(zip(*stacked, strict=True))
        return state, self._fetch_history(noted), Recording(self, points)

    def run_predicting(self, state, n_steps):
        """Do what `run` does, and also return the raw predictions, (n, columns)."""
        state, history = self.run(state, n_steps)
        return state, history, self.raw_prediction(state)

    def points(self, state):
        """Return the kept points, as arrays with one row for each column."""
        return tuple(map(self.fetch, state.kept))

    def weights_at(self, points):
        """Return coef (columns, d) and intercept (columns,) of some points."""
        return points

    def weights(self, state):
        """Return coef (columns, d) and intercept (columns,) of the kept points."""
        return self.weights_at(self.points(state))

    def next_weights(self, state):
        """Return coef (columns, d) and intercept (columns,) that the next step tries."""
        with np.errstate(all="ignore"):
            return self.weights_at(tuple(map(self.fetch, self._move(state))))

    def gradient(self, state):
        """Return minus the gradients of coef and of intercept at the kept points."""
        return tuple(map(self.fetch, state.gradient))

    def raw_prediction(self, state):
        """Return x · w + b of all rows at the kept points, (n, columns)."""
        return compute_raw_prediction(self.problem.X, *state.kept)

    def are_finite(self, points):
        """Return for which columns the weights and raw predictions are finite."""
        return are_finite(self.problem, *self.weights_at(points))

    def _of_groups(self, value, dtype=np.float64):
        """Return an array, or one value for all groups, as (n_groups,)."""
        return np.broadcast_to(value, self.problem.n_groups).astype(dtype)

    def _bind_rows(self):
        """Prepare the arrays of the rows for `_sum_rows`."""
        problem, X = self.problem, self.problem.X
        labels, n_sets = problem.labels, problem.labels.shape[1]
        if n_sets not in (1, problem.n_groups):
            labels = np.tile(labels, problem.n_groups // n_sets)
        self.labels = self.send(labels)
        self.weight = self.send(problem.training_weight(), X.dtype)
        self.judge_weight = None
        if problem.judge_weight is not None:
            self.judge_weight = self.send(problem.judging_weight(), X.dtype)
        if isinstance(X, DeviceRows):
            array, slices = X.array, X.blocks(problem.n_columns)
        else:
            array, slices = X, list(row_blocks(X, problem.n_columns)) or [slice(None)]
        self.blocks = [(array[rows, :], [rows]) for rows in slices if not issparse(X)]
        if issparse(X):  # slices of it would be copies
            self.blocks = [(X, slices)]

    @np.errstate(all="ignore")  # the caller checks for overflow
    def _step(self, state):
        """Return the state after a step."""
        xp, point = self.xp, self._move(state)
        gradient, loss, errors = self._evaluate(point)
        if not self.problem.is_adaptive:
            return State(point, gradient, loss, errors, state.norm, state.exponent)
        change = self._squared_norm(
            tuple(
                xp.astype(new, xp.float64, copy=False)
                - xp.astype(old, xp.float64, copy=False)
                for new, old in zip(gradient, state.gradient, strict=True)
            )
        )
        rounding = 16 * float(np.finfo(self.problem.X.dtype).eps)
        is_finite = xp.all(xp.isfinite(point[0]), axis=1)
        is_finite = xp.all(self._split_groups(is_finite), axis=1)
        is_lower = (loss <= state.loss * (1 + rounding)) & is_finite
        is_kept = (state.exponent == 0) | is_lower
        shrunk = xp.maximum(state.exponent - 2, xp.zeros_like(state.exponent))
        grown = self.rule.update(state.exponent, state.norm, change)
        is_kept_column = self._repeat(is_kept)
        return State(
            _choose(xp, is_kept_column, point, state.kept),
            _choose(xp, is_kept_column, gradient, state.gradient),
            xp.where(is_kept, loss, state.loss),
            xp.where(is_kept, errors, state.errors),
            xp.where(is_kept, self._squared_norm(gradient), state.norm),
            xp.where(is_kept, grown, shrunk),
        )

    def _move(self, state):
        """Return the points that the next step tries."""
        step = self._repeat(self.rule.step_sizes(state.exponent))
        return tuple(
            self.xp.astype(x + _as_rows(step, x) * g, x.dtype)
            for x, g in zip(state.kept, state.gradient, strict=True)
        )

    def _locate(self, coef, intercept):
        """Return the point of coef and intercept in the coordinates of this kernel."""
        return coef, intercept

    def _evaluate(self, point):
        """Return minus the gradient, twice the objective (n_groups,) and the errors."""
        coef, intercept = point
        d_coef, d_intercept, errors = self._sum_rows(coef, intercept)
        decay = None
        if self.decays:
            d_coef = d_coef - self.alpha * coef
            decay = self.alpha[:, 0] * self._inner(coef, coef)
        gradient = self.xp.astype(d_coef, coef.dtype), d_intercept
        return self._finish(gradient, errors, decay)

    def _sum_rows(self, coef, intercept):
        """Return the sums over all rows: minus the gradients without decay, and errors."""
        xp, sums = self.xp, None
        for X, slices in self.blocks:
            z = _formulas.compute_raw_prediction(X, coef, intercept)
            delta, errors = self._differentiate(slices, z)
            part = delta.T @ X, xp.sum(delta, axis=0, dtype=xp.float64), errors
            sums = part if sums is None else tuple(map(add, sums, part))
        return sums

    def _differentiate(self, slices, raw_prediction):
        """Return delta and the squared errors, (2, n_groups), of some slices of rows.

        If there are several, they are all rows, and the raw prediction is overwritten.
        """
        if len(slices) == 1:
            return self._differentiate_slice(slices[0], raw_prediction)
        delta, errors = raw_prediction, 0
        for rows in slices:
            delta[rows, :], part = self._differentiate_slice(rows, raw_prediction[rows, :])
            errors = errors + part
        return delta, errors

    def _differentiate_slice(self, rows, raw_prediction):
        weight = self.weight[rows, :]
        delta, squared_error = _formulas.pointwise_gradient(
            self.labels[rows, :],
            weight,
            raw_prediction,
            self.problem.n_outputs,
            self.noise,
        )
        errors = _formulas.sum_squared_error(weight, squared_error)
        judged = self.xp.zeros_like(errors)
        if self.judge_weight is not None:
            judge_weight = self.judge_weight[rows, :]
            judged = _formulas.sum_squared_error(judge_weight, squared_error)
        return delta, self.xp.stack([errors, judged])

    def _finish(self, gradient, errors, decay):
        """Return what `_evaluate` does; `decay` is that of each column, or None."""
        *others, d_intercept = gradient
        if not self.problem.fit_intercept:
            d_intercept = self.xp.zeros_like(d_intercept)
        loss = errors[0, :]
        if decay is not None:
            loss = loss + self._sum_groups(decay)
        return (*others, d_intercept), loss, errors

    def _squared_norm(self, gradient):
        """Return the squared norm of the gradient of each group, scaled, (n_groups,)."""
        d_coef, d_intercept = gradient
        scaled = self.norm_scale * d_coef
        norm = self._inner(scaled, scaled) + (self.norm_scale[:, 0] * d_intercept) ** 2
        return self._sum_groups(norm)

    def _inner(self, a, b):
        """Return the inner products of the rows, in float64."""
        product = self.xp.astype(a, self.xp.float64, copy=False) * b
        return self.xp.sum(product, axis=1)

    def _repeat(self, of_groups):
        """Return the values of groups for each column, (columns,)."""
        shape = self.problem.n_groups, self.problem.n_outputs
        repeated = self.xp.broadcast_to(of_groups[:, None], shape)
        return self.xp.reshape(repeated, (self.problem.n_columns,))

    def _split_groups(self, of_columns):
        """Return the values of columns as (n_groups, n_outputs)."""
        shape = self.problem.n_groups, self.problem.n_outputs
        return self.xp.reshape(of_columns, shape)

    def _sum_groups(self, of_columns):
        """Return the sums of the values of columns over each group, (n_groups,)."""
        return self.xp.sum(self._split_groups(of_columns), axis=1)

    def _fetch_history(self, noted):
        """Return the `History` of pairs (errors, exponent), in one transfer."""
        xp, n_groups = self.xp, self.problem.n_groups
        fetched = np.empty((0, 3, n_groups))
        if noted:
            errors, exponents = map(xp.stack, zip(*noted, strict=True))
            exponents = xp.astype(exponents, xp.float64)[:, None, :]
            fetched = self.fetch(xp.concat([errors, exponents], axis=1))
        return History(fetched[:, 0], fetched[:, 1], fetched[:, 2].astype(np.int64))


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


def _choose(xp, condition, arrays, others):
    """Return the rows of `arrays` where a condition holds, else those of `others`."""
    return tuple(
        xp.where(_as_rows(condition, a), a, b) for a, b in zip(arrays, others, strict=True)
    )


def _as_rows(values, array):
    """Return one value for each row of an array, so that they broadcast."""
    return values if array.ndim == 1 else values[:, None]
