"""Label noise: what is trained on wrong labels answers for the true ones."""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.metrics import brier_score_loss, get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import (
    IterationPathDisplay,
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
    _classifier,
    find_label_issues,
    recorded_brier_score,
)
from sk_neuron.testing import NeuronAdapter, check_gradient_updates

FEW = settings(max_examples=10, deadline=None)  # of each of sixteen laws

rng = np.random.default_rng(0)
X = rng.standard_normal((120, 5))
SIGNAL = X[:, :3] + 0.5 * rng.standard_normal((120, 3))
WEIGHT = rng.random(120)
Y = {
    "binary": (SIGNAL[:, 0] > 0).astype(int),
    "strings": np.array(["no", "yes"])[(SIGNAL[:, 0] > 0).astype(int)],
    "multiclass": SIGNAL.argmax(axis=1),
    "multilabel": (SIGNAL > 0).astype(int),
}
NOISES = {
    "binary": [0.2, {0: 0.3}, {1: 0.6}, {0: 0.1, 1: 0.4}],
    "strings": [0.1, {"yes": 0.3}],
    "multiclass": [0.2, 0.6, {1: 0.5}, {0: 0.1, 1: 0.3, 2: 0.2}],
    "multilabel": [0.2, [0.1, 0.0, 0.4]],
}
CASES = [(kind, noise) for kind, noises in NOISES.items() for noise in noises]
EACH = pytest.mark.parametrize(("kind", "noise"), CASES, ids=str)
pytestmark = pytest.mark.filterwarnings(
    "ignore:The best iteration count is the last",
    "ignore:The fit is worse than a constant",
    "ignore:The loss still fell",
)


def mix(noise, classes):
    """Return the matrix T: T[j, k] is the probability that class j is recorded as k."""
    n_classes = len(classes)
    if isinstance(noise, dict):
        shares = [noise.get(label, 0.0) for label in np.asarray(classes).tolist()]
    else:
        shares = [noise] * n_classes
    T = np.empty((n_classes, n_classes))
    for j, share in enumerate(shares):
        T[j] = share / (n_classes - 1)
        T[j, j] = 1 - share
    return T


def mixes(kind, noise, neuron):
    """Return the matrix of each label of a multilabel y, or the one there is."""
    if kind != "multilabel":
        return [mix(noise, neuron.classes_)]
    return [mix(share, [0, 1]) for share in np.broadcast_to(noise, 3).tolist()]


def brier(kind, y, proba, weight=None):
    if kind == "multilabel":
        return sum(
            brier_score_loss(t, p, sample_weight=weight)
            for t, p in zip(y.T, proba.T, strict=True)
        )
    if proba.shape[1] == 2:
        y, proba = y == np.unique(Y[kind])[1], proba[:, 1]
    return brier_score_loss(y, proba, sample_weight=weight)


@EACH
@pytest.mark.parametrize("as_format", [np.asarray, csr_array, np.asfortranarray])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_loss_is_the_brier_score_of_recorded_labels(kind, noise, as_format, dtype):
    data = as_format(X.astype(dtype))
    neuron = SigmoidNeuronClassifier(max_iter=20, label_noise=noise, alpha=0.1)
    neuron.fit(data, Y[kind], WEIGHT)
    after = clone(neuron).set_params(max_iter=21).fit(data, Y[kind], WEIGHT)
    score = brier(kind, Y[kind], neuron.predict_recorded_proba(data), WEIGHT)
    assert after.loss_curve_[-1] == pytest.approx(
        score, rel=1e-12 if dtype is float else 1e-5
    )


@EACH
def test_recorded_probabilities_are_true_ones_mixed(kind, noise):
    neuron = SigmoidNeuronClassifier(max_iter=20, label_noise=noise).fit(X, Y[kind])
    proba, recorded = neuron.predict_proba(X), neuron.predict_recorded_proba(X)
    matrices = mixes(kind, noise, neuron)
    if kind == "multilabel":
        for T, p, q in zip(matrices, proba.T, recorded.T, strict=True):
            np.testing.assert_allclose(q, p * T[1, 1] + (1 - p) * T[0, 1], atol=1e-15)
        return
    np.testing.assert_allclose(recorded, proba @ matrices[0], atol=1e-15)
    np.testing.assert_allclose(recorded.sum(axis=1), 1, rtol=1e-12)


@EACH
def test_quality_is_bayes_rule(kind, noise):
    neuron = SigmoidNeuronClassifier(max_iter=20, label_noise=noise).fit(X, Y[kind])
    quality, proba = neuron.label_quality(X, Y[kind]), neuron.predict_proba(X)
    matrices = mixes(kind, noise, neuron)
    assert quality.shape == Y[kind].shape
    for column, T in enumerate(matrices):
        if kind == "multilabel":
            p = np.column_stack([1 - proba[:, column], proba[:, column]])
            index, found = Y[kind][:, column], quality[:, column]
        else:
            p, found = proba, quality
            index = np.searchsorted(neuron.classes_, Y[kind])
        joint = p[:, :, np.newaxis] * T  # true, recorded
        rows = np.arange(len(X))
        expected = joint[rows, index, index] / joint[rows, :, index].sum(axis=1)
        if T.trace() == len(T):  # without noise it is the probability of the label
            expected = p[rows, index]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_quality_without_noise_is_the_probability_of_the_label():
    for kind in ("strings", "multiclass"):
        neuron = SigmoidNeuronClassifier(max_iter=20).fit(X, Y[kind])
        index = np.searchsorted(neuron.classes_, Y[kind])
        np.testing.assert_allclose(
            neuron.label_quality(X, Y[kind]),
            neuron.predict_proba(X)[np.arange(len(X)), index],
            rtol=1e-12,
        )
        np.testing.assert_array_equal(
            neuron.predict_recorded_proba(X), neuron.predict_proba(X)
        )


def test_recorded_positives_are_positive_where_only_positives_are_missed():
    neuron = SigmoidNeuronClassifier(label_noise={1: 0.3}).fit(X, Y["binary"])
    quality = neuron.label_quality(X, Y["binary"])
    assert (quality[Y["binary"] == 1] == 1).all()
    assert (quality[Y["binary"] == 0] < 1).all()


@pytest.mark.parametrize("kind", Y)
def test_no_noise_changes_no_bit(kind):
    zeros = 0 if kind == "multilabel" else dict.fromkeys(np.unique(Y[kind]).tolist(), 0.0)
    plain, zero = (
        SigmoidNeuronClassifier(max_iter=30, label_noise=noise).fit(X, Y[kind], WEIGHT)
        for noise in (0.0, zeros)
    )
    for name in ("coef_", "intercept_", "loss_curve_", "learning_rate_curve_"):
        np.testing.assert_array_equal(getattr(zero, name), getattr(plain, name))


@pytest.mark.parametrize("noise", [[0.1, 0.0, 0.4], 0.2])
def test_several_labels_are_fits_apart(noise):
    """A label without noise beside others is, bit for bit, that of a fit without noise."""
    together = SigmoidNeuronClassifier(max_iter=30, label_noise=noise)
    together.fit(X, Y["multilabel"])
    for k, share in enumerate(np.broadcast_to(noise, 3).tolist()):
        apart = SigmoidNeuronClassifier(max_iter=30, label_noise=share)
        apart.fit(X, Y["multilabel"][:, k])
        np.testing.assert_allclose(together.coef_[k], apart.coef_[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("noise", [0.2, {0: 0.1, 1: 0.3}, {1: 0.4}])
def test_two_classes_against_the_gradient_by_hand(noise):
    """In a few lines that share nothing with the package, in extended precision."""
    T = mix(noise, [0, 1]).astype(np.longdouble)
    A = np.column_stack([X, np.ones(len(X))]).astype(np.longdouble)
    t, s, w = Y["binary"], WEIGHT.astype(np.longdouble), np.zeros(6, np.longdouble)
    for _ in range(7):
        o = 1 / (1 + np.exp(-A @ w))
        q = T[0, 1] + (T[1, 1] - T[0, 1]) * o
        delta = s * (T[1, 1] - T[0, 1]) * (t - q) * o * (1 - o)
        w = w + 0.1 * (A.T @ delta - 0.5 * np.append(w[:-1], 0))
    neuron = SigmoidNeuronClassifier(
        max_iter=7, learning_rate=0.1, alpha=0.5, label_noise=noise
    )
    neuron.fit(X, t, WEIGHT)
    np.testing.assert_allclose(neuron.coef_[0], w[:-1].astype(float), rtol=1e-11)
    np.testing.assert_allclose(neuron.intercept_, w[-1:].astype(float), rtol=1e-11)


@pytest.mark.parametrize("layout", [np.asarray, csr_array])
def test_the_laws_of_gradient_updates_hold(layout):
    neuron = SigmoidNeuronClassifier(label_noise=0.25)
    check_gradient_updates(NeuronAdapter(neuron, layout), settings=FEW)


def test_the_laws_hold_for_noise_of_one_class():
    """But for the one that exchanges the classes, which are no longer alike."""
    neuron = SigmoidNeuronClassifier(label_noise={1: 0.4}, alpha=0.1)
    adapter = NeuronAdapter(neuron)
    check_gradient_updates(adapter, skip=["check_label_flips"], settings=FEW)


@given(
    shares=st.lists(st.floats(0, 0.6), min_size=3, max_size=5).filter(any),
    seed=st.integers(0, 99),
)
def test_the_quality_is_calibrated(shares, seed):
    """On labels that the model itself draws, its mean is the share that is right."""
    draw, K = np.random.default_rng(seed), len(shares)
    rows = draw.standard_normal((20_000, 2))
    layer = SigmoidNeuronClassifier(max_iter=1, label_noise=dict(enumerate(shares)))
    layer.fit(rows[: 4 * K], np.arange(4 * K) % K)
    layer.coef_ = 2 * draw.standard_normal((K, 2))
    proba, T = layer.predict_proba(rows), mix(layer.label_noise, range(K))
    true = (proba.cumsum(axis=1) < draw.random((len(rows), 1))).sum(axis=1).clip(0, K - 1)
    recorded = (T[true].cumsum(axis=1) < draw.random((len(rows), 1))).sum(axis=1)
    recorded = recorded.clip(0, K - 1)
    quality = layer.label_quality(rows, recorded)
    deviation = np.sqrt((quality * (1 - quality)).sum()) / len(rows)
    assert abs(quality.mean() - np.mean(true == recorded)) <= 6 * deviation + 1e-3


@pytest.mark.parametrize("load", [load_breast_cancer, load_digits])
def test_known_noise_brings_back_the_clean_answers(load):
    features, y = load(return_X_y=True)
    features, K = StandardScaler().fit_transform(features), y.max() + 1
    wrong = np.random.default_rng(0).random(len(y)) < 0.3
    recorded = np.where(wrong, (y + 1 + np.arange(len(y)) % (K - 1)) % K, y)
    scores = {}
    for noise in (0.0, 0.3):
        neuron = SigmoidNeuronClassifier(max_iter=20, label_noise=noise)
        proba = cross_val_predict(neuron, features, recorded, method="predict_proba")
        scores[noise] = brier_score_loss(y, proba[:, 1] if K == 2 else proba)
    assert scores[0.3] < 0.7 * scores[0.0]


@EACH
def test_validation_rows_are_judged_as_recorded(kind, noise):
    neuron = SigmoidNeuronClassifier(
        max_iter=100, label_noise=noise, early_stopping=True, n_iter_no_change=100
    )
    val = {"X_val": X[::2], "y_val": Y[kind][::2]}
    neuron.fit(X, Y[kind], **val)
    score = brier(kind, val["y_val"], neuron.predict_recorded_proba(val["X_val"]))
    assert -neuron.best_validation_score_ == pytest.approx(score, rel=1e-12)


@EACH
def test_rows_held_out_are_judged_as_recorded(kind, noise, monkeypatch):
    held_out = np.arange(120) % 3 == 0
    monkeypatch.setattr(_classifier, "hold_out", lambda *args: held_out)
    params = {"max_iter": 30, "label_noise": noise, "n_iter_no_change": 100}
    held = SigmoidNeuronClassifier(early_stopping=True, **params).fit(X, Y[kind])
    val = {"X_val": X[held_out], "y_val": Y[kind][held_out]}
    given = SigmoidNeuronClassifier(early_stopping=True, **params)
    given.fit(X[~held_out], Y[kind][~held_out], **val)
    np.testing.assert_allclose(
        held.validation_loss_curve_, given.validation_loss_curve_, rtol=1e-9
    )
    score = brier(kind, val["y_val"], held.predict_recorded_proba(val["X_val"]))
    assert held.validation_loss_curve_.min() == pytest.approx(score, rel=1e-9)
    assert held.best_validation_score_ == -held.validation_loss_curve_.min()


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_search_equals_grid_search(kind):
    noises = NOISES[kind][:2]
    folds = list(StratifiedKFold(3).split(X, Y["binary"]))
    search = SigmoidNeuronClassifierCV(
        iters=[1, 5, 30], alphas=[0.0, 0.5], label_noises=[0.0, *noises], cv=folds
    ).fit(X, Y[kind])
    assert search.scores_.shape == (3, 2, 3, 3)
    grid = GridSearchCV(
        SigmoidNeuronClassifier(),
        {"alpha": [0.0, 0.5], "label_noise": [0.0, *noises], "max_iter": [1, 5, 30]},
        scoring=recorded_brier_score,
        cv=folds,
        refit=False,
    ).fit(X, Y[kind])
    scores = [grid.cv_results_[f"split{k}_test_score"] for k in range(3)]
    np.testing.assert_allclose(search.scores_, np.reshape(scores, (3, 2, 3, 3)), atol=1e-10)


@pytest.mark.parametrize("scoring", ["neg_log_loss", "accuracy"])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_other_scores_are_about_recorded_labels(kind, scoring):
    noise = NOISES[kind][-1]
    folds = [(np.arange(60), np.arange(60, 120))]
    search = SigmoidNeuronClassifierCV(
        iters=[20], label_noises=[noise], cv=folds, scoring=scoring
    ).fit(X, Y[kind])
    neuron = SigmoidNeuronClassifier(max_iter=20, label_noise=noise)
    recorded = neuron.fit(X[:60], Y[kind][:60]).predict_recorded_proba(X[60:])
    y = Y[kind][60:]
    expected = np.mean(recorded.argmax(axis=1) == y)
    if scoring == "neg_log_loss":
        expected = np.log(recorded[np.arange(60), y]).mean()
    assert search.scores_[0, 0, 0, 0] == pytest.approx(expected, rel=1e-10)
    assert search.score(X, Y[kind]) == pytest.approx(
        np.mean(search.predict_recorded_proba(X).argmax(axis=1) == Y[kind])
        if scoring == "accuracy"
        else np.log(search.predict_recorded_proba(X)[np.arange(120), Y[kind]]).mean()
    )


@pytest.mark.parametrize("kind", ["strings", "multiclass", "multilabel"])
@pytest.mark.parametrize("size", [2**25, 1])
def test_quality_of_training_rows_by_folds_that_have_not_seen_them(kind, size, monkeypatch):
    monkeypatch.setattr("sk_neuron._model_selection._search._BATCH_SIZE", size)
    noise = NOISES[kind][0]
    folds = ShuffleSplit(4, test_size=0.3, random_state=0)
    search = SigmoidNeuronClassifierCV(
        iters=[3, 9], label_noises=[noise], cv=folds, refit=False
    ).fit(X, Y[kind])
    expected = [[] for _ in X]
    for train, test in folds.split(X):
        neuron = SigmoidNeuronClassifier(max_iter=search.n_iter_, label_noise=noise)
        neuron.fit(X[train], Y[kind][train])
        judged = neuron.label_quality(X[test], Y[kind][test])
        for row, quality in zip(test, judged, strict=True):
            expected[row].append(quality)
    never = [not found for found in expected]
    assert 0 < sum(never) < len(X)
    np.testing.assert_array_equal(
        np.isnan(search.label_quality_).reshape(len(X), -1).all(axis=1), never
    )
    for found, quality in zip(expected, search.label_quality_, strict=True):
        if found:
            np.testing.assert_allclose(quality, np.mean(found, axis=0), rtol=1e-8)


def test_the_noise_is_chosen_where_it_is_there():
    features, y = load_breast_cancer(return_X_y=True)
    features = StandardScaler().fit_transform(features)
    hidden = (y == 1) & (np.random.default_rng(0).random(len(y)) < 0.5)
    search = SigmoidNeuronClassifierCV(label_noises="auto", max_iter=50)
    search.fit(features, np.where(hidden, 0, y))
    assert set(search.label_noise_) == {1}
    assert 0.3 <= search.label_noise_[1] <= 0.5
    assert len(search.label_noises_) == 15
    clean = clone(search).fit(features, y)
    assert clean.label_noise_ == 0.0
    found = search.label_quality_[np.where(hidden, 0, y) == 0]
    assert np.mean(found < 0.5) == pytest.approx(hidden.sum() / len(found), abs=0.1)


@pytest.mark.parametrize("seed", range(8))
def test_more_than_the_least_noise_needs_to_be_better_beyond_chance(seed):
    """By 2.33 corrected standard errors of the differences in the folds."""
    features, y = load_wine(return_X_y=True)
    draw, noises = np.random.default_rng(seed), [0.2, 0.0, {1: 0.2}, 0.1]
    is_wrong = draw.random(len(y)) < np.where(y == 1, 0.3, 0.3 * (seed % 2))
    recorded = np.where(is_wrong, (y + draw.integers(1, 3, len(y))) % 3, y)
    cv = ShuffleSplit(6, test_size=0.3, random_state=0)
    search = SigmoidNeuronClassifierCV(label_noises=noises, iters=[5, 20, 60], cv=cv)
    search.fit(StandardScaler().fit_transform(features), recorded)
    best = []
    for k in range(4):
        of_folds = search.scores_[:, 0, k]
        best.append(of_folds[:, of_folds.mean(axis=0).argmax()])
    expected = 1
    for k in range(4):
        gains = best[k] - best[1]
        error = np.sqrt(gains.var(ddof=1) * (1 / 6 + 54 / 124))
        if gains.mean() > 2.33 * error and best[k].mean() > best[expected].mean():
            expected = k
    assert search.label_noise_ == noises[expected]


def test_find_label_issues_in_a_pipeline():
    features, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])
    recorded = names[y].astype(object)
    wrong = np.arange(5, 150, 15)
    recorded[wrong] = names[(y[wrong] + 1) % 3]
    model = make_pipeline(StandardScaler(), SigmoidNeuronClassifierCV(label_noises=[0.07]))
    model.fit(features, recorded)
    issues = find_label_issues(
        model, features, recorded, label_quality=model[-1].label_quality_
    )
    assert list(issues.columns) == [
        "row",
        "given_label",
        "suggested_label",
        "label_quality",
    ]
    assert issues["label_quality"].is_monotonic_increasing
    assert (issues["label_quality"] < 0.5).all()
    assert (issues["given_label"] == recorded[issues["row"]]).all()
    assert (issues["given_label"] != issues["suggested_label"]).all()
    found = set(issues["row"]) & set(wrong)
    assert len(found) >= 8
    right = issues[issues["row"].isin(wrong)]
    assert np.mean(right["suggested_label"] == names[y[right["row"]]]) >= 0.8
    everything = find_label_issues(model, features, recorded, threshold=1.0)
    assert len(everything) <= 150
    assert len(find_label_issues(model, features, recorded, threshold=0.0)) == 0


def test_find_label_issues_of_several_labels_without_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    y = Y["multilabel"].copy()
    y[7, 1] = 1 - y[7, 1]
    neuron = SigmoidNeuronClassifier(label_noise=0.1, max_iter=20).fit(X, y)
    issues = find_label_issues(neuron, X, y)
    assert issues.dtype.names == (
        "row",
        "label",
        "given_label",
        "suggested_label",
        "label_quality",
    )
    quality = neuron.label_quality(X, y)
    assert len(issues) == np.sum(quality < 0.5)
    np.testing.assert_array_equal(
        quality[issues["row"], issues["label"]], issues["label_quality"]
    )
    assert (issues["suggested_label"] == 1 - issues["given_label"]).all()


@pytest.mark.parametrize(
    ("kind", "noise", "message"),
    [
        ("binary", 0.5, "no longer favours the true one: with 2 classes"),
        ("multiclass", 0.7, "below 2/3"),
        ("binary", 1.5, "'label_noise' parameter"),
        ("binary", -0.1, "'label_noise' parameter"),
        ("binary", {2: 0.1}, r"must be among the classes, \[0, 1\]. Got \[2\]"),
        ("strings", {1: 0.1}, r"must be among the classes, \['no', 'yes'\]"),
        ("binary", {0: 0.5, 1: 0.5}, "no longer favour"),
        ("multiclass", {0: 0.9, 1: 0.9}, "no longer favour"),
        ("multiclass", {0: 0.9, 1: 0.9, 2: 0.9}, "no longer favour"),
        ("binary", {0: 1.0}, r"a share in the range \[0.0, 1.0\)"),
        ("binary", {0: "much"}, "a share in the range"),
        ("multilabel", {0: 0.1}, "Got a dict"),
        ("multilabel", [0.1, 0.2], "one for each of the 3 labels"),
        ("multilabel", [0.1, 0.2, 0.6], "must be below 0.5"),
        ("binary", [0.1, 0.2], "a share in the range"),
    ],
)
def test_bad_label_noise(kind, noise, message):
    neuron = SigmoidNeuronClassifier(label_noise=noise)
    before = vars(neuron).copy()
    with pytest.raises(ValueError, match=message):
        neuron.fit(X, Y[kind])
    assert vars(neuron) == before
    if "parameter" not in message:
        with pytest.raises(ValueError, match=message):
            SigmoidNeuronClassifierCV(label_noises=[0.0, noise]).fit(X, Y[kind])
        classes = None if kind == "multilabel" else np.unique(Y[kind])
        with pytest.raises(ValueError, match=message):
            neuron.partial_fit(X, Y[kind], classes)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda n: find_label_issues(n, X, Y["binary"], threshold=2), ValueError, "0 to 1"),
        (
            lambda n: find_label_issues(n, X, Y["binary"], label_quality=[0.1]),
            ValueError,
            "there are 120 rows",
        ),
        (
            lambda n: find_label_issues(StandardScaler(), X, Y["binary"]),
            TypeError,
            "takes a",
        ),
        (lambda n: recorded_brier_score(n, X, Y["multiclass"]), ValueError, "not seen"),
        (lambda n: n.label_quality(X[:3], Y["binary"]), ValueError, "inconsistent"),
        (
            lambda n: SigmoidNeuronClassifierCV(label_noises=[]).fit(X, Y["binary"]),
            ValueError,
            "one or more",
        ),
    ],
)
def test_bad_questions(call, error, message):
    neuron = SigmoidNeuronClassifier(max_iter=2).fit(X, Y["binary"])
    with pytest.raises(error, match=message):
        call(neuron)


def test_a_stream_with_label_noise():
    """A step on all rows is the first step of a fit."""
    noise = {0: 0.1, 2: 0.3}
    stream = SigmoidNeuronClassifier(label_noise=noise, learning_rate=0.01)
    stream.partial_fit(X, Y["multiclass"], classes=[0, 1, 2])
    fit = SigmoidNeuronClassifier(label_noise=noise, learning_rate=0.01, max_iter=1)
    np.testing.assert_array_equal(fit.fit(X, Y["multiclass"]).coef_, stream.coef_)


def test_warm_start_goes_on_bit_for_bit():
    neuron = SigmoidNeuronClassifier(label_noise=0.2, warm_start=True, max_iter=7)
    neuron.fit(X, Y["multiclass"]).set_params(max_iter=9).fit(X, Y["multiclass"])
    whole = SigmoidNeuronClassifier(label_noise=0.2, warm_start=True, max_iter=16)
    np.testing.assert_array_equal(neuron.coef_, whole.fit(X, Y["multiclass"]).coef_)


def test_wide_data_take_the_same_steps():
    wide = np.random.default_rng(0).standard_normal((30, 2000))
    y = np.arange(30) % 3
    neuron = SigmoidNeuronClassifier(label_noise={0: 0.3}, max_iter=20)
    on_gram = neuron.fit(wide, y).coef_
    on_rows = clone(neuron).set_params(warm_start=True).fit(wide, y).coef_
    np.testing.assert_allclose(on_gram, on_rows, rtol=1e-9, atol=1e-12)


def test_a_noise_that_is_too_large_is_warned_of():
    """The recorded probability of a rare class cannot be as small as its share."""
    y = np.zeros(120, int)
    y[:3] = 1
    with pytest.warns(ConvergenceWarning, match="worse than a constant"):
        SigmoidNeuronClassifier(label_noise=0.4).fit(X, y)


@pytest.mark.parametrize("kind", Y)
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_float32_stays_float32(kind, noise):
    data = X.astype(np.float32)
    neuron = SigmoidNeuronClassifier(label_noise=noise, max_iter=5).fit(data, Y[kind])
    for answer in (
        neuron.coef_,
        neuron.predict_recorded_proba(data),
        neuron.label_quality(data, Y[kind]),
    ):
        assert answer.dtype == np.float32


LACKING = [
    (np.arange(60), np.arange(60, 120)),
    (np.flatnonzero(Y["multiclass"] < 2), np.arange(60)),
    (np.arange(60, 120), np.arange(60)),
]


@pytest.mark.parametrize("scoring", ["neg_brier_score", "neg_log_loss", "accuracy"])
@pytest.mark.parametrize("noise", [0.55, {0: 0.4, 2: 0.3}])
def test_a_fold_that_lacks_a_class_has_label_noise_as_well(noise, scoring):
    """Its rows of the other classes may be rows of that one, recorded wrongly."""
    search = SigmoidNeuronClassifierCV(
        iters=[5], label_noises=[noise], cv=LACKING, scoring=scoring
    )
    with pytest.warns(UserWarning, match="Fold 1: no row of "):
        search.fit(X, Y["multiclass"])
    for fold, (train, test) in enumerate(LACKING):
        weight = np.bincount(train, minlength=120)
        neuron = SigmoidNeuronClassifier(max_iter=5, label_noise=noise)
        neuron.fit(X, Y["multiclass"], weight)
        proba, labels = neuron.predict_recorded_proba(X[test]), Y["multiclass"][test]
        expected = {
            "neg_brier_score": -((np.eye(3)[labels] - proba) ** 2).sum(axis=1).mean(),
            "neg_log_loss": np.log(proba[np.arange(len(test)), labels]).mean(),
            "accuracy": (proba.argmax(axis=1) == labels).mean(),
        }
        assert search.scores_[fold].item() == pytest.approx(expected[scoring], rel=1e-9)


def test_a_fold_without_scores_for_a_noise_does_not_count():
    """Else a scorer that fails in one fold would rule out all label noise."""

    def score(neuron, features, labels):
        if neuron.label_noise and len(labels) == 30:
            raise RuntimeError("thirty is too few")
        return -1.0 if len(labels) == 30 else float(neuron.label_noise)

    folds = [(np.arange(60), np.arange(60, 120)), (np.arange(60, 120), np.arange(60))]
    folds.insert(1, (np.arange(60), np.arange(60, 90)))
    search = SigmoidNeuronClassifierCV(
        iters=[5], label_noises=[0.0, 0.2], cv=folds, scoring=score
    )
    with pytest.warns(FitFailedWarning, match="lack scores for a label noise"):
        search.fit(X, Y["binary"])
    np.testing.assert_array_equal(
        search.scores_[:, 0, :, 0], [[0, 0.2], [-1, np.nan], [0, 0.2]]
    )
    assert (search.label_noise_, search.best_score_) == (0.2, 0.2)


def test_a_scorer_of_answers_cannot_choose_the_noise():
    """It compares answers about true labels with recorded ones."""
    search = SigmoidNeuronClassifierCV(iters=[5], label_noises=[0.0, 0.1])
    for scoring in ("roc_auc", get_scorer("neg_brier_score")):
        with pytest.warns(UserWarning, match="recorded_brier_score"):
            search.set_params(scoring=scoring).fit(X, Y["binary"])
    for scoring in ("accuracy", recorded_brier_score, lambda neuron, X, y: 0.0):
        search.set_params(scoring=scoring).fit(X, Y["binary"])
    search.set_params(scoring="roc_auc", label_noises=[0.0]).fit(X, Y["binary"])


def test_no_noise_may_be_written_as_a_dict():
    search = SigmoidNeuronClassifierCV(iters=[5], label_noises=[{1: 0}, {0: 0}])
    assert search.fit(X, Y["binary"]).label_noise_ == {1: 0}


def test_the_quality_of_a_label_that_no_output_can_show():
    """Where exponentials underflow, their ratios do not."""
    for dtype, z in ((np.float32, [-120, -110, 0]), (np.float64, [-900, -800, 0])):
        layer = SigmoidNeuronClassifier(max_iter=1, label_noise={1: 0.2})
        layer.fit(np.eye(3, dtype=dtype), [0, 1, 2])
        layer.coef_, layer.intercept_ = np.zeros((3, 3), dtype), np.array(z, dtype)
        quality = layer.label_quality(np.zeros((1, 3), dtype), [0])
        odds = np.exp(np.float64(z[1] - z[0])) * 0.1  # of class 1, recorded as 0
        np.testing.assert_allclose(quality, 1 / (1 + odds), rtol=1e-6)


def test_noises_of_several_labels_are_drawn():
    noises = np.array([[0.0, 0.0, 0.0], [0.1, 0.2, 0.0]])
    search = SigmoidNeuronClassifierCV(iters=[5, 10], label_noises=noises)
    search.fit(X, Y["multilabel"])
    noises[:] = 9  # what was passed is the user's own
    assert np.max(search.label_noises_) <= 0.2
    IterationPathDisplay.from_estimator(search)
    plt.close()


def test_a_noise_that_cannot_be_scored_is_not_chosen():
    def score(neuron, X, y):
        if neuron.label_noise == 0:
            raise RuntimeError("no")
        return neuron.score(X, y)

    search = SigmoidNeuronClassifierCV(iters=[5], label_noises=[0.0, 0.1], scoring=score)
    with pytest.warns(FitFailedWarning, match="raised RuntimeError"):
        search.fit(X, Y["binary"])
    assert search.label_noise_ == 0.1
    assert np.isfinite(search.best_score_)


@pytest.mark.parametrize("noises", [{0: 0.3}, {0.1, 0.2}])
def test_noises_are_a_list(noises):
    with pytest.raises(ValueError, match="pass it in a list"):
        SigmoidNeuronClassifierCV(label_noises=noises).fit(X, Y["binary"])


def test_suggestions_where_no_other_class_is_recorded_so():
    """Then the most probable of the others, as without noise."""
    neuron = SigmoidNeuronClassifier(label_noise={0: 0.3}).fit(X, Y["multiclass"])
    issues = find_label_issues(
        neuron, X, Y["multiclass"], label_quality=np.full(120, 0.1)
    ).sort_values("row")
    proba = neuron.predict_proba(X)
    proba[np.arange(120), Y["multiclass"]] = -1
    expected = np.where(Y["multiclass"] == 0, proba.argmax(axis=1), 0)
    np.testing.assert_array_equal(issues["suggested_label"], expected)


def test_bad_qualities():
    neuron = SigmoidNeuronClassifier(max_iter=2).fit(X, Y["binary"])
    with pytest.raises(ValueError, match="outside of"):
        find_label_issues(neuron, X, Y["binary"], label_quality=np.full(120, -5.0))
