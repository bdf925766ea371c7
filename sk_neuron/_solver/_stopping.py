"""Decide when a fit ends before `max_iter`."""

import numpy as np


class Patience:
    """Stops a fit if its loss has not fallen by more than `tol` within some steps."""

    def __init__(self, tol, n_iter_no_change):
        self.tol, self.n_iter_no_change = tol, n_iter_no_change
        self.reference, self.waited = np.inf, 0  # a fall is a loss below the reference

    @property
    def remaining(self):
        """How many more losses without a fall are allowed."""
        return self.n_iter_no_change - self.waited

    def update(self, losses):
        """Return how many of the losses count: all, or those until patience runs out."""
        last_fall, n_seen = -self.waited, 0  # the position of the last loss that fell
        for n_seen, loss in enumerate(losses.tolist(), start=1):
            if loss < self.reference:
                self.reference, last_fall = loss - self.tol, n_seen
            elif n_seen - last_fall == self.n_iter_no_change:
                break
        self.waited = n_seen - last_fall
        return n_seen
