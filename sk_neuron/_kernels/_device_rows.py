"""X as an array of PyTorch, CuPy or another library, perhaps on a GPU."""

import numpy as np

from sk_neuron._compat import (
    convert_to_numpy,
    get_namespace_and_device,
    numpy_namespace,
)
from sk_neuron._kernels import _formulas

# Largest number of values of an array beside X, for example with one for each row and
# column: 128 MiB of float64.
_BLOCK_SIZE = 2**24


class Host:
    """Where NumPy works: it does what `DeviceRows` does for a device."""

    xp, is_on_host = numpy_namespace, True
    send = staticmethod(np.asarray)

    @staticmethod
    def fetch(array):
        """Return the array."""
        return array


class DeviceRows:
    """The rows of X where they are; NumPy knows their shape and dtype.

    The library follows the array API standard. A descent on X runs on its device, and what
    is learned is held by NumPy.
    """

    ndim = 2

    def __init__(self, array):
        self.array = array
        self.xp, _, self.device = get_namespace_and_device(array)
        self.shape = tuple(array.shape)
        name = "float32" if array.dtype == self.xp.float32 else "float64"
        self.dtype = np.dtype(name)

    def __len__(self):
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, rows):
        """Return some rows, by a slice or by an array of integers."""
        if isinstance(rows, slice):
            return DeviceRows(self.array[rows, :])
        return DeviceRows(self.xp.take(self.array, self.send(rows), axis=0))

    @property
    def size(self):
        """The number of values of X."""
        return self.shape[0] * self.shape[1]

    @property
    def is_on_host(self):
        """Whether the processor that runs Python computes what is done with X."""
        return self.array.__dlpack_device__()[0] == 1

    def blocks(self, width):
        """Return slices of rows, for arrays of as many columns beside X."""
        n_rows = max(1, _BLOCK_SIZE // max(1, width))
        starts = range(0, len(self), n_rows)
        return [slice(start, min(start + n_rows, len(self))) for start in starts]

    def send(self, array, dtype=None):
        """Return a copy of an array of NumPy on the device of X."""
        return self.xp.asarray(np.array(array, dtype), device=self.device)

    def fetch(self, array):
        """Return an array on the device as one of NumPy."""
        return convert_to_numpy(array, self.xp)

    def astype(self, dtype, copy=True):
        """Return the rows in a dtype of NumPy."""
        if dtype == self.dtype and not copy:
            return self
        return DeviceRows(
            self.xp.astype(self.array, getattr(self.xp, np.dtype(dtype).name))
        )

    def min(self, axis):
        """Return the smallest values along an axis, by NumPy."""
        return self.fetch(self.xp.min(self.array, axis=axis))

    def max(self, axis):
        """Return the largest values along an axis, by NumPy."""
        return self.fetch(self.xp.max(self.array, axis=axis))

    def predict(self, coef, intercept):
        """Return x · w + b of all rows on the device, (n, columns)."""
        coef, intercept = (
            self.send(part) if isinstance(part, np.ndarray) else part
            for part in (coef, intercept)
        )
        dtype = self.xp.result_type(self.array, coef)
        parts = self.array, coef, intercept
        X, coef, intercept = (self.xp.astype(part, dtype, copy=False) for part in parts)
        return _formulas.compute_raw_prediction(X, coef, intercept)

    def squared_norms(self):
        """Return the sum of the squares of each row in float64, by NumPy."""
        xp, parts = self.xp, []
        for rows in self.blocks(self.shape[1]):
            block = xp.astype(self.array[rows, :], xp.float64)
            parts.append(xp.sum(block * block, axis=1))
        return self.fetch(xp.concat(parts))


def is_on_device(array):
    """Return whether an array is of another library than NumPy, which takes it as it is."""
    return hasattr(array, "__dlpack__") and not isinstance(array, np.ndarray | np.generic)


def as_numpy(array):
    """Return an array of another library as one of NumPy, and all else as it is."""
    if isinstance(array, DeviceRows):
        return array.fetch(array.array)
    if not is_on_device(array):
        return array
    xp, _, _ = get_namespace_and_device(array)
    return convert_to_numpy(array, xp)


def return_like(array):
    """Return a function that returns arrays of NumPy as the library of `array` has them."""
    if not is_on_device(array):
        return lambda result: result
    xp, _, device = get_namespace_and_device(array)
    return lambda result: xp.asarray(np.array(result), device=device)
