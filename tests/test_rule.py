"""The formulas: their curvature, and at the ends of the number line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sk_neuron import _rule


def test_curvature_is_the_largest_second_derivative():
    o = np.linspace(0, 1, 1_000_001)
    for t in (0.0, 0.3, 1.0):
        second = (o * (1 - o)) ** 2 - (t - o) * o * (1 - o) * (1 - 2 * o)
        assert np.abs(second).max() <= _rule.CURVATURE * (1 + 1e-12)
    assert second.max() == pytest.approx(_rule.CURVATURE, rel=1e-11)


# Made with mpmath at 50 digits: 1 / (1 + exp(-z)) and -log1p(exp(-z))
EXTREMES = {
    -1e300: (0.0, -1e300),
    -745.0: (2.8223507304719371e-324, -745.0),
    -37.0: (8.5330476257440651e-17, -37.0),
    0.0: (0.5, -0.69314718055994531),
    37.0: (0.99999999999999991, -8.5330476257440654e-17),
    745.0: (1.0, -2.8223507304719371e-324),
    1e300: (1.0, 0.0),
}


@pytest.mark.parametrize("z", EXTREMES)
def test_extreme_potentials(z):
    output, log_output = EXTREMES[z]
    one = np.ones((1, 1))
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        assert _rule.activate(z * one[0]) == pytest.approx(output, rel=1e-14, abs=1e-323)
        d_coef, d_intercept, error = _rule.negative_gradient(
            one, one, one, z * one, np.zeros(1)
        )
        normalized = _rule.log_normalize(np.array([[z, z], [z, -z]]))
    # 1 - o is exact to an ulp of 1, and so is what it multiplies
    assert d_coef[0, 0] == d_intercept[0]
    assert d_coef[0, 0] == pytest.approx((1 - output) ** 2 * output, rel=1e-14, abs=1e-31)
    assert error[0] == pytest.approx((1 - output) ** 2, rel=1e-14, abs=1e-31)
    np.testing.assert_allclose(normalized[0], np.log([0.5, 0.5]), rtol=1e-14)
    assert normalized[1, 0] == pytest.approx(log_output, rel=1e-14, abs=2e-16)


@given(hnp.arrays(float, (3, 4), elements=st.floats(-1e300, 1e300)))
def test_log_normalize_sums_to_one_and_keeps_the_order(z):
    log_probability = _rule.log_normalize(z)
    np.testing.assert_allclose(np.exp(log_probability).sum(axis=1), 1, rtol=1e-12)
    for row, log_row in zip(z, log_probability, strict=True):
        assert (np.diff(log_row[row.argsort()]) >= 0).all()


@pytest.mark.parametrize(
    ("target", "z", "saturated"),
    [
        ([1, 1], [-20, 1], True),  # one row wrong and flat, and the best constant is 1
        ([0, 0, 0, 1], [-20, -20, -20, -20], True),  # gave up on a class
        ([0, 1], [-20, 20], False),  # flat because right
        ([0, 1], [2, -2], False),  # worse than a constant, with a gradient
        ([0, 1, 0, 1, 0], [-20, 20, -20, 20, 20], False),  # gave up on one wrong label
        ([1, 0], [-20, 20], True),
    ],
)
def test_saturated_neurons_are_wrong_flat_and_no_better_than_a_constant(
    target, z, saturated
):
    target, z = np.array([target]).T, np.array([z], dtype=float).T
    np.testing.assert_array_equal(
        _rule.is_saturated(target, z, np.ones((len(z), 1))), [saturated]
    )


def test_saturation_is_judged_by_weight():
    target, z = np.array([[0, 1, 0, 1]]).T, np.array([[-20.0, 20, 20, -20]]).T
    weights = np.array([[1, 1, 1, 1], [9, 9, 1, 1], [1, 9, 1, 1], [1, 1, 9, 9]]).T
    np.testing.assert_array_equal(
        _rule.is_saturated(target, z, weights), [True, False, True, True]
    )


@pytest.mark.parametrize(("off", "saturated"), [(6.5, False), (7.5, True)])
def test_flat_begins_at_a_raw_prediction_of_seven(off, saturated):
    target, z = np.array([[0, 1]]).T, np.array([[off, -off]]).T
    np.testing.assert_array_equal(
        _rule.is_saturated(target, z, np.ones((2, 1))), [saturated]
    )
