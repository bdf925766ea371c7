"""The problem that a kernel solves: groups of columns that share one X."""

from typing import Any, NamedTuple

import numpy as np

# Bits of the role of a row: it is trained on, judged (only its error is computed, for
# validation), both or neither.
TRAINED, JUDGED = 1, 2


class Problem(NamedTuple):
    """Groups of `n_outputs` columns: sigmoid neurons if it is 1, else softmax layers.

    Group g has column g % n_label_sets of `labels`; a label is between 0 and n_outputs - 1,
    and 0 or 1 for a neuron. All groups share an array of the shape (n, 1) or (1,).
    """

    X: Any  # (n, d): an array, CSR or `BlockedRows`
    labels: np.ndarray  # (n, n_label_sets) int32
    sample_weight: np.ndarray  # (n, n_groups) or (n, 1)
    n_groups: int
    n_outputs: int
    learning_rate: np.ndarray  # (n_groups,) or (1,); the smallest step if it adapts
    alpha: float | np.ndarray  # one, or (n_groups,)
    fit_intercept: bool
    is_adaptive: bool = False
    norm_scale: float | np.ndarray = 1.0  # a power of two that keeps squared norms finite
    largest_norm: float = np.inf  # largest norm of a row of X
    weight_power: int = 0  # weights, alpha and objective are divided by 2**this
    roles: np.ndarray | None = None  # (n, n_groups) uint8; None: all rows are trained on
    judge_weight: np.ndarray | None = None  # (n, n_groups) or (n, 1); needs roles
    label_noise: np.ndarray | None = None  # (n_groups, n_classes): see `_formulas`

    @property
    def n_columns(self):
        """The number of columns of all groups."""
        return self.n_groups * self.n_outputs

    def training_weight(self):
        """Return the weights of the rows, 0 where a row is not trained on."""
        return mask_weight(self.sample_weight, self.roles, TRAINED)

    def total_weight(self):
        """Return the total weight of the training rows, (n_groups,) or (1,)."""
        return self.training_weight().sum(axis=0, dtype=np.float64)

    def judging_weight(self):
        """Return the weights of the rows, 0 where a row is not judged."""
        return mask_weight(self.judge_weight, self.roles, JUDGED)

    def select_groups(self, groups):
        """Return the problem of a slice of groups; the first must have label set 0."""
        parts = {}
        names = "sample_weight", "learning_rate", "alpha", "norm_scale", "roles"
        for name in (*names, "judge_weight"):
            value = getattr(self, name)
            is_shared = value is None or np.shape(value)[-1:] in ((), (1,))
            parts[name] = value if is_shared else value[..., groups]
        if self.label_noise is not None:
            noise = self.label_noise[groups]
            parts["label_noise"] = noise if noise.any() else None
        return self._replace(n_groups=groups.stop - groups.start, **parts)


def mask_weight(weight, roles, role):
    """Return the weights, 0 where a row does not have the role."""
    if roles is None:
        return weight
    # column-major like the arrays of the kernels, so that sums round alike
    return np.asfortranarray(weight * ((roles & role) > 0))
