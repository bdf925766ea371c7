"""The rows that a descent is judged by: how they are drawn, and what they say."""

import warnings

import numpy as np
from scipy.sparse import csr_array, issparse
from sklearn.preprocessing import StandardScaler

from sk_neuron._advance import row_blocks
from sk_neuron._compiled import raw_prediction
from sk_neuron._inputs import scale_by_power
from sk_neuron._rule import activate

# Elements of an array of (rows or features, steps x neurons) that are looked at together.
_TOGETHER = 2**16

# Standard deviations that the mean of a column may be off before it is warned of.
_FAR = 4


class Validation:
    """Rows that are not trained on, with their weights as a layer has them."""

    def __init__(self, rows, weight):
        self.features, self.target, self.weight = rows.features, rows.target, weight
        self.total_weight = weight.sum(axis=0, dtype=np.float64)

    def count_at_once(self):
        """Return at how many steps the loss can be measured in little memory."""
        return max(1, _TOGETHER // (max(self.features.shape) * self.target.shape[1]))

    def measure(self, coefs, intercepts):
        """Return the Brier score, summed over neurons, at each of some steps, or NaN.

        `coefs` is (steps, K, d), `intercepts` (steps, K).
        """
        n_steps, _, n_features = coefs.shape
        coef = coefs.swapaxes(0, 1).reshape(-1, n_features)  # a neuron's steps side by side
        error = raw_prediction(self.features, coef, intercepts.T.ravel())
        is_finite = np.isfinite(error).all(axis=0).reshape(-1, n_steps).all(axis=0)
        activate(error, out=error)
        error = error.reshape(*self.target.shape, n_steps)
        with np.errstate(all="ignore"):  # what overflows is judged by the caller
            error -= self.target[:, :, np.newaxis]
            error *= error
            error *= self.weight[:, :, np.newaxis]
            squared_error = error.sum(axis=0, dtype=np.float64)
        losses = (squared_error.T / self.total_weight).sum(axis=1)
        return np.where(is_finite, losses, np.nan)


def hold_out(rows, fraction, seed):
    """Return which rows to validate on, (n,): about a fraction of the weight of each class.

    Rows are drawn by what is in them. So the order of the rows does not matter, equal rows
    of a class stay together, and a weight of 2 is a row twice. A class with more than one
    distinct row has rows on both sides. Rows without weight and lone ones are trained on.
    """
    held_out = np.zeros(len(rows.labels), dtype=bool)
    keys, (weight, _) = _hash_rows(rows.features, seed), scale_by_power(rows.weight)
    kinds = np.zeros(len(rows.labels), np.intp)  # of multilabel y there is one
    if rows.labels.ndim == 1:
        _, kinds = np.unique(rows.labels, return_inverse=True)
    for kind in np.unique(kinds):
        members = np.flatnonzero((kinds == kind) & (weight > 0))
        distinct, group = np.unique(keys[members], return_inverse=True)
        group_weight = np.bincount(group, weight[members], len(distinct))
        middle = np.cumsum(group_weight) - group_weight / 2
        n_groups = int(np.count_nonzero(middle <= fraction * group_weight.sum()))
        n_groups = min(max(1, n_groups), len(distinct) - 1)
        held_out[members[group < n_groups]] = True
    if not held_out.any():
        raise ValueError(
            "There are too few rows to hold some out for early_stopping: no class has two "
            "distinct rows of positive weight. Pass X_val and y_val, or more rows."
        )
    return held_out


def _hash_rows(features, seed):
    """Return 64 bits of each row, (n,): equal for equal rows, else as good as random."""
    rng = np.random.RandomState(seed)
    odd = rng.randint(0, 2**63, features.shape[1], dtype=np.uint64) * 2 + np.uint64(1)
    if issparse(features):
        features = features.copy()
        features.sum_duplicates()
        bits = csr_array(
            (_mix(features.data), features.indices, features.indptr), features.shape
        )
        keys = bits @ odd
    else:
        blocks = row_blocks(features, np.empty((len(features), 1)))
        keys = np.concatenate([_mix(rows) @ odd for rows, _ in blocks])
    return _scramble(keys)


def _mix(values):
    """Return the bits of numbers, scrambled; those of 0 are 0, so that sparse X can do."""
    return _scramble((values.astype(np.float64) + 0.0).view(np.uint64))


def _scramble(bits):
    """Return 64-bit numbers by the last step of SplitMix64, in place.

    G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number generators",
    OOPSLA (2014).
    """
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits ^= bits >> np.uint64(shift)
        bits *= np.uint64(factor)
    bits ^= bits >> np.uint64(31)
    return bits


def warn_of_scale(features, validation_features):
    """Warn if a mean of X_val is outside the training data and far from their mean."""
    with np.errstate(all="ignore"):
        mean, deviation, low, high = _describe(features)
        mean_val, *_ = _describe(validation_features)
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


def _describe(features):
    """Return the mean, standard deviation, minimum and maximum of each column."""
    sparse = issparse(features)
    scaler = StandardScaler(with_mean=not sparse)
    low, high = np.inf, -np.inf
    for rows, _ in row_blocks(features, np.empty((features.shape[0], 1))):
        scaler.partial_fit(rows)
        least, most = rows.min(axis=0), rows.max(axis=0)
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
