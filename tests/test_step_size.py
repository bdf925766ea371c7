"""The size of a step: its bound, how it adapts, and the step of a batch."""

from fractions import Fraction

import numpy as np
import oracle
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.datasets import load_iris, load_wine
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifier
from sk_neuron._kernels import StepRule, compute_max_exponent, compute_squared_norms
from sk_neuron._solver._step_size import bound_curvature, compute_curvature

SPECTRA = {
    "flat": np.ones,
    "steep": lambda d: 1.0 / np.arange(1, d + 1) ** 2,
    "twins": lambda d: np.repeat([1.0, 1e-3], [2, d - 2]),
    "needle": lambda d: np.repeat([1.0, 0.999], [1, d - 1]),
    "uniform": lambda d: np.sqrt(np.linspace(1, 0, d)),
}


@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("n", "d"), [(100, 40), (40, 100), (400, 300), (64, 3000)])
def test_known_singular_values(spectrum, dtype, n, d):
    """The data are built from an SVD, so that the answers are known in advance."""
    rng = np.random.default_rng(0)
    rank = min(n, d)
    U, V = (np.linalg.qr(rng.standard_normal((size, rank)))[0] for size in (n, d))
    singular = 100 * SPECTRA[spectrum](rank)
    X = ((U * singular) @ V.T).astype(dtype)
    weight = np.ones((n, 1), dtype)
    for as_format, K in ((np.asarray, 1), (np.asfortranarray, 2), (csr_array, 10)):
        c = oracle.curvature(1 + K)
        largest = compute_curvature(as_format(X), weight, 0.5, False, K)
        assert largest == pytest.approx(c * 100**2 + 0.5, rel=1e-5)
        bound = bound_curvature(compute_squared_norms(as_format(X)), weight, 0.5, False, K)
        assert bound == pytest.approx(c * singular @ singular + 0.5, rel=1e-5)


@pytest.mark.parametrize("d", [5, 400])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_groups_together_are_groups_apart(d, fit_intercept):
    rng = np.random.default_rng(1)
    X, weight = rng.standard_normal((300, d)), rng.random((300, 4)) * [1, 10, 1e3, 1e-9]
    weight[rng.random((300, 4)) < 0.3] = 0  # rows that are not trained on
    bounds = bound_curvature(compute_squared_norms(X), weight, 0.5, fit_intercept, 1)
    largest = compute_curvature(X, weight, 0.5, fit_intercept, 1)
    for k in range(4):
        s = weight[:, k]
        rows = s > 0
        apart = bound_curvature(
            compute_squared_norms(X[rows]), s[rows, np.newaxis], 0.5, fit_intercept, 1
        )
        assert bounds[k] == pytest.approx(apart[0], rel=1e-12)
        L = oracle.smoothness(X, s, alpha=0.5, fit_intercept=fit_intercept)
        assert largest[k] == pytest.approx(L, rel=1e-9)
        assert bounds[k] <= (X.shape[1] + 1) * L


@given(st.data())
def test_the_bound_is_above_the_largest_curvature(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    n, d = data.draw(st.integers(1, 50)), data.draw(st.integers(1, 50))
    X = rng.standard_normal((n, d)) * 10.0 ** rng.integers(-3, 4, d)
    weight, K = rng.random((n, 1)), data.draw(st.integers(1, 4))
    bound = bound_curvature(compute_squared_norms(X), weight, 0.1, True, K)
    assert bound >= compute_curvature(X, weight, 0.1, True, K) * (1 - 1e-12)


@pytest.mark.parametrize("as_format", [np.asarray, csr_array])
@pytest.mark.parametrize("shape", [(5, 3), (300, 400)])
def test_a_batch_that_says_nothing(shape, as_format):
    """All zeros, and next to no weight: where an iterative solver would fail."""
    X = np.zeros(shape)
    y, weight = np.arange(len(X)) % 2, np.eye(1, len(X))[0]
    neuron = SigmoidNeuronClassifier(fit_intercept=False)
    neuron.partial_fit(as_format(X), y, [0, 1])
    assert neuron.learning_rate_curve_ == [1.0]
    assert (neuron.coef_ == 0).all()
    X[0, 1] = 2.0
    neuron.partial_fit(as_format(X), y, sample_weight=weight)
    assert neuron.learning_rate_curve_[1] == pytest.approx(1 / (4 * oracle.CURVATURE))


def test_values_of_csr_in_parts_count_as_their_sum():
    whole = csr_array(([3.0, 5.0], [0, 1], [0, 1, 2]), shape=(2, 2))
    parts = csr_array(([1.0, 2.0, 5.0], [0, 0, 1], [0, 2, 3]), shape=(2, 2))
    np.testing.assert_array_equal(
        compute_squared_norms(parts), compute_squared_norms(whole)
    )
    np.testing.assert_array_equal(compute_squared_norms(whole), [9, 25])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("as_format", [np.asarray, np.asfortranarray, csr_array])
@pytest.mark.parametrize("shape", [(1, 1), (70, 7), (5000, 33)])
def test_squared_norms(shape, as_format, dtype):
    X = (1e15 * np.random.default_rng(0).standard_normal(shape)).astype(dtype)
    expected = (X.astype(np.longdouble) ** 2).sum(axis=1).astype(float)
    np.testing.assert_allclose(compute_squared_norms(as_format(X)), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("exponent", "norm", "change", "expected"),
    [
        (0, 1.0, 0.5, 0),  # 2^0 * 1 / (√2 √(1/2)) = 1
        (3, 1.0, 0.5, 3),
        (3, 1.0, 0.124, 4),  # twice that, and some more
        (3, 1.0, 0.126, 3),
        (3, 1.0, 0.5001, 2),
        (3, 1.0, 1e9, 0),
        (3, 1.0, 1e-9, 5),  # at most four times the step
        (3, 1.0, 0.0, 5),  # a gradient that does not change
        (3, 0.0, 0.0, 3),  # nothing moves
        (999, 1.0, 0.0, 1000),
    ],
)
def test_the_next_exponent(exponent, norm, change, expected):
    rule = StepRule(np.array([0.5]), np.asarray)
    with np.errstate(all="ignore"):
        found = rule.update(*map(np.array, ([exponent], [norm], [change])))
    assert found == [expected]


ABOVE_0 = st.floats(0, allow_infinity=False, exclude_min=True)


@given(ABOVE_0)
@example(2.0**-1074)
@example(4.0**-3)
@example(np.nextafter(4.0**-3, 0))
def test_the_next_exponent_in_exact_numbers(ratio):
    """It grows by the largest j with 4^j at most the ratio, up to 2."""
    rule, one = StepRule(np.array([0.5]), np.asarray), np.ones(1)
    found = rule.update(np.array([900]), ratio * one, 0.5 * one)
    j = int(found[0]) - 900
    assert Fraction(4) ** j <= Fraction(ratio)
    assert j == 2 or Fraction(ratio) < Fraction(4) ** (j + 1)


@given(ABOVE_0, st.integers(0, 2100))
@example(2.0**-1074, 2073)
@example(np.finfo(float).max, 0)
def test_step_sizes_are_exact(rate, exponent):
    exponent = min(exponent, max(0, int(compute_max_exponent(rate))))
    found = StepRule(np.array([rate]), np.asarray).step_sizes(np.array([exponent]))
    assert found == [np.ldexp(rate, exponent)]


def test_steps_end_below_the_largest_number():
    rates = np.array([1e-300, 0.75, 1.0, 2.0**1000])
    sizes = np.ldexp(rates, compute_max_exponent(rates))
    assert ((sizes >= 2.0**999) & (sizes <= 2.0**1000)).all()


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("load", [load_iris, load_wine])
@pytest.mark.parametrize("as_format", [np.asarray, np.asfortranarray, csr_array])
@pytest.mark.parametrize(
    "params", [{}, {"alpha": 2.0}, {"fit_intercept": False}, {"init": "uniform"}], ids=str
)
def test_follows_the_oracle(load, as_format, params, n_classes):
    X, y = load(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    y = (y == 1).astype(int) if n_classes == 2 else y
    s = np.random.default_rng(0).random(len(y))
    neuron = SigmoidNeuronClassifier(max_iter=60, random_state=0, **params)
    start, n_columns = None, 1 if n_classes == 2 else n_classes
    if "init" in params:
        rng = np.random.RandomState(0)
        coef = 2 * rng.random_sample((X.shape[1], n_columns)).T - 1
        start = coef, 2 * rng.random_sample(n_columns) - 1
        start = start if n_classes > 2 else (coef[0], start[1][0])
    neuron.fit(as_format(X), y, s)
    kwargs = {name: params[name] for name in ("alpha", "fit_intercept") if name in params}
    coef, intercept, errors, sizes = oracle.train_adaptively(
        X, y, s, steps=60, start=start, n_classes=n_classes, **kwargs
    )
    tolerance = {"rtol": 1e-7, "atol": 1e-8}
    np.testing.assert_allclose(neuron.coef_, np.atleast_2d(coef), **tolerance)
    np.testing.assert_allclose(neuron.intercept_, np.atleast_1d(intercept), **tolerance)
    np.testing.assert_allclose(neuron.loss_curve_, errors / s.sum(), rtol=1e-8)
    # later the gradient may be nothing but rounding, and the step follows that
    np.testing.assert_allclose(neuron.learning_rate_curve_[:20], sizes[:20], rtol=1e-12)
    assert len(np.unique(sizes)) > 3  # it did adapt
