"""The size of the next step: a power of two times the smallest step."""

import numpy as np

from sk_neuron._compat import array_namespace

# Base-2 logarithm of the largest step size; the same as MAX_STEP_EXPONENT in problem.h.
_MAX_STEP_EXPONENT = 1000

# All powers of two in float64, from 2^_LOWEST. With them no other operation is needed that
# is not in the array API standard, and products and logarithms are exact on any device.
_LOWEST = -1074
_POWERS = np.ldexp(1.0, np.arange(_LOWEST, 1024))


def compute_max_exponent(rate):
    """Return the largest exponents, given the smallest step sizes."""
    return _MAX_STEP_EXPONENT - np.frexp(rate)[1]


class StepRule:
    """The sizes of steps, given the smallest of each group; `send` knows the device."""

    def __init__(self, rate, send):
        mantissa, power = np.frexp(rate)
        self._powers = send(_POWERS)
        self._mantissa = send(2 * mantissa)
        self._index = send(power.astype(np.int64) - 1 - _LOWEST)
        self._max_exponent = send(compute_max_exponent(rate).astype(np.int64))

    def step_sizes(self, exponent):
        """Return 2^exponent times the smallest step sizes."""
        xp = array_namespace(exponent)
        return self._mantissa * xp.take(self._powers, self._index + exponent)

    def update(self, exponent, norm, change):
        """Return the exponents after steps that are kept.

        `norm` and `change` are squared norms: of the last kept gradient, and of its change.
        If the gradient is zero nothing moves, and the exponent stays.
        """
        xp = array_namespace(exponent)
        ratio, zero = norm / (2 * change), xp.zeros_like(exponent)
        grown = xp.minimum(exponent + 2, self._max_exponent)
        # floor(log2(√ratio)), from the largest power of two that is at most the ratio
        index = xp.searchsorted(self._powers, ratio, side="right") - 1
        bound = xp.where(ratio > 0, exponent + (index + _LOWEST) // 2, zero)
        grown = xp.where(xp.isfinite(ratio), xp.minimum(grown, bound), grown)
        return xp.where(norm > 0, xp.maximum(grown, zero), exponent)
