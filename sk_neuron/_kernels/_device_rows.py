"""X as an array of PyTorch, CuPy or another library, perhaps on a GPU."""

import numpy as np

from sk_neuron._compat import convert_to_numpy, get_namespace_and_device


class DeviceRows:
    """The rows of X where they are; NumPy knows their shape and dtype.

    The library follows the array API standard. Products with X are computed on its device.
    What is as small as weights is held by NumPy, and sent there and back.
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
        X, coef = (self.xp.astype(part, dtype, copy=False) for part in (self.array, coef))
        return X @ coef.T + intercept

    def squared_norms(self):
        """Return the sum of the squares of each row in float64, by NumPy."""
        squares = self.xp.astype(self.array, self.xp.float64) ** 2
        return self.fetch(self.xp.sum(squares, axis=1))


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
