"""The size of the next step: a power of two times the smallest step."""

import numpy as np

# Base-2 logarithm of the largest step size; the same as MAX_STEP_EXPONENT in problem.h.
_MAX_STEP_EXPONENT = 1000


def compute_max_exponent(rate):
    """Return the largest exponents, given the smallest step sizes."""
    return _MAX_STEP_EXPONENT - np.frexp(rate)[1]


def update_exponent(exponent, norm, change, max_exponent):
    """Return the exponents after steps that are kept.

    `norm` and `change` are squared norms: of the last kept gradient, and of its change. If
    the gradient is zero nothing moves, and the exponent stays.
    """
    ratio = norm / (2 * change)
    grown = np.minimum(exponent + 2, max_exponent)
    # floor(log2(√ratio)): frexp gives 2^(power - 1) <= ratio < 2^power
    root = (np.frexp(ratio)[1].astype(np.int64) - 1) // 2
    root = np.where(ratio > 0, root, -(2**31))
    grown = np.where(np.isfinite(ratio), np.minimum(grown, exponent + root), grown)
    return np.where(norm > 0, np.maximum(grown, 0), exponent)
