"""Make the fitted attributes with the curves of a fit, including earlier warm fits."""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from sk_neuron._base import flatten
from sk_neuron._kernels import as_numpy
from sk_neuron._solver._objective import report_losses


class WarmStart(TypedDict):
    """What a descent needs, besides its weights, to continue as if it had not ended.

    It is a plain dict, so that pickles name no module of ours.
    """

    exponent: NDArray[np.int64]  # of the next step of each group
    loss: float  # at the weights where it continues
    lowest_loss: float  # the lowest in `loss_curve_`


def describe_curves(neuron, result, problem, is_warm_start):
    """Return the fitted attributes about the course of a fit and of those before it."""
    n_before = neuron._n_steps if is_warm_start else 0
    before = neuron._warm_start if is_warm_start else None
    lowest = np.inf
    if before is not None and result.losses[0] == before["loss"]:  # the data are the same
        lowest = before["lowest_loss"]
    losses = report_losses(problem, result.losses, lowest)
    n_iter, n_learned = n_before + result.n_iter, n_before + result.learned.n_iter
    steps = flatten(result.step_sizes)
    curves = {
        "loss_curve_": extend_curve(neuron, "loss_curve_", n_before, losses[:-1]),
        "learning_rate_curve_": extend_curve(
            neuron, "learning_rate_curve_", n_before, steps
        ),
        "n_iter_": n_iter,
        "_n_steps": n_learned,
        "_warm_start": None,
    }
    if neuron.warm_start:
        learned = result.learned
        if learned.n_iter:
            lowest = losses[: learned.n_iter].min()
        curves["_warm_start"] = WarmStart(
            exponent=learned.exponent,
            loss=float(result.losses[learned.n_iter]),
            lowest_loss=float(lowest),
        )
    if result.validation_losses is not None:
        known = getattr(neuron, "validation_loss_curve_", np.empty(0))
        known = as_numpy(known)[:n_before]
        unknown = np.full(n_before - len(known), np.nan)
        curve = np.concatenate([known, unknown, result.validation_losses])
        best = n_before + result.best_n_iter
        if not neuron.early_stopping:
            best = int(np.nanargmin(curve))
        curves["validation_loss_curve_"] = curve
        curves["best_n_iter_"] = best
        curves["best_validation_score_"] = -float(curve[best])
    if result.checkpoints:
        coefs, intercepts = zip(*result.checkpoints.values(), strict=True)
        curves["checkpoint_iters_"] = np.array(list(result.checkpoints))
        curves["checkpoint_coefs_"] = np.stack(coefs)
        curves["checkpoint_intercepts_"] = np.stack(intercepts)
    return curves


def extend_curve(neuron, name, n_before, values):
    """Return the first `n_before` values of a curve of the neuron, and then `values`."""
    if n_before == 0:
        return values
    return np.concatenate([as_numpy(getattr(neuron, name))[:n_before], values])
