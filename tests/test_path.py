"""The path: every count is a fit, and answers on the way are those of that fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernels import record_calls
from scipy.sparse import csr_array

from sk_neuron import SigmoidNeuronClassifier, iteration_path
from sk_neuron._solver import _setup
from sk_neuron.testing import problems

pytestmark = [
    pytest.mark.filterwarnings("ignore:The start left"),
    pytest.mark.filterwarnings("ignore:The fit is worse"),  # after so few steps
    pytest.mark.filterwarnings("ignore:The loss still fell"),
    pytest.mark.filterwarnings("ignore:The fit is hardly better"),
]

X = np.random.default_rng(0).standard_normal((60, 4))
Y = {
    "binary": np.where(X[:, 0] > 0, "yes", "no"),
    "multiclass": np.digitize(X[:, 0] + X[:, 1], [-1, 0, 1]),
    "multilabel": (X[:, :3] + 0.1 > 0).astype(int),
}
KINDS = pytest.mark.parametrize("kind", Y)


@given(
    problems(),
    st.lists(st.integers(0, 30), min_size=1),
    st.fixed_dictionaries(
        {
            "learning_rate": st.sampled_from(["auto", 1e-3]),
            "alpha": st.sampled_from([0.0, 0.5]),
            "fit_intercept": st.booleans(),
            "init": st.sampled_from(["zeros", "uniform"]),
            "class_weight": st.sampled_from([None, "balanced"]),
            "random_state": st.integers(0, 3),
        }
    ),
)
def test_every_count_is_a_fit(problem, iters, params):
    *_, X, y, s = problem
    counts, coefs, intercepts = iteration_path(X, y, iters=iters, sample_weight=s, **params)
    np.testing.assert_array_equal(counts, sorted(set(iters)))
    for count, coef, intercept in zip(counts, coefs, intercepts, strict=True):
        if count > 0:
            neuron = SigmoidNeuronClassifier(max_iter=count, **params).fit(X, y, s)
            # to rounding, as few steps may take X where many take X Xᵀ
            atol = 1e-12 * (1 + np.abs(neuron.coef_).max())
            np.testing.assert_allclose(coef, neuron.coef_, rtol=0, atol=atol)
            np.testing.assert_allclose(intercept, neuron.intercept_, rtol=0, atol=atol)
        elif params["init"] == "zeros":
            assert (coef == 0).all()
            assert (intercept == 0).all()
        else:
            rng = np.random.RandomState(params["random_state"])
            start = 2 * rng.random_sample(coef.T.shape) - 1
            np.testing.assert_array_equal(coef.T, start)


@KINDS
@pytest.mark.parametrize("convert", [np.asarray, csr_array])
def test_staged_answers_are_those_of_the_fits(kind, convert):
    checkpoints, features = [3, 1, 20, 3], convert(X)
    neuron = SigmoidNeuronClassifier(max_iter=30, checkpoints=checkpoints)
    neuron.fit(features, Y[kind])
    np.testing.assert_array_equal(neuron.checkpoint_iters_, [1, 3, 20])
    n_neurons = len(neuron.coef_)
    assert neuron.checkpoint_coefs_.shape == (3, n_neurons, 4)
    assert neuron.checkpoint_intercepts_.shape == (3, n_neurons)
    assert neuron.n_iter_ == 30
    plain = SigmoidNeuronClassifier(max_iter=30).fit(features, Y[kind])
    np.testing.assert_array_equal(neuron.coef_, plain.coef_)
    np.testing.assert_array_equal(neuron.loss_curve_, plain.loss_curve_)
    for name in ("decision_function", "predict_proba", "predict"):
        stages = list(getattr(neuron, f"staged_{name}")(features))
        for count, stage in zip([1, 3, 20], stages, strict=True):
            there = SigmoidNeuronClassifier(max_iter=count).fit(features, Y[kind])
            np.testing.assert_array_equal(stage, getattr(there, name)(features))


def test_staged_answers_are_those_of_the_fit_that_was_asked():
    neuron = SigmoidNeuronClassifier(max_iter=5, checkpoints=[5]).fit(X, Y["binary"])
    expected, stages = neuron.predict(X), neuron.staged_predict(X)
    neuron.fit(X, Y["multiclass"])
    np.testing.assert_array_equal(next(stages), expected)


def test_the_last_checkpoint_may_be_max_iter():
    neuron = SigmoidNeuronClassifier(max_iter=7, checkpoints=[0, 7]).fit(X, Y["binary"])
    np.testing.assert_array_equal(neuron.checkpoint_iters_, [0, 7])
    np.testing.assert_array_equal(neuron.checkpoint_coefs_[1], neuron.coef_)
    assert (neuron.checkpoint_coefs_[0] == 0).all()
    assert neuron.n_iter_ == len(neuron.loss_curve_) == 7


def test_the_start_alone():
    counts, coefs, _ = iteration_path(X, Y["binary"], iters=[0])
    assert counts.tolist() == [0]
    assert (coefs == 0).all()


def test_checkpoints_of_an_earlier_fit_are_dropped():
    neuron = SigmoidNeuronClassifier(max_iter=5, checkpoints=[2]).fit(X, Y["binary"])
    neuron.set_params(checkpoints=None).fit(X, Y["binary"])
    assert not [name for name in vars(neuron) if name.startswith("checkpoint_")]


@pytest.mark.parametrize("method", ["decision_function", "predict_proba", "predict"])
def test_staged_answers_without_checkpoints_say_what_to_pass(method):
    neuron = SigmoidNeuronClassifier(max_iter=5).fit(X, Y["binary"])
    assert not hasattr(neuron, f"staged_{method}")
    with pytest.raises(AttributeError) as report:
        getattr(neuron, f"staged_{method}")
    assert "with checkpoints=[...]" in str(report.value.__cause__)


def test_one_descent(monkeypatch):
    calls = record_calls(monkeypatch)
    iteration_path(X, Y["multiclass"], iters=[5, 10, 100])
    assert [n_steps for _, _, n_steps in calls] == [5, 5, 90]


def test_much_memory_is_warned_of(monkeypatch):
    fit = SigmoidNeuronClassifier(max_iter=100, checkpoints=range(100)).fit
    fit(X, Y["binary"])  # a warning is an error
    monkeypatch.setattr(_setup, "_WARN_BYTES", 3999)
    with pytest.warns(UserWarning, match=r"at 100 checkpoints take 0\.0 GiB") as report:
        fit(X, Y["binary"])
    assert report[0].filename == __file__
