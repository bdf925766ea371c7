"""Call the callbacks of scikit-learn, and print the progress of a verbose fit."""

import time
from typing import Any

import numpy as np
from scipy.sparse import issparse

from sk_neuron._compat import ProgressBar
from sk_neuron._input_validation import take_rows
from sk_neuron._kernels import BlockedRows

# Number of parts of a fit whose only callbacks are progress bars: each update takes time.
_BAR_UPDATES = 100

# Minimum time between two lines of a verbose fit, in seconds.
_PRINT_INTERVAL = 1.0


class FitTask:
    """Calls the callbacks at the beginning and end of a fit and of its parts.

    Each step is a part, unless the only callbacks are progress bars: then there are at most
    a hundred parts.
    """

    def __init__(self, estimator, max_iter, X, y, sample_weight, held_out=None):
        callbacks = getattr(estimator, "_skl_callbacks", ())
        if isinstance(X, BlockedRows):
            X, held_out = X.passed, None  # a callback is given all rows then
        is_bar = all(isinstance(callback, ProgressBar) for callback in callbacks)
        self._steps_per_part = -(-max_iter // _BAR_UPDATES) if is_bar else 1
        self._task: Any = None
        self._part: Any = None
        self._end = max_iter  # the step with which the current part ends
        if callbacks and held_out is not None:
            trained = np.flatnonzero(~held_out)
            X, y = (_take(rows, trained) for rows in (X, y))
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._arguments = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        if callbacks:
            n_parts = -(-max_iter // self._steps_per_part)
            self._task = estimator._init_callback_context(max_subtasks=n_parts)
            self._task.call_on_fit_task_begin(**self._arguments)

    @property
    def has_callbacks(self):
        """Whether the estimator has callbacks."""
        return self._task is not None

    def begin(self, n_iter, max_iter):
        """Begin a part, unless one has begun, and return the step with which it ends."""
        if self._task is None:
            return max_iter
        if self._part is None:
            self._part = self._task.subcontext(task_name="step")
            self._part.call_on_fit_task_begin(**self._arguments)
            self._end = min(n_iter + self._steps_per_part, max_iter)
        return self._end

    def end(self, n_iter, is_over, fitted_attributes):
        """End the part, if it is complete, and return whether a callback asks to stop.

        `fitted_attributes()` returns the attributes of an estimator that stops now.
        """
        if self._task is None or (n_iter < self._end and not is_over):
            return False
        part, self._part = self._part, None
        return self._end_task(part, fitted_attributes)

    def close(self, fitted_attributes):
        """End the fit, and before it a part that was interrupted."""
        for task in (self._part, self._task):
            if task is not None:
                self._end_task(task, fitted_attributes)

    def _end_task(self, task, fitted_attributes):
        return task.call_on_fit_task_end(
            **self._arguments, reconstruction_attributes=fitted_attributes
        )


def _take(rows, indices):
    return take_rows(rows.tocsr() if issparse(rows) else rows, indices)


class ProgressLines:
    """Prints the progress of a fit: at most one line per second, and one at its end.

    The callbacks of scikit-learn cannot replace it: they need scikit-learn 1.9, and none of
    them prints a loss.
    """

    def __init__(self, verbose, name):
        self.verbose, self.name = verbose, name
        self._began = self._printed = time.monotonic()

    def report(self, loop, is_last=False):
        """Print a line, unless the last one is less than a second old."""
        now = time.monotonic()
        if not self.verbose or (now - self._printed < _PRINT_INTERVAL and not is_last):
            return
        line = f"[{self.name}] step {loop.n_iter}/{loop.max_iter}"
        line += f", loss {loop.last_loss:.6g}"
        if loop.is_validated:
            line += f", validation loss {loop.last_validation_loss:.6g}"
        speed = loop.n_iter / max(now - self._began, 1e-9)
        print(f"{line}, {speed:,.0f} steps/s", flush=True)
        self._printed = now
