"""Rows of X in blocks that stay where they are, for example in the workers of a cluster."""

from abc import ABC, abstractmethod
from itertools import pairwise

import numpy as np


class BlockedRows(ABC):
    """The rows of X by their shape and dtype; work on them goes to where the blocks are.

    The values were checked there; `norms` are the squared norms of the rows. `passed` is
    the collection that the user has passed, and `columns` an empty container with its
    columns.
    """

    ndim = 2

    def __init__(self, passed, columns, dtype, lengths, *, is_sparse, norms):
        self.offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        self.shape = int(self.offsets[-1]), columns.shape[1]
        self.passed, self.columns, self.dtype = passed, columns, np.dtype(dtype)
        self.is_sparse, self.norms = is_sparse, norms

    def __getitem__(self, rows):
        """Raise an error, since the rows stay where they are."""
        raise TypeError("Rows of X are needed in one place, but they are in blocks.")

    @property
    def size(self):
        """The number of values of X, those included that sparse X does not store."""
        return self.shape[0] * self.shape[1]

    @property
    def slices(self):
        """The rows of each block."""
        return [slice(int(a), int(b)) for a, b in pairwise(self.offsets)]

    @abstractmethod
    def map(self, function, *args):
        """Return function(X of a block, *args) of each block, in the order of the rows."""

    @abstractmethod
    def hold(self, problems):
        """Send the problems of the blocks, without X, to them, and return a handle."""

    @abstractmethod
    def sum(self, function, held, *args):
        """Return the sum over blocks of function(problem with X, *args), a tuple of arrays.

        Neighbours are added in pairs, then the pairs, and so on, as by `add_pairs`. So the
        bits of the sum depend on the blocks only.
        """


def map_blocks(function, X, *args):
    """Return function(X, *args); of blocked X that of each block, one after the other."""
    if isinstance(X, BlockedRows):
        return np.concatenate(X.map(function, *args))
    return function(X, *args)


def add_pairs(parts):
    """Return the sum of tuples of arrays: of neighbours, then of these sums, and so on."""
    parts = list(parts)
    while len(parts) > 1:
        pairs = [
            tuple(a + b for a, b in zip(*parts[k : k + 2], strict=True))
            for k in range(0, len(parts) - 1, 2)
        ]
        parts = pairs + parts[2 * len(pairs) :]
    return parts[0]
