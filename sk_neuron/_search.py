"""Cross-validate every iteration count and weight decay in one descent.

A fold is a column like any other: the rows that it holds out have no weight in it. So all
folds, classes and alphas advance together, and the fit on all rows with them.
"""

import copy
from typing import Any, NamedTuple

import numpy as np

from sk_neuron._advance import Layer
from sk_neuron._descent import check_overflow, descend, draw_start
from sk_neuron._inputs import encode_targets, encode_weights, take_metadata, take_rows
from sk_neuron._learning_rate import auto_learning_rate
from sk_neuron._rule import potential
from sk_neuron._scoring import HeldOut
from sk_neuron._span import enter_span

# Elements of an array of (n_samples, columns), or of the weights kept of the fits on all
# rows, beyond which fits go in groups: 512 MiB of float64.
_GROUP_SIZE = 2**26


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


class Training(NamedTuple):
    """What a fit on some of the rows is given, encoded from these rows alone."""

    rows: np.ndarray  # indices that may repeat
    classes: np.ndarray
    n_neurons: int
    weight: np.ndarray  # (n, 1), or (n, K): 0 for the other rows


class Fit(NamedTuple):
    """One of the fits that share a descent."""

    place: tuple[int, int] | None  # its alpha and fold in the scores, None for all rows
    training: Training
    alpha: float
    learning_rate: np.ndarray
    coef: np.ndarray  # the start
    intercept: np.ndarray


class Search:
    """The scores of all alphas, folds and iteration counts, and what was learned there."""

    def __init__(self, neuron, data, folds, iters, alphas, scoring):
        """Encode the data; `neuron` has the parameters that all fits share."""
        self.neuron, self.data, self.folds = neuron, data, folds
        self.iters, self.alphas, self.scoring = iters, alphas, scoring
        self.scores = np.full((len(alphas), len(folds), len(iters)), np.nan)
        self.failures: dict[int, str] = {}  # by fold
        self._path: list[Any] = []  # of the fits on all rows
        self._fits, self._final_fits = self._encode_fits()

    def run(self, refit):
        """Fill in `scores` and `failures`; with `refit`, prepare for `finish`."""
        n_rows, n_features = self.data.features.shape
        fits = self._fits + (self._final_fits if refit else [])
        path_size = len(self.iters) * n_features * _count_columns(self._final_fits)
        if max(n_rows * _count_columns(fits), path_size) <= _GROUP_SIZE:
            self._descend(fits)
        else:  # the fit on all rows then waits until the choice is made
            for group in _group(self._fits, _GROUP_SIZE // n_rows):
                self._descend(group)

    def finish(self, alpha, count):
        """Return the fit on all rows with the alpha and count at these places."""
        fit, n_iter = self._final_fits[alpha], self.iters[count]
        if self._path:
            width = fit.training.n_neurons
            columns = slice(alpha * width, (alpha + 1) * width)
            coef, intercept, _ = (a[..., columns] for a in self._path[count])
            errors = [error[:, columns] for _, _, error in self._path[: count + 1]]
            leave_span = self._leave_span
        else:
            layer, coef, intercept, _ = self._join([fit])
            layer, coef, leave_span = enter_span(layer, coef, n_steps=n_iter, n_reads=1)
            ((_, coef, intercept, error),) = descend(layer, coef, intercept, [n_iter])
            errors = [error]
        squared_error = np.vstack(errors)
        check_overflow(n_iter, coef, intercept, squared_error)
        return fit, leave_span(coef).T, intercept, squared_error

    def _encode_fits(self):
        """Return the fits of all alphas and folds, and those on all rows."""
        whole = self._encode(np.arange(len(self.data.labels)))
        trainings: dict[int | None, Training] = {}
        for number, (train, _) in enumerate(self.folds):
            try:
                trainings[number] = self._encode(train)
            except ValueError as error:
                self.failures[number] = str(error)
        trainings[None] = whole  # last, as it alone uses up a generator
        starts = {fold: self._draw_start(fold, trainings[fold]) for fold in trainings}
        rates = self._learning_rates(trainings)
        fits: list[Fit] = []
        final_fits: list[Fit] = []
        for place, alpha in enumerate(self.alphas):
            for fold, training in trainings.items():
                given = training, alpha, rates[fold][place], *starts[fold]
                if fold is None:
                    final_fits.append(Fit(None, *given))
                else:
                    fits.append(Fit((place, fold), *given))
        return fits, final_fits

    def _encode(self, rows):
        labels, weight = self.data.labels[rows], self.data.sample_weight
        weight = None if weight is None else weight[rows]
        dtype = self.data.features.dtype
        classes, target = encode_targets(labels, dtype)
        weight = encode_weights(weight, self.neuron.class_weight, labels, dtype)
        # a row that was drawn twice has twice the weight
        spread = [np.bincount(rows, w, len(self.data.labels)) for w in weight.T]
        return Training(rows, classes, target.shape[1], np.stack(spread, 1).astype(dtype))

    def _draw_start(self, fold, training):
        # As for clones: all start from the same state of a generator.
        state = self.neuron.random_state
        return draw_start(
            self.neuron.init,
            (self.data.features.shape[1], training.n_neurons),
            fit_intercept=self.neuron.fit_intercept,
            random_state=state if fold is None else copy.deepcopy(state),
            dtype=self.data.features.dtype,
        )

    def _learning_rates(self, trainings):
        """Return the step sizes of each training, a row for each alpha."""
        rate = self.neuron.learning_rate
        if rate != "auto":
            return dict.fromkeys(trainings, np.full((len(self.alphas), 1), float(rate)))
        rates = auto_learning_rate(
            self.data.features,
            np.hstack([training.weight for training in trainings.values()]),
            self.alphas[:, np.newaxis],
            self.neuron.fit_intercept,
        )
        ends = np.cumsum([training.weight.shape[1] for training in trainings.values()])
        return dict(zip(trainings, np.split(rates, ends[:-1], axis=1), strict=True))

    def _join(self, fits):
        """Return one layer of all fits, its start, and the columns of each fit."""
        ends = np.cumsum([_count_columns([fit]) for fit in fits])
        columns = [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        shape, dtype = (len(self.data.labels), ends[-1]), self.data.features.dtype
        target, weight = (np.zeros(shape, dtype, order="F") for _ in range(2))
        rate, alpha = np.empty(ends[-1]), np.empty(ends[-1])
        for fit, here in zip(fits, columns, strict=True):
            rows = fit.training.rows
            target[rows, here] = encode_targets(self.data.labels[rows], dtype)[1]
            weight[:, here] = fit.training.weight
            rate[here], alpha[here] = fit.learning_rate, fit.alpha
        layer = Layer(
            self.data.features, target, weight, rate, alpha, self.neuron.fit_intercept
        )
        coef = np.hstack([fit.coef for fit in fits])
        return layer, coef, np.hstack([fit.intercept for fit in fits]), columns

    def _descend(self, fits):
        """Take fits to every count together; score the folds there, keep the others."""
        layer, coef, intercept, columns = self._join(fits)
        places = list(zip(fits, columns, strict=True))
        kept = [here for fit, here in places if fit.place is None]
        at_once = [(fit, here) for fit, here in places if self._scores_at_once(fit)]
        one_by_one = [
            (fit, here)
            for fit, here in places
            if fit.place is not None and not self._scores_at_once(fit)
        ]
        layer, coef, self._leave_span = enter_span(
            layer,
            coef,
            n_steps=self.iters[-1],
            n_reads=len(self.iters) if one_by_one else 1,
        )
        held_out = self._hold_out(at_once) if at_once else None
        stops = descend(layer, coef, intercept, self.iters)
        for count, (n_iter, coef, intercept, squared_error) in enumerate(stops):
            if kept:
                here = slice(kept[0].start, kept[-1].stop)
                results = coef[:, here], intercept[here], squared_error[:, here]
                self._path.append([array.copy() for array in results])
            with np.errstate(all="ignore"):
                z = potential(layer.features, coef, intercept)
            finite = np.isfinite(z).all(axis=0)
            if held_out:
                for (fit, here), score in zip(at_once, held_out.score(z), strict=True):
                    reason = "its held-out rows have no weight"
                    if not finite[here].all():
                        score, reason = np.nan, f"the descent overflowed {z.dtype}"
                    self._note(fit, count, score, reason)
            if one_by_one:
                weights = self._leave_span(coef).T
            for fit, here in one_by_one:
                score, reason = np.nan, f"the descent overflowed {z.dtype}"
                if finite[here].all():
                    score, reason = self._call_scorer(
                        fit, weights[here], intercept[here], n_iter
                    )
                self._note(fit, count, score, reason)

    def _scores_at_once(self, fit):
        """Return whether a fit is scored from potentials: it must know all classes."""
        known = len(fit.training.classes) == len(self._final_fits[0].training.classes)
        return fit.place is not None and self.scoring.row_score is not None and known

    def _hold_out(self, places):
        _, target = encode_targets(self.data.labels, self.data.features.dtype)
        weight = self.scoring.params.get("sample_weight")
        return HeldOut(
            [self.folds[fit.place[1]][1] for fit, _ in places],
            [here for _, here in places],
            target,
            np.ones(len(target)) if weight is None else np.asarray(weight),
            self.scoring.row_score,
        )

    def _call_scorer(self, fit, coef, intercept, n_iter):
        """Return the score by the scorer, and why there is none."""
        neuron = copy.copy(self.neuron)
        neuron.set_params(alpha=fit.alpha, max_iter=max(1, int(n_iter)))
        neuron._store(
            fit.training.classes, self.data.labels.ndim == 2, coef, intercept, n_iter
        )
        X, y, test = self.data.X, self.data.y, self.folds[fit.place[1]][1]
        try:
            params = take_metadata(X, self.scoring.params, test)
            score = self.scoring.scorer(
                neuron, take_rows(X, test), take_rows(y, test), **params
            )
            return float(score), f"its score is {score}"
        except Exception as error:  # whatever a scorer may raise
            return np.nan, f"the scorer raised {error!r}"

    def _note(self, fit, count, score, reason):
        place, fold = fit.place
        self.scores[place, fold, count] = score
        if np.isnan(score):
            self.failures.setdefault(fold, reason)


def _count_columns(fits):
    return sum(fit.training.n_neurons for fit in fits)


def _group(fits, n_columns):
    """Yield fits together that have so many columns at most, and at least one fit."""
    group: list[Fit] = []
    for fit in fits:
        if group and _count_columns([*group, fit]) > n_columns:
            yield group
            group = []
        group.append(fit)
    yield group
