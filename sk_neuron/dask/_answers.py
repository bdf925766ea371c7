"""Answers to dask collections: lazy, a block of them for each block of rows."""

import copy
from functools import partial
from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.base import is_dask_collection
from dask.highlevelgraph import HighLevelGraph
from dask.utils import is_dataframe_like
from sklearn.utils import check_consistent_length

from sk_neuron._base import describe_features, describe_neuron
from sk_neuron._classifier import SigmoidNeuronClassifier
from sk_neuron._input_validation import note_features
from sk_neuron.dask._rows import align_columns, choose_dtype, list_keys, name_tasks


def answer_lazily(neuron, method, X, columns, coef=None, intercept=None):
    """Return what a method of a neuron answers, a dask array with a block for each of X.

    `columns` are the labels and weights that the method takes besides X. If coef and
    intercept are passed, they take the place of those of the neuron.
    """
    X = align_columns(X, "X")
    note_features(neuron, _make_columns(X), reset=False)
    plain = _copy_plain(neuron, coef, intercept)
    if not is_dataframe_like(X):  # workers need not compare names again
        plain.__dict__.pop("feature_names_in_", None)
    columns = {name: _align_rows(column, X, name) for name, column in columns.items()}
    X, *aligned = map(_optimize, (X, *columns.values()))
    like = _answer_one(plain, method, X, columns)
    call = partial(_answer_block, plain, method, list(columns), like[:0])
    name = name_tasks(method)
    tasks: dict[Any, Any] = {
        (name, block, *(0,) * (like.ndim - 1)): (call, *keys)
        for block, keys in enumerate(
            zip(list_keys(X), *map(list_keys, aligned), strict=True)
        )
    }
    graph = HighLevelGraph.from_collections(name, tasks, [X, *aligned])
    chunks = _list_lengths(X), *((width,) for width in like.shape[1:])
    return da.Array(graph, name, chunks, meta=like[:0])


def _optimize(collection):
    """Return a collection simplified by dask, with the blocks that it has."""
    if not hasattr(collection, "optimize"):
        return collection
    # tuning makes fewer blocks of files of which few columns are read
    with dask.config.set({"optimization.tune.active": False}):
        return collection.optimize()


def _make_columns(X):
    """Return an empty container with the columns of X."""
    return X._meta if is_dataframe_like(X) else np.empty((0, X.shape[1]))


def _list_lengths(X):
    """Return the number of rows of each block, NaN if it is not known."""
    return (np.nan,) * X.npartitions if is_dataframe_like(X) else X.chunks[0]


def _copy_plain(neuron, coef, intercept):
    """Return a neuron that knows only what it answers with, to be sent to workers."""
    plain = SigmoidNeuronClassifier()
    if coef is None:
        coef, intercept = neuron.coef_, neuron.intercept_
    learned = describe_neuron(
        neuron.classes_, neuron._multilabel, coef, intercept, neuron._label_noise
    )
    plain.__dict__.update(learned | describe_features(neuron))
    return plain


def _align_rows(column, X, name):
    """Return labels or weights as a dask collection with the blocks of X."""
    lengths = _list_lengths(X)
    is_known = not np.isnan(lengths).any()
    if not is_dask_collection(column):
        column = np.asarray(column)
        if not is_known:
            raise ValueError(
                f"The numbers of rows of the blocks of X are not known, so {name} cannot "
                f"be divided: pass a dask collection as {name}, or call "
                "compute_chunk_sizes() on X as a dask array."
            )
        column = da.from_array(column, chunks=column.shape)
    if isinstance(column, da.Array):
        if is_known and not np.isnan(column.shape[0]):
            check_consistent_length(X, column)
            column = column.rechunk({0: lengths})
        column = column if column.ndim == 1 else align_columns(column, name)
    if column.npartitions != len(lengths):
        raise ValueError(
            f"X has {len(lengths)} blocks, but {name} has {column.npartitions}, and their "
            f"numbers of rows are not known: pass {name} as a column of the data frame, or "
            "call compute_chunk_sizes() on both as dask arrays."
        )
    return column


def _answer_one(plain, method, X, columns):
    """Return the answer to a row of zeros, which tells the shape and dtype of answers."""
    plain = copy.copy(plain)
    plain.__dict__.pop("feature_names_in_", None)
    X = np.zeros((1, plain.n_features_in_), choose_dtype(X))
    known: dict[str, Any] = {"y": plain.classes_[:1], "sample_weight": np.ones(1)}
    if plain._multilabel:
        known["y"] = np.zeros((1, len(plain.classes_)), int)
    return getattr(plain, method)(X, **{name: known[name] for name in columns})


def _answer_block(plain, method, names, empty, X, *columns):
    if X.shape[0] == 0:
        return empty
    return getattr(plain, method)(X, **dict(zip(names, columns, strict=True)))
