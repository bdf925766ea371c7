"""How far the next step goes, as a power of two times the smallest step."""

import numpy as np

# The base-2 logarithm of a step size beyond which it does not grow: LARGEST_STEP in
# problem.h.
_LARGEST_STEP = 1000


def compute_max_exponent(rate):
    """Return the largest exponents that steps of a smallest size may have."""
    return _LARGEST_STEP - np.frexp(rate)[1]


def update_exponent(exponent, norm, change, longest):
    """Return the exponents after steps that are kept, from squared norms of gradients.

    Where the gradient is zero nothing moves, and the exponent stays.
    """
    ratio = norm / (2 * change)
    grown = np.minimum(exponent + 2, longest)
    # floor(log2(√ratio)): frexp gives 2^(power - 1) <= ratio < 2^power
    root = (np.frexp(ratio)[1].astype(np.int64) - 1) // 2
    root = np.where(ratio > 0, root, -(2**31))
    grown = np.where(np.isfinite(ratio), np.minimum(grown, exponent + root), grown)
    return np.where(norm > 0, np.maximum(grown, 0), exponent)
