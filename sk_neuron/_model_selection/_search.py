"""Cross-validate every iteration count, weight decay and label noise in one descent.

Each pair of a fold and a candidate is a group, or several for a multilabel y. The group is
trained on the training rows of its fold and judged by the others. So all of them descend
together, with the fits on all rows. The Brier score then costs no additional pass over X.
A fold whose training rows lack a class learns all classes nonetheless: rows that it holds
out are rows without weight.
"""

import copy
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sk_neuron._input_validation import (
    combine_weights,
    compute_class_factors,
    encode_labels,
    list_classes,
    read_label_noise,
    scale_by_power,
    shape_of_groups,
    take_rows,
)
from sk_neuron._kernels import JUDGED, TRAINED, BlockedRows, compute_raw_prediction
from sk_neuron._kernels._formulas import label_quality
from sk_neuron._model_selection._judges import PassJudge, RowScoreJudge, ScorerJudge
from sk_neuron._model_selection._records import BatchResult, FinalFit, FoldCandidate
from sk_neuron._solver._fit_loop import Iterate, check_overflow
from sk_neuron._solver._gram import make_cheapest_kernel
from sk_neuron._solver._initialization import draw_start
from sk_neuron._solver._objective import (
    choose_weight_power,
    compute_step_sizes,
    make_problem,
    scale_weights,
)
from sk_neuron._solver._outcome import check_weights

# Largest number of elements of an array (n_samples, columns) or (n_features, columns), and
# of the weights kept at all counts: 256 MiB of float64. Larger searches run in batches.
_BATCH_SIZE = 2**25

# Largest number of candidates that are fitted on all rows together with the folds. With
# more it is cheaper to fit the chosen one afterwards.
_MAX_FINAL_FITS = 4

# Largest number of weights that one call of a kernel records: 32 MiB of float64.
_MAX_RECORDED = 2**22


class Search:
    """The scores of all candidates, folds and iteration counts, and the learned weights."""

    def __init__(self, neuron, data, folds, iters, candidates, scoring, refit):
        """Prepare the fits; `neuron` has the parameters that all of them share."""
        self.neuron, self.data, self.folds = neuron, data, folds
        self.iters, self.candidates, self.scoring = iters, candidates, scoring
        shape = len(folds), *map(len, candidates), len(iters)
        self.scores = np.full(shape, np.nan)
        self.failures: dict[int, str] = {}  # by fold
        self.missing: dict[int, list[Any]] = {}  # classes without a training row, by fold
        self._results: list[BatchResult] = []
        self._n_kept = 0  # number of weights in the results
        self._weights: dict[int | None, np.ndarray] = {}  # by fold; None: all rows
        self._weight_power = 0
        self.classes, self.labels = encode_labels(data.y)
        self.n_groups, self.n_outputs = shape_of_groups(self.classes, data.y)
        self._n_scored = 0  # counts of the batch that runs
        self.is_interrupted = False
        self._fits, self._final_fits = self._list_fits()
        self._batches = self._make_batches(refit)
        # All fits start from the same state of a generator, as clones do.
        generator = check_random_state(neuron.random_state)
        self._random_state = copy.deepcopy(generator)
        if neuron.init == "uniform":  # leave the generator as one fit would
            self._draw_start(generator)

    @property
    def n_columns(self):
        """The number of columns of weights of a fit."""
        return self.n_groups * self.n_outputs

    @property
    def n_parts(self):
        """The number of parts of `run`: one for each batch of fits and each count."""
        return len(self._batches) * len(self.iters)

    def run(self, task, describe):
        """Fill in `scores` and `failures`, and prepare for `finish`.

        `task` calls the callbacks for each part; `describe()` returns the attributes of an
        estimator that stops now. After a stop, `iters` and `scores` have
        only the counts that were reached. So they have after an interrupt, if there is a
        count that all fits have reached; else it is raised.
        """
        n_parts, n_before = self.n_parts, 0
        try:
            for number, fits in enumerate(self._batches):
                self._n_scored, n_before = 0, number
                self._run_batch(fits, task, number * len(self.iters), n_parts, describe)
        except KeyboardInterrupt:
            if n_before < len(self._batches) - 1 or self._n_scored == 0:
                raise
            self.is_interrupted = True
            self._cut_counts(self._n_scored)

    def _cut_counts(self, n_counts):
        self.iters = self.iters[:n_counts]
        self.scores = self.scores[..., :n_counts]

    def finish(self, choice):
        """Return the `FinalFit` of a choice."""
        (fit,) = (fit for fit in self._final_fits if fit.candidate == choice.candidate)
        n_iter = int(self.iters[choice.iters_index])
        problem, coef, intercept, histories = self._read_fit(fit, choice.iters_index)
        squared_error, _, exponent = (
            np.vstack(parts)[: n_iter + 1] for parts in zip(*histories, strict=True)
        )
        check_overflow(n_iter, coef, intercept, squared_error, dtype=coef.dtype)
        check_weights(problem, coef, intercept)
        learned = Iterate(
            n_iter, coef.copy(), intercept.copy(), exponent[-1], squared_error[-1], np.nan
        )
        return FinalFit(
            problem, learned, squared_error, compute_step_sizes(problem, exponent[:n_iter])
        )

    def has_final_fit(self, choice):
        """Return whether the chosen fit on all rows has reached the first count."""
        return any(
            fit.candidate == choice.candidate and fit.fold is None
            for result in self._results
            for fit in result.fits
        )

    def label_quality(self, choice):
        """Return the quality of each label, from folds that were not trained on its row.

        It is the mean over these folds, and NaN without any.
        """
        labels = self.labels
        total, n_folds = np.zeros(labels.shape), np.zeros(len(labels))
        for fit in self._fits:
            if fit.candidate != choice.candidate:
                continue
            problem, coef, intercept, _ = self._read_fit(fit, choice.iters_index)
            train, test = self.folds[fit.fold]
            unseen = np.setdiff1d(test, train)
            z = _predict_rows(self.data.X, unseen, coef, intercept)
            total[unseen] += label_quality(
                labels[unseen], z, self.n_outputs, problem.label_noise
            )
            n_folds[unseen] += 1
        with np.errstate(invalid="ignore"):
            quality = total / n_folds[:, np.newaxis]
        return quality if self.data.y.ndim == 2 else quality[:, 0]

    def _read_fit(self, fit, count):
        """Return the problem of a fit, its weights at a count, and its histories.

        If they were not kept, the fit runs again.
        """
        for result in self._results:
            for index, other in enumerate(result.fits):
                if other is fit:
                    return result.read_fit(index, count)
        problem, coef, intercept = self._make_problem([fit])
        n_iter = int(self.iters[count])
        kernel = make_cheapest_kernel(problem, coef, n_steps=n_iter, n_reads=1)
        state, start = kernel.start(coef, intercept)
        state, history = kernel.run(state, n_iter)
        return problem, *kernel.weights(state), [start, history]

    def _list_fits(self):
        """Return the fits of all candidates and folds, and the fits on all rows."""
        for fold in [None, *range(len(self.folds))]:
            try:
                self._weights[fold] = self._weigh_rows(fold)
            except ValueError as error:
                if fold is None:
                    raise
                self.failures[fold] = str(error)
        if self.data.y.ndim == 1:
            for fold, (train, _) in enumerate(self.folds):
                found = np.bincount(self.labels[train, 0], minlength=len(self.classes))
                if not found.all():
                    self.missing[fold] = list_classes(self.classes[found == 0])
        fits = [
            FoldCandidate(candidate, fold)
            for candidate in self.candidates.indices()
            for fold in self._weights
        ]
        return [f for f in fits if f.fold is not None], [f for f in fits if f.fold is None]

    def _make_batches(self, refit):
        """Return batches of fits that descend together in limited memory."""
        n_features = self.data.X.shape[1]
        longest = np.diff(self.iters, prepend=0).max()
        max_fits = _BATCH_SIZE // max(*self.data.X.shape, longest) // self.n_columns
        fits = self._fits + (self._final_fits if refit else [])
        path_size = len(self.iters) * n_features * len(fits) * self.n_columns
        is_large = len(fits) > max_fits or path_size > _BATCH_SIZE
        if is_large or len(self._final_fits) > _MAX_FINAL_FITS:
            fits = self._fits  # the fit on all rows runs after the choice
        size = max(1, max_fits)
        return [fits[first : first + size] for first in range(0, len(fits), size)]

    def _weigh_rows(self, fold):
        """Return the training weights of a fold, 0 in rows that it holds out.

        They are (n, 1) or (n, n_labels).
        """
        n_rows, dtype = len(self.data.y), self.data.X.dtype
        rows = np.arange(n_rows) if fold is None else self.folds[fold][0]
        labels, weight = self.labels[rows], self.data.sample_weight
        weight = None if weight is None else weight[rows]
        factors = compute_class_factors(
            self.neuron.class_weight, self.classes, labels, self.data.y.ndim == 2, weight
        )
        weight, power = combine_weights(weight, factors, labels)
        if fold is None:
            self._weight_power = choose_weight_power(power, self.candidates.alphas)
        # a row that occurs twice in a fold has twice the weight
        weights = [np.bincount(rows, column, n_rows) for column in weight.T]
        return scale_weights(np.stack(weights, axis=1), self._weight_power - power, dtype)

    def _draw_start(self, random_state):
        return draw_start(
            self.neuron.init,
            (self.n_columns, self.data.X.shape[1]),
            fit_intercept=self.neuron.fit_intercept,
            random_state=random_state,
            dtype=self.data.X.dtype,
        )

    def _make_problem(self, fits, test_weights=None):
        """Return one problem of all fits, and its start.

        With `test_weights` (by fold), the held-out rows of a fold judge its groups.
        """
        starts = [self._draw_start(copy.deepcopy(self._random_state)) for _ in fits]
        coef, intercept = map(np.concatenate, zip(*starts, strict=True))
        folds = [fit.fold for fit in fits]
        weight, is_trained = _stack_weights(
            [self._weights[fold] for fold in folds], self.n_groups
        )
        roles = judge_weight = None
        if not is_trained.all():
            roles = TRAINED * is_trained.view(np.uint8)
        if test_weights:
            judge_weight, is_judged = _stack_weights(
                [test_weights[fold] for fold in folds], self.n_groups
            )
            roles = TRAINED * is_trained.view(np.uint8) + JUDGED * is_judged.view(np.uint8)
        alphas = [self.candidates.alphas[fit.candidate[0]] for fit in fits]
        problem = make_problem(
            self.data.X,
            self.labels,
            weight,
            n_groups=len(fits) * self.n_groups,
            n_outputs=self.n_outputs,
            learning_rate=self.neuron.learning_rate,
            alpha=np.repeat(alphas, self.n_groups),
            fit_intercept=self.neuron.fit_intercept,
            weight_power=self._weight_power,
            norms=self.data.norms,
            roles=roles,
            judge_weight=judge_weight,
            label_noise=self.stack_noise(fits),
        )
        return problem, coef, intercept

    def stack_noise(self, fits):
        """Return the label noise of the groups of some fits, or None if none has any."""
        shares = []
        for fit in fits:
            noise = self.candidates.label_noises[fit.candidate[1]]
            read = read_label_noise(noise, self.classes, self.data.y.ndim == 2)
            none = np.zeros((self.n_groups, max(2, self.n_outputs)))
            shares.append(none if read is None else read)
        noise = np.concatenate(shares)
        return noise if noise.any() else None

    def _weigh_tests(self):
        """Return the weights of all rows in the score of each fold, {fold: (n, 1)}."""
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

    def _run_batch(self, fits, task, part, n_parts, describe):
        """Run fits together to every count, score those of folds, and keep the weights.

        Each count is a part of the task.
        """
        by_rows = self.scoring.row_score is not None
        by_passes = by_rows and self.scoring.is_brier_score
        problem, coef, intercept = self._make_problem(
            fits, self._weigh_tests() if by_passes else None
        )
        n_steps, n_reads = self.iters[-1], 1 if by_rows else len(self.iters)
        kernel = make_cheapest_kernel(problem, coef, n_steps=n_steps, n_reads=n_reads)
        if by_passes:
            judge: Any = PassJudge(kernel, len(fits))
        else:
            judge = (RowScoreJudge if by_rows else ScorerJudge)(self, fits, kernel)
        result = BatchResult(problem, kernel, fits, [], [])
        size = len(self.iters) * problem.n_columns * self.data.X.shape[1]
        is_kept = self._n_kept + size <= _BATCH_SIZE
        if is_kept:
            self._results.append(result)
            self._n_kept += size
        task.begin(part, n_parts)
        state, start = kernel.start(coef, intercept)
        n_iter = 0
        result.histories.append(start)
        for counts in self._group_counts(judge, kernel, problem, task):
            state, history, found = judge.run(state, start, n_iter, self.iters[counts])
            result.histories.append(history)
            for count, (points, scores) in zip(counts, found, strict=True):
                n_iter = self.iters[count]
                if is_kept:
                    result.points.append(tuple(array.copy() for array in points))
                for fit, (score, reason) in zip(fits, scores, strict=True):
                    if fit.fold is not None:
                        self._record_score(fit, count, score, reason)
            self._n_scored = count + 1
            if task.end(part + count + 1, False, describe):
                self._cut_counts(count + 1)
                return
            if count + 1 < len(self.iters):
                task.begin(part + count + 1, n_parts)

    def _group_counts(self, judge, kernel, problem, task):
        """Yield arrays of indices of counts that one call of the kernel reaches.

        It is a single count if there are callbacks, or if the judge takes only one.
        """
        n_weights = problem.n_columns * problem.X.shape[1]
        max_steps = min(kernel.max_steps_per_call, _MAX_RECORDED // max(1, n_weights))
        is_one_by_one = task.has_callbacks or not judge.takes_many_counts
        first, n_before = 0, 0
        for count, n_iter in enumerate(self.iters[1:], start=1):
            if is_one_by_one or n_iter - n_before > max_steps or self.iters[first] == 0:
                yield np.arange(first, count)
                first, n_before = count, self.iters[count - 1]
        yield np.arange(first, len(self.iters))

    def _record_score(self, fit, count, score, reason):
        """Store a score, and the reason if it is NaN."""
        self.scores[fit.fold, *fit.candidate, count] = score
        if np.isnan(score):
            self.failures.setdefault(fit.fold, reason)


def _stack_weights(weights, n_groups):
    """Return the weights of fits as one array, and where they are positive, (n, groups).

    The array has one column if the fits differ only in which rows have no weight.
    """
    width = n_groups // weights[0].shape[1]
    weight = np.hstack([np.repeat(of_fit, width, axis=1) for of_fit in weights])
    is_used = weight > 0
    largest = weight.max(axis=1, keepdims=True)
    return (largest if ((weight == largest) | ~is_used).all() else weight), is_used


def _predict_rows(X, rows, coef, intercept):
    """Return x · w + b of some rows, (len(rows), columns)."""
    if isinstance(X, BlockedRows):
        return compute_raw_prediction(X, coef, intercept)[rows]
    return compute_raw_prediction(take_rows(X, rows), coef, intercept)
