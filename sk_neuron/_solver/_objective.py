"""Make the problem that a fit solves.

The objective is a sum over rows. If all weights and alpha are multiplied by one number, the
minimum stays where it is. So both are divided by a power of two, which is exact: then tiny
and huge weights neither underflow nor overflow, and float32 can hold them.
"""

import numpy as np

from sk_neuron._kernels import TRAINED, Problem, mask_weight
from sk_neuron._solver._step_size import (
    bound_curvature,
    compute_curvature,
    invert_curvature,
    scale_norms,
)

# Base-2 logarithm of the largest scaled alpha: up to it float32 can hold alpha w.
_MAX_ALPHA_EXPONENT = 100


def choose_weight_power(power, alpha):
    """Return the exponent of the power of two by which weights and alpha are divided.

    It is the exponent of the weights, or a larger one if alpha is far larger than they are.
    """
    largest = np.max(alpha)
    if largest > 0:
        power = max(power, int(np.frexp(largest)[1]) - _MAX_ALPHA_EXPONENT)
    return power


def scale_weights(weight, power, dtype):
    """Return the weights divided by 2**power, as an array of a dtype."""
    with np.errstate(under="ignore"):  # what is too small beside others is 0
        scaled = np.ldexp(weight, -power).astype(dtype, order="F", copy=False)
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
    n_outputs,
    learning_rate,
    alpha,
    fit_intercept,
    weight_power,
    norms,
    roles=None,
    **fields,
):
    """Return the `Problem` with scaled weights; the other fields are passed on.

    `norms` are the squared norms of the rows. `learning_rate` ("auto" or a number) and
    `alpha` (a number or (n_groups,)) are the user's values, not scaled.
    """
    alpha, norm_scale = _scale(alpha, -weight_power), 1.0
    if learning_rate == "auto":
        trained = mask_weight(weight, roles, TRAINED)
        bound = bound_curvature(norms, trained, alpha, fit_intercept, n_outputs)
        rate, norm_scale = invert_curvature(bound), scale_norms(bound)
    else:
        rate = _scale([float(learning_rate)], weight_power)
    return Problem(
        X,
        labels,
        weight,
        n_outputs=n_outputs,
        learning_rate=rate,
        alpha=alpha,
        fit_intercept=fit_intercept,
        is_adaptive=learning_rate == "auto",
        norm_scale=norm_scale,
        largest_norm=float(np.sqrt(norms.max(initial=0))),
        weight_power=weight_power,
        roles=roles,
        **fields,
    )


def make_batch_problem(
    X,
    labels,
    weight,
    *,
    n_outputs,
    learning_rate,
    alpha,
    fit_intercept,
    weight_power,
    **fields,
):
    """Return the `Problem` of a batch, on which one step is taken; see `make_problem`.

    "auto" is then the largest step that cannot raise the objective of the batch, since the
    curvature on other batches is no guide.
    """
    alpha = _scale(alpha, -weight_power)
    if learning_rate == "auto":
        curvature = compute_curvature(X, weight, alpha, fit_intercept, n_outputs)
        rate = invert_curvature(curvature)
    else:
        rate = _scale([float(learning_rate)], weight_power)
    return Problem(
        X,
        labels,
        weight,
        n_outputs=n_outputs,
        learning_rate=rate,
        alpha=alpha,
        fit_intercept=fit_intercept,
        weight_power=weight_power,
        **fields,
    )


def _scale(value, power):
    """Return value times 2**power, as 0 or infinite where it under- or overflows.

    The overflow of the descent is reported.
    """
    with np.errstate(all="ignore"):
        return np.ldexp(value, power)


def check_step_sizes(problem):
    """Raise an error if a step size is NaN because the curvature bound overflowed."""
    if np.isnan(problem.learning_rate).any():
        raise ValueError(
            "The values in X are not finite, or so large that the sum of their squares, "
            "each times the weight of its row, overflows float64. Scale the features."
        )


def compute_step_sizes(problem, exponent):
    """Return the sizes of steps with these exponents, for the weights before scaling."""
    power = (exponent - problem.weight_power).astype(np.intc)
    return _scale(problem.learning_rate, power)


def mean_brier_score(total_weight, squared_error):
    """Return the Brier score, summed over groups, from squared errors (..., n_groups)."""
    return (squared_error / total_weight).sum(axis=-1)


def report_losses(problem, losses, lowest=np.inf):
    """Return the losses of the kept points, or the lowest so far where none may rise.

    None may rise if the step adapts and there is no weight decay: then a step of 1/L can
    raise the loss only by rounding.
    """
    if not problem.is_adaptive or np.any(problem.alpha):
        return losses
    return np.minimum(np.minimum.accumulate(losses), lowest)
