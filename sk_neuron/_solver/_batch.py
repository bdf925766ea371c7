"""Take one step on a batch of rows."""

from typing import NamedTuple

import numpy as np

from sk_neuron._input_validation import compute_class_factors, find_idle_columns
from sk_neuron._kernels import make_kernel
from sk_neuron._solver._fit_loop import check_overflow
from sk_neuron._solver._objective import (
    compute_step_sizes,
    make_batch_problem,
    mean_brier_score,
)
from sk_neuron._solver._setup import build_problem, build_start


class BatchStep(NamedTuple):
    """What a step on a batch gave."""

    coef: np.ndarray  # (columns, d)
    intercept: np.ndarray  # (columns,)
    squared_error: np.ndarray  # (1, n_groups), before the step
    step_sizes: np.ndarray  # (1, n_groups)


def take_batch_step(neuron, samples, classes, is_warm_start):
    """Return the `BatchStep`, its loss of shape (1,), and the problem of the batch."""
    multilabel = samples.y.ndim == 2
    factors = compute_class_factors(
        neuron.class_weight, classes, samples.labels, multilabel
    )
    is_idle = find_idle_columns(samples.weight, factors, samples.labels)
    weight, factors = _fill_idle(samples.weight, factors, is_idle)
    samples = samples._replace(weight=weight)
    problem = build_problem(neuron, make_batch_problem, samples, classes, factors)
    kernel = make_kernel(problem)
    state, history = kernel.start(*build_start(neuron, problem, is_warm_start))
    coef, intercept = kernel.next_weights(state)
    step_sizes = compute_step_sizes(problem, history.exponent)
    step = BatchStep(coef, intercept, history.squared_error, step_sizes)
    if is_idle.any():
        step = _hold_idle(neuron, step, kernel.weights(state), is_idle)
    check_overflow(1, *step[:3], dtype=step.coef.dtype)
    loss = mean_brier_score(problem.total_weight(), step.squared_error)
    return step, loss, problem


def _fill_idle(weight, factors, is_idle):
    """Return weights and factors that give columns without any weight one of 1.

    The step of such a column is not taken: see `_hold_idle`.
    """
    if is_idle.all():
        return np.ones(len(weight)), None
    if factors is not None:
        factors = np.where(is_idle[:, np.newaxis], 1.0, factors)
    return weight, factors


def _hold_idle(neuron, step, before, is_idle):
    """Return a step in which columns without weight stay, but for the weight decay.

    They have no loss. With learning_rate="auto" they do not decay either.
    """
    rate = 0.0 if neuron.learning_rate == "auto" else float(neuron.learning_rate)
    coef, intercept = before
    n_groups = step.squared_error.shape[1]
    is_idle = np.broadcast_to(is_idle, n_groups)
    is_held = np.repeat(is_idle, len(coef) // n_groups)
    decayed = (coef * (1 - rate * neuron.alpha)).astype(coef.dtype)
    return BatchStep(
        np.where(is_held[:, np.newaxis], decayed, step.coef),
        np.where(is_held, intercept, step.intercept),
        np.where(is_idle, 0.0, step.squared_error),
        np.where(is_idle, rate, step.step_sizes),
    )
