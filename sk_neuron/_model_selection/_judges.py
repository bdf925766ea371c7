"""Judges: they run the fits of a descent to iteration counts and score them.

Each judge has one method, `run(state, start, n_before, counts)`. `start` is the history of
the start and `n_before` the number of steps taken so far. `run` takes the fits to the
counts: to several only if `takes_many_counts` is true. It returns the state after the last
count, the history of the steps, and for each count a pair: the points, and for each fit its
score with the reason why it is missing if it is NaN.
"""

import copy

import numpy as np

from sk_neuron._base import describe_neuron
from sk_neuron._input_validation import (
    scale_by_power,
    take_metadata,
    take_rows,
)
from sk_neuron._kernels import DeviceRows, as_numpy


class PassJudge:
    """Reads the Brier score of the judged rows: the passes over X have computed it."""

    takes_many_counts = True

    def __init__(self, kernel, n_fits):
        self.kernel, self.n_fits = kernel, n_fits
        self.total_weight = kernel.problem.judging_weight().sum(axis=0, dtype=np.float64)

    def run(self, state, start, n_before, counts):
        """Return the state, the history, and the points and scores at each count."""
        n_steps = counts[-1] - n_before
        if len(counts) > 1 and counts[0] > n_before:
            state, history, recording = self.kernel.run_recording(state, n_steps)
            points, finite = recording.points_at(counts - n_before - 1)
        else:
            state, history = self.kernel.run(state, n_steps)
            points = [self.kernel.points(state)]
            finite = self.kernel.are_finite(points[0])[np.newaxis]
        errors = np.vstack([start.judged_error, history.judged_error])
        errors = errors[counts - n_before]
        with np.errstate(all="ignore"):  # NaN without weight
            scores = -(errors / self.total_weight)
        scores = scores.reshape(len(counts), self.n_fits, -1).sum(axis=2)
        finite = finite.reshape(len(counts), self.n_fits, -1).all(axis=2)
        explained = [
            _add_reasons(*of_count, self.kernel)
            for of_count in zip(scores, finite, strict=True)
        ]
        return state, history, list(zip(points, explained, strict=True))


class RowScoreJudge:
    """Computes a score of each row from the raw predictions of the last pass."""

    takes_many_counts = False

    def __init__(self, search, fits, kernel):
        self.search, self.fits, self.kernel = search, fits, kernel
        self.labels = search.labels
        weight = search.scoring.params.get("sample_weight")
        self.weight = np.ones(len(self.labels)) if weight is None else np.asarray(weight)

    def run(self, state, start, n_before, counts):
        """Return the state, the history, and the points and scores at the count."""
        (n_iter,) = counts
        if n_iter > n_before:
            state, history, z = self.kernel.run_predicting(state, n_iter - n_before)
        else:
            state, history = self.kernel.run(state, 0)
            z = self.kernel.raw_prediction(state)
        finite = np.isfinite(z).all(axis=0).reshape(len(self.fits), -1).all(axis=1)
        scores = [
            np.nan if fit.fold is None else self._score(index, fit, z)
            for index, fit in enumerate(self.fits)
        ]
        explained = _add_reasons(scores, finite, self.kernel)
        return state, history, [(self.kernel.points(state), explained)]

    def _score(self, index, fit, z):
        """Return the weighted mean of the scores of the held-out rows of a fit."""
        _, test = self.search.folds[fit.fold]
        n_columns, noise = self.search.n_columns, self.search.stack_noise([fit])
        columns = slice(index * n_columns, (index + 1) * n_columns)
        weight = self.weight[test]
        if weight.any():  # so that products neither underflow nor overflow
            weight, _ = scale_by_power(weight)
        with np.errstate(all="ignore"):  # NaN if it cannot be computed
            scores = self.search.scoring.row_score(
                z[test, columns], self.labels[test], noise
            )
            return (scores * weight).sum() / weight.sum()


class ScorerJudge:
    """Calls a scorer for each fit on its held-out rows."""

    takes_many_counts = False

    def __init__(self, search, fits, kernel):
        self.search, self.fits, self.kernel = search, fits, kernel

    def run(self, state, start, n_before, counts):
        """Return the state, the history, and the points and scores at the count."""
        (n_iter,) = counts
        state, history = self.kernel.run(state, n_iter - n_before)
        points = self.kernel.points(state)
        coef, intercept = self.kernel.weights_at(points)
        finite, scores = self.kernel.are_finite(points), []
        for index, fit in enumerate(self.fits):
            own = slice(index * self.search.n_columns, (index + 1) * self.search.n_columns)
            score = np.nan, _overflow(self.kernel)
            if fit.fold is not None and finite[own].all():
                score = self._call(fit, coef[own], intercept[own], n_iter)
            scores.append(score)
        return state, history, [(points, scores)]

    def _call(self, fit, coef, intercept, n_iter):
        """Return the score from the scorer, and the reason if it is missing."""
        data, scoring = self.search.data, self.search.scoring
        noise = self.search.stack_noise([fit])
        neuron = copy.copy(self.search.neuron)
        candidates, (alpha, noise_index) = self.search.candidates, fit.candidate
        neuron.set_params(
            alpha=float(candidates.alphas[alpha]),
            label_noise=candidates.label_noises[noise_index],
            max_iter=max(1, int(n_iter)),
        )
        learned = describe_neuron(
            self.search.classes, data.y.ndim == 2, coef, intercept, noise
        )
        vars(neuron).update(learned, n_iter_=int(n_iter))
        _, test = self.search.folds[fit.fold]
        try:
            rows = data.X if isinstance(data.X, DeviceRows) else data.X_passed
            X, y = as_numpy(take_rows(rows, test)), take_rows(data.y_passed, test)
            params = take_metadata(data.X_passed, scoring.params, test)
            score = scoring.scorer(neuron, X, y, **params)
            return float(score), f"its score is {score}"
        except Exception as error:  # a scorer may raise any error
            return np.nan, f"the scorer raised {error!r}"


def _add_reasons(scores, finite, kernel):
    """Return pairs (score, reason if it is NaN); fits that are not finite have no score."""
    reasons = np.where(finite, "its held-out rows have no weight", _overflow(kernel))
    return list(zip(np.where(finite, scores, np.nan), reasons.tolist(), strict=True))


def _overflow(kernel):
    return f"the descent overflowed {kernel.problem.X.dtype}"
