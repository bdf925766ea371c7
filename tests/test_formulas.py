"""The formulas: against many digits, at the ends of the number line; their curvature."""

from decimal import Context, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracle import CURVATURE

from sk_neuron._kernels import _formulas

EPSILON = np.finfo(float).eps

# Raw predictions from one end to the other: those of a row close together or far apart.
RAW = st.floats(-40, 40) | st.floats(-800, 800) | st.floats(-1e300, 1e300)


@st.composite
def layer_rows(draw):
    """Return raw predictions (1, K) of a layer, and the label."""
    K = draw(st.integers(2, 6))
    z = draw(hnp.arrays(float, (1, K), elements=draw(st.sampled_from([RAW, RAW.map(abs)]))))
    z += draw(st.sampled_from([0.0, 1e3, -1e15]))
    return z, draw(st.integers(0, K - 1))


def to_fifty_digits(z, label):
    """Return p, delta and the squared error of a row, by Python's decimal numbers."""
    with localcontext(Context(prec=50, Emin=-(10**9))):
        z = [Decimal(float(value)) for value in z]
        if len(z) == 1:  # a neuron has the output of a layer with 0 for the other class
            z = [Decimal(0), *z]
        e = [(value - max(z)).exp() for value in z]
        p = [value / sum(e) for value in e]
        own = sum(e[k] for k in range(len(z)) if k != label) / sum(e)
        error = [own if k == label else -p[k] for k in range(len(z))]
        mean = sum(a * b for a, b in zip(p, error, strict=True))
        delta = [a * (b - mean) for a, b in zip(p, error, strict=True)]
        squared_error = sum(value**2 for value in error)
    return *(np.array(a, dtype=float) for a in (p, delta)), float(squared_error)


@given(layer_rows(), st.floats(0, 8))
def test_a_layer_to_its_last_digits(row, weight):
    """To those that the exponential of a difference of raw predictions has."""
    z, label = row
    K = z.shape[1]
    p, delta, squared_error = to_fifty_digits(z[0], label)
    rtol, tiny = 1000 * EPSILON, 1e-300
    labels = np.array([[label]])
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        found = _formulas.probability(z, K)
        logs = _formulas.log_probability(z, K)
        errors = _formulas.row_squared_error(labels, z, K)
        pulls, same = _formulas.pointwise_gradient(
            labels, np.array([[weight]]), z.copy(), K
        )
    np.testing.assert_allclose(found[0], p, rtol=rtol, atol=tiny)
    np.testing.assert_allclose(np.exp(logs[0]), p, rtol=rtol, atol=tiny)
    assert found.sum() == pytest.approx(1, abs=K * EPSILON)
    np.testing.assert_allclose(same[0], squared_error, rtol=rtol, atol=tiny)
    # 1 - p is exact to an ulp of 1, and so is what it multiplies
    atol = K * EPSILON * (squared_error**0.5 + EPSILON)
    np.testing.assert_allclose(errors[0], squared_error, rtol=rtol, atol=atol)
    atol = 4 * weight * EPSILON + tiny
    np.testing.assert_allclose(pulls[0], weight * delta, rtol=rtol, atol=atol)
    assert pulls.sum() == pytest.approx(0, abs=K * atol)


@given(RAW, st.integers(0, 1), st.floats(0, 8))
def test_a_neuron_to_its_last_digits(z, label, weight):
    (_, output), (_, delta), doubled = to_fifty_digits([z], label)
    rtol, tiny = 1000 * EPSILON, 1e-300
    labels, raw = np.array([[label]]), np.array([[z]])
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        found = _formulas.probability(raw, 1)
        log_output = _formulas.log_probability(raw, 1)
        errors = _formulas.row_squared_error(labels, raw, 1)
        pulls, same = _formulas.pointwise_gradient(
            labels, np.array([[weight]]), raw.copy(), 1
        )
    assert found[0, 0] == pytest.approx(output, rel=rtol, abs=tiny)
    assert np.exp(log_output[0, 0]) == pytest.approx(output, rel=rtol, abs=tiny)
    # ‖e_y - p‖² is 2 (t - o)², and a layer moves z of both classes
    expected = doubled / 2
    for error in (errors, same):
        atol = 2 * EPSILON * (expected**0.5 + EPSILON)
        assert error[0, 0] == pytest.approx(expected, rel=rtol, abs=atol)
    atol = 4 * weight * EPSILON + tiny
    assert pulls[0, 0] == pytest.approx(weight * delta / 2, rel=rtol, abs=atol)


@given(hnp.arrays(float, (3, 4), elements=RAW))
def test_logarithms_of_probabilities_are_finite_and_keep_the_order(z):
    logs = _formulas.log_probability(z, 4)
    assert np.isfinite(logs).all()
    np.testing.assert_allclose(np.exp(logs).sum(axis=1), 1, rtol=1e-12)
    for row, log_row in zip(z, logs, strict=True):
        assert (np.diff(log_row[row.argsort()]) >= 0).all()


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_nothing_mixes_two_groups(n_outputs):
    rng = np.random.default_rng(0)
    z = rng.standard_normal((20, 4 * n_outputs))
    labels = rng.integers(0, max(2, n_outputs), (20, 4))
    weight = rng.random((20, 4))
    delta, errors = _formulas.pointwise_gradient(labels, weight, z.copy(), n_outputs)
    lowest = _formulas.constant_error(labels, weight, n_outputs)
    for group in range(4):
        columns, one = (
            slice(group * n_outputs, (group + 1) * n_outputs),
            slice(group, group + 1),
        )
        rows = labels[:, one], weight[:, one]
        apart, error = _formulas.pointwise_gradient(*rows, z[:, columns].copy(), n_outputs)
        np.testing.assert_array_equal(apart, delta[:, columns])
        np.testing.assert_array_equal(error, errors[:, one])
        np.testing.assert_allclose(_formulas.constant_error(*rows, n_outputs), lowest[one])
    shared, _ = _formulas.pointwise_gradient(
        labels[:, :1], weight[:, :1], z.copy(), n_outputs
    )
    tiled = labels[:, [0] * 4], weight[:, [0] * 4]
    apart, _ = _formulas.pointwise_gradient(*tiled, z.copy(), n_outputs)
    np.testing.assert_array_equal(shared, apart)


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_no_constant_answer_is_better_than_the_shares_of_the_classes(n_outputs):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, max(2, n_outputs), (50, 1))
    weight = rng.random((50, 1))

    def judge(raw):
        rows = np.broadcast_to(raw, (50, n_outputs))
        error = _formulas.row_squared_error(labels, rows, n_outputs)
        return _formulas.sum_squared_error(weight, error)[0]

    shares = np.bincount(labels[:, 0], weight[:, 0]) / weight.sum()
    best = np.log(shares) if n_outputs > 1 else np.log(shares[1:] / shares[:1])
    lowest = _formulas.constant_error(labels, weight, n_outputs)[0]
    assert judge(best) == pytest.approx(lowest, rel=1e-12)
    for near in 1e-3 * rng.standard_normal((20, n_outputs)):
        assert judge(best + near) > lowest


def test_curvature_is_the_largest_second_derivative():
    o = np.linspace(0, 1, 1_000_001)
    for t in (0.0, 0.3, 1.0):
        second = (o * (1 - o)) ** 2 - (t - o) * o * (1 - o) * (1 - 2 * o)
        assert np.abs(second).max() <= _formulas.CURVATURE * (1 + 1e-12)
    assert second.max() == pytest.approx(_formulas.CURVATURE, rel=1e-11)
    assert _formulas.curvature(1) == pytest.approx(CURVATURE, rel=1e-11)


def layer_hessian(p, label):
    """Return the second derivatives of 1/2 ‖e_y - softmax(z)‖² where that is p."""
    J, r, E = np.diag(p) - np.outer(p, p), p - np.eye(len(p))[label], np.eye(len(p)) - p
    return J @ J + np.einsum("k,ki,kj->ij", r * p, E, E) - (r @ p) * J


def test_the_hessian_is_that_of_the_formulas():
    """By central differences of delta."""
    z, h = np.random.default_rng(0).standard_normal((1, 5)), 1e-5
    labels, one = np.array([[3]]), np.ones((1, 1))
    columns = []
    for k in range(5):
        step = h * np.eye(5)[[k]]
        up, down = (
            _formulas.pointwise_gradient(labels, one, z + sign * step, 5)[0][0]
            for sign in (1, -1)
        )
        columns.append((down - up) / (2 * h))
    expected = layer_hessian(_formulas.probability(z, 5)[0], 3)
    np.testing.assert_allclose(np.array(columns), expected, atol=1e-9)


@given(st.data())
def test_no_row_of_a_layer_curves_more(data):
    """On edges, where all but two probabilities are almost 0, it comes close."""
    K = data.draw(st.integers(2, 12))
    z = data.draw(hnp.arrays(float, K, elements=st.floats(-8, 8) | st.floats(-1, 1)))
    label = data.draw(st.integers(0, K - 1))
    p = _formulas.softmax(z)
    eigenvalues = np.linalg.eigvalsh(layer_hessian(p, label))
    assert np.abs(eigenvalues).max() <= _formulas.curvature(K) * (1 + 1e-12)


@pytest.mark.parametrize("K", [2, 3, 10])
def test_the_curvature_of_a_layer_is_reached_where_it_is_a_neuron(K):
    largest = 0
    for o in np.linspace(0.6, 0.65, 501):  # the steepest neuron is at 0.614
        p = np.full(K, 1e-9)
        p[:2] = o, 1 - o
        largest = max(largest, np.linalg.eigvalsh(layer_hessian(p, 0))[-1])
    assert largest == pytest.approx(_formulas.curvature(K), rel=1e-6)


@pytest.mark.parametrize("n_outputs", [1, 2, 3])
@pytest.mark.parametrize(
    ("target", "z", "saturated"),
    [
        ([1, 1], [-20, 1], True),  # one row wrong and flat, and the best constant is 1
        ([0, 0, 0, 1], [-20, -20, -20, -20], True),  # gave up on a class
        ([0, 1], [-20, 20], False),  # flat because right
        ([0, 1], [2, -2], False),  # worse than a constant, with a gradient
        ([0, 1, 0, 1, 0], [-20, 20, -20, 20, 20], False),  # gave up on one wrong label
        ([1, 0], [-20, 20], True),
        ([0, 1], [6.5, -6.5], False),  # flat begins at a raw prediction of 7
        ([0, 1], [7.5, -7.5], True),
    ],
)
def test_what_is_saturated_is_wrong_flat_and_no_better_than_a_constant(
    target, z, saturated, n_outputs
):
    """A layer is so as a neuron is, when its other classes have no share."""
    labels, z = np.array([target]).T, np.array([z], dtype=float).T
    if n_outputs > 1:
        z = np.hstack([-z / 2, z / 2, np.full((len(z), n_outputs - 2), -1e3)])
    found = _formulas.is_saturated(labels, np.ones((len(z), 1)), z, n_outputs)
    np.testing.assert_array_equal(found, [saturated])


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_saturation_is_judged_by_weight(n_outputs):
    labels, z = np.array([[0, 1, 0, 1]]).T, np.array([[-20.0, 20, 20, -20]]).T
    weights = np.array([[1, 1, 1, 1], [9, 9, 1, 1], [1, 9, 1, 1], [1, 1, 9, 9]]).T
    z = np.tile(z if n_outputs == 1 else np.hstack([-z / 2, z / 2]), 4)
    found = _formulas.is_saturated(labels, weights, z, n_outputs)
    np.testing.assert_array_equal(found, [True, False, True, True])


@given(
    shares=st.lists(st.floats(0, 1e15), min_size=3, max_size=8).filter(any),
    only=st.booleans(),
)
def test_the_error_of_a_constant_answer_keeps_its_digits(shares, only):
    """Where all weight is in one class a constant answers without error: not by 1e-16."""
    weight = np.array(shares)
    if only:
        weight[np.argmax(weight) != np.arange(len(weight))] = 0
    labels = np.arange(len(weight))[:, np.newaxis]
    error = _formulas.constant_error(labels, weight[:, np.newaxis], len(weight))
    exact = [Fraction(w) for w in weight]
    expected = sum(w * (sum(exact) - w) for w in exact) / sum(exact)
    assert error[0] == pytest.approx(float(expected), rel=1e-12, abs=0)
