"""The descent on rows that are elsewhere: only sums over their blocks come here."""

import numpy as np

from sk_neuron._kernels._compiled import CompiledKernel, has_kernel
from sk_neuron._kernels._numpy import NumpyKernel


class BlockKernel(NumpyKernel):
    """The descent of a problem whose X is `BlockedRows`.

    A step asks each block for its part of the gradient, and adds the parts up where the
    blocks are. What follows from the sum is done here, by the rule of the NumPy kernel.
    """

    def __init__(self, problem):
        super().__init__(problem)
        self.max_steps_per_call = 1  # an interrupt or a callback waits for one step only

    def _bind_rows(self):
        self.held = self.problem.X.hold(split_problem(self.problem))

    def _sum_rows(self, coef, intercept):
        return self.problem.X.sum(gradient, self.held, coef, intercept)


def split_problem(problem):
    """Return the problems of the blocks, without X and weight decay."""
    whole = problem._replace(
        X=None,
        learning_rate=np.ones(1),
        alpha=0.0,
        norm_scale=1.0,
        fit_intercept=True,
        is_adaptive=False,
    )
    parts = []
    for rows in problem.X.slices:
        of_rows = {
            name: getattr(problem, name)[rows]
            for name in ("labels", "sample_weight", "roles", "judge_weight")
            if getattr(problem, name) is not None
        }
        parts.append(whole._replace(**of_rows))
    return parts


def gradient(problem, coef, intercept):
    """Return minus the gradients of coef and of intercept, and the squared errors.

    Weight decay is not in them. The errors are (2, n_groups): on the rows that are trained
    on, and on those that are judged.
    """
    with np.errstate(all="ignore"):  # who asks checks for overflow
        kernel = make_local_kernel(problem)
        state, history = kernel.start(coef, intercept)
        errors = np.concatenate([history.squared_error, history.judged_error])
        return *kernel.gradient(state), errors


def make_local_kernel(problem):
    """Return the fastest kernel for a problem whose X is here."""
    is_empty = 0 in (*problem.X.shape, problem.n_columns)
    if is_empty or not has_kernel(problem.X):
        return NumpyKernel(problem)
    return CompiledKernel(problem)
