"""Rows of X that go together, where NumPy does the work."""

from scipy.sparse import issparse

# A block of rows is as many as keep X within 4 MiB of float64, and the few arrays beside
# it within 256 KiB each, which the memory allocator keeps at hand.
_BLOCK_SIZE = 2**19
_COLUMN_SIZE = 2**15
_MIN_ROWS = 64


def row_blocks(X, n_columns=1):
    """Yield slices of rows of X, with which go arrays of so many columns."""
    width = int(X.nnz) // max(1, X.shape[0]) if issparse(X) else X.shape[1]
    n_rows = min(_BLOCK_SIZE // max(1, width), _COLUMN_SIZE // max(1, n_columns))
    n_rows = max(_MIN_ROWS, n_rows)
    for start in range(0, X.shape[0], n_rows):
        yield slice(start, min(start + n_rows, X.shape[0]))
