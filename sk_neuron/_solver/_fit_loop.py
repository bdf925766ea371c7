"""Run the steps of a fit, and return its result."""

from typing import NamedTuple

import numpy as np

from sk_neuron._kernels import History
from sk_neuron._solver._objective import compute_step_sizes, mean_brier_score
from sk_neuron._solver._validation import check_validation

# Largest number of weights that one call of a kernel records: 32 MiB of float64.
_MAX_RECORDED = 2**22

# Largest number of steps before patience is checked, as a fraction of the steps so far. The
# steps after it ran out are wasted.
_CHECK_FRACTION = 1 / 8


class Iterate(NamedTuple):
    """The weights after `n_iter` steps, and the exponent of the step that would follow."""

    n_iter: int
    coef: np.ndarray  # (columns, d)
    intercept: np.ndarray  # (columns,)
    exponent: np.ndarray  # (n_groups,)
    squared_error: np.ndarray  # (n_groups,), on the training rows
    validation_loss: float


class FitResult(NamedTuple):
    """The result of a fit. A loss is the Brier score, summed over groups."""

    learned: Iterate  # the last; with early stopping that with the lowest validation loss
    n_iter: int  # the number of steps taken
    losses: np.ndarray  # (n_iter + 1,): training loss before each step and after the last
    step_sizes: np.ndarray  # (n_iter, n_groups)
    validation_losses: np.ndarray | None  # (n_iter + 1,)
    best_n_iter: int  # the first step with the lowest validation loss
    checkpoints: dict[int, tuple[np.ndarray, np.ndarray]]  # {n_iter: (coef, intercept)}
    is_interrupted: bool
    is_over: bool  # it ended before max_iter


class FitLoop:
    """Takes the steps of a fit; between calls of the kernel it can return its result.

    The validation loss comes from the judged rows of the problem, or from the separate rows
    `validation`. The fit ends when `patience` runs out. It watches the training loss, or
    with `stops_early` the validation loss; then the weights with the lowest validation loss
    are the learned ones.
    """

    def __init__(
        self,
        problem,
        kernel,
        coef,
        intercept,
        exponent,
        *,
        max_iter,
        checkpoints,
        validation=None,
        patience=None,
        stops_early=False,
    ):
        self.problem, self.kernel, self.max_iter = problem, kernel, max_iter
        self.checkpoints, self.validation = checkpoints, validation
        self.patience, self.stops_early = patience, stops_early
        self.is_interrupted = self.is_stopped = False
        self.is_validated = validation is not None or problem.judge_weight is not None
        self._total_weight, best = problem.total_weight(), None
        self._checkpoint_weights = {}
        if problem.judge_weight is not None:
            judging = problem.judging_weight()
            self._total_judging_weight = judging.sum(axis=0, dtype=np.float64)
        state, history = kernel.start(coef, intercept, exponent)
        check_overflow(0, history.squared_error, dtype=coef.dtype)
        self._histories, self._losses, self._validation_losses = [], [], []
        if self.is_validated:
            if validation:
                loss = validation.measure(coef[np.newaxis], intercept[np.newaxis])
            else:
                loss = self._average_judged(history)
            check_validation(loss)
            self._validation_losses.append(loss)
            first = history.exponent[0], history.squared_error[0]
            best = Iterate(0, coef, intercept, *first, loss[0])
        losses = self._average(history)
        if patience:
            patience.update(self._validation_losses[0] if stops_early else losses)
        self._reach(0, state, best, history, losses)

    @property
    def n_iter(self):
        """The number of steps taken."""
        return self._reached[0]

    @property
    def is_over(self):
        """Whether the fit ended before `max_iter`."""
        is_spent = self.patience is not None and self.patience.remaining == 0
        return is_spent or self.is_stopped or self.is_interrupted

    def run(self, task, lines, describe):
        """Take steps until `max_iter`, or until the fit is over, and return its result.

        `task` is told of each part of the fit, and `lines` may print one. `describe`
        returns the fitted attributes of a result, for callbacks that ask for them.
        """
        try:
            while self.n_iter < self.max_iter and not self.is_over:
                end = task.begin(self.n_iter, self.max_iter)
                n_steps = min(end - self.n_iter, self._choose_n_steps())
                if self.is_validated:
                    self._run_validated(n_steps)
                else:
                    self._run(n_steps)
                lines.report(self)
                self.is_stopped = task.end(
                    self.n_iter, self.is_over, lambda: describe(self.result())
                )
        except KeyboardInterrupt:
            if self.n_iter == 0:
                raise
            self.is_interrupted = True
        lines.report(self, is_last=True)
        return self.result()

    @property
    def last_loss(self):
        """The loss on the training rows after the last step."""
        return self._losses[-1][-1]

    @property
    def last_validation_loss(self):
        """The loss on the validation rows after the last step."""
        return self._validation_losses[-1][-1]

    def result(self):
        """Return the `FitResult` of a fit that ends now."""
        n_iter, state, best = self._reached
        history = History(*map(np.concatenate, zip(*self._histories, strict=True)))
        learned = best
        if not self.stops_early:
            coef, intercept = self.kernel.weights(state)
            last = history.exponent[n_iter], history.squared_error[n_iter]
            learned = Iterate(n_iter, coef, intercept, *last, np.nan)
        check_overflow(n_iter, learned.coef, learned.intercept, dtype=learned.coef.dtype)
        validation_losses = None
        if self.is_validated:
            validation_losses = np.concatenate(self._validation_losses)[: n_iter + 1]
        return FitResult(
            learned,
            n_iter,
            np.concatenate(self._losses)[: n_iter + 1],
            compute_step_sizes(self.problem, history.exponent[:n_iter]),
            validation_losses,
            best.n_iter if best else n_iter,
            {n: weights for n, weights in self._checkpoint_weights.items() if n <= n_iter},
            self.is_interrupted,
            self.is_over,
        )

    def _choose_n_steps(self):
        """Return how many steps to take in the next call of the kernel."""
        n_iter = self.n_iter
        later = self.checkpoints[self.checkpoints > n_iter]
        ends = [self.max_iter, *later[:1]]
        counts = [self.kernel.max_steps_per_call, *(end - n_iter for end in ends)]
        if self.patience:
            counts.append(max(self.patience.remaining, int(n_iter * _CHECK_FRACTION)))
        if self.is_validated:
            n_weights = self.problem.X.shape[1] * self.problem.n_columns
            counts.append(max(1, _MAX_RECORDED // n_weights))
        if self.validation:
            counts.append(self.validation.count_steps_per_call())
        return int(min(counts))

    def _run(self, n_steps):
        """Take steps, without those after patience runs out."""
        n_iter, now, _ = self._reached
        state, history = self.kernel.run(now, n_steps)
        losses = self._average(history)
        n_taken = self.patience.update(losses) if self.patience else n_steps
        if n_taken < n_steps:  # repeat only the steps to keep
            state, history = self.kernel.run(now, n_taken)
            losses = losses[:n_taken]
        check_overflow(n_iter + n_taken, losses, dtype=self.problem.X.dtype)
        self._reach(n_iter + n_taken, state, None, history, losses)

    def _run_validated(self, n_steps):
        """Take steps, and compute the validation loss after each of them."""
        n_iter, now, best = self._reached
        state, history, recording = self.kernel.run_recording(now, n_steps)
        losses = self._average(history)
        if self.validation:
            coefs, intercepts = recording.weights_at(slice(None))
            measured = self.validation.measure(coefs, intercepts)
            validation_losses = self._reuse_losses(now, coefs, intercepts, measured)
        else:
            validation_losses = self._average_judged(history)
        n_taken = n_steps
        if self.patience:
            watched = validation_losses if self.stops_early else losses
            n_taken = self.patience.update(watched)
        losses, validation_losses = losses[:n_taken], validation_losses[:n_taken]
        coef, _ = recording.weights_at(n_taken - 1)
        check_overflow(n_iter + n_taken, coef, losses, dtype=coef.dtype)
        check_validation(validation_losses)
        if n_taken < n_steps:  # repeat only the steps to keep
            state, history = self.kernel.run(now, n_taken)
        step = int(np.argmin(validation_losses))
        if validation_losses[step] < best.validation_loss:
            coef, intercept = recording.weights_at(step)
            best = Iterate(
                n_iter + step + 1,
                coef.copy(),
                intercept.copy(),
                history.exponent[step],
                history.squared_error[step],
                validation_losses[step],
            )
        self._validation_losses.append(validation_losses)
        self._reach(n_iter + n_taken, state, best, history, losses)

    def _reuse_losses(self, state, coefs, intercepts, losses):
        """Return the losses, but the loss before where all groups rejected the step.

        The weights are then the same, but their loss may be computed with other rounding.
        """
        coef, intercept = self.kernel.weights(state)
        before = np.concatenate([coef[np.newaxis], coefs[:-1]])
        is_same = (coefs == before).all(axis=(1, 2))
        before = np.concatenate([intercept[np.newaxis], intercepts[:-1]])
        is_same &= (intercepts == before).all(axis=1)
        known = np.append(self._validation_losses[-1][-1], losses)
        for index in np.flatnonzero(is_same):
            known[index + 1] = known[index]
        return known[1:]

    def _reach(self, n_iter, state, best, history, losses):
        """Store what the last steps led to, and the weights if it is a checkpoint."""
        if n_iter in self.checkpoints:
            coef, intercept = self.kernel.weights(state)
            check_overflow(n_iter, coef, intercept, dtype=coef.dtype)
            self._checkpoint_weights[n_iter] = coef, intercept
        self._histories.append(history)
        self._losses.append(losses)
        # Last and in one assignment, so that an interrupt leaves a whole number of steps.
        self._reached = n_iter, state, best

    def _average_judged(self, history):
        return mean_brier_score(self._total_judging_weight, history.judged_error)

    def _average(self, history):
        return mean_brier_score(self._total_weight, history.squared_error)


def check_overflow(n_iter, *results, dtype):
    """Raise an error if a result of a descent is not finite."""
    if not all(np.isfinite(result).all() for result in results):
        raise ValueError(
            f"The descent overflowed {dtype} within {n_iter} iterations. "
            "Scale the features, or choose a smaller learning_rate or alpha."
        )
