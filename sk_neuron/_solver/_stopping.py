"""When a fit ends before its last step."""

import numpy as np


class Patience:
    """Stops a fit when a loss has not fallen by more than `tol` within so many steps."""

    def __init__(self, tol, n_iter_no_change):
        self.tol, self.n_iter_no_change = tol, n_iter_no_change
        self.reference, self.waited = np.inf, 0  # the loss has to fall below the reference

    @property
    def remaining(self):
        """How many more losses may pass without a fall."""
        return self.n_iter_no_change - self.waited

    def update(self, losses):
        """Return how many of the losses were looked at until patience ran out, or all."""
        last_fall, n_seen = -self.waited, 0  # the number of the loss that fell last
        for n_seen, loss in enumerate(losses.tolist(), start=1):
            if loss < self.reference:
                self.reference, last_fall = loss - self.tol, n_seen
            elif n_seen - last_fall == self.n_iter_no_change:
                break
        self.waited = n_seen - last_fall
        return n_seen
