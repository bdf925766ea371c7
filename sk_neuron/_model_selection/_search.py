"""Cross-validate every iteration count and weight decay in one descent.

A fold is a group like any other, or several for a multilabel y: it is not trained on the
rows that it holds out, and judged by them. So all folds and alphas descend together, and
the fit on all rows with them. By the Brier score, judging costs nothing beyond that.
"""

import copy
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from sk_neuron._inputs import (
    combine_weights,
    encode_labels,
    find_class_factors,
    scale_by_power,
    shape_of_groups,
)
from sk_neuron._kernels import JUDGED, TRAINED, History, Problem
from sk_neuron._model_selection._judges import CalledScorer, HeldOut, JudgedRows
from sk_neuron._solver._fit_loop import Iterate, check_overflow
from sk_neuron._solver._gram import make_cheapest_kernel
from sk_neuron._solver._initialization import draw_start
from sk_neuron._solver._objective import (
    limit_alpha,
    make_problem,
    scale_weights,
    step_sizes,
)

# Elements of an array of (n_samples, columns) or (n_features, columns), or of the weights
# kept of the fits on all rows, beyond which fits go in batches: 256 MiB of float64.
_BATCH_SIZE = 2**25

# The most weights that one call of a kernel records.
_MAX_RECORDED = 2**22


class SearchInput(NamedTuple):
    """The rows, as the user passed them and as they are trained on."""

    X_passed: Any
    y_passed: Any
    X: Any
    y: np.ndarray
    sample_weight: np.ndarray | None
    norms: np.ndarray  # (n,) squared, of the rows of X


class ScoringSpec(NamedTuple):
    """How to score: by a row score where that is known, else by a scorer."""

    row_score: Any
    is_brier_score: bool
    scorer: Any
    params: dict[str, Any]


class FoldCandidate(NamedTuple):
    """One of the fits that share a descent: of an alpha on the training rows of a fold."""

    alpha_index: int
    fold: int | None  # None for all rows
    classes: np.ndarray
    n_groups: int
    n_outputs: int

    @property
    def n_columns(self):
        """The number of columns of weights."""
        return self.n_groups * self.n_outputs


class FinalFit(NamedTuple):
    """The fit on all rows with what was chosen."""

    problem: Problem
    learned: Iterate
    squared_error: np.ndarray  # (n_iter + 1, n_groups), before each step and after the last
    step_sizes: np.ndarray  # (n_iter, n_groups)


class Search:
    """The scores of all alphas, folds and iteration counts, and what was learned there."""

    def __init__(self, neuron, data, folds, iters, alphas, scoring, refit):
        """Look at the rows of each fold; `neuron` has the parameters that fits share."""
        self.neuron, self.data, self.folds = neuron, data, folds
        self.iters, self.alphas, self.scoring = iters, alphas, scoring
        self.scores = np.full((len(alphas), len(folds), len(iters)), np.nan)
        self.failures: dict[int, str] = {}  # by fold
        # What the fits on all rows have learned at each count, if they share the descent.
        self._path: list[tuple[np.ndarray, ...]] = []
        self._histories: list[History] = []
        self._shared: Any = None  # their problem, and the kernel
        self._weight_power = 0
        self._fits, self._final_fits = self._plan()
        self._batches = self._divide(refit)
        # All fits start from the same state of a generator, as clones do.
        generator = check_random_state(neuron.random_state)
        self._random_state = copy.deepcopy(generator)
        if neuron.init == "uniform":  # which is then where a fit leaves it
            self._draw_start(self._final_fits[0], generator)

    @property
    def has_path(self):
        """Whether the fits on all rows have reached the first count with the others."""
        return bool(self._path)

    @property
    def n_parts(self):
        """The number of parts of `run`: each batch of fits at each count is one."""
        return len(self._batches) * len(self.iters)

    def run(self, task, fitted_attributes):
        """Fill in `scores` and `failures`, and prepare for `finish`.

        `task` is told of each part; `fitted_attributes` returns those of an estimator that
        stops there. Then neither `iters` nor `scores` have the counts that were not
        reached.
        """
        n_parts = self.n_parts
        for number, fits in enumerate(self._batches):
            self._descend(fits, task, number * len(self.iters), n_parts, fitted_attributes)

    def finish(self, alpha_index, count):
        """Return the fit on all rows with the alpha and count of these indices."""
        fit, n_iter = self._final_fits[alpha_index], int(self.iters[count])
        if self._path:
            problem, kernel = self._shared
            groups = slice(alpha_index * fit.n_groups, (alpha_index + 1) * fit.n_groups)
            columns = slice(alpha_index * fit.n_columns, (alpha_index + 1) * fit.n_columns)
            problem = problem.select_groups(groups)
            coef, intercept = kernel.weights_at(
                tuple(array[columns] for array in self._path[count])
            )
            histories = [
                History(*(array[:, groups] for array in history))
                for history in self._histories
            ]
        else:
            problem, coef, intercept = self._join([fit])
            kernel = make_cheapest_kernel(problem, coef, n_steps=n_iter, n_reads=1)
            state, start = kernel.start(coef, intercept)
            state, history = kernel.run(state, n_iter)
            coef, intercept = kernel.weights(state)
            histories = [start, history]
        squared_error, _, exponent = (
            np.vstack(parts)[: n_iter + 1] for parts in zip(*histories, strict=True)
        )
        check_overflow(n_iter, coef, intercept, squared_error, dtype=coef.dtype)
        learned = Iterate(
            n_iter, coef.copy(), intercept.copy(), exponent[-1], squared_error[-1], np.nan
        )
        return FinalFit(
            problem, learned, squared_error, step_sizes(problem, exponent[:n_iter])
        )

    def _plan(self):
        """Return the fits of all alphas and folds, and those on all rows."""
        known = {}
        for fold in [None, *range(len(self.folds))]:
            rows = slice(None) if fold is None else self.folds[fold][0]
            try:
                classes, _ = encode_labels(self.data.y[rows])
                self._weigh(fold)
            except ValueError as error:
                if fold is None:
                    raise
                self.failures[fold] = str(error)
            else:
                known[fold] = classes, *shape_of_groups(classes, self.data.y)
        fits = [
            FoldCandidate(alpha_index, fold, *known[fold])
            for alpha_index in range(len(self.alphas))
            for fold in known
        ]
        return [f for f in fits if f.fold is not None], [f for f in fits if f.fold is None]

    def _divide(self, refit):
        """Return batches of fits that descend together, in not too much memory.

        Their groups are alike; those of a fold that lacks a class are not.
        """
        n_features = self.data.X.shape[1]
        longest = np.diff(self.iters, prepend=0).max()
        most_columns = _BATCH_SIZE // max(*self.data.X.shape, longest)
        classes = self._final_fits[0].classes
        whole = [fit for fit in self._fits if len(fit.classes) == len(classes)]
        lacking = [fit for fit in self._fits if len(fit.classes) < len(classes)]
        path_size = len(self.iters) * n_features * _count_columns(self._final_fits)
        shared = whole + (self._final_fits if refit else [])
        if _count_columns(shared) > most_columns or path_size > _BATCH_SIZE:
            shared = whole  # the fit on all rows then waits until the choice is made
        batches = list(_split(shared, most_columns))
        for fold in dict.fromkeys(fit.fold for fit in lacking):
            of_fold = [fit for fit in lacking if fit.fold == fold]
            batches += _split(of_fold, most_columns)
        return batches

    def _weigh(self, fold):
        """Return the weights of all rows in the training of a fold, 0 where held out.

        They are (n, 1) or (n, n_labels).
        """
        n_rows, dtype = len(self.data.y), self.data.X.dtype
        rows = np.arange(n_rows) if fold is None else self.folds[fold][0]
        y, weight = self.data.y[rows], self.data.sample_weight
        weight = None if weight is None else weight[rows]
        factors = find_class_factors(self.neuron.class_weight, np.unique(y), y, weight)
        weight, power = combine_weights(weight, factors, y)
        if fold is None:
            self._weight_power = limit_alpha(power, self.alphas)
        # a row that was drawn twice has twice the weight
        weights = [np.bincount(rows, column, n_rows) for column in weight.T]
        return scale_weights(np.stack(weights, axis=1), self._weight_power - power, dtype)

    def _draw_start(self, fit, random_state):
        return draw_start(
            self.neuron.init,
            (fit.n_columns, self.data.X.shape[1]),
            fit_intercept=self.neuron.fit_intercept,
            random_state=random_state,
            dtype=self.data.X.dtype,
        )

    def _join(self, fits, test_weights=None):
        """Return one problem of all fits, and its start.

        With `test_weights`, by fold, groups are judged by what their fold holds out.
        """
        starts = [self._draw_start(fit, copy.deepcopy(self._random_state)) for fit in fits]
        coef, intercept = map(np.concatenate, zip(*starts, strict=True))
        first, folds = fits[0], [fit.fold for fit in fits]
        weights = {fold: self._weigh(fold) for fold in dict.fromkeys(folds)}
        weight, is_trained = _share([weights[fold] for fold in folds], first.n_groups)
        roles = judge_weight = None
        if not is_trained.all():
            roles = TRAINED * is_trained.view(np.uint8)
        if test_weights:
            judge_weight, is_judged = _share(
                [test_weights[fold] for fold in folds], first.n_groups
            )
            roles = TRAINED * is_trained.view(np.uint8) + JUDGED * is_judged.view(np.uint8)
        problem = make_problem(
            self.data.X,
            self._encode(first),
            weight,
            n_groups=len(fits) * first.n_groups,
            n_outputs=first.n_outputs,
            learning_rate=self.neuron.learning_rate,
            alpha=np.repeat([self.alphas[fit.alpha_index] for fit in fits], first.n_groups),
            fit_intercept=self.neuron.fit_intercept,
            weight_power=self._weight_power,
            norms=self.data.norms,
            roles=roles,
            judge_weight=judge_weight,
        )
        return problem, coef, intercept

    def _encode(self, fit):
        """Return the labels of all rows among the classes of a fit; 0 of other classes."""
        if self.data.y.ndim == 2:
            return encode_labels(self.data.y)[1]
        index = np.searchsorted(fit.classes, self.data.y).clip(0, len(fit.classes) - 1)
        index = np.where(fit.classes[index] == self.data.y, index, 0)
        return index.astype(np.int32)[:, np.newaxis]

    def _weigh_tests(self):
        """Return the weights of all rows in the score of each fold, (n, 1)."""
        n_rows, dtype = len(self.data.y), self.data.X.dtype
        weight = self.scoring.params.get("sample_weight")
        weight = np.ones(n_rows) if weight is None else np.asarray(weight)
        weights: dict[int | None, np.ndarray] = {None: np.zeros((n_rows, 1), dtype)}
        for fold, (_, test) in enumerate(self.folds):
            scaled = weight[test]
            if scaled.any():
                scaled, _ = scale_by_power(scaled)
            scaled = np.bincount(test, scaled, n_rows)
            weights[fold] = scaled.astype(dtype)[:, np.newaxis]
        return weights

    def _descend(self, fits, task, part, n_parts, fitted_attributes):
        """Take fits to every count together; score the folds there, keep the others.

        Each count is a part of the task.
        """
        by_rows = self._has_row_scores(fits)
        by_passes = by_rows and self.scoring.is_brier_score
        problem, coef, intercept = self._join(
            fits, self._weigh_tests() if by_passes else None
        )
        n_steps, n_reads = self.iters[-1], 1 if by_rows else len(self.iters)
        kernel = make_cheapest_kernel(problem, coef, n_steps=n_steps, n_reads=n_reads)
        if by_passes:
            judge: Any = JudgedRows(problem, kernel, len(fits))
        else:
            judge = (HeldOut if by_rows else CalledScorer)(self, fits, kernel)
        final = [index for index, fit in enumerate(fits) if fit.fold is None]
        if final:
            groups, columns = (
                slice(final[0] * width, (final[-1] + 1) * width)
                for width in (fits[0].n_groups, fits[0].n_columns)
            )
            self._shared = problem.select_groups(groups), kernel
        task.begin(part, n_parts)
        state, start = kernel.start(coef, intercept)
        if final:
            self._histories = [History(*(array[:, groups] for array in start))]
        n_iter = 0
        for counts in self._group_counts(judge, kernel, problem, task):
            state, history, found = judge.run(state, start, n_iter, self.iters[counts])
            if final:
                own = History(*(array[:, groups].copy() for array in history))
                self._histories.append(own)
            for count, (points, scores) in zip(counts, found, strict=True):
                n_iter = self.iters[count]
                if final:
                    self._path.append(tuple(array[columns].copy() for array in points))
                for fit, (score, reason) in zip(fits, scores, strict=True):
                    if fit.fold is not None:
                        self._note(fit, count, score, reason)
            if task.end(part + count + 1, False, fitted_attributes):
                self.iters = self.iters[: count + 1]
                self.scores = self.scores[..., : count + 1]
                return
            if count + 1 < len(self.iters):
                task.begin(part + count + 1, n_parts)

    def _group_counts(self, judge, kernel, problem, task):
        """Yield the indices of counts to go to in one call of a kernel, which records them.

        Where callbacks are told of every count it is one, and so where the fits have to be
        scored one by one.
        """
        n_weights = problem.n_columns * problem.X.shape[1]
        most = min(kernel.max_steps_per_call, _MAX_RECORDED // max(1, n_weights))
        is_alone = task.is_told or not judge.takes_many
        first, n_before = 0, 0
        for count, n_iter in enumerate(self.iters[1:], start=1):
            if is_alone or n_iter - n_before > most or self.iters[first] == 0:
                yield np.arange(first, count)
                first, n_before = count, self.iters[count - 1]
        yield np.arange(first, len(self.iters))

    def _has_row_scores(self, fits):
        """Return whether rows can be scored by themselves: fits must know all classes."""
        n_classes = len(self._final_fits[0].classes)
        return self.scoring.row_score is not None and len(fits[0].classes) == n_classes

    def _note(self, fit, count, score, reason):
        self.scores[fit.alpha_index, fit.fold, count] = score
        if np.isnan(score):
            self.failures.setdefault(fit.fold, reason)


def _share(weights, n_groups):
    """Return the weights of fits as one array, and where they are not zero, (n, groups).

    The array has one column where the fits differ only in the rows without weight.
    """
    width = n_groups // weights[0].shape[1]
    weight = np.hstack([np.repeat(some, width, axis=1) for some in weights])
    is_used = weight > 0
    largest = weight.max(axis=1, keepdims=True)
    return (largest if ((weight == largest) | ~is_used).all() else weight), is_used


def _count_columns(fits):
    return sum(fit.n_columns for fit in fits)


def _split(fits, n_columns):
    """Yield batches of fits that have so many columns at most, and at least one fit."""
    batch: list[FoldCandidate] = []
    for fit in fits:
        if batch and _count_columns([*batch, fit]) > n_columns:
            yield batch
            batch = []
        batch.append(fit)
    if batch:
        yield batch
