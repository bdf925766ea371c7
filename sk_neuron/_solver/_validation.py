"""Rows beside those of a problem, on which the loss is measured at every step."""

import warnings

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import StandardScaler

from sk_neuron._kernels import compute_raw_prediction, row_blocks
from sk_neuron._kernels._formulas import row_squared_error, sum_squared_error

# Elements of an array of (rows or features, steps x columns) that are looked at together.
_TOGETHER = 2**16

# Standard deviations that the mean of a column may be off before it is warned of.
_FAR = 4


class ValidationRows:
    """Rows with their labels and weights as a problem has them."""

    def __init__(self, X, labels, weight, problem):
        self.X, self.labels, self.weight = X, labels, weight
        self.n_outputs, self.label_noise = problem.n_outputs, problem.label_noise
        self.total_weight = weight.sum(axis=0, dtype=np.float64)

    def count_steps_per_call(self):
        """Return at how many steps the loss can be measured in little memory."""
        n_columns = self.labels.shape[1] * self.n_outputs
        return max(1, _TOGETHER // (max(self.X.shape) * n_columns))

    def measure(self, coefs, intercepts):
        """Return the Brier score, summed over groups, at each of some steps, or NaN.

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
        with np.errstate(all="ignore"):  # what overflows is judged by the caller
            squared_error = row_squared_error(labels, z, self.n_outputs, noise)
            total = sum_squared_error(weight, squared_error).reshape(n_steps, -1)
        losses = (total / self.total_weight).sum(axis=1)
        return np.where(is_finite, losses, np.nan)


def warn_of_scale(X, X_val):
    """Warn if a mean of X_val is outside the training data and far from their mean."""
    with np.errstate(all="ignore"):
        mean, deviation, low, high = _describe(X)
        mean_val, *_ = _describe(X_val)
        outside = (mean_val < low) | (mean_val > high)
        distance = np.where(outside & (deviation > 0), abs(mean_val - mean) / deviation, 0)
    far = distance > _FAR
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
    sparse = issparse(X)
    scaler = StandardScaler(with_mean=not sparse)
    low, high = np.inf, -np.inf
    for rows in row_blocks(X):
        scaler.partial_fit(X[rows])
        least, most = X[rows].min(axis=0), X[rows].max(axis=0)
        if sparse:
            least, most = least.toarray().ravel(), most.toarray().ravel()
        low, high = np.minimum(low, least), np.maximum(high, most)
    return scaler.mean_, np.sqrt(scaler.var_), low, high


def check_validation(losses):
    """Raise an error if a loss on the validation rows is not finite."""
    if not np.isfinite(losses).all():
        raise ValueError(
            "The values in X_val are so large that their predictions overflow. Scale the "
            "features."
        )
