"""One fit from its first step to its last: who looks on, and when it stops."""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning

from sk_neuron._advance import prepare
from sk_neuron._descent import average_error, check_overflow
from sk_neuron._validation import check_validation

# Elements of the weights that are kept of steps that are looked at one by one.
_TRACED = 2**22

# Where a fit may stop, a share of the steps so far is taken before the next look.
_LOOK = 8

# Columns of X whose magnitudes differ by more than this are said to hinder convergence.
_UNEVEN = 1000


class Patience:
    """Waits for a loss to fall: by more than `tol` within so many steps, or it is over."""

    def __init__(self, tol, n_iter_no_change):
        self.tol, self.n_iter_no_change = tol, n_iter_no_change
        self.reference, self.waited = np.inf, 0  # the loss has to fall below the reference

    @property
    def left(self):
        """The number of losses that are waited for at least."""
        return self.n_iter_no_change - self.waited

    def spend(self, losses):
        """Return how many of the losses were looked at until patience ran out, or all."""
        last_fall = -self.waited  # its place among the losses, counted from 1
        for place, loss in enumerate(losses.tolist(), start=1):
            if loss < self.reference:
                self.reference, last_fall = loss - self.tol, place
            elif place - last_fall == self.n_iter_no_change:
                break
        self.waited = place - last_fall
        return place


class Reached(NamedTuple):
    """How far a fit has come; `best` is what is best on the validation rows."""

    n_iter: int
    coef: np.ndarray
    intercept: np.ndarray
    best: "Best | None"


class Best(NamedTuple):
    """The step with the lowest loss on the validation rows, the first of equal ones."""

    loss: float
    n_iter: int
    coef: np.ndarray
    intercept: np.ndarray


class Training:
    """A fit of a layer of neurons, which ends after `max_iter` steps or before.

    With `validation` rows their loss is measured at every step. With `patience` the fit is
    over when that is spent: on the training loss, or with `stops_early` on the validation
    loss, and then the result is what was best there. `leave_span` is the way from the coef
    of the layer to those of the features.
    """

    def __init__(
        self,
        layer,
        coef,
        intercept,
        leave_span,
        *,
        max_iter,
        checkpoints,
        validation=None,
        patience=None,
        stops_early=False,
    ):
        self.layer, self.max_iter = layer, max_iter
        self.leave_span = leave_span or (lambda coef: coef)
        self.checkpoints, self.validation = checkpoints, validation
        self.patience, self.stops_early = patience, stops_early
        self.is_interrupted = self.is_stopped = False
        self._kernel = prepare(layer)
        self._losses, self._validation_losses, self._kept = [], [], {}
        best = None
        if validation:
            (loss,) = self._validate(coef[np.newaxis], intercept[np.newaxis])
            self._validation_losses.append(np.array([loss]))
            best = Best(loss, 0, coef, intercept)
            if stops_early:
                patience.spend(self._validation_losses[0])
        self._set(Reached(0, coef, intercept, best))

    @property
    def n_iter(self):
        """The number of steps taken."""
        return self._now.n_iter

    @property
    def best_n_iter(self):
        """The step with the lowest loss on the validation rows."""
        return self._now.best.n_iter

    @property
    def result(self):
        """The coef (d, K) and intercept (K,) learned."""
        learned = self._now.best if self.stops_early else self._now
        return self.leave_span(learned.coef), learned.intercept

    @property
    def loss_curve(self):
        """The loss on the training rows before each step."""
        return np.concatenate(self._losses)[: self.n_iter]

    @property
    def validation_loss_curve(self):
        """The loss on the validation rows before each step and after the last."""
        return np.concatenate(self._validation_losses)[: self.n_iter + 1]

    @property
    def last_loss(self):
        """The last of `loss_curve`."""
        return self._losses[-1][-1]

    @property
    def last_validation_loss(self):
        """The last of `validation_loss_curve`."""
        return self._validation_losses[-1][-1]

    @property
    def kept(self):
        """The weights at the checkpoints that were reached, by iteration count."""
        return {n: weights for n, weights in self._kept.items() if n <= self.n_iter}

    @property
    def is_over(self):
        """Whether the fit ends before `max_iter`."""
        ran_out = self.patience is not None and self.patience.left == 0
        return ran_out or self.is_stopped or self.is_interrupted

    def run(self, task, lines, learned):
        """Take all steps, or as many as it takes until the fit is over.

        `task` and `lines` are told of them; `learned` returns what an estimator that stops
        has learned.
        """
        try:
            while self.n_iter < self.max_iter and not self.is_over:
                end = task.begin(self.n_iter, self.max_iter)
                n_steps = min(end - self.n_iter, self._count_next())
                if self.patience or self.validation:
                    self._advance_watched(n_steps)
                else:
                    self._advance(n_steps)
                lines.tell(self)
                self.is_stopped = task.end(self.n_iter, self.is_over, learned)
        except KeyboardInterrupt:
            if self.n_iter == 0:
                raise
            self.is_interrupted = True

    def _count_next(self):
        """Return how many steps to take before the next look."""
        n_iter, size = self.n_iter, self._now.coef.size
        stops = self.checkpoints[self.checkpoints > n_iter]
        counts = [self.max_iter - n_iter, *stops[:1] - n_iter, self._kernel.n_at_once]
        if self.patience or self.validation:
            counts.append(max(1, _TRACED // size))
        if self.patience:
            counts.append(max(self.patience.left, n_iter // _LOOK))
        if self.validation:
            counts.append(self.validation.count_at_once())
        return int(min(counts))

    def _advance(self, n_steps):
        before = self._now
        coef, intercept, squared_error = self._kernel.advance(*before[1:3], n_steps)
        n_iter = before.n_iter + n_steps
        check_overflow(n_iter, coef, intercept, squared_error)
        self._losses.append(average_error(self.layer.weight, squared_error))
        self._set(Reached(n_iter, coef, intercept, None))

    def _advance_watched(self, n_steps):
        """Look at every step, and take none of those after patience is spent."""
        before = self._now
        coefs, intercepts, squared_error = self._kernel.trace(*before[1:3], n_steps)
        losses, best = average_error(self.layer.weight, squared_error), before.best
        judged = losses
        if self.validation:
            validation_losses = self._validate(coefs, intercepts)
            judged = validation_losses if self.stops_early else losses
        if self.patience:
            n_steps = self.patience.spend(judged)
        coefs, intercepts, losses = (a[:n_steps] for a in (coefs, intercepts, losses))
        n_iter = before.n_iter + n_steps
        check_overflow(n_iter, coefs[-1], intercepts[-1], losses)
        if self.validation:
            validation_losses = validation_losses[:n_steps]
            check_validation(validation_losses)
            step = np.argmin(validation_losses)
            if validation_losses[step] < best.loss:
                place = before.n_iter + int(step) + 1
                arrays = coefs[step].copy(), intercepts[step].copy()
                best = Best(validation_losses[step], place, *arrays)
            self._validation_losses.append(validation_losses)
        self._losses.append(losses)
        self._set(Reached(n_iter, coefs[-1].copy(), intercepts[-1].copy(), best))

    def _set(self, reached):
        if reached.n_iter in self.checkpoints:
            coef = self.leave_span(reached.coef)
            self._kept[reached.n_iter] = coef.T, reached.intercept
        self._now = reached  # last, so that an interrupt leaves a whole number of steps

    def _validate(self, coefs, intercepts):
        flat = coefs.transpose(1, 2, 0).reshape(coefs.shape[1], -1)
        return self.validation.measure(self.leave_span(flat), intercepts.T)


def warn_of_outcome(training, tol, features):
    """Warn if a fit was interrupted, or was to converge and did not."""
    if training.is_interrupted:
        warnings.warn(
            f"The fit was interrupted at iteration {training.n_iter} of "
            f"{training.max_iter}. The weights reached are kept: with warm_start=True "
            "another fit goes on from there.",
            UserWarning,
            stacklevel=4,
        )
    elif tol > 0 and not training.is_over:
        low, high = features.min(axis=0), features.max(axis=0)
        if issparse(features):
            low, high = low.toarray().ravel(), high.toarray().ravel()
        magnitude = np.maximum(-low, high)
        magnitude = magnitude[magnitude > 0]
        remedy = "Raise max_iter or tol."
        if len(magnitude) and magnitude.max() > _UNEVEN * magnitude.min():
            scaler = "MaxAbsScaler" if issparse(features) else "StandardScaler"
            remedy = (
                "The largest values of the features range from "
                f"{magnitude.min():.2g} to {magnitude.max():.2g}: put a {scaler} before, "
                "or raise max_iter."
            )
        warnings.warn(
            f"max_iter={training.max_iter} was reached while the loss still fell by more "
            f"than tol={tol} within n_iter_no_change steps. {remedy}",
            ConvergenceWarning,
            stacklevel=4,
        )
