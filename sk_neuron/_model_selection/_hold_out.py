"""Choose the rows that early stopping holds out."""

import numpy as np
from scipy.sparse import csr_array, issparse

from sk_neuron._input_validation import scale_by_power
from sk_neuron._kernels import as_numpy, map_blocks, row_blocks


def hold_out(samples, fraction, seed):
    """Return whether a row is held out, (n,): a fraction of the weight of each class.

    The draw depends on the values of a row. So the order of the rows does not matter, equal
    rows of a class stay together, and a weight of 2 is the same as a row twice. A class of
    two or more distinct rows has rows on both sides. Rows without weight are trained on,
    and so is the only distinct row of a class.
    """
    held_out = np.zeros(len(samples.y), dtype=bool)
    keys = map_blocks(_hash_rows, samples.X, seed)
    weight, _ = scale_by_power(samples.weight)
    classes = np.zeros(len(samples.y), np.intp)  # one class if y is multilabel
    if samples.y.ndim == 1:
        _, classes = np.unique(samples.y, return_inverse=True)
    for label in np.unique(classes):
        members = np.flatnonzero((classes == label) & (weight > 0))
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


def _hash_rows(X, seed):
    """Return a 64-bit hash of each row, (n,), the same for equal rows."""
    rng = np.random.RandomState(seed)
    odd = rng.randint(0, 2**63, X.shape[1], dtype=np.uint64) * 2 + np.uint64(1)
    # arrays as large as a block are needed: small blocks keep them in the cache
    blocks = row_blocks(X, n_columns=X.shape[1])
    keys = [_hash_block(as_numpy(X[rows]), odd) for rows in blocks]
    return _scramble(np.concatenate(keys))


def _hash_block(X, odd):
    if not issparse(X):
        return _mix(X) @ odd
    X.sum_duplicates()  # X is a copy of some rows
    return csr_array((_mix(X.data), X.indices, X.indptr), X.shape) @ odd


def _mix(values):
    """Return the mixed bits of numbers; 0 stays 0, so that sparse X gives the same hash.

    The higher half is mixed into the lower one, which is zero if a number has few bits.
    """
    bits = np.add(values, 0.0, dtype=np.float64).view(np.uint64)
    bits ^= bits >> np.uint64(32)
    return bits


def _scramble(bits):
    """Return 64-bit numbers after the last step of SplitMix64; overwrite them.

    G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number generators",
    OOPSLA (2014).
    """
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits ^= bits >> np.uint64(shift)
        bits *= np.uint64(factor)
    bits ^= bits >> np.uint64(31)
    return bits
