"""Build the objects of a fit from the parameters of a neuron and its data."""

import warnings
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sk_neuron._input_validation import (
    check_iters,
    combine_weights,
    compute_class_factors,
    read_label_noise,
    shape_of_groups,
)
from sk_neuron._kernels import (
    JUDGED,
    TRAINED,
    as_numpy,
    compute_max_exponent,
    make_kernel,
)
from sk_neuron._solver._fit_loop import FitLoop
from sk_neuron._solver._gram import make_cheapest_kernel
from sk_neuron._solver._initialization import draw_start
from sk_neuron._solver._objective import (
    check_step_sizes,
    choose_weight_power,
    make_problem,
    scale_weights,
)
from sk_neuron._solver._stopping import Patience
from sk_neuron._solver._validation import ValidationRows

# Size of all checkpoints in bytes above which a fit warns.
_WARN_BYTES = 2**30


def read_checkpoints(neuron, samples, classes):
    """Return the iteration counts of the checkpoints, sorted, (n_checkpoints,)."""
    if neuron.checkpoints is None:
        return np.empty(0, dtype=np.int64)
    checkpoints = check_iters(neuron.checkpoints, "checkpoints")
    if checkpoints[-1] > neuron.max_iter:
        raise ValueError(
            f"The 'checkpoints' reach {checkpoints[-1]}, beyond max_iter={neuron.max_iter}."
        )
    n_weights = (samples.X.shape[1] + 1) * np.prod(shape_of_groups(classes, samples.y))
    size = len(checkpoints) * n_weights * samples.X.dtype.itemsize
    if size > _WARN_BYTES:
        warnings.warn(
            f"The weights at {len(checkpoints)} checkpoints take "
            f"{size / 2**30:.1f} GiB of memory.",
            UserWarning,
            stacklevel=4,
        )
    return checkpoints


def choose_seed(neuron, is_warm_start):
    """Return the seed for the held-out rows; a warm start holds out the same rows again."""
    if isinstance(neuron.random_state, Integral):
        return int(neuron.random_state)
    if is_warm_start and neuron._seed is not None:
        return neuron._seed
    return check_random_state(neuron.random_state).randint(2**31)


def _weigh_classes(neuron, samples, classes, held_out):
    """Return the weights of the classes; "balanced" counts only the training rows."""
    trained = slice(None) if held_out is None else ~held_out
    labels, weight = samples.labels[trained], samples.weight[trained]
    multilabel = samples.y.ndim == 2
    return compute_class_factors(neuron.class_weight, classes, labels, multilabel, weight)


def build_problem(neuron, make, samples, classes, factors, **roles):
    """Return the problem of a fit or a batch, made by `make` and checked."""
    weight, power = combine_weights(samples.weight, factors, samples.labels)
    weight_power = choose_weight_power(power, neuron.alpha)
    weight = scale_weights(weight, weight_power - power, samples.X.dtype)
    if roles:
        roles["judge_weight"] = weight
    n_groups, n_outputs = shape_of_groups(classes, samples.y)
    problem = make(
        samples.X,
        samples.labels,
        weight,
        n_groups=n_groups,
        n_outputs=n_outputs,
        learning_rate=neuron.learning_rate,
        alpha=float(neuron.alpha),
        fit_intercept=neuron.fit_intercept,
        weight_power=weight_power,
        label_noise=read_label_noise(neuron.label_noise, classes, samples.y.ndim == 2),
        **roles,
    )
    check_step_sizes(problem)
    if roles:
        _check_judged(problem)
    return problem


def _assign_roles(held_out, labels):
    """Return the roles of the rows as {"roles": array}; {} if no row is held out."""
    if held_out is None:
        return {}
    roles = np.where(held_out, JUDGED, TRAINED).astype(np.uint8)
    return {"roles": np.broadcast_to(roles[:, np.newaxis], labels.shape)}


def build_start(neuron, problem, is_warm_start):
    """Return coef (columns, d), intercept (columns,) and exponent of the start."""
    dtype = problem.X.dtype
    if is_warm_start:
        coef, intercept = as_numpy(neuron.coef_), as_numpy(neuron.intercept_)
        if intercept.any() and not neuron.fit_intercept:
            raise ValueError(
                "The previous fit has learned an intercept, but now fit_intercept=False."
            )
        before = neuron._warm_start
        exponent: Any = 0
        if before is not None and problem.is_adaptive:
            most = compute_max_exponent(problem.learning_rate)
            exponent = before["exponent"].clip(0, most)
        return np.ascontiguousarray(coef, dtype), intercept.astype(dtype), exponent
    coef, intercept = draw_start(
        neuron.init,
        (problem.n_columns, problem.X.shape[1]),
        fit_intercept=neuron.fit_intercept,
        random_state=neuron.random_state,
        dtype=dtype,
    )
    return coef, intercept, 0


def _build_validation(samples, factors, problem):
    """Return the `ValidationRows` of X_val, with class weights, or None."""
    if samples is None:
        return None
    try:
        weight, _ = combine_weights(samples.weight, factors, samples.labels)
        weight = scale_weights(weight, 0, problem.X.dtype)
    except ValueError as error:
        raise ValueError(f"The validation rows cannot be used: {error}") from error
    return ValidationRows(samples.X, samples.labels, weight, problem)


def build_fit_loop(neuron, samples, classes, held_out, given, checkpoints, is_warm_start):
    """Return the `FitLoop` of a fit, with the cheapest kernel for its problem.

    The rows to validate on are those of `samples` that are `held_out`, or those `given`.
    """
    factors = _weigh_classes(neuron, samples, classes, held_out)
    roles = _assign_roles(held_out, samples.labels)
    make = partial(make_problem, norms=samples.norms)
    problem = build_problem(neuron, make, samples, classes, factors, **roles)
    validation = _build_validation(given, factors, problem)
    start = build_start(neuron, problem, is_warm_start)
    max_iter, patience = int(neuron.max_iter), None
    if neuron.early_stopping or neuron.tol > 0:
        patience = Patience(neuron.tol, int(neuron.n_iter_no_change))
    if neuron.warm_start:  # several short fits must round as one long fit does
        kernel = make_kernel(problem)
    else:
        is_validated = validation or neuron.early_stopping
        n_reads = max_iter if is_validated else len(checkpoints) + 1
        kernel = make_cheapest_kernel(problem, start[0], n_steps=max_iter, n_reads=n_reads)
    return FitLoop(
        problem,
        kernel,
        *start,
        max_iter=max_iter,
        checkpoints=checkpoints,
        validation=validation,
        patience=patience,
        stops_early=neuron.early_stopping,
    )


def _check_judged(problem):
    """Raise an error if all held-out rows or all training rows have a weight of 0."""
    validation, training = problem.judging_weight(), problem.training_weight()
    for name, weight in (("validation", validation), ("training", training)):
        if not (weight.sum(axis=0, dtype=np.float64) > 0).all():
            raise ValueError(
                f"The {name} rows cannot be used: sample_weight times class_weight is zero "
                "in every one of them."
            )
