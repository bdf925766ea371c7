"""The compiled kernel does what the NumPy kernel does, on any number of threads."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from sk_neuron import _advance
from sk_neuron._advance import (
    Layer,
    _advance_compiled,
    _advance_numpy,
    advance,
    find_potential,
)

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def test_the_compiled_kernel_is_what_is_tested():
    """Unless it is switched off, or cannot have been built."""
    if os.environ.get("SK_NEURON_KERNEL") == "numpy" or not shutil.which("cc"):
        assert _advance._dense is None
    else:
        assert _advance._dense is not None


@pytest.mark.parametrize("setting", ["numpy", ""])
def test_it_can_be_switched_off(setting):
    code = "from sk_neuron._advance import _dense; print(_dense is None)"
    out = subprocess.check_output(
        [sys.executable, "-P", "-c", code],
        env=os.environ | {"SK_NEURON_KERNEL": setting},
        text=True,
    )
    assert (out.strip() == "True") == (setting == "numpy" or not shutil.which("cc"))


needs_kernel = pytest.mark.skipif(
    _advance._dense is None, reason="the compiled kernel is switched off"
)


def make_layer(n, d, K, dtype, *, seed=0, shared=False, scale=1.0, intercept=True):
    rng = np.random.default_rng(seed)
    X = (scale * rng.standard_normal((n, d))).astype(dtype)
    target = np.asfortranarray(rng.integers(0, 2, (n, K)).astype(dtype))
    weight = rng.integers(0, 3, (n, 1 if shared else K)).astype(dtype)
    rate = rng.random(K) / (1 + 0.1 * scale**2 * n)
    layer = Layer(X, target, np.asfortranarray(weight), rate, rng.random(K), intercept)
    start = rng.standard_normal((d, K)).astype(dtype), rng.random(K).astype(dtype)
    for array in (*layer[:5], *start):
        array.flags.writeable = False
    return layer, *start


def assert_close(results, others, rtol):
    for result, other in zip(results, others, strict=True):
        assert result.dtype == other.dtype
        atol = rtol * np.abs(other).max(initial=0) + 4 * np.finfo(result.dtype).tiny
        np.testing.assert_allclose(result, other, rtol=0, atol=atol)


@needs_kernel
@DTYPES
@given(data=st.data())
def test_equals_the_numpy_kernel(dtype, data):
    layer, coef, intercept = make_layer(
        data.draw(st.integers(1, 150)),
        data.draw(st.integers(1, 40)),
        data.draw(st.integers(1, 20)),
        dtype,
        seed=data.draw(st.integers(0, 999)),
        shared=data.draw(st.booleans()),
        scale=data.draw(st.sampled_from([1e-3, 1.0, 100.0])),
        intercept=data.draw(st.booleans()),
    )
    n_steps = data.draw(st.integers(0, 5))
    compiled = _advance_compiled(layer, coef, intercept, n_steps)
    reference = _advance_numpy(layer, coef, intercept, n_steps)
    assert_close(compiled, reference, 1e-11 if dtype == np.float64 else 3e-4)


@needs_kernel
@DTYPES
@pytest.mark.parametrize("K", [1, 2, 6, 17])
@pytest.mark.parametrize("shape", [(5000, 7), (1021, 300), (70_000, 3), (40, 6000)])
def test_equals_the_numpy_kernel_over_chunks_of_rows(shape, K, dtype):
    layer, *start = make_layer(*shape, K, dtype)
    compiled = _advance_compiled(layer, *start, 3)
    assert_close(
        compiled, _advance_numpy(layer, *start, 3), 1e-10 if dtype == np.float64 else 1e-3
    )


@needs_kernel
@DTYPES
@pytest.mark.parametrize("K", [1, 2, 6, 17])
@pytest.mark.parametrize("shape", [(1, 1), (61, 5), (3000, 40)])
def test_potentials(shape, K, dtype):
    layer, coef, intercept = make_layer(*shape, K, dtype)
    z = find_potential(layer, coef, intercept)
    assert z.dtype == dtype
    expected = layer.features.astype(float) @ coef + intercept
    np.testing.assert_allclose(
        z, expected, atol=20 * np.finfo(dtype).eps * np.abs(expected).max()
    )


@needs_kernel
@DTYPES
@pytest.mark.parametrize("K", [1, 6])
def test_threads_change_no_bit(K, dtype):
    layer, *start = make_layer(20_000, 11, K, dtype)
    results = []
    for n_threads in (1, 2, 3, 8):
        with threadpool_limits(n_threads, user_api="openmp"):
            results.append(advance(layer, *start, 5))
    for result in results[1:]:
        for array, first in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(array, first)


@needs_kernel
@DTYPES
def test_stretches_between_looks_at_signals_change_no_bit(dtype, monkeypatch):
    layer, *start = make_layer(50, 4, 3, dtype)
    whole = advance(layer, *start, 20)
    monkeypatch.setattr(_advance, "_STRETCH", 50 * 4 * 16 * 3)
    for array, same in zip(advance(layer, *start, 20), whole, strict=True):
        np.testing.assert_array_equal(array, same)


@needs_kernel
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_sigmoid_is_accurate_over_its_whole_range(dtype):
    """Read from the squared error of one row with target 0: it is o², and o² = (1 - o)²."""
    top = 700 if dtype == np.float64 else 86
    z = np.linspace(-top / 2, top, 4001).astype(dtype)
    for sign in (-1, 1):
        layer = Layer(
            np.ones((1, 1), dtype),
            np.full((1, len(z)), sign < 0, dtype),
            np.ones((1, 1), dtype),
            np.zeros(1),
            0.0,
            False,
        )
        start = sign * z[np.newaxis], np.zeros(len(z), dtype)
        _, _, error = advance(layer, *start, 1)
        output = 1 / (1 + np.exp(-z.astype(np.longdouble)))
        epsilon = np.finfo(dtype).eps
        if sign > 0:  # o itself
            np.testing.assert_allclose(np.sqrt(error[0]), output, rtol=3 * epsilon)
        else:  # 1 - o, of which the rounding of o is what is left
            np.testing.assert_allclose(np.sqrt(error[0]), output, rtol=0, atol=3 * epsilon)


@needs_kernel
@DTYPES
def test_extreme_potentials(dtype):
    for z in (0.0, 37.0, 745.0, 1e4, 1e30):
        for sign in (-1, 1):
            layer = Layer(
                np.ones((1, 1), dtype),
                np.ones((1, 1), dtype),
                np.ones((1, 1), dtype),
                np.ones(1),
                0.0,
                True,
            )
            start = np.full((1, 1), sign * z, dtype), np.zeros(1, dtype)
            compiled, reference = (
                _advance_compiled(layer, *start, 1),
                _advance_numpy(layer, *start, 1),
            )
            assert_close(compiled, reference, 1e-12 if dtype == np.float64 else 1e-5)


@needs_kernel
@DTYPES
@pytest.mark.parametrize("K", [1, 6])
def test_what_overflows_shows_in_the_result(K, dtype):
    layer, coef, intercept = make_layer(30, 3, K, dtype)
    layer = layer._replace(alpha=np.full(K, 1e30), learning_rate=np.ones(K))
    result, _, _ = advance(layer, coef, intercept, 40)
    assert not np.isfinite(result).any()


def test_layouts_that_the_kernel_is_not_for():
    layer, *start = make_layer(50, 4, 3, np.float64)
    reference = _advance_numpy(layer, *start, 3)
    for features in (
        np.asfortranarray(layer.features),
        layer.features.repeat(2, 1)[:, ::2],
    ):
        other = advance(layer._replace(features=features), *start, 3)
        assert_close(other, reference, 1e-12)
