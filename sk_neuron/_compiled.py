"""Lay out a layer for the compiled kernels, and run them on as many threads as pay.

What the kernels do is in `_step.h`, `_dense.h` and `_sparse.h`, and the same in NumPy in
`_advance`.
"""

import os
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from typing import Any, NamedTuple

import joblib
import numpy as np
from scipy.sparse import issparse

from sk_neuron._rule import potential

_dense: Any
_sparse: Any
try:
    _dense, _sparse = map(import_module, ("sk_neuron._dense", "sk_neuron._sparse"))
except ModuleNotFoundError:  # installed where there is no C compiler
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

# Single columns go faster over X in Fortran order, of which small X has a copy: of so many
# values in general, and of so few rows, with fewer features than lanes, in vectors.
_COPIED = 2**18
_FEW_ROWS = 384

# The cost of a step from which threads pay, and that after which Python has a look at
# signals, in multiplications; a sigmoid, and to move a weight, takes as long as so many.
_THREADS_PAY = 2**18
STRETCH = 2**28
_SIGMOID = 32
_MOVE = 8

# Chunks of so many rows, or of values in sparse X, cost more than clearing and adding their
# gradients, and there are no more than make those a few arrays of (n, K) and of coef.
_MOST_CHUNKS = 64
_CHUNK_ROWS = 64
_CHUNK_VALUES = 2**14

# One entry for each kernel at work in this process, which share its threads. A forked
# child has no more than one: those of the OpenMP run time stayed behind in its parent.
_at_work: list[None] = []
_default_threads = _dense.most_threads() if BUILT else 0
_count_cores = cache(joblib.cpu_count)
_is_forked = False


def _note_fork():
    global _is_forked
    _is_forked = True
    _at_work.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


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
            and features.indices.dtype in (np.int32, np.int64)
            and all(a.flags.c_contiguous and a.flags.aligned for a in arrays)
        )
    # features or rows side by side, the others a whole number of numbers apart
    whole = not any(stride % features.itemsize for stride in features.strides)
    return whole and features.flags.aligned and features.itemsize in features.strides


def most_threads():
    """Return how many threads there may be; 0 if built without OpenMP.

    OpenMP does not know how many cores a container may use. So where nobody has chosen a
    number, by OMP_NUM_THREADS or threadpoolctl, there are no more than joblib counts.
    """
    n_threads = _dense.most_threads()
    chosen = "OMP_NUM_THREADS" in os.environ or n_threads != _default_threads
    return n_threads if chosen else min(n_threads, _count_cores())


def count_threads(features, n_columns):
    """Return how many threads share a step."""
    return _share_threads(len(_find_bounds(features, n_columns)) - 1)


def _share_threads(n_chunks):
    if _is_forked or n_chunks == 1:
        return 1
    return min(n_chunks, max(1, most_threads() // max(1, len(_at_work))))


class Layout:
    """Where the compiled kernels have the columns of a layer.

    Columns go in tiles of as many as are in a vector, and those left over one by one
    ("singles"): `Layer` in _kernel.h says in which order.
    """

    def __init__(self, features, n_columns):
        self.n_features, self.n_columns = features.shape[1], n_columns
        self.dtype, self.lanes = features.dtype, _LANES[features.dtype.itemsize]
        self.n_tiles, self.n_singles = divmod(n_columns, self.lanes)
        if _is_few(features):
            self.n_tiles, self.n_singles = 0, n_columns
        elif self.n_singles > _SINGLES[features.dtype.itemsize]:
            self.n_tiles, self.n_singles = self.n_tiles + 1, 0
        self.n_places = self.n_tiles * self.lanes + self.n_singles

    def place_coef(self, coef):
        """Return (d, K) as it is laid out, flat."""
        if coef.shape != (self.n_features, self.n_columns):  # else C would not notice
            raise ValueError(f"coef has the shape {coef.shape}")
        n_tiled = self.n_columns - self.n_singles
        tiles = _fill_up(coef[:, :n_tiled], self.n_tiles * self.lanes)
        tiles = tiles.reshape(self.n_features, self.n_tiles, self.lanes).swapaxes(0, 1)
        return np.concatenate([tiles.ravel(), coef[:, n_tiled:].T.ravel()])

    def read_coef(self, coef):
        """Return what is laid out as (..., size) as (..., d, K)."""
        width, n_tiled = self.n_tiles * self.lanes, self.n_columns - self.n_singles
        shape, d = coef.shape[:-1], self.n_features
        tiles, singles = np.split(coef, [d * width], axis=-1)
        tiles = tiles.reshape(*shape, self.n_tiles, d, self.lanes).swapaxes(-3, -2)
        tiles = tiles.reshape(*shape, d, width)[..., :n_tiled]
        singles = singles.reshape(*shape, self.n_singles, d).swapaxes(-2, -1)
        return np.concatenate([tiles, singles], axis=-1)

    def place_rows(self, array, fill):
        """Return (n, K) as (n, columns in tiles) and (columns left over, n), flat."""
        width, n_tiled = self.n_tiles * self.lanes, self.n_columns - self.n_singles
        flat = np.full(len(array) * self.n_places, fill, array.dtype)
        tiles, singles = np.split(flat, [len(array) * width])
        tiles.reshape(len(array), width)[:, :n_tiled] = array[:, :n_tiled]
        singles.reshape(self.n_singles, len(array))[:] = array[:, n_tiled:].T
        return flat

    def place(self, vector, dtype):
        """Return (K,), or a number for all columns, as it is laid out."""
        full = np.zeros(self.n_places, dtype)
        full[: self.n_columns] = vector
        return full

    def read(self, flat, n_steps):
        """Return what is laid out step by step as (n_steps, K)."""
        return flat.reshape(n_steps, self.n_places)[:, : self.n_columns]


class CompiledKernel:
    """A layer as the compiled kernels have it, and a way to run them.

    `n_at_once` steps take a fraction of a second, or one does that takes longer.
    """

    def __init__(self, layer):
        features = self.features = layer.features
        self.layout = layout = Layout(features, layer.target.shape[1])
        self.n_at_once = max(1, STRETCH // find_cost(features, layout.n_columns))
        self.bounds = _find_bounds(features, layout.n_columns)
        self.signs = layout.place_rows(layer.target, -1)
        self.signs = np.subtract(self.signs > 0, self.signs == 0, dtype=np.int8)
        shared = layer.weight.shape[1] == 1
        self.weights = layer.weight[:, 0] if shared else layout.place_rows(layer.weight, 0)
        self.weights = np.ascontiguousarray(self.weights)
        self.rate = layout.place(layer.learning_rate, np.float64)
        self.alpha = layout.place(layer.alpha, np.float64)
        self.fit_intercept = layer.fit_intercept
        self._advance = self._choose()

    def advance(self, coef, intercept, n_steps):
        """Return coef, intercept and the squared error before each step, (n_steps, K)."""
        state = self._run(coef, intercept, n_steps)
        return (
            self.layout.read_coef(state.coef),
            state.intercept[: self.layout.n_columns],
            self.layout.read(state.squared_error, n_steps),
        )

    def trace(self, coef, intercept, n_steps):
        """Do what `advance` does, and return coef and intercept after each step."""
        state = self._run(coef, intercept, n_steps, n_traced=n_steps)
        return (
            self.layout.read_coef(state.coefs.reshape(n_steps, len(state.coef))),
            self.layout.read(state.intercepts, n_steps),
            self.layout.read(state.squared_error, n_steps),
        )

    def _run(self, coef, intercept, n_steps, n_traced=0):
        state = self._place(coef, intercept, n_steps, n_traced)
        n_chunks, place = len(self.bounds) - 1, 0
        cost = find_cost(self.features, self.layout.n_columns)
        while place < n_steps * n_chunks:
            with _being_at_work():
                n_threads = _share_threads(n_chunks)
                stretch = max(n_threads, STRETCH * n_chunks // cost)
                end = min(n_steps * n_chunks, place + stretch)
                self._advance(state, place, end, n_threads)
            place = end
        return state

    def _choose(self):
        """Return what goes from a place in the descent to another."""
        if issparse(self.features):
            X = self.features
            return partial(_sparse.advance, X.data, X.indices, X.indptr, self)
        n_rows, lanes = len(self.features), self.layout.lanes
        if _is_few(self.features):
            vectors = _fill_up(self.features.T, -(-n_rows // lanes) * lanes)
            vectors = vectors.reshape(len(vectors), -1, lanes).swapaxes(0, 1).copy()
            return partial(_dense.advance_few, vectors, n_rows, self)
        features = self.features
        if self.layout.n_tiles == 0 and features.size <= _COPIED:
            features = _copy_apart(features)
        n_together = _count_together(features, self.layout.n_tiles)
        return partial(_dense.advance, features, n_together, self)

    def _place(self, coef, intercept, n_steps, n_traced):
        coef = self.layout.place_coef(coef)
        n_weights, n_places = len(coef), self.layout.n_places
        n_chunks, dtype = len(self.bounds) - 1, self.layout.dtype
        state = State(
            coef=_make_apart(n_weights, dtype),
            intercept=_make_apart(n_places, dtype),
            gradients=_make_apart(n_chunks * n_weights, dtype),
            sums=_make_apart(n_chunks * 2 * n_places, np.float64),
            squared_error=_make_apart(n_steps * n_places, np.float64),
            coefs=_make_apart(n_traced * n_weights, dtype),
            intercepts=_make_apart(n_traced * n_places, dtype),
        )
        state.coef[:] = coef
        state.intercept[:] = self.layout.place(intercept, dtype)
        return state


class State(NamedTuple):
    """What changes in a descent, laid out for the kernels, and room for a step."""

    coef: np.ndarray
    intercept: np.ndarray
    gradients: np.ndarray
    sums: np.ndarray
    squared_error: np.ndarray
    coefs: np.ndarray
    intercepts: np.ndarray


def find_potential(features, coef, intercept):
    """Return the potentials of all rows, (n, K).

    After a product by BLAS its threads and those of a kernel would wait for each other.
    """
    n_columns = coef.shape[1]
    fits = coef.dtype == features.dtype and 0 not in (*features.shape, n_columns)
    if issparse(features) or not fits or not has_kernel(features):
        with np.errstate(all="ignore"):
            return potential(features, coef, intercept)
    layout = Layout(features, n_columns)
    z = np.empty((len(features), layout.n_places), layout.dtype)
    bounds = _find_bounds(features, n_columns)
    with _being_at_work():
        _dense.fill_potential(
            features,
            layout,
            bounds,
            layout.place_coef(coef),
            layout.place(intercept, layout.dtype),
            _count_together(features, layout.n_tiles),
            z,
            _share_threads(len(bounds) - 1),
        )
    return z[:, :n_columns]


@contextmanager
def _being_at_work():
    _at_work.append(None)
    try:
        yield
    finally:
        del _at_work[-1:]  # of which there is none in a child forked meanwhile


def _make_apart(size, dtype):
    """Return an array with the width of a vector free on either side.

    The compiler makes some loops twice, and the one for arrays that may overlap may round
    differently. It counts as overlap what is closer than a vector: nothing is.
    """
    free = 64 // np.dtype(dtype).itemsize
    return np.empty(free + size + free, dtype)[free : free + size]


def find_cost(features, n_columns):
    """Return what a step costs, in multiplications."""
    n_rows, n_features = features.shape
    n_values = int(features.nnz) if issparse(features) else features.size
    return n_columns * (n_values + _SIGMOID * n_rows + _MOVE * n_features)


def _is_few(features):
    n_rows, n_features = features.shape
    narrow = not issparse(features) and n_features < _LANES[features.dtype.itemsize]
    return narrow and n_rows <= _FEW_ROWS


def _count_together(features, n_tiles):
    row_size = features.shape[1] * features.itemsize
    if features.strides[0] == features.itemsize and n_tiles == 0:
        return min(max(_APART_CACHE // row_size // 16 * 16, 16), _APART_ROWS)
    return min(max(_CACHE // row_size // 8 * 8, 8), _TILE_ROWS)


def _copy_apart(features):
    """Return X in Fortran order, each feature at the start of a cache line."""
    (n_rows, n_features), size = features.shape, features.itemsize
    stride = -(-n_rows * size // 64) * 64
    memory = np.empty(n_features * stride + 64, np.uint8)
    start = -memory.ctypes.data % 64
    copied = np.ndarray((n_rows, n_features), features.dtype, memory, start, (size, stride))
    copied[:] = features
    return copied


def _find_bounds(features, n_columns):
    """Return the first row of each chunk, and the number of rows."""
    n_rows, n_features = features.shape
    if _is_few(features) or find_cost(features, n_columns) < _THREADS_PAY:
        return np.array([0, n_rows], np.intp)
    most = min(_MOST_CHUNKS, 8 + n_rows // n_features)
    if issparse(features):
        n_values = int(features.nnz)
        n_chunks = n_values // max(16 * n_features, _CHUNK_VALUES)
        n_chunks = max(n_chunks, 2 if n_values > 2 * n_features else 1)
        values = np.linspace(0, n_values, min(n_chunks, most) + 1).astype(np.int64)
        bounds = np.searchsorted(features.indptr, values)
    else:
        n_chunks = min(max(1, n_rows // _CHUNK_ROWS), most)
        bounds = np.linspace(0, n_rows, n_chunks + 1)
    bounds[0], bounds[-1] = 0, n_rows
    return bounds.astype(np.intp)


def _fill_up(array, n_columns):
    """Return (rows, n_columns) with the columns of an array first, and then zeros."""
    full = np.zeros((len(array), n_columns), array.dtype)
    full[:, : array.shape[1]] = array
    return full
