"""What must hold for all data: the theorems of gradient descent on this loss.

Those of a single update are in test_testing.py. Equal results are asked of a fixed step:
one that adapts may amplify a rounding error where two step sizes are as good.
"""

import numpy as np
import oracle
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from kernels import advance
from scipy.sparse import csr_array, issparse
from scipy.special import expit, softmax
from scipy.stats import ortho_group
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.metrics import brier_score_loss
from sklearn.preprocessing import StandardScaler
from strategies import wild_problems

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV, _kernels
from sk_neuron._kernels import Problem, _row_blocks, make_kernel
from sk_neuron._solver._initialization import draw_start
from sk_neuron.testing import problems

# Random starts on arbitrary data do saturate; the theorems hold all the same.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The start left"),
    pytest.mark.filterwarnings("ignore:The fit is worse"),
    pytest.mark.filterwarnings("ignore:The loss still fell"),
    pytest.mark.filterwarnings("ignore:The fit is hardly better"),
]

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def count(y):
    """Return the number of classes: how many columns there are depends on it."""
    return len(np.unique(y))


def fit(X, y, sample_weight=None, **params):
    """Return a neuron after 20 steps, each as long as is safe for these rows."""
    rows = X.toarray() if issparse(X) else X
    s = np.ones(len(y)) if sample_weight is None else sample_weight
    L = oracle.smoothness(rows.astype(float), np.asarray(s, float), n_classes=count(y))
    rate = 1 / (1 + L)
    params = {"max_iter": 20, "learning_rate": rate, **params}
    return SigmoidNeuronClassifier(**params).fit(X, y, sample_weight)


def assert_same(neuron, other, *, rtol=1e-9):
    """Compare what two neurons learned, to a precision relative to the largest weight."""
    scale = 1 + np.abs(other.coef_).max()
    np.testing.assert_allclose(neuron.loss_curve_, other.loss_curve_, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(neuron.coef_, other.coef_, rtol=rtol, atol=rtol * scale)
    np.testing.assert_allclose(
        neuron.intercept_, other.intercept_, rtol=rtol, atol=rtol * scale
    )


def assert_same_answers(neuron, X, other, other_X, *, rtol=1e-8):
    np.testing.assert_allclose(
        neuron.decision_function(X), other.decision_function(other_X), rtol=rtol, atol=rtol
    )


@DTYPES
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@given(data=st.data())
def test_oracle(dtype, sparse, data):
    *_, X, y, s = data.draw(problems(dtype=dtype))
    params = data.draw(
        st.fixed_dictionaries(
            {
                "learning_rate": st.sampled_from([0.1, 0.9]),
                "alpha": st.sampled_from([0.0, 0.1, 3.0]),
                "fit_intercept": st.booleans(),
                "init": st.sampled_from(["zeros", "uniform"]),
                "random_state": st.integers(0, 9),
            }
        )
    )
    # past 2/L rounding errors grow without bound
    n_classes = count(y)
    L = oracle.smoothness(
        X.astype(float), s.astype(float), alpha=params["alpha"], n_classes=n_classes
    )
    params["learning_rate"] /= 1 + L
    K = n_classes if n_classes > 2 else 1
    neuron = fit(csr_array(X) if sparse else X, y, s, **params)
    assert neuron.coef_.dtype == neuron.intercept_.dtype == dtype
    coef, intercept = np.zeros((K, X.shape[1])), np.zeros(K)
    if params["init"] == "uniform":
        rng = np.random.RandomState(params["random_state"])
        coef = 2 * rng.random_sample(coef.T.shape).T - 1
        if params["fit_intercept"]:
            intercept = 2 * rng.random_sample(K) - 1
    w, b = oracle.train(
        X.astype(float),
        y,
        s.astype(float),
        steps=20,
        eta=params["learning_rate"],
        alpha=params["alpha"],
        fit_intercept=params["fit_intercept"],
        start=(coef, intercept) if K > 1 else (coef[0], intercept[0]),
        n_classes=n_classes,
    )
    rtol = 1e-11 if dtype == np.float64 else 1e-3
    tolerance = {"rtol": rtol, "atol": rtol * (1 + max(np.abs(w).max(), np.abs(b).max()))}
    np.testing.assert_allclose(neuron.coef_, np.atleast_2d(w), **tolerance)
    np.testing.assert_allclose(neuron.intercept_, np.atleast_1d(b), **tolerance)


# Made with PyTorch 2.13, by autograd: 1/2 Σ s Σ_k (1{y = k} - softmax(x · W + b)_k)² and
# alpha/2 ‖W‖² with alpha = 0.25, five steps of SGD with a learning rate of 0.5.
AUTOGRAD_COEF = [
    [0.10891899748748665, -0.39255514145368864, 0.02326340545389217],
    [0.8587736548720948, -0.32330903286705986, -0.2996838472767445],
    [-0.5830109506994252, 0.7799777912641078, 0.1481932079361335],
]
AUTOGRAD_INTERCEPT = [0.2563845769597666, -0.30830154677388527, -0.1980830301858812]
AUTOGRAD_LOSSES = [
    0.40132374490197104,
    0.22796462070881476,
    0.22598334735093542,
    0.22596857886195848,
    0.22599501748982492,
]


@pytest.mark.parametrize("as_format", [np.asarray, np.asfortranarray, csr_array])
def test_a_layer_follows_autograd(as_format):
    X = [[0.5, -1, 2], [1.5, 0.25, -0.5], [-2, 1, 0], [0, -0.75, 1], [1, 1, -1.5]]
    X, y = np.array([*X, [-0.25, 2, 0.5]]), np.array([0, 1, 2, 1, 0, 2])
    coef = np.array([[0.5, -0.25, 0], [1, 0.125, -0.5], [-0.75, 0.25, 0.25]])
    neuron = SigmoidNeuronClassifier(
        max_iter=5, learning_rate=0.5, alpha=0.25, init=(coef, [0.25, 0, -0.5])
    )
    neuron.fit(as_format(X), y, [1, 2, 0.5, 0, 1, 3])
    np.testing.assert_allclose(neuron.coef_, AUTOGRAD_COEF, rtol=1e-13)
    np.testing.assert_allclose(neuron.intercept_, AUTOGRAD_INTERCEPT, rtol=1e-13)
    np.testing.assert_allclose(neuron.loss_curve_, AUTOGRAD_LOSSES, rtol=1e-13)


@given(problems())
def test_the_first_step_is_one_over_a_bound_of_the_curvature(problem):
    *_, X, y, s = problem
    for alpha, fit_intercept in [(0.0, True), (2.0, False)]:
        params = {"learning_rate": "auto", "alpha": alpha, "fit_intercept": fit_intercept}
        neuron = fit(X, y, s, **params)
        trace = s @ ((X**2).sum(axis=1) + fit_intercept)
        L = oracle.curvature(count(y)) * trace + alpha
        sizes = neuron.learning_rate_curve_
        assert sizes.shape == (20,)
        if L > 0:
            assert sizes[0] == pytest.approx(1 / L, rel=1e-9)
        exponents = np.log2(sizes / sizes[0])
        np.testing.assert_array_equal(exponents, exponents.round())
        assert (exponents >= 0).all()
        assert (np.diff(exponents) <= 2).all()


def squeeze(learned):
    """Return weights of some steps without the axis of columns if there is one column."""
    return learned[:, 0] if learned.shape[1] == 1 else learned


def brier_score(z, y, s):
    """Return the Brier score of raw predictions, of which no digit is lost near 0."""
    if z.ndim == 1:
        return np.average(expit(np.where(y == 1, -z, z)) ** 2, weights=s)
    p = softmax(z, axis=1)
    p[np.arange(len(y)), y] = 0
    return np.average(p.sum(axis=1) ** 2 + (p**2).sum(axis=1), weights=s)


def narrow(problem, dtype):
    """Return X, y and weights that the precision can hold."""
    X, y, s = problem
    if dtype == np.float64:
        return problem
    return np.clip(X, -1e15, 1e15).astype(dtype), y, np.maximum(s / s.max(), 1e-15)


STARTS = st.sampled_from(["zeros", "uniform"])


@DTYPES
@given(
    problem=wild_problems(),
    alpha=st.sampled_from([0.0, 1e-3, 10.0]),
    fit_intercept=st.booleans(),
    init=STARTS,
    n_steps=st.sampled_from([7, 60, 300]),
)
def test_the_objective_never_rises(dtype, problem, alpha, fit_intercept, init, n_steps):
    X, y, s = narrow(problem, dtype)
    neuron = SigmoidNeuronClassifier(
        max_iter=n_steps,
        alpha=alpha,
        fit_intercept=fit_intercept,
        init=init,
        random_state=0,
        checkpoints=np.arange(n_steps + 1),
    ).fit(X, y, s)
    X = X.astype(float)
    with np.errstate(over="ignore"):
        objective = [
            oracle.loss(X, y, s, *start, alpha=alpha)
            for start in zip(
                squeeze(neuron.checkpoint_coefs_.astype(float)),
                squeeze(neuron.checkpoint_intercepts_.astype(float)),
                strict=True,
            )
        ]
    rounding = 1e-9 if dtype == np.float64 else 1e-3
    assert (np.diff(objective) <= rounding * objective[0]).all()
    if alpha == 0:
        assert (np.diff(neuron.loss_curve_) <= 0).all()
        curve = neuron.loss_curve_ * s.sum() / 2
        rounding = 1e-6 if dtype == np.float64 else 1e-3
        np.testing.assert_allclose(
            curve, objective[:-1], rtol=rounding, atol=rounding * objective[0]
        )


@DTYPES
@given(problem=wild_problems(), init=STARTS, alpha=st.sampled_from([0.0, 1.0]))
def test_what_is_finite_stays_finite(dtype, problem, init, alpha):
    """On any scale that squares do not overflow, with any weights, after many steps."""
    X, y, s = narrow(problem, dtype)
    n_steps = 300 if _kernels.SWITCHED_OFF else 2000
    params = {"max_iter": n_steps, "init": init, "random_state": 0, "alpha": alpha}
    neuron = SigmoidNeuronClassifier(**params).fit(X, y, s)
    for name in ("coef_", "intercept_", "loss_curve_"):
        assert np.isfinite(getattr(neuron, name)).all(), name
    assert (np.diff(neuron.loss_curve_) <= 0).all() or alpha > 0
    if alpha == 0:  # and the weights returned are no worse than the last loss
        loss = brier_score(neuron.decision_function(X).astype(float), y, s / s.max())
        # the logarithm of a small loss is about twice a raw prediction, sums of which round
        size = (np.abs(X.astype(float)) @ np.abs(neuron.coef_.astype(float)).T).max()
        rounding = 1e-9 + 8 * len(neuron.coef_[0]) * np.finfo(dtype).eps * (1 + size)
        bound = np.exp(min(rounding, 700)) * neuron.loss_curve_[-1]
        assert loss <= bound + (8 * np.finfo(dtype).eps) ** 2  # NumPy rounds 1 - o to that


@pytest.mark.parametrize("power", [-1070, -900, -30, 1, 900])
@given(
    problem=problems(weights=st.integers(0, 3).map(float)),
    alpha=st.sampled_from([0.0, 0.5]),
)
def test_all_weights_times_a_power_of_two_change_no_bit(power, problem, alpha):
    """If alpha is multiplied alike, however small or large that makes them."""
    *_, X, y, s = problem
    scale = 2.0**power
    neuron = fit(X, y, s, learning_rate="auto", alpha=alpha)
    scaled = fit(X, y, s * scale, learning_rate="auto", alpha=alpha * scale)
    np.testing.assert_array_equal(scaled.coef_, neuron.coef_)
    np.testing.assert_array_equal(scaled.intercept_, neuron.intercept_)
    np.testing.assert_array_equal(scaled.loss_curve_, neuron.loss_curve_)


@pytest.mark.parametrize("power", [-1070, -30, 1, 1015])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_scale_of_weights_changes_nothing_wherever_they_count(
    power, class_weight, early_stopping
):
    """Not which rows are held out, the balance of classes or the scores of a search."""
    rng = np.random.default_rng(0)
    X, s = rng.standard_normal((200, 4)), rng.integers(0, 4, 200).astype(float)
    y = rng.integers(0, 3, 200)
    params = {"class_weight": class_weight, "random_state": 0}
    if early_stopping:
        estimator = SigmoidNeuronClassifier(early_stopping=True, **params)
    else:
        estimator = SigmoidNeuronClassifierCV(max_iter=20, cv=3, **params)
    one, other = (clone(estimator).fit(X, y, s * scale) for scale in (1, 2.0**power))
    np.testing.assert_array_equal(one.coef_, other.coef_)
    assert one.n_iter_ == other.n_iter_
    if not early_stopping:
        np.testing.assert_array_equal(one.scores_, other.scores_)


@pytest.mark.parametrize("power", [-400, -30, 1, 400])
@given(problem=problems(), init=STARTS)
def test_features_over_a_power_of_two_give_weights_times_it(power, problem, init):
    """Without an intercept, if the start is divided by it, too: not a bit changes."""
    *_, X, y, s = problem
    start = np.zeros((count(y) if count(y) > 2 else 1, X.shape[1]))
    if init == "uniform":
        start = np.random.default_rng(0).uniform(-1, 1, start.shape)
    params = {"learning_rate": "auto", "fit_intercept": False}
    neuron = fit(X, y, s, init=start, **params)
    scaled = fit(X / 2.0**power, y, s, init=start * 2.0**power, **params)
    np.testing.assert_array_equal(scaled.coef_, neuron.coef_ * 2.0**power)
    np.testing.assert_array_equal(scaled.loss_curve_, neuron.loss_curve_)


@given(problems(n_features=(2, 5)), st.integers(0, 9))
def test_rotated_features_answer_the_same(problem, seed):
    *_, X, y, s = problem
    Q = ortho_group.rvs(X.shape[1], random_state=seed)
    assert_same_answers(fit(X, y, s), X, fit(X @ Q, y, s), X @ Q)


@given(problems(n_features=(2, 5)), st.integers(0, 9))
def test_random_start_is_rotated_with_the_features(problem, seed):
    *_, X, y, s = problem
    Q = ortho_group.rvs(X.shape[1], random_state=seed)
    t = (y > 0).astype(int)
    neuron = fit(X, t, s, init="uniform", random_state=seed)
    draw = 2 * np.random.RandomState(seed).random_sample(X.shape[1] + 1) - 1
    rate = neuron.learning_rate_curve_[0]
    w, b = oracle.train(X @ Q, t, s, steps=20, eta=rate, start=(draw[:-1] @ Q, draw[-1]))
    np.testing.assert_allclose(neuron.decision_function(X), X @ Q @ w + b, atol=1e-8)


@given(problems())
def test_doubled_features_over_root_two_answer_the_same(problem):
    *_, X, y, s = problem
    XX = np.hstack([X, X]) / np.sqrt(2)
    assert_same_answers(fit(X, y, s), X, fit(XX, y, s), XX)


@given(problems(weights=st.integers(0, 3).map(float)))
def test_integer_weights_are_repeated_rows_where_classes_are_balanced(problem):
    *_, X, y, s = problem
    times = s.astype(int)
    assume(set(y[times > 0]) == set(y))
    params = {"class_weight": "balanced", "learning_rate": 1e-3}
    repeated = fit(X.repeat(times, axis=0), y.repeat(times), **params)
    assert_same(fit(X, y, s, **params), repeated)


@pytest.mark.parametrize("n_features", [5, 80])
@pytest.mark.parametrize("rows_a_block", [1, 7, 64, 1000])
def test_weights_are_rows_on_every_path_of_the_code(rows_a_block, n_features, monkeypatch):
    """One block and several, all memory layouts, with a step that adapts."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, n_features))
    y, s = rng.integers(0, 3, 200), rng.integers(0, 4, 200)
    monkeypatch.setattr(_row_blocks, "_MIN_ROWS", 1000)
    params = {"learning_rate": "auto"}
    repeated = fit(X.repeat(s, axis=0), y.repeat(s), **params)
    monkeypatch.setattr(_row_blocks, "_BLOCK_SIZE", 1)
    monkeypatch.setattr(_row_blocks, "_MIN_ROWS", rows_a_block)
    neuron = fit(X, y, s, **params)
    assert_same(neuron, repeated)
    assert_same(fit(csr_array(X), y, s, **params), neuron)
    assert_same(fit(np.asfortranarray(X), y, s, **params), neuron)
    order = rng.permutation(200)
    assert_same(fit(X[order], y[order], s[order], **params), neuron)


@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer, load_digits])
def test_rounding_stays_small_for_a_hundred_adaptive_steps(
    load, scaled, alpha, monkeypatch
):
    """Rows in another order, or twice for a weight of 2, and every kernel."""
    X, y = load(return_X_y=True)
    X = StandardScaler().fit_transform(X) if scaled else X
    rng = np.random.default_rng(0)
    s, order = rng.integers(1, 4, len(y)), rng.permutation(len(y))
    params = {"learning_rate": "auto", "max_iter": 100, "alpha": alpha}
    neuron = fit(X, y, s, **params)
    others = [
        fit(X[order], y[order], s[order], **params),
        fit(X.repeat(s, axis=0), y.repeat(s), **params),
        fit(np.asfortranarray(X), y, s, **params),
        fit(csr_array(X), y, s, **params),
    ]
    monkeypatch.setattr(_kernels, "has_kernel", lambda X: False)
    others.append(fit(X, y, s, **params))
    for other in others:
        assert_same(other, neuron, rtol=1e-9)
    assert len(np.unique(neuron.learning_rate_curve_)) > 3


@pytest.mark.parametrize("adaptive", [False, True])
@given(
    problem=problems(),
    stops=st.lists(st.integers(1, 20), min_size=1, unique=True).map(sorted),
)
def test_stops_on_the_way_change_nothing(adaptive, problem, stops):
    """So a steps and b more are a + b steps, bit for bit; and no input is written to."""
    *_, X, y, s = problem
    n_outputs = count(y) if count(y) > 2 else 1
    problem = Problem(
        X,
        y[:, np.newaxis].astype(np.int32),
        s[:, np.newaxis],
        1,
        n_outputs,
        np.full(1, 1e-3),
        0.5,
        True,
        adaptive,
    )
    start = draw_start(
        "uniform",
        (n_outputs, X.shape[1]),
        fit_intercept=True,
        random_state=0,
        dtype=float,
    )
    for array in (*problem[:3], *start):
        array.flags.writeable = False
    kernel = make_kernel(problem)
    state, history = kernel.start(*start)
    errors, n_iter = [history.squared_error], 0
    for stop in stops:
        state, history = kernel.run(state, stop - n_iter)
        errors.append(history.squared_error)
        n_iter = stop
        part = *kernel.weights(state), np.vstack(errors)[:stop]
        for array, whole in zip(part, advance(problem, *start, stop)[:3], strict=True):
            np.testing.assert_array_equal(array, whole)


@given(problems(), st.integers(0, 5))
def test_coefficient_of_a_zero_column_stays_zero(problem, place):
    *_, X, y, s = problem
    j = min(place, X.shape[1])
    neuron, wider = fit(X, y, s), fit(np.insert(X, j, 0, axis=1), y, s)
    assert (wider.coef_[:, j] == 0).all()
    wider.coef_ = np.delete(wider.coef_, j, axis=1)
    assert_same(wider, neuron)


@given(problems(), st.permutations(["ant", "bee", "cat"]))
def test_renamed_labels_change_nothing_but_classes(problem, names):
    *_, X, y, s = problem
    names = np.sort(names[: y.max() + 1])
    neuron, renamed = fit(X, y, s), fit(X, names[y], s)
    np.testing.assert_array_equal(renamed.coef_, neuron.coef_)
    np.testing.assert_array_equal(renamed.classes_, names)
    np.testing.assert_array_equal(renamed.predict(X), names[neuron.predict(X)])


@DTYPES
@given(data=st.data())
def test_a_fit_is_the_start_of_every_longer_fit(dtype, data):
    *_, X, y, s = data.draw(problems(dtype=dtype))
    learning_rate = data.draw(st.sampled_from(["auto", 1e-3]))
    assume(learning_rate != "auto" or len(X) > X.shape[1])  # else it may take X Xᵀ
    short, long, on = (
        fit(X, y, s, max_iter=n_steps, learning_rate=learning_rate)
        for n_steps in (7, 20, 8)
    )
    rtol = 0  # the same bits, but for wide data, where few steps may take X, many X Xᵀ
    if len(X) <= X.shape[1]:
        rtol = 1e-10 if dtype == np.float64 else 1e-3
    np.testing.assert_allclose(
        short.loss_curve_, long.loss_curve_[:7], rtol=rtol, atol=rtol * 1e-3
    )
    assert short.n_iter_ == len(short.loss_curve_) == 7
    for neuron, value in [(short, long.loss_curve_[7]), (on, long.loss_curve_[8])]:
        rtol = 1e-10 if dtype == np.float64 else 1e-3
        loss = brier_score_loss(y, neuron.predict_proba(X), sample_weight=s)
        assert loss == pytest.approx(value, rel=rtol, abs=rtol)


@given(
    problem=problems(n_classes=(2, 5)),
    init=STARTS,
    alpha=st.sampled_from([0.0, 0.5]),
    learning_rate=st.sampled_from(["auto", 1e-3]),
)
def test_the_loss_is_the_brier_score_of_the_answers(problem, init, alpha, learning_rate):
    """As scikit-learn has it, with weights and without."""
    *_, X, y, s = problem
    for weight in (None, s):
        params = {"init": init, "alpha": alpha, "learning_rate": learning_rate}
        params |= {"checkpoints": (0, 19), "random_state": 0}
        neuron = fit(X, y, weight, **params)
        for i, n_iter in enumerate(params["checkpoints"]):
            neuron.coef_ = neuron.checkpoint_coefs_[i]
            neuron.intercept_ = neuron.checkpoint_intercepts_[i]
            loss = brier_score_loss(y, neuron.predict_proba(X), sample_weight=weight)
            assert loss == pytest.approx(neuron.loss_curve_[n_iter], rel=1e-12, abs=1e-12)


@given(problems(n_classes=(3, 4)), st.randoms(use_true_random=False))
def test_labels_in_another_order_are_columns_in_another_order(problem, random):
    *_, X, y, s = problem
    order = random.sample(range(count(y)), count(y))
    neuron, other = fit(X, y, s), fit(X, np.argsort(order)[y], s)
    neuron.coef_, neuron.intercept_ = neuron.coef_[order], neuron.intercept_[order]
    assert_same(other, neuron)


@given(problems(n_classes=(3, 4)))
def test_the_columns_of_a_layer_stay_balanced(problem):
    """What moves a column is taken from the others: from zeros their sum stays zero."""
    *_, X, y, s = problem
    neuron = fit(X, y, s, learning_rate="auto", alpha=0.1)
    scale = 1 + np.abs(neuron.coef_).max() + np.abs(neuron.intercept_).max()
    for learned in (neuron.coef_, neuron.intercept_):
        np.testing.assert_allclose(learned.sum(axis=0), 0, atol=1e-12 * scale)


@given(problems(n_classes=(3, 4)))
def test_labels_together_are_labels_apart(problem):
    """Of multilabel y each is a neuron by itself, and so are two classes."""
    *_, X, y, s = problem
    labels = (y[:, np.newaxis] == np.unique(y)).astype(int)
    for learning_rate in ("auto", 1e-3):
        params = {"learning_rate": learning_rate}
        together = fit(X, labels, s, **params)
        for k, label in enumerate(labels.T):
            apart = fit(X, label, s, **params)
            np.testing.assert_allclose(
                together.coef_[k], apart.coef_[0], rtol=1e-9, atol=1e-12
            )


@given(problems(), st.sampled_from([0.01, 0.3]))
def test_one_step_moves_no_weight_too_far(problem, learning_rate):
    """4/27 is the largest |t - o| o (1 - o), and 8/27 the largest delta of a layer."""
    *_, X, y, s = problem
    for init in ["zeros", "uniform"]:
        params = {"learning_rate": learning_rate, "init": init, "random_state": 0}
        one, two = (fit(X, y, s, max_iter=t, **params) for t in (1, 2))
        bound = learning_rate * (4 if count(y) == 2 else 8) / 27 * s @ np.abs(X)
        assert (np.abs(two.coef_ - one.coef_) <= bound * (1 + 1e-9) + 1e-12).all()
