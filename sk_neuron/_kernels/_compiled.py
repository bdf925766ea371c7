"""Run the compiled kernels; src/problem.h describes how they work."""

from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, issparse

from sk_neuron._kernels import _formulas
from sk_neuron._kernels._blocked_rows import BlockedRows, map_blocks
from sk_neuron._kernels._device_rows import DeviceRows
from sk_neuron._kernels._packing import (
    Packing,
    allocate_padded,
    choose_layout,
    compute_chunk_offsets,
    estimate_step_cost,
)
from sk_neuron._kernels._problem import Problem
from sk_neuron._kernels._row_blocks import row_blocks
from sk_neuron._kernels._threads import (
    BUILT,
    SWITCHED_OFF,
    _csr,
    _dense,
    count_as_active,
    share_threads,
)

# Number of multiplications in one call of a kernel, which takes a fraction of a second:
# Python handles signals, such as an interrupt from the keyboard, only between calls.
MAX_WORK_PER_CALL = 2**28

# Number of features that share a sum of squares; the same as UPDATE_BLOCK in problem.h.
_UPDATE_BLOCK = 64


def has_kernel(X):
    """Return whether a compiled kernel can read X in its memory layout."""
    if not BUILT or SWITCHED_OFF:
        return False
    if issparse(X):
        arrays = X.data, X.indices, X.indptr
        return (
            X.format == "csr"
            and X.nnz > 0
            and X.indices.dtype == X.indptr.dtype
            and X.indices.dtype in (np.int32, np.int64)
            and all(a.flags.c_contiguous and a.flags.aligned for a in arrays)
        )
    # the values of a row or a column are adjacent, and strides are whole numbers of values
    is_whole = not any(stride % X.itemsize for stride in X.strides)
    return is_whole and X.flags.aligned and X.itemsize in X.strides


def _transpose(array, dtype):
    """Return the transpose as a contiguous array; None stays None."""
    return None if array is None else np.ascontiguousarray(array.T, dtype)


class History(NamedTuple):
    """The errors at the kept point and the next step size, after each pass over X."""

    squared_error: np.ndarray  # (n_passes, n_groups), on the training rows
    judged_error: np.ndarray  # (n_passes, n_groups), on the judged rows
    exponent: np.ndarray  # (n_passes, n_groups): the next step is 2^exponent times the rate


class CompiledKernel:
    """The descent of a problem in compiled code, and the arrays that this code reads.

    `max_steps_per_call` steps take a fraction of a second; it is 1 if one takes longer.
    """

    def __init__(self, problem: Problem):
        if problem.judge_weight is not None and problem.roles is None:
            raise ValueError("With judge_weight the problem needs roles, but it has none.")
        self.problem, X = problem, problem.X
        n_columns, K = problem.n_columns, problem.n_outputs
        self.packing = packing = Packing(X, n_columns)
        self.X = choose_layout(X, packing.n_tiles)
        self.cost = estimate_step_cost(X, n_columns)
        self.max_steps_per_call = max(1, MAX_WORK_PER_CALL // self.cost)
        self.chunk_offsets = compute_chunk_offsets(X, n_columns)
        self.labels = _transpose(problem.labels, np.int32)
        self.weight = _transpose(problem.sample_weight, X.dtype)
        self.roles = _transpose(problem.roles, np.uint8)
        self.judge_weight = _transpose(problem.judge_weight, X.dtype)
        self.is_noisy = self.noise_shift = self.noise_slope = None
        if problem.label_noise is not None:
            self.is_noisy = problem.label_noise.any(axis=1).astype(np.uint8)
            self.noise_shift, self.noise_slope = (
                np.ascontiguousarray(array, X.dtype)
                for array in _formulas.noise_terms(problem.label_noise, K)
            )
        self.rate = self._of_groups(problem.learning_rate, np.float64)
        self.alpha = self._of_columns(problem.alpha)
        self.norm_scale = self._of_columns(problem.norm_scale)
        n_rows, self._scratch_size = packing.choose_block_size(self.X, K)
        if issparse(self.X):
            arrays = self.X.data, self.X.indices, self.X.indptr
            self._run_chunks = partial(_csr.run, *arrays, n_rows)
        else:
            self._run_chunks = partial(_dense.run, self.X, n_rows)

    def start(self, coef, intercept, exponent=0):
        """Return the state of a descent from coef (columns, d), and its `History`.

        The first step is 2^exponent times the learning rate.
        """
        coef = self.packing.pack_coef(coef)
        intercept = self.packing.pack_columns(intercept, self.packing.dtype)
        state = PackedState(
            coef,
            intercept,
            kept_coef=np.zeros_like(coef),
            kept_intercept=np.zeros_like(intercept),
            kept_gradient=np.zeros_like(coef),
            kept_intercept_gradient=np.zeros(len(intercept)),
            kept=np.zeros((4, self.problem.n_groups)),
            exponent=self._of_groups(exponent, np.int64),
        ).copy()
        return state, self._run(state, 1, is_start=True)[0]

    def run(self, state, n_steps):
        """Return the state after `n_steps` more steps, and their `History`."""
        state = state.copy()
        return state, self._run(state, n_steps)[0]

    def run_recording(self, state, n_steps):
        """Do what `run` does, and also return the `Recording` of the kept points."""
        state = state.copy()
        history, workspace = self._run(state, n_steps, n_recorded=n_steps)
        coefs = workspace.coefs.reshape(n_steps, len(state.coef))
        intercepts = workspace.intercepts.reshape(n_steps, self.packing.n_padded)
        return state, history, Recording(self.problem, self.packing, coefs, intercepts)

    def run_predicting(self, state, n_steps):
        """Do what `run` does, and also return the raw predictions, (n, columns).

        They are those of the last pass, unless a group rejected the last step: then its
        raw predictions at the kept point are computed again.
        """
        state = state.copy()
        history, workspace = self._run(state, n_steps, n_predicted=len(self.problem.labels))
        columns = slice(self.packing.n_columns)
        z = workspace.raw_prediction[columns].T
        rejected = np.flatnonzero(workspace.columns[1, columns] == 0)
        if len(rejected):
            coef, intercept = self.weights(state)
            z[:, rejected] = compute_raw_prediction(
                self.problem.X, coef[rejected], intercept[rejected]
            )
        return state, history, z

    def points(self, state):
        """Return the kept points, as arrays with one row for each column."""
        return self.weights(state)

    def weights_at(self, points):
        """Return coef (columns, d) and intercept (columns,) of some points."""
        return points

    def weights(self, state):
        """Return coef (columns, d) and intercept (columns,) of the kept points."""
        return self.packing.unpack(state.kept_coef, state.kept_intercept)

    def next_weights(self, state):
        """Return coef (columns, d) and intercept (columns,) that the next step tries."""
        return self.packing.unpack(state.coef, state.intercept)

    def gradient(self, state):
        """Return minus the gradients of coef and of intercept at the kept points."""
        return (
            self.packing.unpack_coef(state.kept_gradient),
            state.kept_intercept_gradient[: self.packing.n_columns].copy(),
        )

    def raw_prediction(self, state):
        """Return x · w + b of all rows at the kept points, (n, columns)."""
        return compute_raw_prediction(self.problem.X, *self.weights(state))

    def are_finite(self, points):
        """Return for which columns the weights and raw predictions are finite."""
        return are_finite(self.problem, *points)

    def _of_groups(self, value, dtype):
        """Return an array, or one value for all groups, as (n_groups,)."""
        return np.broadcast_to(value, self.problem.n_groups).astype(dtype)

    def _of_columns(self, value):
        """Return an array, or one value for all groups, as a value for each column."""
        of_groups = self._of_groups(value, np.float64)
        repeated = np.repeat(of_groups, self.problem.n_outputs)
        return self.packing.pack_columns(repeated, np.float64)

    def _run(self, state, n_steps, *, is_start=False, n_recorded=0, n_predicted=0):
        """Take the steps in the arrays of `state`; return the history and the workspace."""
        n_chunks, n_groups = len(self.chunk_offsets) - 1, self.problem.n_groups
        workspace = self._make_workspace(n_steps, is_start, n_recorded, n_predicted)
        begin = 0
        while begin < n_steps * n_chunks:
            with count_as_active():
                n_threads = min(share_threads(n_chunks), len(workspace.scratch))
                count = max(n_threads, MAX_WORK_PER_CALL * n_chunks // self.cost)
                end = min(n_steps * n_chunks, begin + count)
                self._run_chunks(self, state, workspace, begin, end, n_threads)
            begin = end
        errors = workspace.kept_errors.reshape(n_steps, 2, n_groups)
        exponents = workspace.exponents.reshape(n_steps, n_groups)
        return History(errors[:, 0], errors[:, 1], exponents), workspace

    def _make_workspace(self, n_steps, is_start, n_recorded, n_predicted):
        packing, n_groups = self.packing, self.problem.n_groups
        n_padded, dtype = packing.n_padded, packing.dtype
        size, n_chunks = n_padded * packing.n_features, len(self.chunk_offsets) - 1
        n_blocks = -(-packing.n_features // _UPDATE_BLOCK)
        return Workspace(
            is_start=is_start,
            columns=np.empty((2, n_padded)),
            gradients=allocate_padded(n_chunks * size, dtype),
            delta_sums=allocate_padded(n_chunks * n_padded, np.float64),
            errors=allocate_padded(n_chunks * 2 * n_groups, np.float64),
            norms=allocate_padded(n_blocks * 3 * n_padded, np.float64),
            scratch=np.empty((share_threads(n_chunks), self._scratch_size + 64), dtype),
            kept_errors=allocate_padded(n_steps * 2 * n_groups, np.float64),
            exponents=np.empty(n_steps * n_groups, np.int64),
            coefs=allocate_padded(n_recorded * size, dtype),
            intercepts=allocate_padded(n_recorded * n_padded, dtype),
            raw_prediction=np.empty((n_padded if n_predicted else 0, n_predicted), dtype),
        )


class Recording(NamedTuple):
    """The points kept after each of some steps."""

    problem: Problem
    packing: Packing
    coefs: np.ndarray  # (n_steps, size of coef), packed
    intercepts: np.ndarray  # (n_steps, n_padded)

    def weights_at(self, steps):
        """Return coef (..., columns, d) and intercept (..., columns) of a step or steps."""
        return self.packing.unpack(self.coefs[steps], self.intercepts[steps])

    def points_at(self, steps):
        """Return the points of some steps, and whether they are finite.

        Each point is a pair (coef, intercept); `finite` is (len(steps), columns).
        """
        coefs, intercepts = self.weights_at(steps)
        n_steps, n_columns, n_features = coefs.shape
        finite = are_finite(self.problem, coefs.reshape(-1, n_features), intercepts.ravel())
        points = list(zip(coefs, intercepts, strict=True))
        return points, finite.reshape(n_steps, n_columns)


class PackedState(NamedTuple):
    """The state of a descent: the kept points, and the points to try next, all packed."""

    coef: np.ndarray
    intercept: np.ndarray
    kept_coef: np.ndarray
    kept_intercept: np.ndarray
    kept_gradient: np.ndarray
    kept_intercept_gradient: np.ndarray
    kept: np.ndarray  # (4, n_groups): loss, squared error, judged error, squared norm
    exponent: np.ndarray

    def copy(self):
        """Return a copy in memory with padding, which `_run` may change."""
        copied = [allocate_padded(a.size, a.dtype).reshape(a.shape) for a in self]
        for copy, array in zip(copied, self, strict=True):
            copy[:] = array
        return PackedState(*copied)


class Workspace(NamedTuple):
    """The arrays that a kernel writes to in some passes; see `Descent` in problem.h."""

    is_start: bool
    columns: np.ndarray  # (2, n_padded): the next step size; whether the last was kept
    gradients: np.ndarray
    delta_sums: np.ndarray
    errors: np.ndarray
    norms: np.ndarray
    scratch: np.ndarray  # (n_threads, size)
    kept_errors: np.ndarray
    exponents: np.ndarray
    coefs: np.ndarray
    intercepts: np.ndarray
    raw_prediction: np.ndarray  # (n_padded, n), or empty


def compute_raw_prediction(X, coef, intercept):
    """Return x · w + b of all rows, (n, columns).

    It avoids BLAS, whose idle threads compete with ours for a while after a product.
    """
    if isinstance(X, DeviceRows):
        with np.errstate(all="ignore"):
            return X.fetch(X.predict(coef, intercept))
    if isinstance(X, BlockedRows):
        return map_blocks(compute_raw_prediction, X, coef, intercept)
    n_columns = len(coef)
    is_supported = coef.dtype == X.dtype and 0 not in (*X.shape, n_columns)
    if issparse(X) or not is_supported or not has_kernel(X):
        with np.errstate(all="ignore"):
            return _formulas.compute_raw_prediction(X, coef, intercept)
    packing = Packing(X, n_columns)
    z = np.empty((packing.n_padded, len(X)), packing.dtype)
    offsets = compute_chunk_offsets(X, n_columns)
    with count_as_active():
        _dense.fill_raw_prediction(
            X,
            packing,
            offsets,
            packing.pack_coef(coef),
            packing.pack_columns(intercept, packing.dtype),
            packing.choose_block_size(X, 1)[0],
            z,
            share_threads(len(offsets) - 1),
        )
    return z[:n_columns].T


def are_finite(problem, coef, intercept):
    """Return for which columns the weights and x · w + b of all rows are finite.

    |x · w| is at most ‖x‖ ‖w‖, so x · w is computed only if that bound is too large.
    """
    with np.errstate(all="ignore"):
        norm = np.sqrt(np.einsum("kj,kj->k", coef, coef, dtype=np.float64))
        bound = problem.largest_norm * norm + np.abs(intercept)
        finite = bound < np.finfo(coef.dtype).max / 2
    if not finite.all():
        unknown = np.flatnonzero(~finite)
        z = compute_raw_prediction(problem.X, coef[unknown], intercept[unknown])
        is_weight_finite = np.isfinite(coef[unknown]).all(axis=1)
        finite[unknown] = np.isfinite(z).all(axis=0) & is_weight_finite
    return finite


def check_raw_prediction(X, coef, intercept):
    """Return x · w + b of all rows, (n, columns), or raise an error if it overflows.

    It is where X is.
    """
    if isinstance(X, DeviceRows):
        with np.errstate(all="ignore"):
            z = X.predict(coef, intercept)
        is_finite = bool(X.xp.all(X.xp.isfinite(z)))
    else:
        z = compute_raw_prediction(X, coef, intercept)
        is_finite = np.isfinite(z).all()
    if not is_finite:
        raise ValueError(
            f"The values in X are so large that X @ coef_.T overflows {z.dtype}. "
            "Scale the features."
        )
    return z


def compute_squared_norms(X):
    """Return the sum of the squares of each row, (n,), in float64."""
    if isinstance(X, DeviceRows):
        return X.squared_norms()
    if issparse(X):
        blocks = [_sparse_norms(X[rows]) for rows in row_blocks(X)]
        return np.concatenate([np.empty(0), *blocks])
    if 0 in X.shape or not has_kernel(X):
        return np.einsum("ij,ij->i", X, X, dtype=np.float64)
    norms, offsets = np.empty(len(X)), compute_chunk_offsets(X, 1)
    with count_as_active():
        n_threads = share_threads(len(offsets) - 1)
        rows_per_block, _ = Packing(X, 1).choose_block_size(X, 1)
        _dense.fill_norms(X, offsets, rows_per_block, norms, n_threads)
    return norms


def _sparse_norms(X):
    """Return the squared norms of the rows of CSR X, and change X."""
    X.sum_duplicates()  # an element may be stored as several values, whose sum is squared
    with np.errstate(all="ignore"):  # the caller checks for overflow
        squares = csr_array((X.data.astype(np.float64) ** 2, X.indices, X.indptr), X.shape)
        return np.asarray(squares.sum(axis=1)).ravel()


def count_threads(X, n_columns):
    """Return how many threads share a step."""
    return share_threads(len(compute_chunk_offsets(X, n_columns)) - 1)
