"""Records: the input of a search, its fits and their results."""

from itertools import product
from typing import Any, NamedTuple

import numpy as np

from sk_neuron._kernels import History, Problem
from sk_neuron._solver._fit_loop import Iterate


class SearchInput(NamedTuple):
    """The data, as the user passed them and as the fits use them."""

    X_passed: Any
    y_passed: Any
    X: Any
    y: np.ndarray
    sample_weight: np.ndarray | None
    norms: np.ndarray  # (n,): squared norms of the rows of X


class ScoringSpec(NamedTuple):
    """How to score: with a function of rows if there is one, else with a scorer."""

    row_score: Any
    is_brier_score: bool
    scorer: Any
    params: dict[str, Any]


class Candidates(NamedTuple):
    """The candidates of a search; each of them has all iteration counts."""

    alphas: np.ndarray  # (n_alphas,)
    label_noises: list[Any]  # as the user passed them

    def indices(self):
        """Return the candidates as pairs of indices, (alpha, label noise)."""
        return list(product(range(len(self.alphas)), range(len(self.label_noises))))


class FoldCandidate(NamedTuple):
    """One fit of a descent: a candidate on the training rows of a fold."""

    candidate: tuple[int, int]  # the indices of its alpha and its label noise
    fold: int | None  # None for all rows


class BatchResult(NamedTuple):
    """The weights and histories of the fits of a batch."""

    problem: Problem
    kernel: Any
    fits: list[FoldCandidate]
    points: list[tuple[np.ndarray, ...]]  # at each count
    histories: list[History]  # of the start and of the steps

    def read_fit(self, index, count):
        """Return the problem of a fit, its weights at a count, and all its histories."""
        groups, columns = (
            slice(index * width, (index + 1) * width)
            for width in (
                self.problem.n_groups // len(self.fits),
                self.problem.n_columns // len(self.fits),
            )
        )
        coef, intercept = self.kernel.weights_at(
            tuple(array[columns] for array in self.points[count])
        )
        histories = [
            History(*(array[:, groups] for array in history)) for history in self.histories
        ]
        return self.problem.select_groups(groups), coef, intercept, histories


class FinalFit(NamedTuple):
    """The fit on all rows with the chosen candidate and count."""

    problem: Problem
    learned: Iterate
    squared_error: np.ndarray  # (n_iter + 1, n_groups), before each step and after the last
    step_sizes: np.ndarray  # (n_iter, n_groups)
