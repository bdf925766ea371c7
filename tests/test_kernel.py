"""The compiled kernel does what the NumPy kernel does, on any number of threads."""

import gc
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

try:
    from numpy.lib.array_utils import byte_bounds
except ImportError:  # NumPy 1
    from numpy import byte_bounds
from hypothesis import given
from hypothesis import strategies as st
from kernels import advance, advance_compiled, follow_rule
from scipy.sparse import csr_array
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
from sk_neuron._kernels import (
    JUDGED,
    TRAINED,
    CompiledKernel,
    NumpyKernel,
    Problem,
    _compiled,
    _threads,
    compute_raw_prediction,
    compute_squared_norms,
    count_threads,
    has_kernel,
    make_kernel,
)
from sk_neuron._kernels._formulas import curvature
from sk_neuron._kernels._packing import compute_chunk_offsets

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
ORDERS = pytest.mark.parametrize("order", ["C", "F", "rows apart", "int32", "int64"])
DENSE_ORDERS = pytest.mark.parametrize("order", ["C", "F", "rows apart"])

# Groups, and columns of each: they fill tiles of 8 or 16 columns, leave single columns, or
# both; layers begin within a tile and end in another, or among the single columns; and
# there are more columns than go through a pass together (the least common multiple).
LAYERS = [(1, 1), (5, 1), (8, 1), (27, 1), (1, 2), (1, 3), (9, 3), (3, 7), (2, 10), (9, 37)]
ANY_LAYER = st.tuples(st.integers(1, 12), st.integers(1, 12))


def layers(*which):
    return pytest.mark.parametrize("layer", which, ids=lambda layer: "{}x{}".format(*layer))


def test_the_compiled_kernels_are_what_is_tested():
    """Unless they are switched off, or cannot have been built."""
    off = os.environ.get("SK_NEURON_KERNEL") == "numpy"
    built = shutil.which(shlex.split(os.environ.get("CC", "cc"))[0]) is not None
    assert off == _compiled.SWITCHED_OFF
    assert built == _compiled.BUILT
    for order in ("C", "F", "rows apart", "int32", "int64"):
        problem, *_ = make_problem(30, 4, (1, 1), np.float64, order=order)
        assert has_kernel(problem.X) == (built and not off)


@pytest.mark.any_kernel
@pytest.mark.parametrize("setting", ["numpy", ""])
def test_they_can_be_switched_off(setting):
    code = "from sk_neuron._kernels import SWITCHED_OFF; print(SWITCHED_OFF)"
    out = subprocess.check_output(
        [sys.executable, "-P", "-c", code],
        env=os.environ | {"SK_NEURON_KERNEL": setting},
        text=True,
    )
    assert (out.strip() == "True") == (setting == "numpy")


needs_kernel = pytest.mark.skipif(
    not _compiled.BUILT or _compiled.SWITCHED_OFF, reason="there is no compiled kernel"
)
KERNELS = pytest.mark.parametrize(
    "kernel", [pytest.param(CompiledKernel, marks=needs_kernel), NumpyKernel]
)


def make_problem(
    n,
    d,
    layer,
    dtype,
    *,
    order="C",
    seed=0,
    shared=False,
    roles=True,
    scale=1.0,
    intercept=True,
    adaptive=False,
):
    """Return a problem on X in some order, all of it read-only, and a start.

    `layer` is the number of groups and of the columns of each. The groups may share the
    labels and the weights of rows. With `roles` a row is trained on, judged, both or
    neither.
    """
    rng = np.random.default_rng(seed)
    X = (scale * rng.standard_normal((n, d))).astype(dtype)
    if order == "F":
        X = np.asfortranarray(X)
    elif order == "rows apart":
        X = np.hstack([X, np.full((n, 3), np.nan, dtype)])[:, :d]
    elif order != "C":
        X = csr_array(np.where(rng.random((n, d)) < 0.4, X, 0))
        X.indices, X.indptr = X.indices.astype(order), X.indptr.astype(order)
    n_groups, n_outputs = layer
    n_label_sets = 1 if shared else n_groups // (1 + (n_groups % 2 == 0))
    weight, judge_weight = (
        rng.integers(0, 3, (n, width)).astype(dtype)
        for width in ((1, n_groups) if shared else (n_groups, 1))
    )
    problem = Problem(
        X,
        rng.integers(0, max(2, n_outputs), (n, n_label_sets)).astype(np.int32),
        weight,
        n_groups,
        n_outputs,
        rng.random(n_groups) / (1 + 0.1 * scale**2 * n),
        rng.random(n_groups),
        intercept,
        adaptive,
        roles=rng.integers(0, 4, (n, n_groups)).astype(np.uint8) if roles else None,
        judge_weight=judge_weight if roles else None,
    )
    K = problem.n_columns
    start = rng.standard_normal((K, d)).astype(dtype), rng.random(K).astype(dtype)
    parts = [X] if isinstance(X, np.ndarray) else [X.data, X.indices, X.indptr]
    for array in (*parts, *problem[1:], *start):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return problem, *start


def assert_close(results, others, rtol, atol=0.0):
    smallest = 4 * np.finfo(results[0].dtype).tiny  # below which numbers lose digits
    for result, other in zip(results, others, strict=True):
        assert result.dtype == other.dtype
        atol = max(rtol * np.abs(other).max(initial=0) + smallest, atol)
        np.testing.assert_allclose(result, other, rtol=0, atol=atol)


@needs_kernel
@DTYPES
@ORDERS
@given(data=st.data())
def test_follows_the_rule(order, dtype, data):
    problem, coef, intercept = make_problem(
        data.draw(st.integers(1, 150)),
        data.draw(st.integers(1, 40)),
        data.draw(st.sampled_from(LAYERS) | ANY_LAYER),
        dtype,
        order=order,
        seed=data.draw(st.integers(0, 999)),
        shared=data.draw(st.booleans()),
        roles=data.draw(st.booleans()),
        scale=data.draw(st.sampled_from([1e-3, 1.0, 100.0])),
        intercept=data.draw(st.booleans()),
    )
    n_steps = data.draw(st.integers(0, 5))
    compiled = advance_compiled(problem, coef, intercept, n_steps)
    reference = follow_rule(problem, coef, intercept, n_steps)
    assert_close(compiled, reference, 1e-11 if dtype == np.float64 else 3e-4)


# Rows around the numbers that go together in a tile, a single column and a chunk, and
# features around those of a vector; columns with tiles, with remainder and with both.
# A quarter of the numbers of features each time: every two of n, layer and d still meet.
@needs_kernel
@DTYPES
@ORDERS
@layers((1, 1), (6, 1), (27, 1), (1, 3), (4, 2), (3, 7), (1, 10))
@pytest.mark.parametrize("n", [1, 2, 47, 48, 49, 383, 384, 385, 480, 481, 961])
def test_follows_the_rule_at_odd_sizes(n, layer, order, dtype):
    for d in (1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65)[(n + sum(layer)) % 4 :: 4]:
        problem, *start = make_problem(n, d, layer, dtype, order=order, shared=d % 2 == 0)
        compiled = advance_compiled(problem, *start, 2)
        reference = follow_rule(problem, *start, 2)
        assert_close(compiled, reference, 1e-11 if dtype == np.float64 else 3e-4)


@needs_kernel
@DTYPES
@ORDERS
@layers((1, 1), (6, 1), (1, 3), (2, 10))
@pytest.mark.parametrize("shape", [(5000, 7), (1021, 300), (70_000, 3), (40, 6000)])
def test_follows_the_rule_over_chunks_of_rows(shape, layer, order, dtype):
    problem, *start = make_problem(*shape, layer, dtype, order=order)
    compiled = advance_compiled(problem, *start, 3)
    reference = follow_rule(problem, *start, 3)
    assert_close(compiled, reference, 1e-10 if dtype == np.float64 else 1e-3)


@needs_kernel
@DTYPES
@ORDERS
@layers((1, 1000), (40, 37))
def test_many_classes(layer, order, dtype):
    problem, *start = make_problem(70, 9, layer, dtype, order=order)
    compiled = advance_compiled(problem, *start, 2)
    reference = follow_rule(problem, *start, 2)
    assert_close(compiled, reference, 1e-11 if dtype == np.float64 else 3e-4)


@DTYPES
@ORDERS
@given(data=st.data())
def test_the_numpy_kernel_follows_the_rule(order, dtype, data):
    problem, *start = make_problem(
        data.draw(st.integers(1, 60)),
        data.draw(st.integers(1, 9)),
        data.draw(st.sampled_from(LAYERS[:-1])),
        dtype,
        order=order,
        seed=data.draw(st.integers(0, 999)),
        shared=data.draw(st.booleans()),
        roles=data.draw(st.booleans()),
    )
    found = advance(problem, *start, 3, NumpyKernel)
    reference = follow_rule(problem, *start, 3)
    assert_close(found, reference, 1e-11 if dtype == np.float64 else 3e-4)


@needs_kernel
@DTYPES
@ORDERS
@layers((1, 1), (17, 1), (1, 3), (5, 7))
@pytest.mark.parametrize("shape", [(50, 3), (61, 65), (5000, 7), (300, 200)])
def test_every_kernel_adapts_the_step_alike(shape, layer, order, dtype):
    """Each group by itself: some keep their point where others take it back."""
    problem, *start = make_problem(*shape, layer, dtype, order=order)
    squares = compute_squared_norms(problem.X).sum()
    problem = problem._replace(
        is_adaptive=True,
        learning_rate=np.full(layer[0], 2 / (1 + curvature(layer[1]) * squares)),
        norm_scale=np.full(layer[0], 2.0**-9),
    )
    kernels = CompiledKernel(problem), NumpyKernel(problem)
    n_steps = 12 if dtype == np.float64 else 4
    (state, history), (other, reference) = (
        kernel.run(kernel.start(*start, exponent=5)[0], n_steps) for kernel in kernels
    )
    np.testing.assert_array_equal(history.exponent, reference.exponent)
    assert len(np.unique(history.exponent)) > 1 or dtype == np.float32
    rtol = 1e-9 if dtype == np.float64 else 1e-3
    assert_close(history[:2], reference[:2], rtol)
    assert_close(kernels[0].weights(state), kernels[1].weights(other), rtol)
    assert_close(kernels[0].next_weights(state), kernels[1].next_weights(other), rtol)


@needs_kernel
@DTYPES
@DENSE_ORDERS
@pytest.mark.parametrize("K", [1, 2, 6, 17])
@pytest.mark.parametrize("shape", [(1, 1), (61, 5), (3000, 40)])
def test_raw_predictions(shape, K, order, dtype):
    problem, coef, intercept = make_problem(*shape, (K, 1), dtype, order=order)
    z = compute_raw_prediction(problem.X, coef, intercept)
    assert z.dtype == dtype
    expected = problem.X.astype(float) @ coef.T + intercept
    np.testing.assert_allclose(
        z, expected, atol=20 * np.finfo(dtype).eps * np.abs(expected).max()
    )


@needs_kernel
@DTYPES
@ORDERS
@layers((6, 1), (1, 3), (2, 7))
@pytest.mark.parametrize("shape", [(20_000, 11), (3000, 400)])
def test_threads_change_no_bit(shape, layer, order, dtype):
    """Here the step adapts, so the sums that it follows are the same, too."""
    problem, *start = make_problem(*shape, layer, dtype, order=order, adaptive=True)
    results = []
    for n_threads in (1, 2, 3, 8):
        with threadpool_limits(n_threads, user_api="openmp"):
            threads = count_threads(problem.X, problem.n_columns)
            assert n_threads == threads or n_threads > threads > 1
            results.append(advance(problem, *start, 8))
    for result in results[1:]:
        for array, first in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(array, first)


@needs_kernel
@DTYPES
@ORDERS
@layers((1, 1), (3, 3))
def test_what_a_kernel_writes_is_apart_from_all_else(layer, order, dtype):
    """Or how it rounds would depend on where the arrays happen to be."""
    problem, *start = make_problem(30, 4, layer, dtype, order=order)
    kernel = CompiledKernel(problem)
    state, _ = kernel.start(*start)
    space = kernel._make_workspace(3, is_start=False, n_recorded=3, n_predicted=0)
    sums = space.delta_sums, space.errors, space.norms, space.kept_errors
    for array in (*state[:5], space.gradients, space.coefs, space.intercepts, *sums):
        first, last = byte_bounds(array)
        low, high = byte_bounds(array.base)
        assert low <= first - 64
        assert high >= last + 64


@needs_kernel
@DTYPES
@ORDERS
@pytest.mark.parametrize("n", [50, 3000])
def test_looks_at_signals_change_no_bit(n, order, dtype, monkeypatch):
    problem, *start = make_problem(n, 4, (2, 3), dtype, order=order, adaptive=True)
    whole = advance(problem, *start, 20)
    for work in (1, 100_000):
        monkeypatch.setattr(_compiled, "MAX_WORK_PER_CALL", work)
        for array, same in zip(advance(problem, *start, 20), whole, strict=True):
            np.testing.assert_array_equal(array, same)


@KERNELS
@DTYPES
@ORDERS
@layers((1, 1), (6, 1), (1, 3), (3, 7))
@pytest.mark.parametrize("shape", [(20, 3), (61, 5), (3000, 40)])
def test_a_recording_has_every_step(shape, layer, order, dtype, kernel):
    adaptive = layer != (6, 1)
    problem, *start = make_problem(*shape, layer, dtype, order=order, adaptive=adaptive)
    kernel = kernel(problem)
    begin, _ = kernel.start(*start)
    end, history, recording = kernel.run_recording(begin, 6)
    coefs, intercepts = recording.weights_at(slice(None))
    assert coefs.shape == (6, problem.n_columns, shape[1])
    for n_steps in range(1, 7):
        state, part = kernel.run(begin, n_steps)
        coef, intercept = kernel.weights(state)
        np.testing.assert_array_equal(coefs[n_steps - 1], coef)
        np.testing.assert_array_equal(intercepts[n_steps - 1], intercept)
        for array, same in zip(
            recording.weights_at(n_steps - 1), (coef, intercept), strict=True
        ):
            np.testing.assert_array_equal(array, same)
        for whole, some in zip(history, part, strict=True):
            np.testing.assert_array_equal(whole[:n_steps], some)
    for array, same in zip(kernel.weights(end), (coef, intercept), strict=True):
        np.testing.assert_array_equal(array, same)


@KERNELS
@DTYPES
@ORDERS
@layers((6, 1), (1, 3), (3, 7))
@pytest.mark.parametrize("shape", [(61, 5), (3000, 40)])
def test_the_last_pass_knows_the_raw_predictions(shape, layer, order, dtype, kernel):
    """Also of groups that took their last step back."""
    problem, *start = make_problem(*shape, layer, dtype, order=order)
    rate = 2 / (1 + curvature(layer[1]) * compute_squared_norms(problem.X).sum())
    problem = problem._replace(is_adaptive=True, learning_rate=np.full(1, rate))
    kernel = kernel(problem)
    begin, _ = kernel.start(*start, exponent=6)
    for n_steps in (1, 4):
        end, history = kernel.run(begin, n_steps)
        *other, z = kernel.run_predicting(begin, n_steps)
        for array, same in zip(other[1], history, strict=True):
            np.testing.assert_array_equal(array, same)
        expected = problem.X.astype(float) @ kernel.weights(end)[0].T
        expected = (expected + kernel.weights(end)[1]).astype(dtype)
        assert_close([z], [expected], 1e-13 if dtype == np.float64 else 1e-5)
        assert_close(
            [z], [kernel.raw_prediction(end)], 1e-13 if dtype == np.float64 else 1e-5
        )


@KERNELS
@DTYPES
@layers((5, 1), (1, 3), (3, 4))
@given(data=st.data())
def test_rows_that_a_group_is_not_trained_on_might_as_well_be_away(
    layer, dtype, kernel, data
):
    """And it is judged by what it would have as training loss on the rows that judge it."""
    n, seed = data.draw(st.integers(2, 60)), data.draw(st.integers(0, 99))
    problem, coef, intercept = make_problem(n, 4, layer, dtype, seed=seed, adaptive=True)
    start, n_steps = (coef, intercept), 6
    first = kernel(problem)
    state, _ = first.start(*start)
    _, history, recording = first.run_recording(state, n_steps)
    coefs, intercepts = recording.weights_at(slice(None))
    rtol = 1e-12 if dtype == np.float64 else 1e-5
    for group in range(layer[0]):
        columns = slice(group * layer[1], (group + 1) * layer[1])
        trained, judging = (
            take_group(problem, group, role, weight)
            for role, weight in (
                (TRAINED, problem.sample_weight),
                (JUDGED, problem.judge_weight),
            )
        )
        apart = kernel(trained)
        state, _ = apart.start(coef[columns], intercept[columns])
        _, alone, recording = apart.run_recording(state, 1)
        assert_close(
            [*recording.weights_at(0), alone.squared_error[0]],
            [coefs[0, columns], intercepts[0, columns], history.squared_error[0, [group]]],
            rtol,
        )
        for step in range(n_steps):
            _, judged = kernel(judging).start(
                np.ascontiguousarray(coefs[step, columns]), intercepts[step, columns].copy()
            )
            assert_close(judged[:1], [history.judged_error[[step]][:, [group]]], rtol)


def take_group(problem, group, role, weight):
    """Return the problem of a group on the rows with a role, whose weights are these."""
    rows = (problem.roles[:, group] & role) > 0
    return problem._replace(
        X=np.ascontiguousarray(problem.X[rows]),
        labels=problem.labels[rows][:, [group % problem.labels.shape[1]]],
        sample_weight=weight[rows][:, [group if weight.shape[1] > 1 else 0]],
        n_groups=1,
        learning_rate=problem.learning_rate[[group]],
        alpha=problem.alpha[[group]],
        roles=None,
        judge_weight=None,
    )


@KERNELS
@DTYPES
@pytest.mark.parametrize("shared", [False, True])
@layers((6, 1), (4, 3))
def test_some_of_the_groups_descend_as_among_all(layer, shared, dtype, kernel):
    problem, coef, intercept = make_problem(200, 5, layer, dtype, shared=shared)
    groups = slice(layer[0] // 2, layer[0])
    columns = slice(groups.start * layer[1], problem.n_columns)
    some = problem.select_groups(groups)
    found = advance(some, coef[columns], intercept[columns], 5, kernel)
    together = advance(problem, coef, intercept, 5, kernel)
    expected = (
        *(learned[columns] for learned in together[:2]),
        *(errors[:, groups] for errors in together[2:]),
    )
    assert_close(found, expected, 1e-13 if dtype == np.float64 else 1e-5)


@KERNELS
@DTYPES
@layers((1, 3), (2, 7))
def test_classes_in_another_order(layer, dtype, kernel):
    problem, coef, intercept = make_problem(200, 5, layer, dtype)
    n_groups, K = layer
    order = np.random.default_rng(0).permutation(K)
    columns = (np.arange(n_groups)[:, np.newaxis] * K + order).ravel()
    other = problem._replace(labels=np.argsort(order)[problem.labels].astype(np.int32))
    found = advance(other, coef[columns], intercept[columns], 5, kernel)
    expected = advance(problem, coef, intercept, 5, kernel)
    expected = expected[0][columns], expected[1][columns], *expected[2:]
    assert_close(found, expected, 1e-13 if dtype == np.float64 else 1e-5)


@KERNELS
@DTYPES
@pytest.mark.parametrize("adaptive", [False, True])
def test_a_layer_of_two_columns_is_a_neuron(adaptive, dtype, kernel):
    """With w of the neuron and columns -w/2 and w/2, outputs and steps are the same.

    ‖e_y - p‖² is 2 (t - o)², so a step of the layer moves the difference of its columns
    four times as far as it would move w, and a decay of alpha acts as alpha/4 there.
    """
    problem, coef, intercept = make_problem(300, 5, (3, 1), dtype, adaptive=adaptive)
    neuron = problem._replace(alpha=problem.alpha / 4)
    layer = problem._replace(n_outputs=2, learning_rate=problem.learning_rate / 4)
    halves = np.array([-0.5, 0.5], dtype)
    pair = np.kron(coef, halves[:, np.newaxis]), np.kron(intercept, halves)
    n_steps = 12 if dtype == np.float64 else 4
    neuron, layer = (
        advance(*each, n_steps, kernel)
        for each in ((neuron, coef, intercept), (layer, *pair))
    )
    difference = layer[0][1::2] - layer[0][::2], layer[1][1::2] - layer[1][::2]
    assert_close(
        (*difference, layer[2] / 2, layer[3] / 2),
        neuron,
        1e-12 if dtype == np.float64 else 1e-4,
    )


@needs_kernel
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_sigmoid_is_accurate_over_its_whole_range(dtype):
    """Read from the squared error of one row with target 0: it is o², and o² = (1 - o)²."""
    top = 700 if dtype == np.float64 else 86
    z = np.linspace(-top / 2, top, 4001).astype(dtype)
    for sign in (-1, 1):
        label, one = np.full((1, 1), sign < 0, np.int32), np.ones((1, 1), dtype)
        problem = Problem(one, label, one, len(z), 1, np.zeros(1), 0.0, False)
        start = sign * z[:, np.newaxis], np.zeros(len(z), dtype)
        _, _, error, _ = advance(problem, *start, 1)
        output = 1 / (1 + np.exp(-z.astype(np.longdouble)))
        epsilon = np.finfo(dtype).eps
        if sign > 0:  # o itself
            np.testing.assert_allclose(np.sqrt(error[0]), output, rtol=3 * epsilon)
        else:  # 1 - o, of which the rounding of o is what is left
            np.testing.assert_allclose(np.sqrt(error[0]), output, rtol=0, atol=3 * epsilon)


@needs_kernel
@DTYPES
@layers((1, 1), (1, 2), (1, 5))
def test_extreme_raw_predictions(layer, dtype):
    """Where the label of a layer has no chance, delta is exact to an ulp of 1."""
    rtol = 1e-12 if dtype == np.float64 else 1e-5
    atol = 0 if layer[1] == 1 else np.finfo(dtype).eps
    one, label = np.ones((1, 1), dtype), np.ones((1, 1), np.int32)
    problem = Problem(one, label, one, *layer, np.ones(1), 0.0, True)
    for z in (0.0, 37.0, 745.0, 1e4, 1e30):
        for sign in (-1, 1):
            coef = np.zeros((layer[1], 1), dtype)
            coef[-1] = sign * z
            start = coef, np.zeros(layer[1], dtype)
            compiled = advance_compiled(problem, *start, 1)
            assert_close(compiled, follow_rule(problem, *start, 1), rtol, atol)


@needs_kernel
@DTYPES
@layers((1, 1), (2, 3))
def test_what_overflows_shows_in_the_result(layer, dtype):
    problem, coef, intercept = make_problem(30, 3, layer, dtype)
    problem = problem._replace(alpha=1e30, learning_rate=np.ones(1))
    result, *_ = advance(problem, coef, intercept, 40)
    assert not np.isfinite(result).any()


def csr_with_indices(X, dtype):
    sparse = csr_array(X)
    sparse.indices, sparse.indptr = (
        sparse.indices.astype(dtype),
        sparse.indptr.astype(dtype),
    )
    return sparse


def test_what_the_kernels_are_not_for():
    problem, *start = make_problem(50, 4, (2, 3), np.float64)
    X, reference = problem.X, follow_rule(problem, *start, 3)
    misaligned = np.frombuffer(b"x" + X.tobytes(), np.float64, offset=1).reshape(X.shape)
    sparse = csr_array(X)
    mixed = csr_array(X)
    mixed.indices, mixed.indptr = mixed.indices.astype("i4"), mixed.indptr.astype("i8")
    record = np.zeros(X.shape, [("x", "f8"), ("y", "i1")])
    record["x"] = X
    for features in (
        X.repeat(2, 1)[:, ::2].repeat(2, 0)[::2, :],
        np.repeat(np.repeat(X, 2, 0), 2, 1)[::2, ::2],
        misaligned,
        record["x"],
        mixed,
        *(csr_with_indices(X, dtype) for dtype in ("i2", "u4", ">i4")),
        sparse.tocsc(),
        csr_array((np.zeros(0), np.zeros(0, "i4"), np.zeros(51, "i4")), shape=(50, 4)),
    ):
        other = problem._replace(X=features)
        expected = follow_rule(other, *start, 3) if features is not X else reference
        assert_close(advance(other, *start, 3), expected, 1e-12)


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("shape", [(0, 3, 2), (5, 0, 2), (5, 3, 0), (0, 0, 0)])
def test_nothing_to_do(shape, n_outputs):
    n, d, n_groups = shape
    labels, weight = np.ones((n, max(1, n_groups)), np.int32), np.ones((n, 1))
    problem = Problem(
        np.ones((n, d)), labels, weight, n_groups, n_outputs, np.ones(1), 0.0, True
    )
    K = problem.n_columns
    results = advance(problem, np.ones((K, d)), np.ones(K), 2)
    expected = (K, d), (K,), (2, n_groups), (2, n_groups)
    assert tuple(result.shape for result in results) == expected


@needs_kernel
def test_more_than_there_is_memory_for():
    """More than processors can address, so that no system promises it."""
    n, K = 2**22, 2**38
    labels = np.broadcast_to(np.int32(1), (n, K))
    one = np.ones((n, 1))
    problem = Problem(one, labels, one, K, 1, np.ones(1), 0.0, True)
    with pytest.raises(MemoryError):
        make_kernel(problem)


@needs_kernel
def test_arrays_in_reverse():
    problem, *start = make_problem(50, 4, (2, 3), np.float64)
    for features in (problem.X[::-1], problem.X[:, ::-1], problem.X[::3]):
        rows = slice(None, None, 3) if len(features) == 17 else slice(None)
        names = "labels", "sample_weight", "roles", "judge_weight"
        of_rows = {name: getattr(problem, name)[rows] for name in names}
        other = problem._replace(X=features, **of_rows)
        assert_close(advance(other, *start, 3), follow_rule(other, *start, 3), 1e-12)


@pytest.mark.parametrize("method", ["fit", "predict", "search"])
@pytest.mark.parametrize("place", ["indices", "negative", "indptr", "descending"])
@pytest.mark.parametrize("kind", ["csr", "csc"])
def test_indices_out_of_range(kind, place, method):
    X = csr_array(np.eye(20, 3)).asformat(kind)
    y = np.arange(20) % 2
    neuron = SigmoidNeuronClassifier(max_iter=2).fit(X, y)
    broken = X.copy()
    if place == "indptr":
        broken.indptr[-1] = 1000
    elif place == "descending":
        broken.indptr[1] = 3
        broken.indptr[2] = 0
    else:
        broken.indices[-1] = 1_000_000 if place == "indices" else -1
    search = SigmoidNeuronClassifierCV(max_iter=2)
    with pytest.raises(ValueError, match=r"ind(ex|ices|ptr)"):
        {
            "fit": lambda: neuron.fit(broken, y),
            "predict": lambda: neuron.predict(broken),
            "search": lambda: search.fit(broken, y),
        }[method]()


def run_python(code, **kwargs):
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        **kwargs,
    )


FIT = """
import numpy as np
from sk_neuron import SigmoidNeuronClassifier
from sk_neuron._kernels import has_kernel
rng = np.random.default_rng(0)
X, y = rng.standard_normal((20_000, 30)), np.arange(20_000) % 2
# sums by BLAS depend on its number of threads
same = np.array_equal if has_kernel(X) else np.allclose
def fit(steps=20):
    return SigmoidNeuronClassifier(max_iter=steps, learning_rate=1e-5).fit(X, y).coef_
"""


@pytest.mark.any_kernel
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_fit_in_a_forked_child_after_a_fit_in_the_parent():
    code = """
import os, warnings
warnings.simplefilter("ignore")  # of forks beside threads
expected = fit()
child = os.fork()
if child == 0:
    os._exit(0 if same(fit(), expected) else 1)
_, status = os.waitpid(child, 0)
assert status == 0, status
assert same(fit(), expected)
"""
    result = run_python(FIT + code)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.any_kernel
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_fit_in_workers_of_joblib(backend):
    code = f"""
from joblib import Parallel, delayed
def work(X, y):
    from sk_neuron import SigmoidNeuronClassifier
    neuron = SigmoidNeuronClassifier(max_iter=20, learning_rate=1e-5)
    return neuron.fit(X, y).coef_
if __name__ == "__main__":
    for coef in Parallel(2, backend="{backend}")(delayed(work)(X, y) for _ in range(4)):
        assert same(coef, fit())
"""
    result = run_python(FIT + code)
    assert (result.returncode, result.stderr) == (0, "")


@needs_kernel
@pytest.mark.parametrize("order", ["C", "int32"])
@pytest.mark.parametrize("K", [1, 300])
@pytest.mark.parametrize("shape", [(2000, 64), (1797, 64), (3000, 1000), (20_000, 50)])
def test_chunks_are_even_and_their_gradients_few(shape, K, order):
    """Else threads would wait for each other, or take more memory than the documented."""
    problem, *_ = make_problem(*shape, (1, 1), np.float64, order=order)
    offsets = compute_chunk_offsets(problem.X, K)
    sizes, n_chunks = np.diff(offsets), len(offsets) - 1
    n, d = shape
    assert (offsets[0], offsets[-1]) == (0, n)
    assert sizes.min() > 0.8 * sizes.max()
    assert n_chunks > 1 or K == 1
    assert n_chunks * d <= n + 8 * d


@needs_kernel
def test_active_kernels_share_the_threads():
    features = np.ones((20_000, 30))
    with threadpool_limits(8, user_api="openmp"):
        counts = []
        with _threads.count_as_active():
            counts.append(count_threads(features, 1))
            with _threads.count_as_active():
                counts.append(count_threads(features, 1))
                with _threads.count_as_active():
                    counts.append(count_threads(features, 1))
        assert counts == [8, 4, 2]
        assert _threads._active == []
        assert count_threads(np.ones((20, 30)), 1) == 1


@pytest.mark.any_kernel
@needs_kernel
@pytest.mark.parametrize(
    ("variables", "n_threads"),
    [
        ({"LOKY_MAX_CPU_COUNT": "1"}, 1),
        ({"LOKY_MAX_CPU_COUNT": "1", "OMP_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "1"}, 1),
    ],
)
def test_no_more_threads_than_cores_that_may_be_used(variables, n_threads):
    """Joblib counts what a container may use, and its variable counts like one."""
    code = (
        "import numpy as np; from sk_neuron._kernels import count_threads;"
        "print(count_threads(np.ones((20_000, 30)), 1))"
    )
    environment = {name: value for name, value in os.environ.items() if "OMP_" not in name}
    printed = run_python(code, env=environment | variables).stdout
    assert printed == f"{n_threads}\n"


@pytest.mark.any_kernel
@needs_kernel
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no thread can be moved")
def test_threads_that_share_a_core():
    """They give way to each other, or this would take minutes."""
    code = """
import os
with_two = fit()
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
assert (fit(1000) == fit(1000)).all()
assert (with_two == fit()).all()
"""
    result = run_python(FIT + code)
    assert (result.returncode, result.stderr) == (0, "")


def make_jobs():
    """Return estimators with their data: of other sizes, in other containers, or shared."""
    rng = np.random.default_rng(0)
    shared, labels = rng.standard_normal((6000, 50)), np.arange(6000) % 3
    sparse = csr_array(shared * (rng.random(shared.shape) < 0.2))
    long = csr_array(sparse)
    long.indices, long.indptr = long.indices.astype("i8"), long.indptr.astype("i8")
    containers = [shared, shared, np.asfortranarray(shared), shared.astype("f4"), sparse]
    containers += [long, sparse.astype("f4"), shared[:300, :5].copy(), shared[:40, :3]]
    jobs = [
        (SigmoidNeuronClassifier(max_iter=20, alpha=alpha), X, labels[: X.shape[0]] % n)
        for alpha, (X, n) in enumerate(zip(containers, [2, 3] * 5, strict=False))
    ]
    several = np.column_stack([labels == 0, labels > 0])
    stopped = SigmoidNeuronClassifier(max_iter=20, early_stopping=True, random_state=0)
    search = SigmoidNeuronClassifierCV(iters=[5, 20], cv=3, alphas=[0.0, 1.0])
    jobs += [(SigmoidNeuronClassifier(max_iter=20), shared, several)]
    jobs += [(stopped, shared, labels), (search, shared, labels), (search, sparse, labels)]
    return jobs


def fit_and_answer(job):
    """Return what a clone learns and answers, as one array."""
    estimator, X, y = job
    fitted = clone(estimator).fit(X, y)
    learned = [fitted.coef_, fitted.intercept_, fitted.loss_curve_]
    learned += [fitted.decision_function(X), getattr(fitted, "scores_", np.empty(0))]
    return np.concatenate([np.ravel(array) for array in learned])


def test_fits_in_threads_are_those_one_after_another():
    """Bit for bit: they share X and the number of threads, which changes no bit."""
    jobs = make_jobs()
    expected = [fit_and_answer(job) for job in jobs]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # with a GIL, let it go between any two lines
    try:
        with ThreadPoolExecutor(len(jobs)) as pool:
            for _ in range(3):
                for found, alone in zip(
                    pool.map(fit_and_answer, jobs), expected, strict=True
                ):
                    # the NumPy kernel takes BLAS, whose sums depend on its threads
                    rtol = 0 if _threads.BUILT and not _threads.SWITCHED_OFF else 1e-6
                    np.testing.assert_allclose(found, alone, rtol=rtol, atol=rtol)
    finally:
        sys.setswitchinterval(interval)
    assert _threads._active == []


def test_answers_of_one_neuron_in_threads():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6000, 20))
    neuron = SigmoidNeuronClassifier(max_iter=5).fit(X, np.arange(6000) % 3)
    parts = np.array_split(X, 24)
    expected = [neuron.predict_proba(part) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        for found, alone in zip(
            pool.map(neuron.predict_proba, parts * 3), expected * 3, strict=True
        ):
            np.testing.assert_allclose(found, alone, rtol=1e-12)


@pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this Python has a GIL"
)
def test_the_package_does_not_bring_the_gil_back():
    """As an extension module does that does not say that it is safe without one."""
    code = "import sys, sk_neuron; print(sys._is_gil_enabled())"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHON_GIL"}
    printed = subprocess.check_output(
        [sys.executable, "-P", "-c", code], text=True, env=environment
    )
    assert printed == "False\n"


def test_the_compiled_modules_say_that_they_need_no_gil():
    """Which the test above sees on a free-threaded Python only."""
    sources = sorted((Path(__file__).parents[1] / "sk_neuron/_kernels/src").glob("*.pyx"))
    assert len(sources) == 2
    for source in sources:
        directives = re.findall(r"^# cython: (.*)$", source.read_text(), re.MULTILINE)
        assert "freethreading_compatible=True" in ", ".join(directives)


# Tall, small and in one chunk: the NumPy kernel takes all of them alike.
SHAPES = ["(20_000, 30)", "(50, 3)", "(600, 20)"]
SHAPES = SHAPES[:1] if _compiled.SWITCHED_OFF else SHAPES


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX has them")
@pytest.mark.parametrize("params", ["", "early_stopping=True, n_iter_no_change=10**9"])
@pytest.mark.parametrize("shape", SHAPES)
def test_interrupt(shape, params):
    """A fit of hours ends when the user wants it to, and keeps a whole number of steps."""
    code = f"""
import sys, warnings
X, y = rng.standard_normal({shape}), np.arange({shape}[0]) % 2
neuron = SigmoidNeuronClassifier(max_iter=10**8, learning_rate=1e-5, verbose=1, {params})
try:
    neuron.fit(X, y)
except KeyboardInterrupt as interrupt:
    caught = str(interrupt)
n_iter = neuron.n_iter_
assert f"interrupted at iteration {{n_iter}} of" in caught, caught
assert 0 < n_iter < 10**8 and len(neuron.loss_curve_) == n_iter
if {bool(params)}:
    assert len(neuron.validation_loss_curve_) == n_iter + 1
    sys.exit(5)
neuron.set_params(max_iter=7, warm_start=True).fit(X, y)
whole = SigmoidNeuronClassifier(max_iter=n_iter + 7, learning_rate=1e-5).fit(X, y)
sys.exit(5 if same(neuron.coef_, whole.coef_) else 1)
"""
    process = subprocess.Popen(
        [sys.executable, "-u", "-P", "-c", FIT + code], stdout=subprocess.PIPE, text=True
    )
    try:
        assert " step " in process.stdout.readline()  # however long the first ones take
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 5
    finally:
        process.kill()
        process.stdout.close()


def test_subnormals_still_work():
    """Linked with -ffast-math, a library switches them off for the whole process."""
    assert np.finfo(np.float64).tiny / 2 > 0
    tiny = np.array([np.finfo(np.float64).tiny, np.finfo(np.float32).tiny], np.float64)
    assert (tiny / 2 > 0).all()
    assert (tiny.astype(np.float32)[1:] / np.float32(2) > 0).all()


@DTYPES
@ORDERS
@given(data=st.data())
def test_no_nan_comes_out_of_finite_input(order, dtype, data):
    """As long as nothing overflows: raw predictions up to the largest number are fine."""
    n, d = (data.draw(st.integers(1, top)) for top in (60, 20))
    layer = data.draw(st.sampled_from(LAYERS[:-1]))
    problem, coef, intercept = make_problem(n, d, layer, dtype, order=order)
    largest = data.draw(st.sampled_from([1.0, 1e3, np.sqrt(np.finfo(dtype).max) / 1e3]))
    problem = problem._replace(
        learning_rate=np.full(1, 1e-3 / largest),
        alpha=0.0,
        sample_weight=problem.sample_weight / 1e3,
    )
    for result in advance(problem, coef * dtype(largest), intercept, 4):
        assert np.isfinite(result).all()


@pytest.mark.any_kernel
@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
@pytest.mark.parametrize("layout", [np.asarray, csr_array])
@pytest.mark.parametrize("kind", [SigmoidNeuronClassifier, SigmoidNeuronClassifierCV])
def test_a_fit_keeps_no_rows(kind, layout):
    """Else X, or a copy of it, would stay until Python happens to collect cycles."""
    values = np.random.default_rng(0).standard_normal((150_000, 2))  # not copied
    y, X = (values[:, 0] > 0).astype(int), layout(values)
    rows = weakref.ref(X.data if layout is csr_array else X)
    gc.disable()
    try:
        kind(max_iter=2).fit(X, y)
        del X, values
        assert rows() is None
    finally:
        gc.enable()
