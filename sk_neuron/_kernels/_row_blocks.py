"""Blocks of rows of X for the work that NumPy does."""

from scipy.sparse import issparse

# Largest number of values of X in a block: 4 MiB of float64. Arrays with a value for each
# row and column have at most _COLUMN_SIZE values: 256 KiB, which the allocator reuses.
_BLOCK_SIZE = 2**19
_COLUMN_SIZE = 2**15
_MIN_ROWS = 64  # of a block, even if it is larger than the above


def row_blocks(X, n_columns=1):
    """Yield slices of rows of X; arrays with `n_columns` columns are needed beside it."""
    width = int(X.nnz) // max(1, X.shape[0]) if issparse(X) else X.shape[1]
    n_rows = min(_BLOCK_SIZE // max(1, width), _COLUMN_SIZE // max(1, n_columns))
    n_rows = max(_MIN_ROWS, n_rows)
    for start in range(0, X.shape[0], n_rows):
        yield slice(start, min(start + n_rows, X.shape[0]))
