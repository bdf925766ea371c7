"""Wide data: the descent on X Xᵀ reaches the weights of the descent on X."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse import random as random_sparse
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.metrics import brier_score_loss
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
from sk_neuron._kernels import Problem, _row_blocks
from sk_neuron._solver import _gram
from sk_neuron.testing import problems

pytestmark = [
    pytest.mark.filterwarnings("ignore:The best iteration count is the last"),
    pytest.mark.filterwarnings("ignore:The start left"),
    pytest.mark.filterwarnings("ignore:The fit is worse"),
    pytest.mark.filterwarnings("ignore:The loss still fell"),
    pytest.mark.filterwarnings("ignore:The fit is hardly better"),
]


@pytest.fixture
def force(monkeypatch):
    def choose(on_gram):
        monkeypatch.setattr(_gram, "is_cheaper", lambda *args: on_gram)

    return choose


def wide_data(seed=0, shape=(30, 400), n_classes=3):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal(shape)
    return X, (X[:, :n_classes] + rng.standard_normal((shape[0], n_classes))).argmax(axis=1)


def assert_close(neuron, other, rtol=1e-12):
    scale = np.abs(other.coef_).max() + np.abs(other.intercept_).max() + 1e-300
    for name in ("coef_", "intercept_"):
        np.testing.assert_allclose(
            getattr(neuron, name), getattr(other, name), rtol=0, atol=rtol * scale
        )
    np.testing.assert_allclose(neuron.loss_curve_, other.loss_curve_, rtol=rtol, atol=rtol)


PARAMS = st.fixed_dictionaries(
    {
        "alpha": st.sampled_from([0.0, 0.3]),
        "fit_intercept": st.booleans(),
        "init": st.sampled_from(["zeros", "uniform"]),
        "random_state": st.integers(0, 3),
    }
)


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@given(problem=problems(), params=PARAMS)
def test_same_iterates_on_any_data(sparse, problem, params):
    *_, X, y, s = problem
    X = csr_array(X) if sparse else X
    params |= {"max_iter": 20, "checkpoints": [0, 1, 7, 20], "learning_rate": 1e-3}
    fits = []
    for on_gram in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_gram, "is_cheaper", lambda *args, on_gram=on_gram: on_gram)
            fits.append(SigmoidNeuronClassifier(**params).fit(X, y, s))
    assert_close(*fits, rtol=1e-10)
    scale = 1 + np.abs(fits[1].checkpoint_coefs_).max()
    np.testing.assert_allclose(
        fits[0].checkpoint_coefs_, fits[1].checkpoint_coefs_, rtol=0, atol=1e-10 * scale
    )


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"alpha": 0.5},
        {"init": "uniform", "random_state": 0, "alpha": 0.5},
        {"class_weight": "balanced", "fit_intercept": False},
    ],
    ids=str,
)
def test_same_weights_on_wide_data(n_classes, sparse, params, force):
    X, y = wide_data(n_classes=n_classes)
    if sparse:
        X = csr_array(X * (np.random.default_rng(1).random(X.shape) < 0.2))
    params = {"max_iter": 40} | params
    chosen = SigmoidNeuronClassifier(**params).fit(X, y)
    force(True)
    on_gram = SigmoidNeuronClassifier(**params).fit(X, y)
    np.testing.assert_array_equal(chosen.coef_, on_gram.coef_)  # it was chosen
    force(False)
    # A random start is on a plateau that long steps cross, and rounding grows there: two
    # kernels on X differ as much.
    rtol = 1e-9 if "init" not in params else 1e-8
    assert_close(on_gram, SigmoidNeuronClassifier(**params).fit(X, y), rtol=rtol)


@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize("name", ["digits", "breast cancer", "wine"])
def test_same_weights_after_a_hundred_steps_on_real_data(name, alpha, force):
    load = {"digits": load_digits, "breast cancer": load_breast_cancer, "wine": load_wine}
    X, y = load[name](return_X_y=True)
    X = StandardScaler().fit_transform(X)[::2]
    if name == "digits":
        X, y = X[:50], y[:100]
    else:
        X = PolynomialFeatures(2, include_bias=False).fit_transform(X)
    assert X.shape[0] < X.shape[1]
    force(True)
    on_gram = SigmoidNeuronClassifier(max_iter=100, alpha=alpha).fit(X, y[::2])
    force(False)
    on_X = SigmoidNeuronClassifier(max_iter=100, alpha=alpha).fit(X, y[::2])
    assert_close(on_gram, on_X, rtol=1e-9)


def test_float32_drifts_by_no_more_than_rounding(force):
    """The loss that is reported is that of the weights, also after many steps."""
    X, y = wide_data(n_classes=2)
    X = X.astype(np.float32)
    force(True)
    neuron = SigmoidNeuronClassifier(max_iter=1000, alpha=0.1).fit(X, y)
    loss = brier_score_loss(y, neuron.predict_proba(X)[:, 1])
    assert neuron.loss_curve_[-1] == pytest.approx(loss, rel=1e-5)


def test_float32(force):
    X, y = wide_data()
    X = X.astype(np.float32)
    force(True)
    on_gram = SigmoidNeuronClassifier(max_iter=20).fit(X, y)
    assert on_gram.coef_.dtype == on_gram.intercept_.dtype == np.float32
    force(False)
    assert_close(on_gram, SigmoidNeuronClassifier(max_iter=20).fit(X, y), rtol=1e-4)


@pytest.mark.parametrize("scoring", ["neg_brier_score", "roc_auc_ovr"])
@pytest.mark.parametrize("init", ["zeros", "uniform"])
def test_search(scoring, init, force):
    X, y = wide_data(shape=(60, 300))
    search = SigmoidNeuronClassifierCV(
        iters=[0, 3, 30, 100],
        alphas=[0.0, 1.0],
        scoring=scoring,
        init=init,
        random_state=1,
    )
    force(True)
    scores = search.fit(X, y).scores_
    coef, n_iter = search.coef_, search.n_iter_
    force(False)
    np.testing.assert_allclose(search.fit(X, y).scores_, scores, rtol=0, atol=1e-9)
    np.testing.assert_allclose(search.coef_, coef, rtol=0, atol=1e-9 * np.abs(coef).max())
    assert search.n_iter_ == n_iter


@pytest.mark.parametrize(
    ("features", "n_steps", "cheaper"),
    [
        (np.ones((50, 2000)), 1000, True),
        (np.ones((50, 2000)), 1, False),
        (np.ones((2000, 50)), 100_000, False),
        (np.ones((300, 301)), 5, False),
        (np.ones((300, 299)), 1000, False),  # X Xᵀ would be larger than X
        (random_sparse(50, 5000, 0.1, "csr", random_state=0), 1000, True),
        (random_sparse(2000, 5000, 0.001, "csr", random_state=0), 1000, False),
    ],
)
def test_it_is_chosen_where_it_pays(features, n_steps, cheaper):
    assert _gram.is_cheaper(features, features.shape[0], 1, n_steps, 1) == cheaper


def test_asking_for_the_weights_often_is_counted_in():
    features = np.ones((50, 2000))
    assert _gram.is_cheaper(features, 50, 1, 100, 10)
    assert not _gram.is_cheaper(features, 50, 1, 100, 1000)


def test_products_that_overflow_are_not_used():
    """The rows' products overflow, a descent on X does not."""
    X, y = wide_data(n_classes=2)
    X[:, 0] *= 1e155
    neuron = SigmoidNeuronClassifier(max_iter=3, learning_rate=1e-300).fit(X, y)
    assert np.isfinite(neuron.coef_).all()


@pytest.mark.parametrize("power", [-60, -66, -70, -80])
def test_products_that_underflow_are_not_used(power):
    """Features times a number ask for weights divided by it, with the same losses."""
    X, y = wide_data()
    tiny = np.ldexp(X.astype(np.float32), power)
    neuron = SigmoidNeuronClassifier(max_iter=20, fit_intercept=False).fit(tiny, y)
    other = SigmoidNeuronClassifier(max_iter=20, fit_intercept=False).fit(X, y)
    np.testing.assert_allclose(neuron.loss_curve_, other.loss_curve_, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_columns_that_start_alike_share_a_coordinate(n_outputs):
    X, y = wide_data()
    coef = np.random.default_rng(0).random((3, 400))[[0, 1, 2, 1, 0, 0]]
    labels = np.minimum(y, max(1, n_outputs - 1))[:, np.newaxis].astype(np.int32)
    n_groups = 6 // n_outputs
    problem = Problem(
        X, labels, np.ones((30, 1)), n_groups, n_outputs, np.ones(n_groups), 0.0, True
    )
    kernel = _gram.make_cheapest_kernel(problem, coef, n_steps=999, n_reads=1)
    assert kernel.gram.shape == (33, 33)
    state, _ = kernel.start(coef, np.ones(6))
    np.testing.assert_array_equal(kernel.weights(state)[0], coef)
    np.testing.assert_allclose(
        kernel.raw_prediction(state), X @ coef.T + 1, rtol=1e-12, atol=1e-12
    )


def test_the_gram_matrix_is_not_cut_into_blocks_of_rows(force, monkeypatch):
    X, y = wide_data(shape=(150, 400))
    force(True)
    whole = SigmoidNeuronClassifier(max_iter=20).fit(X, y)
    monkeypatch.setattr(_row_blocks, "_BLOCK_SIZE", 1)
    assert_close(SigmoidNeuronClassifier(max_iter=20).fit(X, y), whole)
