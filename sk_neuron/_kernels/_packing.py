"""The memory layout of columns and rows in the compiled kernels; see problem.h."""

import math

import numpy as np
from scipy.sparse import issparse

# By the size of a number in bytes: the number of columns in a tile, a vector of 64 bytes
# (LANES in instantiate.h); and the largest number of columns in the remainder. If more are
# left after the full tiles, a padded tile is faster.
_LANES = {8: 8, 4: 16}
_MAX_REMAINDER = {8: 5, 4: 10}

# Size in bytes and largest number of rows of a block of dense X, which stays in the cache:
# BLOCK_ROWS and COLUMN_MAJOR_ROWS in problem.h.
_BLOCK_BYTES, _BLOCK_ROWS = 2**15, 48
_COLUMN_MAJOR_BYTES, _COLUMN_MAJOR_ROWS = 2**17, 384
# Number of rows in a block of sparse X without tiles. With tiles it is _BLOCK_ROWS: coef,
# gradient and the indices of a small block then stay in the cache together.
_SPARSE_BLOCK_ROWS = 2048
# Largest size in bytes of the raw predictions of a block.
_PREDICTION_BYTES = 2**18

# Largest number of values of X that is copied to column-major order, which is the fastest
# without tiles.
_MAX_COPIED_VALUES = 2**18

# Number of multiplications: of the smallest step that is faster with threads; that take as
# long as one sigmoid; that take as long as one update of a weight.
_MIN_WORK_FOR_THREADS = 2**18
_SIGMOID_WORK = 32
_UPDATE_WORK = 8

# Largest number of chunks: each has a gradient in memory.
_MAX_CHUNKS = 64
# Minimum number of rows, or of stored values of sparse X, in a chunk: below it, zeroing and
# summing the chunk's gradient costs more than its work.
_MIN_CHUNK_ROWS = 64
_MIN_CHUNK_VALUES = 2**14


class Packing:
    """The layout of columns in memory: tiles as wide as a vector, then the remainder."""

    def __init__(self, X, n_columns):
        self.n_features, self.n_columns = X.shape[1], n_columns
        self.dtype, self.lanes = X.dtype, _LANES[X.dtype.itemsize]
        self.n_tiles, self.n_remainder = divmod(n_columns, self.lanes)
        if self.n_remainder > _MAX_REMAINDER[X.dtype.itemsize]:
            self.n_tiles, self.n_remainder = self.n_tiles + 1, 0
        self.n_padded = self.n_tiles * self.lanes + self.n_remainder

    def pack_coef(self, coef):
        """Return coef (columns, d) in packed order, as a flat array."""
        if coef.shape != (self.n_columns, self.n_features):  # C does not check it
            raise ValueError(f"coef has the shape {coef.shape}")
        n_tiled = self.n_columns - self.n_remainder
        tiles = np.zeros((self.n_tiles * self.lanes, self.n_features), coef.dtype)
        tiles[:n_tiled] = coef[:n_tiled]
        tiles = tiles.reshape(self.n_tiles, self.lanes, self.n_features).swapaxes(1, 2)
        return np.concatenate([tiles.ravel(), coef[n_tiled:].ravel()])

    def unpack_coef(self, packed):
        """Return coef (..., columns, d) from packed arrays (..., size)."""
        width, n_tiled = self.n_tiles * self.lanes, self.n_columns - self.n_remainder
        shape, d = packed.shape[:-1], self.n_features
        tiles, remainder = np.split(packed, [d * width], axis=-1)
        tiles = tiles.reshape(*shape, self.n_tiles, d, self.lanes).swapaxes(-2, -1)
        tiles = tiles.reshape(*shape, width, d)[..., :n_tiled, :]
        remainder = remainder.reshape(*shape, self.n_remainder, d)
        return np.concatenate([tiles, remainder], axis=-2)

    def unpack(self, coef, intercept):
        """Return coef (..., columns, d) and intercept (..., columns) from packed arrays."""
        return self.unpack_coef(coef), intercept[..., : self.n_columns].copy()

    def pack_columns(self, vector, dtype):
        """Return a vector (columns,), or one number for all columns, padded with zeros."""
        full = np.zeros(self.n_padded, dtype)
        full[: self.n_columns] = vector
        return full

    def choose_block_size(self, X, n_outputs):
        """Return the number of rows of a block, and the size of their raw predictions."""
        bundle = min(math.lcm(self.lanes, n_outputs), max(self.n_padded, self.lanes))
        max_rows = max(8, _PREDICTION_BYTES // (bundle * self.dtype.itemsize) // 8 * 8)
        n_rows = _choose_rows_per_block(X, self.n_tiles)
        n_rows = min(n_rows, max_rows) if self.n_tiles or n_outputs > 1 else n_rows
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
    """Return the work of a step as a number of multiplications."""
    n_rows, n_features = X.shape
    n_values = int(X.nnz) if issparse(X) else X.size
    return n_columns * (n_values + _SIGMOID_WORK * n_rows + _UPDATE_WORK * n_features)


def compute_chunk_offsets(X, n_columns):
    """Return the first row of each chunk, and at the end the number of rows."""
    n_rows, n_features = X.shape
    if estimate_step_cost(X, n_columns) < _MIN_WORK_FOR_THREADS:
        return np.array([0, n_rows], np.intp)
    max_chunks = min(_MAX_CHUNKS, 8 + n_rows // n_features)
    if issparse(X):
        n_values = int(X.nnz)
        n_chunks = n_values // max(16 * n_features, _MIN_CHUNK_VALUES)
        n_chunks = max(n_chunks, 2 if n_values > 2 * n_features else 1)
        values = np.linspace(0, n_values, min(n_chunks, max_chunks) + 1).astype(np.int64)
        offsets = np.searchsorted(X.indptr, values)
    else:
        n_chunks = min(max(1, n_rows // _MIN_CHUNK_ROWS), max_chunks)
        offsets = np.linspace(0, n_rows, n_chunks + 1)
    offsets[0], offsets[-1] = 0, n_rows
    return offsets.astype(np.intp)


def choose_layout(X, n_tiles):
    """Return X, or a column-major copy if that is small and faster."""
    if issparse(X) or n_tiles or X.size > _MAX_COPIED_VALUES:
        return X
    (n_rows, n_features), size = X.shape, X.itemsize
    stride = -(-n_rows * size // 64) * 64  # each feature starts a cache line
    memory = np.empty(n_features * stride + 64, np.uint8)
    start = -memory.ctypes.data % 64
    copied = np.ndarray((n_rows, n_features), X.dtype, memory, start, (size, stride))
    copied[:] = X
    return copied


def allocate_padded(size, dtype):
    """Return an array with 64 unused bytes, the width of a vector, on both sides.

    GCC compiles some loops twice, with and without overlap of arrays, and the two may round
    differently. Arrays closer than a vector count as overlapping; with padding none is.
    """
    padding = 64 // np.dtype(dtype).itemsize
    return np.empty(padding + size + padding, dtype)[padding : padding + size]
