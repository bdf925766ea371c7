"""Dask collections without a cluster: the same descent, block by block, on threads."""

import pickle
import subprocess
import sys
from itertools import pairwise
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array, random_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GroupKFold, KFold

import sk_neuron
from sk_neuron import _kernels

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")

from sk_neuron.dask import (  # noqa: E402
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
    _scheduler,
)

N_ROWS, N_FEATURES = 240, 7
LENGTHS = 50, 0, 1, 100, 89  # of blocks


def in_blocks(rows, lengths=LENGTHS):
    """Return rows as a dask array with blocks of these lengths."""
    offsets = np.cumsum([0, *lengths]).tolist()
    parts = [rows[start:stop] for start, stop in pairwise(offsets)]
    return join_blocks(parts, lengths, rows[:0])


def join_blocks(parts, lengths, like):
    """Return a dask array whose blocks are these parts, whatever they are."""
    zeros, name = (0,) * (like.ndim - 1), f"rows-{uuid4()}"
    graph = {(name, block, *zeros): part for block, part in enumerate(parts)}
    chunks = tuple(map(int, lengths)), *((width,) for width in like.shape[1:])
    return da.Array(graph, name, chunks, meta=like)


def make_problem(kind="two", container=np.asarray, dtype=np.float64, seed=0):
    """Return X, y and weights of rows that no model fits exactly."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((N_ROWS, N_FEATURES))
    z = X @ rng.standard_normal((N_FEATURES, 3)) + rng.standard_normal((N_ROWS, 3))
    y = {
        "two": np.where(z[:, 0] > 0, "yes", "no"),
        "booleans": z[:, 0] > 0,
        "three": 10 * z.argmax(axis=1) - 7,
        "multilabel": (z > 0).astype(int),
    }[kind]
    X[rng.random(X.shape) < 0.3] = 0
    return container(X.astype(dtype)), y, rng.integers(0, 4, N_ROWS) / 2


KINDS = "two", "booleans", "three", "multilabel"
OPTIONS = [
    {},
    {"alpha": 0.3, "fit_intercept": False},
    {"label_noise": 0.1},
    {"class_weight": "balanced"},
    {"learning_rate": 0.01, "init": "uniform", "random_state": 3},
]


def assert_same_fit(neuron, other, tolerance=1e-12):
    for name in ("coef_", "intercept_", "loss_curve_", "learning_rate_curve_"):
        found, expected = getattr(neuron, name), getattr(other, name)
        assert found.dtype == expected.dtype
        assert_allclose(found, expected, rtol=tolerance, atol=tolerance, err_msg=name)
    assert_array_equal(neuron.classes_, other.classes_)
    assert neuron.n_iter_ == other.n_iter_


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("container", "options"),
    [*((np.asarray, options) for options in OPTIONS), (csr_array, OPTIONS[2])],
    ids=lambda value: value.__name__ if callable(value) else "-".join(value) or "plain",
)
@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_those_of_a_fit_in_memory(kind, container, options):
    X, y, weight = make_problem(kind, container)
    parameters = {"max_iter": 50, **options}
    neuron = SigmoidNeuronClassifier(**parameters)
    neuron.fit(in_blocks(X), in_blocks(y), in_blocks(weight))
    other = sk_neuron.SigmoidNeuronClassifier(**parameters).fit(X, y, weight)
    assert_same_fit(neuron, other)


def test_float32_is_kept():
    X, y, _ = make_problem(dtype=np.float32)
    neuron = SigmoidNeuronClassifier(max_iter=20).fit(in_blocks(X), y)
    other = sk_neuron.SigmoidNeuronClassifier(max_iter=20).fit(X, y)
    assert neuron.coef_.dtype == np.float32
    assert_same_fit(neuron, other, tolerance=1e-4)
    assert neuron.predict_proba(in_blocks(X)).dtype == np.float32


@given(st.lists(st.integers(0, 60), max_size=5), st.integers(0, 2**32 - 1))
def test_blocks_do_not_matter(lengths, seed):
    X, y, weight = make_problem("three", seed=seed)
    lengths = np.diff([0, *np.cumsum(lengths).clip(0, N_ROWS), N_ROWS])
    neuron = SigmoidNeuronClassifier(max_iter=20).fit(in_blocks(X, lengths), y, weight)
    other = sk_neuron.SigmoidNeuronClassifier(max_iter=20).fit(X, y, weight)
    assert_same_fit(neuron, other)


def test_blocks_of_columns_are_joined():
    X, y, _ = make_problem()
    neuron = SigmoidNeuronClassifier().fit(da.from_array(X, chunks=(100, 3)), y)
    whole = SigmoidNeuronClassifier().fit(da.from_array(X, chunks=(100, -1)), y)
    assert_array_equal(neuron.coef_, whole.coef_)


@pytest.mark.parametrize("n_blocks", [1, 2, 7, 8, 9, 63, 64, 65, 130])
def test_sums_over_blocks_are_of_pairs_of_neighbours(n_blocks):
    """The reference halves at powers of two; rounding tells orders apart."""
    X = 10.0 ** np.random.default_rng(n_blocks).uniform(-9, 9, (n_blocks, 3))
    y = np.arange(n_blocks) % 2
    rows = read(da.from_array(X, chunks=(1, 3)), y)
    problem = _kernels.Problem(
        rows, y[:, None], np.ones((n_blocks, 1)), 1, 1, np.ones(1), 0.0, True
    )
    held = rows.hold([problem._replace(X=None)] * n_blocks)
    (found,) = rows.sum(sum_rows, held, np.float64(0))

    def add(parts):
        if len(parts) == 1:
            return parts[0]
        half = 2 ** (len(parts) - 1).bit_length() // 2
        return add(parts[:half]) + add(parts[half:])

    assert_array_equal(found, add(X))


def sum_rows(problem, zero):
    return (problem.X.sum(axis=0) + zero,)


def read(X, y):
    from sk_neuron.dask._rows import read_rows

    rows, _, _ = read_rows(X, y, None, _scheduler.find_scheduler(None, X))
    return rows


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scoring", ["neg_brier_score", "accuracy"])
def test_a_search_is_that_in_memory(kind, scoring):
    X, y, weight = make_problem(kind)
    parameters = {"iters": [1, 4, 16, 50], "scoring": scoring}
    if kind != "multilabel":
        parameters |= {"alphas": [0.0, 0.3], "label_noises": [0.0, 0.1]}
    search = SigmoidNeuronClassifierCV(cv=KFold(3), **parameters)
    search.fit(in_blocks(X), in_blocks(y), weight)
    other = sk_neuron.SigmoidNeuronClassifierCV(cv=KFold(3), **parameters)
    other.fit(X, y, weight)
    assert_allclose(search.scores_, other.scores_, rtol=1e-12)
    assert_allclose(search.label_quality_, other.label_quality_, rtol=1e-9)
    chosen = "n_iter_", "alpha_", "label_noise_"
    assert [getattr(search, n) for n in chosen] == [getattr(other, n) for n in chosen]
    assert_same_fit(search, other)
    assert search.score(in_blocks(X), in_blocks(y)) == pytest.approx(other.score(X, y))


def test_groups_of_a_search_may_be_lazy():
    X, y, _ = make_problem()
    groups = np.arange(N_ROWS) // 30
    search = SigmoidNeuronClassifierCV(cv=GroupKFold(2), iters=[1, 2, 3], refit=False)
    with pytest.warns(match="the last one considered"):
        search.fit(in_blocks(X), y, groups=in_blocks(groups))
    other = sk_neuron.SigmoidNeuronClassifierCV(cv=GroupKFold(2), iters=[1, 2, 3])
    with pytest.warns(match="the last one considered"):
        other.fit(X, y, groups=groups)
    assert_allclose(search.scores_, other.scores_, rtol=1e-12)
    assert not hasattr(search, "predict")


@pytest.mark.parametrize("container", [np.asarray, csr_array], ids=["dense", "csr"])
def test_the_same_rows_are_held_out(container):
    X, y, weight = make_problem("three", container)
    parameters = {"early_stopping": True, "random_state": 5, "max_iter": 60}
    neuron = SigmoidNeuronClassifier(**parameters).fit(in_blocks(X), y, weight)
    other = sk_neuron.SigmoidNeuronClassifier(**parameters).fit(X, y, weight)
    assert_same_fit(neuron, other)
    assert neuron.best_n_iter_ == other.best_n_iter_
    assert_allclose(neuron.validation_loss_curve_, other.validation_loss_curve_, rtol=1e-12)


@pytest.mark.parametrize("is_lazy", [False, True])
def test_validation_rows_may_be_lazy(is_lazy):
    X, y, weight = make_problem()
    X_val, y_val, weight_val = make_problem(seed=1)
    other = sk_neuron.SigmoidNeuronClassifier(max_iter=20)
    other.fit(X, y, weight, X_val=X_val, y_val=y_val, sample_weight_val=weight_val)
    given = X_val, y_val, weight_val
    given = map(in_blocks, given) if is_lazy else given
    names = "X_val", "y_val", "sample_weight_val"
    neuron = SigmoidNeuronClassifier(max_iter=20)
    neuron.fit(in_blocks(X), y, weight, **dict(zip(names, given, strict=True)))
    assert_same_fit(neuron, other)
    assert_allclose(neuron.validation_loss_curve_, other.validation_loss_curve_, rtol=1e-12)
    with pytest.warns(UserWarning, match="X_val is unlike X"):
        neuron.fit(in_blocks(X), y, X_val=in_blocks(X_val + 100), y_val=y_val)


def test_a_steps_and_then_b_steps_are_a_and_b_steps():
    X, y, _ = make_problem("three")
    X = in_blocks(X)
    neuron = SigmoidNeuronClassifier(max_iter=7, warm_start=True).fit(X, y)
    neuron.set_params(max_iter=13).fit(X, y)
    whole = SigmoidNeuronClassifier(max_iter=20).fit(X, y)
    assert_array_equal(neuron.coef_, whole.coef_)
    assert_array_equal(neuron.loss_curve_, whole.loss_curve_)


METHODS = (
    "decision_function",
    "predict_proba",
    "predict_log_proba",
    "predict",
    "predict_recorded_proba",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", [*METHODS, "label_quality", "influence"])
def test_answers_are_lazy(kind, method):
    X, y, _ = make_problem(kind)
    neuron = SigmoidNeuronClassifier(max_iter=5, label_noise=0.1).fit(in_blocks(X), y)
    columns = [] if method in METHODS else [y]
    expected = getattr(neuron, method)(X, *columns)
    found = getattr(neuron, method)(in_blocks(X), *columns)
    assert isinstance(found, da.Array)
    assert found.chunks[0] == LENGTHS
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    if expected.dtype.kind == "f":
        assert_allclose(found.compute(), expected, rtol=1e-12)
    else:
        assert_array_equal(found.compute(), expected)
    assert_array_equal(
        getattr(neuron, method)(in_blocks(X), *map(in_blocks, columns)).compute(),
        found.compute(),
    )


def test_answers_have_the_blocks_of_the_files_whatever_columns_are_read(tmp_path):
    """Dask joins files of which few columns are read, so X and y would not fit together."""
    X, y, _ = make_problem("three")
    features = list("abcdefg")
    for block, rows in enumerate(np.array_split(np.arange(N_ROWS), 6)):
        frame = pd.DataFrame(X[rows], columns=features).assign(y=y[rows])
        frame.to_parquet(tmp_path / f"{block}.parquet")
    lazy = dd.read_parquet(tmp_path)
    assert lazy["y"].optimize().npartitions < lazy.npartitions
    neuron = SigmoidNeuronClassifier(max_iter=5).fit(lazy[features], lazy["y"])
    quality = neuron.label_quality(lazy[features], lazy["y"])
    assert quality.npartitions == neuron.predict(lazy[features]).npartitions == 6
    expected = neuron.label_quality(pd.DataFrame(X, columns=features), y)
    assert_array_equal(quality.compute(), expected)
    with pytest.raises(ValueError, match="pass y as a column of the data frame"):
        neuron.label_quality(lazy[features], lazy["y"].to_dask_array())


@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
def test_labels_and_weights_may_be_columns_of_the_same_files(tmp_path):
    """Dask reads labels alone and weights alone in fewer blocks than the files have."""
    X, y, weight = make_problem("three")
    features = list("abcdefg")
    frame = pd.DataFrame(X, columns=features).assign(y=y, weight=weight)
    for block, rows in enumerate(np.array_split(np.arange(N_ROWS), 6)):
        frame[rows[0] : rows[-1] + 1].to_parquet(tmp_path / f"{block}.parquet")
    lazy = dd.read_parquet(tmp_path)
    assert lazy["weight"].optimize().npartitions < lazy.npartitions
    passed, expected = (
        (rows[features], rows["y"], rows["weight"]) for rows in (lazy, frame)
    )
    neuron = SigmoidNeuronClassifier(max_iter=5)
    ours = sk_neuron.SigmoidNeuronClassifier(max_iter=5).fit(*expected)
    assert_allclose(neuron.fit(*passed).coef_, ours.coef_, rtol=1e-12)
    assert_allclose(neuron.score(*passed), ours.score(*expected), rtol=1e-12)
    names = ("X_val", "y_val", "sample_weight_val")
    neuron.fit(*passed, **dict(zip(names, passed, strict=True)))
    assert_allclose(neuron.validation_loss_curve_[:-1], neuron.loss_curve_, rtol=1e-12)
    search = SigmoidNeuronClassifierCV(max_iter=5).fit(*passed[:2], sample_weight=passed[2])
    whole = sk_neuron.SigmoidNeuronClassifierCV(max_iter=5)
    whole.fit(*expected[:2], sample_weight=expected[2])
    assert_allclose(search.scores_, whole.scores_, rtol=1e-12)


def test_staged_answers_are_lazy():
    X, y, _ = make_problem()
    neuron = SigmoidNeuronClassifier(checkpoints=[0, 3, 9]).fit(in_blocks(X), y)
    for method in ("decision_function", "predict_proba", "predict"):
        staged = getattr(neuron, f"staged_{method}")
        for lazy, answer in zip(staged(in_blocks(X)), staged(X), strict=True):
            if method == "predict":
                assert_array_equal(lazy.compute(), answer)
            else:
                assert_allclose(lazy.compute(), answer, rtol=1e-12, atol=1e-15)
    assert not hasattr(SigmoidNeuronClassifier().fit(X, y), "staged_predict")


def make_frame():
    X, y, weight = make_problem()
    frame = pd.DataFrame(X, columns=list("abcdefg"))
    frame["n"] = np.arange(N_ROWS) % 5
    return frame.assign(y=y, weight=weight)


def test_data_frames():
    frame = make_frame()
    lazy = dd.from_pandas(frame, npartitions=4)
    features = [*"abcdefg", "n"]
    neuron = SigmoidNeuronClassifier(max_iter=20)
    neuron.fit(lazy[features], lazy["y"], lazy["weight"])
    other = sk_neuron.SigmoidNeuronClassifier(max_iter=20)
    other.fit(frame[features], frame["y"], frame["weight"])
    assert_same_fit(neuron, other)
    assert_array_equal(neuron.feature_names_in_, features)
    answers = neuron.predict(lazy[features])
    assert_array_equal(answers.compute(), other.predict(frame[features]))
    quality = neuron.label_quality(lazy[features], lazy["y"])
    assert_allclose(
        quality.compute(), other.label_quality(frame[features], frame["y"]), rtol=1e-12
    )
    with pytest.raises(ValueError, match="feature names"):
        neuron.predict(lazy[features[::-1]])
    with pytest.raises(ValueError, match="y cannot be divided: pass a dask collection"):
        neuron.label_quality(lazy[features], frame["y"])
    assert neuron.score(lazy[features], lazy["y"]) == other.score(
        frame[features], frame["y"]
    )


def test_frames_of_float32_are_trained_in_float32():
    frame = make_frame()
    X = dd.from_pandas(frame[list("abc")].astype(np.float32), npartitions=2)
    assert SigmoidNeuronClassifier().fit(X, frame["y"]).coef_.dtype == np.float32


def test_lengths_need_not_be_known():
    """They are learned when blocks are checked, so that folds can be drawn, too."""
    X, y, _ = make_problem()
    frame = dd.from_pandas(pd.DataFrame(X), npartitions=3)
    lazy = frame.to_dask_array()
    assert np.isnan(lazy.shape[0])
    search = SigmoidNeuronClassifierCV(iters=[1, 2, 4, 8, 50], cv=3).fit(lazy, y)
    other = sk_neuron.SigmoidNeuronClassifierCV(iters=[1, 2, 4, 8, 50], cv=3).fit(X, y)
    assert_allclose(search.scores_, other.scores_, rtol=1e-12)


def bad_block(number, change):
    """Return X in 20 blocks, of which one is changed; what a block says of itself stays."""
    X, _, _ = make_problem()

    def spoil(block, block_info):
        (place, _) = block_info[0]["chunk-location"]
        return change(block.copy()) if place == number else block

    return da.from_array(X, chunks=(12, N_FEATURES)).map_blocks(
        spoil, dtype=float, meta=X[:0]
    )


def set_nan(block):
    block[3, 2] = np.nan
    return block


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_nan, "Block 17 of X cannot be used: Input X contains NaN"),
        (lambda block: block[:, :-1], "Block 17 of X has 6 features, but 7 are expected"),
        (lambda block: block[0], "Block 17 of X cannot be used: Expected 2D array"),
        (lambda block: block + 1j, "Block 17 of X cannot be used: Complex data"),
        (lambda block: block.astype(str) + "a", "Block 17 of X cannot be used: could not"),
    ],
)
def test_a_bad_block_is_named(change, message):
    _, y, _ = make_problem()
    neuron = SigmoidNeuronClassifier(max_iter=2)
    with pytest.raises(ValueError, match=message):
        neuron.fit(bad_block(17, change), y)
    assert vars(neuron) == vars(SigmoidNeuronClassifier(max_iter=2))
    neuron.fit(bad_block(17, np.asarray), y)
    before = dict(vars(neuron))
    with pytest.raises(ValueError, match=message):
        neuron.fit(bad_block(17, change), y)
    assert vars(neuron) == before


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("three", "three", "Block 3 of y has words, but the blocks before have numbers"),
        ("two", 3, "Block 3 of y has numbers, but the blocks before have words"),
        ("three", 0.5, "Block 3 of y cannot be used: .*continuous"),
        ("three", np.nan, "Block 3 of y contains missing values"),
    ],
)
def test_a_bad_block_of_labels_is_named(kind, value, message):
    X, y, _ = make_problem(kind)
    parts = [y[:50], y[:0], y[50:100], np.full(50, value), y[150:]]
    y = join_blocks(parts, map(len, parts), y[:0])
    with pytest.raises(ValueError, match=message):
        SigmoidNeuronClassifier().fit(in_blocks(X), y)


def test_bad_weights_are_named_with_their_block():
    X, y, weight = make_problem()
    for value, message in ((np.nan, "contains NaN"), (-1, "Negative values in data")):
        weight[60] = value
        with pytest.raises(ValueError, match=message) as caught:
            SigmoidNeuronClassifier().fit(in_blocks(X), y, in_blocks(weight))
        assert "block 3 of sample_weight" in str(caught.value)


def test_what_cannot_be_fitted():
    X, y, _ = make_problem()
    X = in_blocks(X)
    neuron = SigmoidNeuronClassifier()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        neuron.fit(X, y[1:])
    with pytest.raises(ValueError, match="Expected a 2-dimensional X"):
        neuron.fit(X[:, 0], y)
    with pytest.raises(ValueError, match="'max_iter' parameter"):
        SigmoidNeuronClassifier(max_iter=0).fit(X, y)
    with pytest.raises(ValueError, match="'roc_auc' needs rows of X in one place"):
        SigmoidNeuronClassifierCV(scoring="roc_auc").fit(X, y)
    with pytest.raises(NotFittedError):
        neuron.predict(X)
    neuron.fit(X, y)
    with pytest.raises(ValueError, match="X has 6 features, but"):
        neuron.predict(X[:, 1:])
    empty = da.zeros((0, N_FEATURES), chunks=(0, N_FEATURES))
    with pytest.raises(ValueError, match="0 sample"):
        neuron.fit(empty, y[:0])


def test_each_step_reads_each_block_once():
    """And one pass more checks the blocks, and one is the start."""
    X, y, _ = make_problem()
    read = []

    def count(block, block_info=None):
        if block_info:
            read.append(block_info[0]["chunk-location"][0])
        return block

    blocks = in_blocks(X).map_blocks(count, dtype=float, meta=X[:0])
    SigmoidNeuronClassifier(max_iter=40).fit(blocks, y)
    assert_array_equal(np.bincount(read)[[0, 2, 3, 4]], 42)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_rows_do_not_come_here(monkeypatch):
    """What comes is smaller than the largest block of X, however many features."""
    X = random_array((300, 500), density=0.5, rng=0).toarray()
    y = (X[:, 0] > X[:, 1]).astype(int)
    received = []
    compute = _scheduler.LocalScheduler.compute

    def record(self, graph, keys):
        results = compute(self, graph, keys)
        received.append(sum(count_values(result) for result in results))
        return results

    monkeypatch.setattr(_scheduler.LocalScheduler, "compute", record)
    lazy = in_blocks(X, (100, 100, 100))
    neuron = SigmoidNeuronClassifier(max_iter=5).fit(lazy, y)
    SigmoidNeuronClassifierCV(iters=[1, 2], cv=3).fit(lazy, y)
    neuron.score(lazy, y)
    assert received
    assert max(received) < 3 * 4 * 501


def count_values(result):
    if isinstance(result, tuple | list):
        return sum(map(count_values, result))
    if hasattr(result, "values"):  # a problem that stays in a worker
        return 0
    return np.size(result)


def test_pickles_and_clones_need_no_dask():
    X, y, _ = make_problem()
    neuron = SigmoidNeuronClassifier(max_iter=5).fit(in_blocks(X), y)
    assert clone(neuron).get_params() == neuron.get_params()
    code = (
        "import sys, pickle; sys.modules['dask'] = sys.modules['distributed'] = None;"
        "import sk_neuron.dask; neuron = pickle.load(sys.stdin.buffer);"
        "print(neuron.predict([[0.5] * 7])[0], neuron.score([[1] * 7], ['yes']))"
    )
    told = subprocess.check_output(
        [sys.executable, "-P", "-c", code], input=pickle.dumps(neuron)
    )
    assert told.decode().split() == [
        neuron.predict([[0.5] * 7])[0],
        str(neuron.score([[1] * 7], ["yes"])),
    ]


def test_what_is_in_memory_is_fitted_in_memory():
    X, y, weight = make_problem("three")
    neuron = SigmoidNeuronClassifier(max_iter=20).fit(X, in_blocks(y), in_blocks(weight))
    other = sk_neuron.SigmoidNeuronClassifier(max_iter=20).fit(X, y, weight)
    assert_array_equal(neuron.coef_, other.coef_)
