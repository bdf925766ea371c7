"""Put together what is trained.

The objective is a sum over rows, so all weights times a number, and alpha times the same,
ask for the same answer. Both are divided by a power of two, which is exact: then neither
tiny nor huge weights under- or overflow on the way, and float32 can hold them.
"""

import numpy as np

from sk_neuron._kernels import TRAINED, Problem, mask_weight
from sk_neuron._solver._step_size import (
    bound_curvature,
    compute_curvature,
    invert_curvature,
    scale_norms,
)

# Alpha is at most 2 to this power once it is scaled, so that float32 can hold alpha w.
_LARGEST_ALPHA = 100


def choose_weight_power(power, alpha):
    """Return the exponent of the power of two that weights and alpha are divided by.

    It is that of the weights, or larger where alpha is huge beside them.
    """
    largest = np.max(alpha)
    if largest > 0:
        power = max(power, int(np.frexp(largest)[1]) - _LARGEST_ALPHA)
    return power


def scale_weights(weight, power, dtype):
    """Return weights divided by 2 to a power, in some precision."""
    scaled = np.ldexp(weight, -power).astype(dtype, order="F")
    if (scaled.sum(axis=0, dtype=np.float64) == 0).any():
        raise ValueError(
            "sample_weight times class_weight is zero in every row, in "
            f"{scaled.dtype}: the weights are too small beside others, or beside alpha."
        )
    return scaled


def make_problem(
    X,
    labels,
    weight,
    *,
    n_groups,
    n_outputs,
    learning_rate,
    alpha,
    fit_intercept,
    weight_power,
    norms,
    roles=None,
    judge_weight=None,
    label_noise=None,
):
    """Return the problem of scaled weights; `norms` are the squared norms of the rows.

    `learning_rate` is "auto" or a number, `alpha` a number or (n_groups,), both as the user
    says.
    """
    alpha, norm_scale = np.ldexp(alpha, -weight_power), 1.0
    if learning_rate == "auto":
        trained = mask_weight(weight, roles, TRAINED)
        bound = bound_curvature(norms, trained, alpha, fit_intercept, n_outputs)
        rate, norm_scale = invert_curvature(bound), scale_norms(bound)
    else:
        rate = _scale_rate(learning_rate, weight_power)
    return Problem(
        X,
        labels,
        weight,
        n_groups,
        n_outputs,
        rate,
        alpha,
        fit_intercept,
        is_adaptive=learning_rate == "auto",
        norm_scale=norm_scale,
        largest_norm=float(np.sqrt(norms.max(initial=0))),
        weight_power=weight_power,
        roles=roles,
        judge_weight=judge_weight,
        label_noise=label_noise,
    )


def make_batch_problem(
    X,
    labels,
    weight,
    *,
    n_groups,
    n_outputs,
    learning_rate,
    alpha,
    fit_intercept,
    weight_power,
    label_noise=None,
):
    """Return the problem of a batch of rows, on which a single step is taken.

    "auto" is then the largest step that cannot raise the objective of the batch: what the
    curvature was on another batch says nothing.
    """
    alpha = np.ldexp(alpha, -weight_power)
    if learning_rate == "auto":
        curvature = compute_curvature(X, weight, alpha, fit_intercept, n_outputs)
        rate = invert_curvature(curvature)
    else:
        rate = _scale_rate(learning_rate, weight_power)
    return Problem(
        X,
        labels,
        weight,
        n_groups,
        n_outputs,
        rate,
        alpha,
        fit_intercept,
        weight_power=weight_power,
        label_noise=label_noise,
    )


def _scale_rate(learning_rate, weight_power):
    """Return the step size for scaled weights, (1,)."""
    with np.errstate(over="ignore"):  # the descent overflows then, and says so
        return np.ldexp([float(learning_rate)], weight_power)


def check_step_sizes(problem):
    """Raise an error if a step size is NaN, since the bound of the curvature overflowed."""
    if np.isnan(problem.learning_rate).any():
        raise ValueError(
            "The values in X are not finite, or so large that the sum of their squares, "
            "each times the weight of its row, overflows float64. Scale the features."
        )


def compute_step_sizes(problem, exponent):
    """Return the size of steps with these exponents, in units of the user's weights."""
    with np.errstate(over="ignore"):  # infinite for weights near the smallest number
        power = (exponent - problem.weight_power).astype(np.intc)
        return np.ldexp(problem.learning_rate, power)


def mean_brier_score(total_weight, squared_error):
    """Return the Brier score of squared errors (..., n_groups), summed over groups."""
    return (squared_error / total_weight).sum(axis=-1)


def report_losses(problem, losses, lowest=np.inf):
    """Return the losses of the points kept, or the lowest so far where none may rise.

    That is where the step adapts, without weight decay: there a step of 1/L can raise the
    loss by rounding only.
    """
    if not problem.is_adaptive or np.any(problem.alpha):
        return losses
    return np.minimum(np.minimum.accumulate(losses), lowest)
