"""Cross-validate every iteration count and weight decay in one descent.

A fold is a column like any other: the rows that it holds out have no weight in it. So all
folds, classes and alphas advance together, and the fit on all rows with them.
"""

import copy
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from sk_neuron._advance import Problem, select_columns
from sk_neuron._base import describe_neuron
from sk_neuron._compiled import History
from sk_neuron._inputs import (
    combine_weights,
    encode_targets,
    find_class_factors,
    take_metadata,
    take_rows,
)
from sk_neuron._scoring import HeldOut
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
# kept of the fits on all rows, beyond which fits go in groups: 256 MiB of float64.
_GROUP_SIZE = 2**25


class Data(NamedTuple):
    """The rows, as the user passed them and as the neurons see them."""

    X: Any
    y: Any
    features: Any
    labels: np.ndarray
    sample_weight: np.ndarray | None


class Scoring(NamedTuple):
    """How to score: from potentials where that is known, else by a scorer."""

    row_score: Any
    scorer: Any
    params: dict[str, Any]


class Fit(NamedTuple):
    """One of the fits that share a descent: of an alpha on the training rows of a fold."""

    alpha: int  # its place among the alphas
    fold: int | None  # None for all rows
    classes: np.ndarray
    n_neurons: int


class FinalFit(NamedTuple):
    """The fit on all rows with what was chosen."""

    problem: Problem
    learned: Iterate
    squared_error: np.ndarray  # (n_iter + 1, K), before each step and after the last
    step_sizes: np.ndarray  # (n_iter, K)


class Search:
    """The scores of all alphas, folds and iteration counts, and what was learned there."""

    def __init__(self, neuron, data, folds, iters, alphas, scoring, refit):
        """Look at the rows of each fold; `neuron` has the parameters that fits share."""
        self.neuron, self.data, self.folds = neuron, data, folds
        self.iters, self.alphas, self.scoring = iters, alphas, scoring
        self.scores = np.full((len(alphas), len(folds), len(iters)), np.nan)
        self.failures: dict[int, str] = {}  # by fold
        # What the fits on all rows have learned at each count, if they share the descent.
        self._path: list[tuple[Any, ...]] = []
        self._shared: Any = None  # their problem, and the kernel
        self._weight_power = 0
        self._fits, self._final_fits = self._plan()
        self._groups = self._group_fits(refit)
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
        """The number of parts of `run`: each group of fits at each count is one."""
        return len(self._groups) * len(self.iters)

    def run(self, task, fitted_attributes):
        """Fill in `scores` and `failures`, and with `refit` prepare for `finish`.

        `task` is told of each part; `fitted_attributes` returns those of an estimator that
        stops there. Then neither `iters` nor `scores` have the counts that were not
        reached.
        """
        n_parts = self.n_parts
        for number, group in enumerate(self._groups):
            self._descend(group, task, number * len(self.iters), n_parts, fitted_attributes)

    def _group_fits(self, refit):
        """Return the fits that share a descent: groups that do not take too much memory."""
        n_features = self.data.features.shape[1]
        longest = np.diff(self.iters, prepend=0).max()
        most_columns = _GROUP_SIZE // max(*self.data.features.shape, longest)
        fits = self._fits + (self._final_fits if refit else [])
        path_size = refit * len(self.iters) * n_features * _count_columns(self._final_fits)
        if _count_columns(fits) > most_columns or path_size > _GROUP_SIZE:
            fits = self._fits  # the fit on all rows then waits until the choice is made
        return list(_group(fits, most_columns))

    def finish(self, alpha, count):
        """Return the fit on all rows with the alpha and count of these indices."""
        fit, n_iter = self._final_fits[alpha], int(self.iters[count])
        if self._path:
            problem, kernel = self._shared
            columns = slice(alpha * fit.n_neurons, (alpha + 1) * fit.n_neurons)
            problem = select_columns(problem, columns)
            coef, intercept = kernel.weights_at(
                tuple(array[columns] for array in self._path[count][0])
            )
            histories = [
                [array[:, columns] for array in history]
                for _, history in self._path[: count + 1]
            ]
        else:
            problem, coef, intercept, _ = self._join([fit])
            kernel = make_cheapest_kernel(problem, coef, n_steps=n_iter, n_reads=1)
            state, start = kernel.start(coef, intercept)
            state, history = kernel.run(state, n_iter)
            coef, intercept = kernel.weights(state)
            histories = [start, history]
        squared_error, exponent = map(np.vstack, zip(*histories, strict=True))
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
            try:
                target, _ = self._encode(fold)
            except ValueError as error:
                if fold is None:
                    raise
                self.failures[fold] = str(error)
            else:
                rows = slice(None) if fold is None else self.folds[fold][0]
                classes, _ = encode_targets(self.data.labels[rows])
                known[fold] = classes, target.shape[1]
        fits = [
            Fit(alpha, fold, *known[fold])
            for alpha in range(len(self.alphas))
            for fold in known
        ]
        return [f for f in fits if f.fold is not None], [f for f in fits if f.fold is None]

    def _encode(self, fold):
        """Return the targets and weights of a fold for all rows: -1 and 0 if held out."""
        n_rows, dtype = len(self.data.labels), self.data.features.dtype
        rows = np.arange(n_rows) if fold is None else self.folds[fold][0]
        labels, weight = self.data.labels[rows], self.data.sample_weight
        weight = None if weight is None else weight[rows]
        _, some = encode_targets(labels)
        factors = find_class_factors(
            self.neuron.class_weight, np.unique(labels), labels, weight
        )
        weight, power = combine_weights(weight, factors, labels)
        if fold is None:
            self._weight_power = limit_alpha(power, self.alphas)
        # a row that was drawn twice has twice the weight
        weights = [np.bincount(rows, column, n_rows) for column in weight.T]
        weight = scale_weights(np.stack(weights, axis=1), self._weight_power - power, dtype)
        target = np.zeros((n_rows, some.shape[1]), np.int8, order="F")
        target[rows] = some
        return np.where(weight > 0, target, np.int8(-1)), weight

    def _draw_start(self, fit, random_state):
        return draw_start(
            self.neuron.init,
            (fit.n_neurons, self.data.features.shape[1]),
            fit_intercept=self.neuron.fit_intercept,
            random_state=random_state,
            dtype=self.data.features.dtype,
        )

    def _join(self, fits):
        """Return one problem of all fits, its start, and the columns of each fit."""
        ends = np.cumsum([fit.n_neurons for fit in fits])
        columns = [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        shape, dtype = (len(self.data.labels), ends[-1]), self.data.features.dtype
        target = np.empty(shape, np.int8, order="F")
        coef = np.zeros((ends[-1], self.data.features.shape[1]), dtype)
        intercept, alpha = np.zeros(ends[-1], dtype), np.empty(ends[-1])
        weights = {}
        for fold in dict.fromkeys(fit.fold for fit in fits):
            fold_target, weights[fold] = self._encode(fold)
            for fit, here in zip(fits, columns, strict=True):
                if fit.fold == fold:
                    target[:, here] = fold_target
        for fit, here in zip(fits, columns, strict=True):
            start = self._draw_start(fit, copy.deepcopy(self._random_state))
            coef[here], intercept[here] = start
            alpha[here] = self.alphas[fit.alpha]
        weight = _share(weights.values())
        if weight.shape[1] > 1:
            weight = np.empty(shape, dtype, order="F")
            for fit, here in zip(fits, columns, strict=True):
                weight[:, here] = weights[fit.fold]
        problem = make_problem(
            self.data.features,
            target,
            weight,
            learning_rate=self.neuron.learning_rate,
            alpha=alpha,
            fit_intercept=self.neuron.fit_intercept,
            weight_power=self._weight_power,
        )
        return problem, coef, intercept, columns

    def _descend(self, fits, task, part, n_parts, fitted_attributes):
        """Take fits to every count together; score the folds there, keep the others.

        Each count is a part of the task.
        """
        problem, coef, intercept, columns = self._join(fits)
        columns_of_fits = list(zip(fits, columns, strict=True))
        final = [here for fit, here in columns_of_fits if fit.fold is None]
        at_once = [
            (fit, here) for fit, here in columns_of_fits if self._scores_at_once(fit)
        ]
        one_by_one = [
            (fit, here)
            for fit, here in columns_of_fits
            if fit.fold is not None and not self._scores_at_once(fit)
        ]
        kernel = make_cheapest_kernel(
            problem,
            coef,
            n_steps=self.iters[-1],
            n_reads=len(self.iters) if one_by_one else 1,
        )
        if final:
            final_columns = slice(final[0].start, final[-1].stop)
            self._shared = select_columns(problem, final_columns), kernel
        held_out = self._hold_out(at_once) if at_once else None
        task.begin(part, n_parts)
        state, start = kernel.start(coef, intercept)
        for count, n_iter in enumerate(self.iters):
            n_before = self.iters[count - 1] if count else 0
            state, history = kernel.run(state, n_iter - n_before)
            if count == 0:
                history = History(*map(np.vstack, zip(start, history, strict=True)))
            if final:
                points = tuple(a[final_columns].copy() for a in kernel.points(state))
                errors, exponents = (a[:, final_columns].copy() for a in history)
                self._path.append((points, History(errors, exponents)))
            z = kernel.raw_prediction(state)
            finite = np.isfinite(z).all(axis=0)
            if held_out:
                for (fit, here), score in zip(at_once, held_out.score(z), strict=True):
                    reason = "its held-out rows have no weight"
                    if not finite[here].all():
                        score, reason = np.nan, f"the descent overflowed {z.dtype}"
                    self._note(fit, count, score, reason)
            if one_by_one:
                coefs, intercepts = kernel.weights(state)
            for fit, here in one_by_one:
                score, reason = np.nan, f"the descent overflowed {z.dtype}"
                if finite[here].all():
                    score, reason = self._call_scorer(
                        fit, coefs[here], intercepts[here], n_iter
                    )
                self._note(fit, count, score, reason)
            if task.end(part + count + 1, False, fitted_attributes):
                self.iters = self.iters[: count + 1]
                self.scores = self.scores[..., : count + 1]
                return
            if count + 1 < len(self.iters):
                task.begin(part + count + 1, n_parts)

    def _scores_at_once(self, fit):
        """Return whether a fit is scored from potentials: it must know all classes."""
        known = len(fit.classes) == len(self._final_fits[0].classes)
        return fit.fold is not None and self.scoring.row_score is not None and known

    def _hold_out(self, places):
        _, target = encode_targets(self.data.labels)
        weight = self.scoring.params.get("sample_weight")
        return HeldOut(
            [self.folds[fit.fold][1] for fit, _ in places],
            [here for _, here in places],
            target,
            np.ones(len(target)) if weight is None else np.asarray(weight),
            self.scoring.row_score,
        )

    def _call_scorer(self, fit, coef, intercept, n_iter):
        """Return the score by the scorer, and why there is none."""
        neuron = copy.copy(self.neuron)
        alpha = float(self.alphas[fit.alpha])
        neuron.set_params(alpha=alpha, max_iter=max(1, int(n_iter)))
        multilabel = self.data.labels.ndim == 2
        learned = describe_neuron(fit.classes, multilabel, coef, intercept)
        vars(neuron).update(learned, n_iter_=int(n_iter))
        X, y, test = self.data.X, self.data.y, self.folds[fit.fold][1]
        try:
            params = take_metadata(X, self.scoring.params, test)
            score = self.scoring.scorer(
                neuron, take_rows(X, test), take_rows(y, test), **params
            )
            return float(score), f"its score is {score}"
        except Exception as error:  # whatever a scorer may raise
            return np.nan, f"the scorer raised {error!r}"

    def _note(self, fit, count, score, reason):
        self.scores[fit.alpha, fit.fold, count] = score
        if np.isnan(score):
            self.failures.setdefault(fit.fold, reason)


def _share(weights):
    """Return the weights of folds as one column, if they differ only in rows held out."""
    weight = np.hstack(list(weights))
    largest = weight.max(axis=1, keepdims=True)
    return largest if ((weight == largest) | (weight == 0)).all() else weight


def _count_columns(fits):
    return sum(fit.n_neurons for fit in fits)


def _group(fits, n_columns):
    """Yield fits together that have so many columns at most, and at least one fit."""
    group: list[Fit] = []
    for fit in fits:
        if group and _count_columns([*group, fit]) > n_columns:
            yield group
            group = []
        group.append(fit)
    if group:
        yield group
