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
from scipy.sparse import csr_array, issparse

from sk_neuron._rule import raw_prediction as _raw_prediction

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

# Single columns go faster over X in Fortran order, of which X of so many values has a copy.
_COPIED = 2**18

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

# Features whose squared norms are added up together; BLOCK in _kernel.h.
_BLOCK = 64

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

    def __init__(self, X, n_columns):
        self.n_features, self.n_columns = X.shape[1], n_columns
        self.dtype, self.lanes = X.dtype, _LANES[X.dtype.itemsize]
        self.n_tiles, self.n_singles = divmod(n_columns, self.lanes)
        if self.n_singles > _SINGLES[X.dtype.itemsize]:
            self.n_tiles, self.n_singles = self.n_tiles + 1, 0
        self.n_padded = self.n_tiles * self.lanes + self.n_singles

    def pack_coef(self, coef):
        """Return (K, d) as it is laid out, flat."""
        if coef.shape != (self.n_columns, self.n_features):  # else C would not notice
            raise ValueError(f"coef has the shape {coef.shape}")
        n_tiled = self.n_columns - self.n_singles
        tiles = np.zeros((self.n_tiles * self.lanes, self.n_features), coef.dtype)
        tiles[:n_tiled] = coef[:n_tiled]
        tiles = tiles.reshape(self.n_tiles, self.lanes, self.n_features).swapaxes(1, 2)
        return np.concatenate([tiles.ravel(), coef[n_tiled:].ravel()])

    def unpack_coef(self, coef):
        """Return what is laid out as (..., size) as (..., K, d)."""
        width, n_tiled = self.n_tiles * self.lanes, self.n_columns - self.n_singles
        shape, d = coef.shape[:-1], self.n_features
        tiles, singles = np.split(coef, [d * width], axis=-1)
        tiles = tiles.reshape(*shape, self.n_tiles, d, self.lanes).swapaxes(-2, -1)
        tiles = tiles.reshape(*shape, width, d)[..., :n_tiled, :]
        singles = singles.reshape(*shape, self.n_singles, d)
        return np.concatenate([tiles, singles], axis=-2)

    def pack_rows(self, array, fill):
        """Return (n, K) as (n, columns in tiles) and (columns left over, n), flat."""
        width, n_tiled = self.n_tiles * self.lanes, self.n_columns - self.n_singles
        flat = np.full(len(array) * self.n_padded, fill, array.dtype)
        tiles, singles = np.split(flat, [len(array) * width])
        tiles.reshape(len(array), width)[:, :n_tiled] = array[:, :n_tiled]
        singles.reshape(self.n_singles, len(array))[:] = array[:, n_tiled:].T
        return flat

    def pack_columns(self, vector, dtype):
        """Return (K,), or a number for all columns, as it is laid out."""
        full = np.zeros(self.n_padded, dtype)
        full[: self.n_columns] = vector
        return full

    def unpack_columns(self, flat, n_steps):
        """Return what is laid out step by step as (n_steps, K)."""
        return flat.reshape(n_steps, self.n_padded)[:, : self.n_columns]


class CompiledKernel:
    """A problem as the compiled kernels have it, and the descent that they do.

    `n_at_once` steps take a fraction of a second, or one does that takes longer.
    """

    def __init__(self, problem):
        self.problem, X = problem, problem.X
        self.X = X
        self.layout = layout = Layout(X, problem.target.shape[1])
        self.n_at_once = max(1, STRETCH // find_cost(X, layout.n_columns))
        self.bounds = _find_bounds(X, layout.n_columns)
        self.signs = layout.pack_rows(problem.target, -1)
        self.signs = np.subtract(self.signs > 0, self.signs == 0, dtype=np.int8)
        weight, shared = problem.sample_weight, problem.sample_weight.shape[1] == 1
        self.sample_weight = weight[:, 0] if shared else layout.pack_rows(weight, 0)
        self.sample_weight = np.ascontiguousarray(self.sample_weight)
        self.rate = layout.pack_columns(problem.learning_rate, np.float64)
        self.alpha = layout.pack_columns(problem.alpha, np.float64)
        self.norm_scale = layout.pack_columns(problem.norm_scale, np.float64)
        self.fit_intercept, self.is_adaptive = problem.fit_intercept, problem.is_adaptive
        self._advance = self._choose()

    def start(self, coef, intercept, exponent=0):
        """Return the state of a descent that begins with coef (K, d), and its `History`.

        The first step is 2^exponent times the learning rate.
        """
        layout = self.layout
        packed, n_padded, dtype = layout.pack_coef(coef), layout.n_padded, layout.dtype
        state = PackedState(
            coef=_make_apart(len(packed), dtype),
            intercept=_make_apart(n_padded, dtype),
            kept_coef=_make_apart(len(packed), dtype),
            kept_intercept=_make_apart(n_padded, dtype),
            kept_gradient=_make_apart(len(packed), dtype),
            kept=np.zeros((4, n_padded)),
            exponent=layout.pack_columns(exponent, np.int64),
        )
        state.coef[:] = packed
        state.kept_gradient[:] = 0
        state.intercept[:] = layout.pack_columns(intercept, dtype)
        return state, self._run(state, 1, is_start=True)[0]

    def run(self, state, n_steps):
        """Return the state so many steps later, and the `History` of these steps."""
        state = state.copy()
        return state, self._run(state, n_steps)[0]

    def run_recording(self, state, n_steps):
        """Do what `run` does, and return coef (n_steps, K, d), intercept (n_steps, K)."""
        state = state.copy()
        history, workspace = self._run(state, n_steps, is_recorded=True)
        coefs = self.layout.unpack_coef(workspace.coefs.reshape(n_steps, len(state.coef)))
        return (
            state,
            history,
            coefs,
            self.layout.unpack_columns(workspace.intercepts, n_steps),
        )

    def points(self, state):
        """Return the points kept, as arrays that have a row for each column."""
        return self.weights(state)

    def weights_at(self, points):
        """Return coef (K, d) and intercept (K,) of points, or of some of them."""
        return points

    def weights(self, state):
        """Return coef (K, d) and intercept (K,) of the points kept."""
        return (
            self.layout.unpack_coef(state.kept_coef),
            state.kept_intercept[: self.layout.n_columns].copy(),
        )

    def next_weights(self, state):
        """Return coef (K, d) and intercept (K,) that the next step tries."""
        return (
            self.layout.unpack_coef(state.coef),
            state.intercept[: self.layout.n_columns].copy(),
        )

    def raw_prediction(self, state):
        """Return x · w + b of all rows at the points kept, (n, K)."""
        return raw_prediction(self.X, *self.weights(state))

    def _run(self, state, n_steps, *, is_start=False, is_recorded=False):
        """Move a state, and return the history and the workspace of the kernel."""
        workspace = self._make_workspace(n_steps, len(state.coef), is_start, is_recorded)
        n_chunks, place = len(self.bounds) - 1, 0
        cost = find_cost(self.X, self.layout.n_columns)
        while place < n_steps * n_chunks:
            with _being_at_work():
                n_threads = _share_threads(n_chunks)
                stretch = max(n_threads, STRETCH * n_chunks // cost)
                end = min(n_steps * n_chunks, place + stretch)
                self._advance(state, workspace, place, end, n_threads)
            place = end
        history = History(
            self.layout.unpack_columns(workspace.squared_error, n_steps),
            self.layout.unpack_columns(workspace.exponents, n_steps),
        )
        return history, workspace

    def _choose(self):
        """Return what goes from a place in the descent to another."""
        X = self.X
        if issparse(X):
            return partial(_sparse.advance, X.data, X.indices, X.indptr, self)
        if self.layout.n_tiles == 0 and X.size <= _COPIED:
            X = _copy_apart(X)
        return partial(_dense.advance, X, _count_together(X, self.layout.n_tiles), self)

    def _make_workspace(self, n_steps, n_weights, is_start, is_recorded):
        n_padded, dtype = self.layout.n_padded, self.layout.dtype
        n_chunks, n_recorded = len(self.bounds) - 1, n_steps * is_recorded
        n_blocks = -(-self.layout.n_features // _BLOCK)
        return Workspace(
            is_start=is_start,
            columns=np.empty((2, n_padded)),
            gradients=_make_apart(n_chunks * n_weights, dtype),
            sums=_make_apart(n_chunks * 2 * n_padded, np.float64),
            norms=_make_apart(n_blocks * 3 * n_padded, np.float64),
            squared_error=_make_apart(n_steps * n_padded, np.float64),
            exponents=np.empty(n_steps * n_padded, np.int64),
            coefs=_make_apart(n_recorded * n_weights, dtype),
            intercepts=_make_apart(n_recorded * n_padded, dtype),
        )


class History(NamedTuple):
    """What a descent notes after each of some passes over X, of the points kept."""

    squared_error: np.ndarray  # (n_passes, K)
    exponent: np.ndarray  # (n_passes, K): the next step is 2^exponent times the rate


class PackedState(NamedTuple):
    """Where a descent is: the points kept, and coef and intercept that come next."""

    coef: np.ndarray
    intercept: np.ndarray
    kept_coef: np.ndarray
    kept_intercept: np.ndarray
    kept_gradient: np.ndarray
    kept: np.ndarray  # (4, columns): gradient of the intercept, loss, error, squared norm
    exponent: np.ndarray

    def copy(self):
        """Return a state that may be moved."""
        copies = []
        for array in self:
            copies.append(_make_apart(array.size, array.dtype).reshape(array.shape))
            copies[-1][:] = array
        return PackedState(*copies)


class Workspace(NamedTuple):
    """What the kernels need beside a state for some passes, and fill in."""

    is_start: bool
    columns: np.ndarray
    gradients: np.ndarray
    sums: np.ndarray
    norms: np.ndarray
    squared_error: np.ndarray
    exponents: np.ndarray
    coefs: np.ndarray
    intercepts: np.ndarray


def raw_prediction(X, coef, intercept):
    """Return x · w + b of all rows, (n, K).

    After a product by BLAS its threads and those of a kernel would wait for each other.
    """
    n_columns = len(coef)
    fits = coef.dtype == X.dtype and 0 not in (*X.shape, n_columns)
    if issparse(X) or not fits or not has_kernel(X):
        with np.errstate(all="ignore"):
            return _raw_prediction(X, coef, intercept)
    layout = Layout(X, n_columns)
    z = np.empty((len(X), layout.n_padded), layout.dtype)
    bounds = _find_bounds(X, n_columns)
    with _being_at_work():
        _dense.fill_potential(
            X,
            layout,
            bounds,
            layout.pack_coef(coef),
            layout.pack_columns(intercept, layout.dtype),
            _count_together(X, layout.n_tiles),
            z,
            _share_threads(len(bounds) - 1),
        )
    return z[:, :n_columns]


def check_raw_prediction(X, coef, intercept):
    """Return x · w + b of all rows, (n, K), or raise an error if it overflows."""
    z = raw_prediction(X, coef, intercept)
    if not np.isfinite(z).all():
        raise ValueError(
            f"The values in X are so large that X @ coef_.T overflows {z.dtype}. "
            "Scale the features."
        )
    return z


def squared_norms(X):
    """Return the sum of the squares of each row, (n,), in float64."""
    if issparse(X):
        squares = csr_array((X.data.astype(np.float64), X.indices, X.indptr), X.shape)
        if not squares.has_canonical_format:  # the square of a sum, if in parts
            squares = squares.copy()
            squares.sum_duplicates()
        with np.errstate(all="ignore"):  # what overflows is judged by the caller
            squares.data **= 2
            return np.asarray(squares.sum(axis=1)).ravel()
    if 0 in X.shape or not has_kernel(X):
        return np.einsum("ij,ij->i", X, X, dtype=np.float64)
    norms, bounds = np.empty(len(X)), _find_bounds(X, 1)
    with _being_at_work():
        n_threads = _share_threads(len(bounds) - 1)
        _dense.fill_norms(X, bounds, _count_together(X, 0), norms, n_threads)
    return norms


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
    if find_cost(features, n_columns) < _THREADS_PAY:
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
