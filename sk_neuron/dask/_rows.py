"""Read the rows of dask collections: check each block where it is, and leave X there."""

import copy
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
from dask.base import is_dask_collection
from dask.utils import is_dataframe_like, is_series_like
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite, check_array

from sk_neuron._input_validation import check_labels, read_sample_weight
from sk_neuron._kernels import BlockedRows, add_pairs, compute_squared_norms
from sk_neuron.dask._scheduler import is_held

# Number of sums that a task adds up. It is a power of two: so the pairs are those of tasks
# that add two.
_SUMS_PER_TASK = 8

# Largest size in bytes of coef that travels with each task. Larger ones are a task of their
# own, whose result the workers pass on to each other.
_MAX_BYTES_IN_TASK = 2**13

_KINDS = {"b": "numbers", "i": "numbers", "u": "numbers", "f": "numbers"}
_KINDS |= {"U": "words", "O": "words", "S": "words", "T": "words"}
_KINDS |= {"M": "dates", "m": "time differences"}


def read_rows(X, y, sample_weight, scheduler, *, dtype=None, name="X"):
    """Return the rows of X, and y and sample_weight in memory, in one pass over X.

    `dtype` is that of X if None. What cannot be used is named with its block.
    """
    X = align_columns(X, name)
    targets = {f"y{name[1:]}": y, f"sample_weight{name[1:]}": sample_weight}
    asked = {
        key: align_columns(value, key) if getattr(value, "ndim", 1) == 2 else value
        for key, value in targets.items()
        if is_dask_collection(value)
    }
    dtype = choose_dtype(X) if dtype is None else dtype
    graph, keys = _list_tasks(X)
    name_of_checks = name_tasks("check-rows")
    checks = {
        (name_of_checks, block): (partial(_check_block, dtype), key)
        for block, key in enumerate(keys)
    }
    everything, wanted, slices = graph | checks, list(checks), {}
    for key, column in asked.items():
        column_graph, column_keys = _list_tasks(column)
        # by names of our own: tasks of others are not ours to cancel if the fit ends early
        name_of_copies = name_tasks(f"read-{key}")
        copies = {
            (name_of_copies, block): (_return_block, column_key)
            for block, column_key in enumerate(column_keys)
        }
        everything |= column_graph | copies
        # dask may read a column in fewer blocks than it has
        slices[key] = slice(len(wanted), len(wanted) + len(copies))
        wanted += copies
    results = scheduler.compute(everything, wanted)
    blocks = results[: len(keys)]
    for key, its_blocks in slices.items():
        targets[key] = _join_column(results[its_blocks], key)
    n_features = _check_blocks(blocks, X.shape[1], name)
    rows = DaskRows(X, graph, keys, blocks, n_features, dtype, scheduler)
    return rows, *targets.values()


class BlockSummary(NamedTuple):
    """What is known of a block of X after it was checked."""

    shape: tuple[int, int]
    is_sparse: bool
    norms: np.ndarray  # squared norms of the rows


class DaskRows(BlockedRows):
    """The rows of a dask collection, by the graph and the keys of its blocks."""

    def __init__(self, passed, graph, keys, blocks, n_features, dtype, scheduler):
        columns = np.empty((0, n_features))
        if is_dataframe_like(passed):
            columns = passed._meta
        super().__init__(
            passed,
            columns,
            dtype,
            [block.shape[0] for block in blocks if block.shape[0]],
            is_sparse=any(block.is_sparse for block in blocks),
            norms=np.concatenate([np.empty(0), *(block.norms for block in blocks)]),
        )
        self._graph, self._scheduler = graph, scheduler
        self._keys = [
            key for key, block in zip(keys, blocks, strict=True) if block.shape[0]
        ]

    def map(self, function, *args):
        """Return function(X of a block, *args) of each block, in the order of the rows."""
        name = name_tasks(function.__name__)
        call = partial(_call_on_rows, function, self.dtype, args)
        tasks = {(name, block): (call, key) for block, key in enumerate(self._keys)}
        return self._scheduler.compute(self._graph | tasks, list(tasks))

    def hold(self, problems):
        """Send the problems of the blocks to them, and return a graph of what is there."""
        name = name_tasks("labels-and-weights")
        tasks = {}
        # if X is in the workers, its blocks are arguments only to bring the problems there
        is_near = is_held(self.passed)
        for block, (key, problem) in enumerate(zip(self._keys, problems, strict=True)):
            near = (key,) if is_near else ()
            tasks[name, block] = (PackedProblem(problem).unpack, *near)
        graph = self._graph | tasks if is_near else tasks
        return self._scheduler.hold(graph, list(tasks))

    def sum(self, function, held, *args):
        """Return the sum over blocks of function(problem with X, *args), a tuple of arrays.

        Neighbours are added in pairs, then the pairs, and so on, as by `add_pairs`. So the
        bits of the sum depend on the blocks only.
        """
        name = name_tasks(function.__name__)
        call = partial(_call_on_problem, function, self.dtype)
        graph = self._graph | held
        argument: Any = Arguments(args)
        if sum(array.nbytes for array in args) > _MAX_BYTES_IN_TASK:
            graph[f"coef-{name}"] = argument
            argument = f"coef-{name}"
        parts = []
        for block, keys in enumerate(zip(self._keys, held, strict=True)):
            parts.append((name, block))
            graph[parts[-1]] = (call, *keys, argument)
        level = 0
        while len(parts) > 1:
            groups = [
                parts[k : k + _SUMS_PER_TASK] for k in range(0, len(parts), _SUMS_PER_TASK)
            ]
            parts = [(f"sum-of-{name}-{level}", group) for group in range(len(groups))]
            graph |= {
                part: (_add, *group) for part, group in zip(parts, groups, strict=True)
            }
            level += 1
        (total,) = self._scheduler.compute(graph, parts)
        return total


class Arguments:
    """Arguments of a function: an object that dask does not look into."""

    def __init__(self, values):
        self.values = values


class PackedProblem:
    """The problem of a block without X, small to send and to store."""

    def __init__(self, problem):
        labels = problem.labels
        smallest = np.min_scalar_type(int(labels.max(initial=0)))
        self._problem = problem._replace(
            labels=labels.astype(smallest),
            sample_weight=_squeeze(problem.sample_weight),
            judge_weight=_squeeze(problem.judge_weight),
        )

    def unpack(self, *near):
        """Return the problem as `Arguments`; what it is near to is not used."""
        n_rows = len(self._problem.labels)
        problem = self._problem._replace(
            labels=self._problem.labels.astype(np.int32),
            sample_weight=_spread(self._problem.sample_weight, n_rows),
            judge_weight=_spread(self._problem.judge_weight, n_rows),
        )
        return Arguments(problem)


def _squeeze(weight):
    """Return a single row of weights where all rows are equal."""
    if weight is not None and (weight == weight[:1]).all():
        return weight[:1]
    return weight


def _spread(weight, n_rows):
    if weight is not None and len(weight) == 1:
        return np.asfortranarray(np.repeat(weight, n_rows, axis=0))
    return weight


def read_block(block, dtype):
    """Return a block as the kernels read X: CSR or an array, of a dtype.

    An array is contiguous and aligned, so that it is read by the same kernel, and to the
    same bits, after it was sent from one worker to another.
    """
    is_read = isinstance(block, np.ndarray) and block.dtype == dtype and block.ndim == 2
    if not is_read:
        block = check_array(
            block,
            accept_sparse="csr",
            dtype=dtype,
            ensure_all_finite=False,
            ensure_min_samples=0,
        )
    if issparse(block):
        return block
    is_contiguous = block.flags.c_contiguous or block.flags.f_contiguous
    if not (is_contiguous and block.flags.aligned):
        block = np.require(block, requirements=["C", "A"])
    return block


def _return_block(block):
    return block


def _check_block(dtype, block):
    """Return the `BlockSummary` of a block, or the message of what is wrong with it."""
    try:
        X = read_block(block, dtype)
        if issparse(X):
            copy.copy(X).check_format()
        with np.errstate(all="ignore"):
            norms = compute_squared_norms(X)
        if not np.isfinite(norms).all():  # or X is so large that squares overflow
            assert_all_finite(X.data if issparse(X) else X, input_name="X")
    except (TypeError, ValueError) as error:
        return str(error)
    return BlockSummary(X.shape, issparse(X), norms)


def _check_blocks(blocks, n_features, name):
    """Return the number of features, or raise an error that names a block."""
    for number, block in enumerate(blocks):
        if isinstance(block, str):
            raise ValueError(f"Block {number} of {name} cannot be used: {block}")
        if np.isnan(n_features):
            n_features = block.shape[1]
        if block.shape[1] != n_features:
            raise ValueError(
                f"Block {number} of {name} has {block.shape[1]} features, but "
                f"{n_features} are expected."
            )
    return int(n_features)


def _join_column(blocks, name):
    """Return the labels or the weights of all rows, from those of each block."""
    is_weight = name.startswith("sample_weight")
    joined: list[np.ndarray] = []
    kinds: dict[tuple[str, tuple[int, ...]], int] = {}  # the first block of each
    for number, block in enumerate(blocks):
        if len(block) == 0:
            continue
        label = f"block {number} of {name}"
        try:
            if is_weight:
                joined.append(read_sample_weight(np.asarray(block), len(block), label))
            else:
                joined.append(check_labels(block, label))
        except ValueError as error:
            text = str(error)
            text = text if label in text else f"{label} cannot be used: {text}"
            raise ValueError(text[0].upper() + text[1:]) from error
        kind = _KINDS.get(joined[-1].dtype.kind, "objects"), joined[-1].shape[1:]
        kinds.setdefault(kind, number)
        if len(kinds) > 1:
            (first, shape), (other, other_shape) = kinds
            if first == other:
                first, other = (f"rows of shape {s}" for s in (shape, other_shape))
            raise ValueError(
                f"Block {number} of {name} has {other}, but the blocks before have {first}."
            )
    return np.concatenate(joined) if joined else np.empty(0)


def align_columns(X, name):
    """Return a collection with two dimensions, all of whose blocks have all columns."""
    if is_dataframe_like(X):
        return X
    if is_series_like(X) or len(X.shape) != 2:
        raise ValueError(
            f"Expected a 2-dimensional {name}, a dask array or data frame. Got one of "
            f"{1 if is_series_like(X) else len(X.shape)} dimensions: {X}."
        )
    return X if X.numblocks[1] == 1 else X.rechunk({1: -1})


def _list_tasks(collection):
    """Return the graph of a collection, simplified by dask, and the keys of its blocks."""
    if is_held(collection):
        return dict(collection.__dask_graph__()), list_keys(collection)
    if hasattr(collection, "optimize"):  # a data frame, whose keys change
        collection = collection.optimize()
        return dict(collection.__dask_graph__()), list_keys(collection)
    keys = list_keys(collection)
    return dict(collection.__dask_optimize__(collection.__dask_graph__(), keys)), keys


def choose_dtype(X):
    """Return float32 if all values of X are, else float64."""
    dtypes = set(X.dtypes) if is_dataframe_like(X) else {X.dtype}
    return np.dtype(np.float32 if dtypes == {np.dtype(np.float32)} else np.float64)


def list_keys(collection):
    """Return the keys of the blocks in the order of the rows."""
    keys = collection.__dask_keys__()
    return [key[0] if isinstance(key, list) else key for key in keys]


def name_tasks(what):
    """Return a name for tasks that nobody else has; the dashboard shows the words."""
    return f"{what.strip('_').replace('_', '-')}-{uuid4().hex}"


def _call_on_rows(function, dtype, args, block):
    return function(read_block(block, dtype), *args)


def _call_on_problem(function, dtype, block, problem, arguments):
    problem = problem.values._replace(X=read_block(block, dtype))
    return function(problem, *arguments.values)


def _add(*parts):
    return add_pairs(parts)
