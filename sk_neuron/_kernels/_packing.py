"""How the compiled kernels have columns and rows in memory: see problem.h."""

import math

import numpy as np
from scipy.sparse import issparse

# Columns in a vector of 64 bytes, by the size of a number: LANES in instantiate.h. If at
# most so many columns remain after the full tiles, they go one by one; a padded tile is
# slower.
_LANES = {8: 8, 4: 16}
_MAX_REMAINDER = {8: 5, 4: 10}

# Blocks of rows of dense X fill so many bytes, and have at most so many rows: BLOCK_ROWS
# and COLUMN_MAJOR_ROWS in problem.h. The raw predictions of a block fill at most so many
# bytes.
_BLOCK_BYTES, _BLOCK_ROWS = 2**15, 48
_COLUMN_MAJOR_BYTES, _COLUMN_MAJOR_ROWS = 2**17, 384
_SPARSE_BLOCK_ROWS = 2048  # without tiles
_PREDICTION_BYTES = 2**18

# Single columns are fastest on column-major X, so X of at most so many values is copied to
# it.
_MAX_COPIED = 2**18

# Work in multiplications: a step that is worth threads, a sigmoid, one update of a weight.
_THREADS_PAY = 2**18
_SIGMOID = 32
_UPDATE = 8

# The least rows, or values of sparse X, in a chunk, so that its work outweighs clearing and
# adding its gradient, and the most chunks, so that gradients take little memory.
_MAX_CHUNKS = 64
_CHUNK_ROWS = 64
_CHUNK_VALUES = 2**14


class Packing:
    """Where the columns are in memory: in tiles as wide as a vector, and single ones."""

    def __init__(self, X, n_columns):
        self.n_features, self.n_columns = X.shape[1], n_columns
        self.dtype, self.lanes = X.dtype, _LANES[X.dtype.itemsize]
        self.n_tiles, self.n_remainder = divmod(n_columns, self.lanes)
        if self.n_remainder > _MAX_REMAINDER[X.dtype.itemsize]:
            self.n_tiles, self.n_remainder = self.n_tiles + 1, 0
        self.n_padded = self.n_tiles * self.lanes + self.n_remainder

    def pack_coef(self, coef):
        """Return (columns, d) as it is packed, flat."""
        if coef.shape != (self.n_columns, self.n_features):  # else C would not notice
            raise ValueError(f"coef has the shape {coef.shape}")
        n_tiled = self.n_columns - self.n_remainder
        tiles = np.zeros((self.n_tiles * self.lanes, self.n_features), coef.dtype)
        tiles[:n_tiled] = coef[:n_tiled]
        tiles = tiles.reshape(self.n_tiles, self.lanes, self.n_features).swapaxes(1, 2)
        return np.concatenate([tiles.ravel(), coef[n_tiled:].ravel()])

    def unpack_coef(self, packed):
        """Return what is packed as (..., size) as (..., columns, d)."""
        width, n_tiled = self.n_tiles * self.lanes, self.n_columns - self.n_remainder
        shape, d = packed.shape[:-1], self.n_features
        tiles, remainder = np.split(packed, [d * width], axis=-1)
        tiles = tiles.reshape(*shape, self.n_tiles, d, self.lanes).swapaxes(-2, -1)
        tiles = tiles.reshape(*shape, width, d)[..., :n_tiled, :]
        remainder = remainder.reshape(*shape, self.n_remainder, d)
        return np.concatenate([tiles, remainder], axis=-2)

    def pack_columns(self, vector, dtype):
        """Return (columns,), or a number for all columns, with zeros for the padding."""
        full = np.zeros(self.n_padded, dtype)
        full[: self.n_columns] = vector
        return full

    def choose_block_size(self, X, n_outputs):
        """Return how many rows stay in the cache, and the size of their raw predictions."""
        bundle = min(math.lcm(self.lanes, n_outputs), max(self.n_padded, self.lanes))
        most = max(8, _PREDICTION_BYTES // (bundle * self.dtype.itemsize) // 8 * 8)
        n_rows = _choose_rows_per_block(X, self.n_tiles)
        n_rows = min(n_rows, most) if self.n_tiles or n_outputs > 1 else n_rows
        return n_rows, bundle * (-(-n_rows // self.lanes) * self.lanes)


def _choose_rows_per_block(X, n_tiles):
    if issparse(X):
        return _BLOCK_ROWS if n_tiles else _SPARSE_BLOCK_ROWS
    row_size = X.shape[1] * X.itemsize
    if X.strides[0] == X.itemsize and n_tiles == 0:
        n_rows = max(_COLUMN_MAJOR_BYTES // row_size // 16 * 16, 16)
        return min(n_rows, _COLUMN_MAJOR_ROWS)
    return min(max(_BLOCK_BYTES // row_size // 8 * 8, 8), _BLOCK_ROWS)


def estimate_step_cost(X, n_columns):
    """Return what a step costs, in multiplications."""
    n_rows, n_features = X.shape
    n_values = int(X.nnz) if issparse(X) else X.size
    return n_columns * (n_values + _SIGMOID * n_rows + _UPDATE * n_features)


def compute_chunk_offsets(X, n_columns):
    """Return the first row of each chunk, and the number of rows."""
    n_rows, n_features = X.shape
    if estimate_step_cost(X, n_columns) < _THREADS_PAY:
        return np.array([0, n_rows], np.intp)
    most = min(_MAX_CHUNKS, 8 + n_rows // n_features)
    if issparse(X):
        n_values = int(X.nnz)
        n_chunks = n_values // max(16 * n_features, _CHUNK_VALUES)
        n_chunks = max(n_chunks, 2 if n_values > 2 * n_features else 1)
        values = np.linspace(0, n_values, min(n_chunks, most) + 1).astype(np.int64)
        offsets = np.searchsorted(X.indptr, values)
    else:
        n_chunks = min(max(1, n_rows // _CHUNK_ROWS), most)
        offsets = np.linspace(0, n_rows, n_chunks + 1)
    offsets[0], offsets[-1] = 0, n_rows
    return offsets.astype(np.intp)


def choose_layout(X, n_tiles):
    """Return X, or a copy in column-major order where that is small and faster."""
    if issparse(X) or n_tiles or X.size > _MAX_COPIED:
        return X
    (n_rows, n_features), size = X.shape, X.itemsize
    stride = -(-n_rows * size // 64) * 64  # each feature at the start of a cache line
    memory = np.empty(n_features * stride + 64, np.uint8)
    start = -memory.ctypes.data % 64
    copied = np.ndarray((n_rows, n_features), X.dtype, memory, start, (size, stride))
    copied[:] = X
    return copied


def allocate_padded(size, dtype):
    """Return an array with the width of a vector free on either side.

    GCC makes some loops twice, for arrays that may overlap and for others, and the two may
    round differently. Arrays closer than a vector count as overlapping: none is.
    """
    free = 64 // np.dtype(dtype).itemsize
    return np.empty(free + size + free, dtype)[free : free + size]
