"""Lay out a layer for the compiled kernels, and run them on as many threads as pay.

What the kernels do is in `_step.h`, `_dense.h` and `_sparse.h`, and the same in NumPy in
`_advance`.
"""

import os
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse

try:
    from sk_neuron import _dense, _sparse  # type: ignore[attr-defined]
except ImportError:  # installed where there is no C compiler
    _dense = _sparse = None
BUILT = _dense is not None
SWITCHED_OFF = os.environ.get("SK_NEURON_KERNEL") == "numpy"

# Columns in a vector of 64 bytes, by the size of a number; LANES in _precisions.h. Beyond
# full tiles, up to so many columns are cheaper one by one than in a tile of their own.
_LANES = {8: 8, 4: 16}
_SINGLES = {8: 5, 4: 10}

# Rows that go together, while a cache holds them: TILE_ROWS in _kernel.h at most, and where
# the rows of a feature are side by side, more.
_CACHE, _TILE_ROWS = 2**15, 48
_APART_CACHE, _APART_ROWS = 2**17, 384

# So few rows of fewer features than lanes are best done in single columns.
_FEW_ROWS = 384

# The cost of a step from which threads pay, and that after which Python has a look at
# signals, in multiplications; a sigmoid takes as long as so many of them.
_THREADS_PAY = 2**18
_STRETCH = 2**28
_SIGMOID = 32

# Chunks are so large that it costs little to clear and add their gradients; those of dense
# X take an eighth of its memory at most.
_MOST_CHUNKS = 64
_CHUNK_ROWS = 64
_CHUNK_VALUES = 2**14

# One entry for each kernel at work in this process, which share its threads. A forked
# child has no more than one: those of the OpenMP run time stayed behind in its parent.
_at_work: list[None] = []
_is_forked = False


def _note_fork():
    global _is_forked
    _is_forked = True
    _at_work.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


class Layout(NamedTuple):
    """A layer as the kernels have it: `Layer` in _kernel.h says in which order."""

    n_tiles: int
    n_singles: int
    bounds: np.ndarray
    signs: np.ndarray
    weights: np.ndarray
    rate: np.ndarray
    alpha: np.ndarray
    fit_intercept: bool
    coef: np.ndarray
    intercept: np.ndarray
    gradients: np.ndarray
    sums: np.ndarray
    squared_error: np.ndarray


def has_kernel(features):
    """Return whether there is a compiled kernel for X as it lies in memory."""
    if not BUILT or SWITCHED_OFF:
        return False
    if issparse(features):
        arrays = features.data, features.indices, features.indptr
        return (
            features.format == "csr"
            and features.nnz > 0
            and features.indices.dtype == features.indptr.dtype
            and all(a.flags.c_contiguous and a.flags.aligned for a in arrays)
        )
    # features or rows side by side, the others a whole number of numbers apart
    whole = not any(stride % features.itemsize for stride in features.strides)
    return whole and features.flags.aligned and features.itemsize in features.strides


def most_threads():
    """Return how many threads OpenMP would take here; 0 if built without it."""
    return _dense.most_threads()


def count_threads(features, n_columns):
    """Return how many threads share a step."""
    n_chunks = len(_find_bounds(features, n_columns)) - 1
    if _is_forked or n_chunks == 1:
        return 1
    return min(n_chunks, max(1, most_threads() // max(1, len(_at_work))))


def advance(layer, coef, intercept, n_steps):
    """Do what `_advance.advance` does."""
    layout = _lay_out(layer, coef, intercept, n_steps)
    n_columns, n_chunks, place = coef.shape[1], len(layout.bounds) - 1, 0
    cost = _find_cost(layer.features, n_columns)
    run = _choose_kernel(layer.features, layout)
    while place < n_steps * n_chunks:
        with _being_at_work():
            n_threads = count_threads(layer.features, n_columns)
            stretch = max(n_threads, _STRETCH * n_chunks // cost)
            end = min(n_steps * n_chunks, place + stretch)
            run(place, end, n_threads)
        place = end
    squared_error = layout.squared_error.reshape(n_steps, len(layout.intercept))
    squared_error = squared_error[:, :n_columns]
    return _read_coef(layout, *coef.shape), layout.intercept[:n_columns], squared_error


def _choose_kernel(features, layout):
    """Return a function that goes from a place in the descent to another."""
    n_rows, n_features = features.shape
    if issparse(features):
        arrays = features.data, features.indices, features.indptr

        def run(place, end, n_threads):
            _sparse.advance(*arrays, n_features, layout, place, end, n_threads)

    elif _is_few(features):
        lanes = _LANES[features.itemsize]
        vectors = _fill_up(features.T, -(-n_rows // lanes) * lanes)
        vectors = vectors.reshape(n_features, -1, lanes).swapaxes(0, 1).copy()

        def run(place, end, n_threads):
            _dense.advance_few(vectors, layout, n_rows, place, end)

    else:
        n_together = _count_together(features, layout)

        def run(place, end, n_threads):
            _dense.advance(features, layout, n_together, place, end, n_threads)

    return run


def find_potential(layer, coef, intercept):
    """Return the potentials of all rows of dense X, (n, K)."""
    features, n_columns = layer.features, coef.shape[1]
    layer = layer._replace(target=layer.target[:0], weight=layer.weight[:0])
    layout = _lay_out(layer, coef, intercept, 0)
    z = np.empty((len(features), len(layout.intercept)), coef.dtype)
    with _being_at_work():
        n_threads = count_threads(features, n_columns)
        n_together = _count_together(features, layout)
        _dense.fill_potential(features, layout, n_together, z, n_threads)
    return z[:, :n_columns]


@contextmanager
def _being_at_work():
    _at_work.append(None)
    try:
        yield
    finally:
        _at_work.pop()


def _find_cost(features, n_columns):
    n_values = int(features.nnz) if issparse(features) else features.size
    return n_columns * (n_values + _SIGMOID * features.shape[0])


def _is_few(features):
    n_rows, n_features = features.shape
    narrow = not issparse(features) and n_features < _LANES[features.itemsize]
    return narrow and n_rows <= _FEW_ROWS


def _count_together(features, layout):
    row_size = features.shape[1] * features.itemsize
    if features.strides[0] == features.itemsize and not layout.n_tiles:
        return min(max(_APART_CACHE // row_size // 16 * 16, 16), _APART_ROWS)
    return min(max(_CACHE // row_size // 12 * 12, 12), _TILE_ROWS)


def _find_bounds(features, n_columns):
    """Return the first row of each chunk, and the number of rows."""
    n_rows, n_features = features.shape
    if _is_few(features) or _find_cost(features, n_columns) < _THREADS_PAY:
        return np.array([0, n_rows], np.intp)
    if issparse(features):
        n_values = int(features.nnz)
        n_chunks = n_values // max(16 * n_features, _CHUNK_VALUES)
        least = 2 if n_values > 2 * n_features else 1
        n_chunks = min(max(n_chunks, least), _MOST_CHUNKS)
        values = np.linspace(0, n_values, n_chunks + 1).astype(np.int64)
        bounds = np.searchsorted(features.indptr, values)
    else:
        chunk_rows = max(-(-n_rows // _MOST_CHUNKS), _CHUNK_ROWS, 8 * n_columns)
        bounds = np.arange(0, n_rows + chunk_rows, chunk_rows)
    bounds[0], bounds[-1] = 0, n_rows
    return bounds.astype(np.intp)


def _lay_out(layer, coef, intercept, n_steps):
    (n_features, n_columns), lanes = coef.shape, _LANES[coef.itemsize]
    n_tiles, n_singles = divmod(n_columns, lanes)
    if _is_few(layer.features):
        n_tiles, n_singles = 0, n_columns
    elif n_singles > _SINGLES[coef.itemsize]:
        n_tiles, n_singles = n_tiles + 1, 0
    n_tiled, width = n_columns - n_singles, n_tiles * lanes

    def flatten_rows(array):
        tiles = _fill_up(array[:, :n_tiled], width)
        return np.concatenate([tiles.ravel(), array[:, n_tiled:].T.ravel()])

    def flatten(vector, dtype):
        full = np.zeros(width + n_singles, dtype)
        full[:n_columns] = vector
        return full

    signs = np.subtract(layer.target > 0, layer.target == 0, dtype=np.int8)
    shared = layer.weight.shape[1] == 1
    tiles = _fill_up(coef[:, :n_tiled], width).reshape(n_features, n_tiles, lanes)
    bounds = _find_bounds(layer.features, n_columns)
    n_chunks, n_all = len(bounds) - 1, width + n_singles
    return Layout(
        n_tiles=n_tiles,
        n_singles=n_singles,
        bounds=bounds,
        signs=flatten_rows(signs),
        weights=layer.weight.ravel() if shared else flatten_rows(layer.weight),
        rate=flatten(layer.learning_rate, np.float64),
        alpha=flatten(layer.alpha, np.float64),
        fit_intercept=layer.fit_intercept,
        coef=np.concatenate([tiles.swapaxes(0, 1).ravel(), coef[:, n_tiled:].T.ravel()]),
        intercept=flatten(intercept, coef.dtype),
        gradients=np.empty(n_chunks * n_features * n_all, coef.dtype),
        sums=np.empty(n_chunks * 2 * n_all),
        squared_error=np.empty(n_steps * n_all),
    )


def _read_coef(layout, n_features, n_columns):
    """Return the weights of a layout as (n_features, n_columns)."""
    lanes = _LANES[layout.coef.itemsize]
    width, n_tiled = layout.n_tiles * lanes, n_columns - layout.n_singles
    tiles, singles = np.split(layout.coef, [n_features * width])
    tiles = tiles.reshape(layout.n_tiles, n_features, lanes).swapaxes(0, 1)
    tiles = tiles.reshape(n_features, width)[:, :n_tiled]
    return np.hstack([tiles, singles.reshape(layout.n_singles, n_features).T])


def _fill_up(array, n_columns):
    """Return (rows, n_columns) with the columns of an array first, and then zeros."""
    full = np.zeros((len(array), n_columns), array.dtype)
    full[:, : array.shape[1]] = array
    return full
