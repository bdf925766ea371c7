"""Separate validation rows, on which the loss is computed at every step."""

import warnings

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import StandardScaler

from sk_neuron._kernels import BlockedRows, as_numpy, compute_raw_prediction, row_blocks
from sk_neuron._kernels._formulas import row_squared_error, sum_squared_error

# Largest number of elements of an array (rows or features, steps x columns): it limits for
# how many steps the loss is computed in one call.
_MAX_SIZE = 2**16

# Distance between the means of a feature in X and X_val, in standard deviations, above
# which a fit warns.
_MAX_DISTANCE = 4


class ValidationRows:
    """Rows with labels and weights in the format of a problem."""

    def __init__(self, X, labels, weight, problem):
        self.X, self.labels, self.weight = X, labels, weight
        self.n_outputs, self.label_noise = problem.n_outputs, problem.label_noise
        self.total_weight = weight.sum(axis=0, dtype=np.float64)

    def count_steps_per_call(self):
        """Return for how many steps one call can compute the loss in little memory."""
        n_columns = self.labels.shape[1] * self.n_outputs
        return max(1, _MAX_SIZE // (max(self.X.shape) * n_columns))

    def measure(self, coefs, intercepts):
        """Return the Brier score of each step, summed over groups, or NaN on overflow.

        `coefs` is (steps, columns, d), `intercepts` (steps, columns).
        """
        n_steps, _, n_features = coefs.shape
        z = compute_raw_prediction(
            self.X, coefs.reshape(-1, n_features), intercepts.ravel()
        )
        is_finite = np.isfinite(z).all(axis=0).reshape(n_steps, -1).all(axis=1)
        labels = np.tile(self.labels, n_steps)
        weight = np.tile(np.broadcast_to(self.weight, self.labels.shape), n_steps)
        noise = self.label_noise
        if noise is not None:
            noise = np.tile(noise, (n_steps, 1))
        with np.errstate(all="ignore"):  # the caller checks for overflow
            squared_error = row_squared_error(labels, z, self.n_outputs, noise)
            total = sum_squared_error(weight, squared_error).reshape(n_steps, -1)
        losses = (total / self.total_weight).sum(axis=1)
        return np.where(is_finite, losses, np.nan)


def warn_of_scale(X, X_val):
    """Warn if the mean of a feature in X_val is far outside its range in X."""
    with np.errstate(all="ignore"):
        mean, deviation, low, high = _describe(X)
        mean_val, *_ = _describe(X_val)
        outside = (mean_val < low) | (mean_val > high)
        distance = np.where(outside & (deviation > 0), abs(mean_val - mean) / deviation, 0)
    far = distance > _MAX_DISTANCE
    if far.any():
        column = np.argmax(distance)
        warnings.warn(
            f"X_val is unlike X: the means of {far.sum()} of its {len(far)} columns are "
            f"outside the training data, that of column {column} by "
            f"{distance[column]:.0f} standard deviations. Was X transformed, and X_val "
            'not? In a Pipeline, ask for it: Pipeline(..., transform_input=["X_val"]).',
            UserWarning,
            stacklevel=4,
        )


def _describe(X):
    """Return the mean, standard deviation, minimum and maximum of each column."""
    if isinstance(X, BlockedRows):
        return _join(X.map(_describe), np.diff(X.offsets))
    sparse = issparse(X)
    scaler = StandardScaler(with_mean=not sparse)
    low, high = np.inf, -np.inf
    for rows in row_blocks(X):
        block = as_numpy(X[rows])
        scaler.partial_fit(block)
        least, most = block.min(axis=0), block.max(axis=0)
        if sparse:
            least, most = least.toarray().ravel(), most.toarray().ravel()
        low, high = np.minimum(low, least), np.maximum(high, most)
    return scaler.mean_, np.sqrt(scaler.var_), low, high


def _join(described, lengths):
    """Return what `_describe` does, from that of the blocks and their numbers of rows."""
    means, deviations, lows, highs = map(np.stack, zip(*described, strict=True))
    mean = np.average(means, axis=0, weights=lengths)
    variance = np.average(deviations**2 + (means - mean) ** 2, axis=0, weights=lengths)
    return mean, np.sqrt(variance), lows.min(axis=0), highs.max(axis=0)


def check_validation(losses):
    """Raise an error if a loss on the validation rows is not finite."""
    if not np.isfinite(losses).all():
        raise ValueError(
            "The values in X_val are so large that their predictions overflow. Scale the "
            "features."
        )
