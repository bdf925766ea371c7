"""Which rows are held out by early stopping."""

import numpy as np
from scipy.sparse import csr_array, issparse

from sk_neuron._input_validation import scale_by_power
from sk_neuron._kernels import row_blocks


def hold_out(samples, fraction, seed):
    """Return which rows to validate on, (n,): about a fraction of the weight of each class.

    Rows are drawn by what is in them. So the order of the rows does not matter, equal rows
    of a class stay together, and a weight of 2 is a row twice. A class with more than one
    distinct row has rows on both sides. Rows without weight and lone ones are trained on.
    """
    held_out = np.zeros(len(samples.y), dtype=bool)
    keys, (weight, _) = _hash_rows(samples.X, seed), scale_by_power(samples.weight)
    kinds = np.zeros(len(samples.y), np.intp)  # of multilabel y there is one
    if samples.y.ndim == 1:
        _, kinds = np.unique(samples.y, return_inverse=True)
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


def _hash_rows(X, seed):
    """Return 64 bits of each row, (n,): equal for equal rows, else as good as random."""
    rng = np.random.RandomState(seed)
    odd = rng.randint(0, 2**63, X.shape[1], dtype=np.uint64) * 2 + np.uint64(1)
    # beside a block there are arrays of its size: in small blocks they stay in the cache
    blocks = row_blocks(X, n_columns=X.shape[1])
    keys = [_hash_block(X[rows], odd) for rows in blocks]
    return _scramble(np.concatenate(keys))


def _hash_block(X, odd):
    if not issparse(X):
        return _mix(X) @ odd
    X.sum_duplicates()  # X is a copy of some rows
    return csr_array((_mix(X.data), X.indices, X.indptr), X.shape) @ odd


def _mix(values):
    """Return the bits of numbers; those of 0 are 0, so that sparse X can do.

    The higher half goes into the lower one as well, which is zero in simple numbers.
    """
    bits = np.add(values, 0.0, dtype=np.float64).view(np.uint64)
    bits ^= bits >> np.uint64(32)
    return bits


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
