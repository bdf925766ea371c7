"""What the estimator takes and gives: labels, weights, formats, precisions."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from kernels import record_calls
from scipy.sparse import coo_array, csc_array, csr_array, csr_matrix
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_blobs,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from sk_neuron import SigmoidNeuronClassifier

X = np.random.default_rng(0).standard_normal((60, 4))
WEIGHT = np.random.default_rng(1).random(60)
Y = {
    "binary": (X[:, 0] > 0).astype(int),
    "multiclass": np.digitize(X[:, 0] + X[:, 1], [-1, 0, 1]),
    "multilabel": (X[:, :3] + 0.1 > 0).astype(int),
}
KINDS = pytest.mark.parametrize("kind", Y)
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


@KINDS
@DTYPES
def test_shapes_and_precision(kind, dtype):
    y = Y[kind]
    neuron = SigmoidNeuronClassifier(max_iter=30).fit(X.astype(dtype), y)
    K = {"binary": 1, "multiclass": 4, "multilabel": 3}[kind]
    n_classes = {"binary": 2, "multiclass": 4, "multilabel": 3}[kind]
    assert neuron.coef_.shape == (K, 4)
    assert neuron.intercept_.shape == (K,)
    assert neuron.loss_curve_.shape == (30,)
    assert neuron.n_iter_ == 30
    np.testing.assert_array_equal(neuron.classes_, np.arange(n_classes))
    decision, proba = neuron.decision_function(X.astype(dtype)), neuron.predict_proba(X)
    assert decision.shape == ((60,) if K == 1 else (60, K))
    assert proba.shape == (60, n_classes)
    assert neuron.predict(X).shape == y.shape
    assert neuron.score(X, y) > 0.5
    for array in (neuron.coef_, neuron.intercept_, decision):
        assert array.dtype == dtype
    assert neuron.loss_curve_.dtype == np.float64
    assert neuron.predict_proba(X.astype(dtype)).dtype == dtype
    assert neuron.predict_log_proba(X.astype(dtype)).dtype == dtype
    assert neuron.learning_rate_curve_.shape == ((30, K) if kind == "multilabel" else (30,))


@KINDS
def test_probabilities(kind):
    neuron = SigmoidNeuronClassifier(max_iter=20).fit(X, Y[kind])
    proba = neuron.predict_proba(X)
    z = X @ neuron.coef_.T + neuron.intercept_
    output, powers = 1 / (1 + np.exp(-z)), np.exp(z)
    expected = {
        "binary": np.hstack([1 - output, output]),
        "multiclass": powers / powers.sum(axis=1, keepdims=True),
        "multilabel": output,
    }[kind]
    np.testing.assert_allclose(proba, expected, atol=1e-15)
    np.testing.assert_allclose(neuron.predict_log_proba(X), np.log(expected), atol=1e-6)
    choice = (proba > 0.5).astype(int) if kind == "multilabel" else proba.argmax(axis=1)
    np.testing.assert_array_equal(neuron.predict(X), choice)


@pytest.mark.parametrize("kind", ["binary", "multilabel"])
def test_small_probabilities_and_ties(kind):
    neuron = SigmoidNeuronClassifier().fit(X, Y[kind])
    neuron.coef_ = np.ones_like(neuron.coef_)
    neuron.intercept_ = np.zeros_like(neuron.intercept_)
    rows = np.array([[50.0, 0, 0, 0], [-50, 0, 0, 0], [0, 0, 0, 0]])
    proba = neuron.predict_proba(rows)
    small = proba[0, 0] if kind == "binary" else proba[1, 0]
    assert small == pytest.approx(np.exp(-50), rel=1e-12, abs=0)
    np.testing.assert_array_equal(neuron.predict(rows).reshape(3, -1)[:, 0], [1, 0, 0])


@KINDS
@pytest.mark.parametrize("scale", [1e2, 1e5, 1e150])
def test_answers_far_out_stay_finite_and_ordered(kind, scale):
    neuron = SigmoidNeuronClassifier().fit(X, Y[kind])
    decision, proba = neuron.decision_function(X * scale), neuron.predict_proba(X * scale)
    log_proba = neuron.predict_log_proba(X * scale)
    assert np.isfinite(proba).all()
    assert np.isfinite(log_proba).all()
    if kind != "multilabel":
        np.testing.assert_allclose(proba.sum(axis=1), 1)
    if kind == "multiclass":
        order = decision.argsort(axis=1)
        assert (np.diff(np.take_along_axis(log_proba, order, axis=1)) >= 0).all()
        np.testing.assert_array_equal(neuron.predict(X * scale), decision.argmax(axis=1))


@KINDS
def test_loss_curve_is_the_brier_score_of_the_answers(kind):
    y = Y[kind]
    before = SigmoidNeuronClassifier(max_iter=50).fit(X, y, WEIGHT)
    curve = SigmoidNeuronClassifier(max_iter=51).fit(X, y, WEIGHT).loss_curve_
    proba = before.predict_proba(X)
    if kind == "multilabel":
        score = partial(brier_score_loss, sample_weight=WEIGHT)
        brier = sum(map(score, y.T, proba.T))
    else:
        answers = proba[:, 1] if kind == "binary" else proba
        brier = brier_score_loss(y, answers, sample_weight=WEIGHT)
    assert curve[-1] == pytest.approx(brier, rel=1e-12)


@pytest.mark.parametrize(
    "labels",
    [["no", "yes"], [False, True], [-1, 1], [3, 7], np.array(["b", "a"], dtype=object)],
    ids=str,
)
def test_labels_of_any_type(labels):
    y = np.array(labels)[Y["binary"]]
    neuron = SigmoidNeuronClassifier().fit(X, y)
    np.testing.assert_array_equal(neuron.classes_, np.unique(y))
    assert neuron.predict(X).dtype == neuron.classes_.dtype
    assert neuron.score(X, y) > 0.95


@KINDS
@pytest.mark.parametrize(
    "convert",
    [
        csr_array,
        csr_matrix,
        csc_array,
        coo_array,
        np.asfortranarray,
        lambda X: np.repeat(X, 2, axis=1)[:, ::2],
        lambda X: X[::-1][::-1],
        lambda X: X.tolist(),
        lambda X: pd.DataFrame(X, columns=list("abcd")),
        lambda X: pl.DataFrame(X, schema=list("abcd")),
    ],
)
def test_formats_give_the_same_fit(kind, convert):
    data = convert(X)
    neuron = SigmoidNeuronClassifier(max_iter=40).fit(data, Y[kind])
    plain = SigmoidNeuronClassifier(max_iter=40).fit(X, Y[kind])
    np.testing.assert_allclose(neuron.coef_, plain.coef_, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(
        neuron.predict_proba(data), plain.predict_proba(X), rtol=1e-9
    )


@pytest.mark.parametrize("index", [np.int32, np.int64])
@DTYPES
def test_csr_is_used_as_it_is(index, dtype, monkeypatch):
    """Both widths of indices, read-only, and no copy on the way to the kernel."""
    S = csr_array(np.where(np.abs(X) > 0.7, X, 0).astype(dtype))
    S.indices, S.indptr = S.indices.astype(index), S.indptr.astype(index)
    for array in (S.data, S.indices, S.indptr):
        array.flags.writeable = False
    calls = record_calls(monkeypatch)
    neuron = SigmoidNeuronClassifier(max_iter=5).fit(S, Y["multiclass"])
    ((kernel, *_),) = calls
    assert kernel.problem.X.dtype == neuron.coef_.dtype == dtype
    assert np.shares_memory(kernel.problem.X.data, S.data)
    assert np.shares_memory(kernel.problem.X.indices, S.indices)
    dense = SigmoidNeuronClassifier(max_iter=5).fit(S.toarray(), Y["multiclass"])
    np.testing.assert_allclose(neuron.coef_, dense.coef_, rtol=1e-4, atol=1e-6)


@KINDS
def test_columns_move_together(kind, monkeypatch):
    calls = record_calls(monkeypatch)
    SigmoidNeuronClassifier(max_iter=17).fit(X, Y[kind])
    _, columns, steps = zip(*calls, strict=True)
    assert set(columns) == {{"binary": 1, "multiclass": 4, "multilabel": 3}[kind]}
    assert sum(steps) == 17


@pytest.mark.parametrize(
    "convert", [csr_array, pd.DataFrame, pl.DataFrame, np.ndarray.tolist]
)
def test_multilabel_formats(convert):
    neuron = SigmoidNeuronClassifier().fit(X, convert(Y["multilabel"]))
    plain = SigmoidNeuronClassifier().fit(X, Y["multilabel"])
    np.testing.assert_array_equal(neuron.coef_, plain.coef_)


def test_series_and_frames_carry_names():
    frame = pd.DataFrame(X, columns=list("abcd"))
    weight = pd.Series(np.arange(60.0))
    neuron = SigmoidNeuronClassifier().fit(frame, pd.Series(Y["binary"]), weight)
    np.testing.assert_array_equal(neuron.feature_names_in_, list("abcd"))
    neuron.fit(X, Y["binary"])
    assert not hasattr(neuron, "feature_names_in_")


def test_column_vector_y_warns():
    with pytest.warns(UserWarning, match="A column-vector y was passed"):
        SigmoidNeuronClassifier().fit(X, Y["binary"][:, np.newaxis])


def test_memory_map(tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    neuron = SigmoidNeuronClassifier().fit(mapped, Y["binary"])
    np.testing.assert_array_equal(
        neuron.coef_, SigmoidNeuronClassifier().fit(X, Y["binary"]).coef_
    )


@KINDS
def test_inputs_are_left_as_they_are(kind):
    data, y, weight = X.copy(), Y[kind].copy(), WEIGHT.copy()
    copies = data.copy(), y.copy(), weight.copy()
    params = {"init": "uniform", "class_weight": "balanced", "random_state": 0}
    SigmoidNeuronClassifier(**params).fit(data, y, weight).predict_proba(data)
    for array, copy in zip((data, y, weight), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("class_weight", ["balanced", {0: 5.0}, {0: 0.5, 1: 2.0}])
def test_class_weight_is_a_sample_weight(kind, class_weight):
    y = Y[kind]
    full = class_weight
    if isinstance(class_weight, dict):
        full = {k: class_weight.get(k, 1.0) for k in np.unique(y)}
    weighted = SigmoidNeuronClassifier(class_weight=class_weight).fit(X, y)
    by_hand = SigmoidNeuronClassifier().fit(X, y, compute_sample_weight(full, y))
    np.testing.assert_allclose(weighted.coef_, by_hand.coef_, rtol=1e-10)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 0.5, 1: 2.0}, {1: 5}])
def test_multilabel_class_weight_is_that_of_each_label(class_weight):
    y, weight = Y["multilabel"], WEIGHT
    together = SigmoidNeuronClassifier(class_weight=class_weight).fit(X, y, weight)
    assert together.learning_rate_curve_.shape == (together.n_iter_, 3)
    for k in range(3):
        apart = SigmoidNeuronClassifier(class_weight=class_weight).fit(X, y[:, k], weight)
        np.testing.assert_allclose(together.coef_[k], apart.coef_[0], rtol=1e-10)
        np.testing.assert_allclose(
            together.learning_rate_curve_[:, k], apart.learning_rate_curve_
        )


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_a_class_without_weight_is_not_learned(kind, class_weight):
    y = Y[kind]
    neuron = SigmoidNeuronClassifier(class_weight=class_weight).fit(X, y, y != 0)
    assert len(neuron.classes_) == len(np.unique(y))
    assert (neuron.predict(X[y != 0]) != 0).all()


@pytest.mark.parametrize("two", [2, 2.0, np.float32(2)], ids=repr)
def test_scalar_sample_weight_counts_every_row(two):
    twice = SigmoidNeuronClassifier().fit(X, Y["binary"], two)
    rows = SigmoidNeuronClassifier().fit(np.vstack([X, X]), np.tile(Y["binary"], 2))
    np.testing.assert_allclose(twice.coef_, rows.coef_, rtol=1e-10)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 0.5, 1: 2.0}, {1: 5}, {0: 0.2}])
@pytest.mark.parametrize("constant", [0, 1])
def test_multilabel_class_weight_of_a_constant_label(class_weight, constant):
    y = Y["multilabel"].copy()
    y[:, 1] = constant
    neuron = SigmoidNeuronClassifier(class_weight=class_weight).fit(X, y)
    assert (neuron.predict(X)[:, 1] == constant).all()


def test_one_row_of_labels():
    neuron = SigmoidNeuronClassifier().fit(X[:1], [[0, 1]])
    np.testing.assert_array_equal(neuron.predict(X[:1]), [[0, 1]])


def test_constant_features_and_fewer_rows_than_features():
    wide = np.ones((6, 300))
    wide[:, :4] = X[:6]
    y = [0, 1, 0, 1, 2, 2]
    neuron = SigmoidNeuronClassifier(max_iter=5000).fit(wide, y)
    assert neuron.score(wide, y) == 1.0


def test_a_thousand_classes():
    y = np.arange(2000) % 1000
    features = np.random.default_rng(0).standard_normal((1000, 40))[y]
    neuron = SigmoidNeuronClassifier(max_iter=60).fit(features, y)
    assert neuron.coef_.shape == (1000, 40)
    np.testing.assert_allclose(neuron.predict_proba(features).sum(axis=1), 1)
    assert neuron.score(features, y) > 0.5


def test_seeds():
    def fit(random_state):
        return SigmoidNeuronClassifier(init="uniform", random_state=random_state).fit(
            X, Y["multiclass"]
        )

    np.testing.assert_array_equal(fit(3).coef_, fit(np.random.RandomState(3)).coef_)
    assert (fit(3).coef_ != fit(4).coef_).any()
    zeros = [SigmoidNeuronClassifier(random_state=s).fit(X, Y["binary"]) for s in (1, 2)]
    np.testing.assert_array_equal(zeros[0].coef_, zeros[1].coef_)


def test_pickle_and_clone():
    neuron = SigmoidNeuronClassifier(alpha=0.1).fit(X, Y["multilabel"])
    again = pickle.loads(pickle.dumps(neuron))
    np.testing.assert_array_equal(again.predict(X), neuron.predict(X))
    assert clone(neuron).get_params() == neuron.get_params()
    assert not hasattr(clone(neuron), "coef_")


@pytest.mark.parametrize(
    ("load", "accuracy"),
    [(load_breast_cancer, 0.97), (load_digits, 0.90), (load_wine, 0.97)],
)
def test_scaled_real_data(load, accuracy):
    model = make_pipeline(StandardScaler(), SigmoidNeuronClassifier())
    assert cross_val_score(model, *load(return_X_y=True), cv=5).mean() >= accuracy


def test_unscaled_digits():
    assert (
        cross_val_score(
            SigmoidNeuronClassifier(), *load_digits(return_X_y=True), cv=3
        ).mean()
        >= 0.90
    )


@pytest.mark.parametrize("seed", range(3))
def test_saturated_start_is_reported(seed):
    cancer, y = load_breast_cancer(return_X_y=True)  # not scaled
    neuron = SigmoidNeuronClassifier(init="uniform", random_state=seed)
    with pytest.warns(
        ConvergenceWarning, match=r"saturated: .* Scale .* init='zeros'"
    ) as report:
        neuron.fit(cancer, y)
    assert [warning.filename for warning in report] == [__file__]
    assert neuron.score(cancer, y) < 0.7


@pytest.mark.parametrize("load", [load_breast_cancer, load_digits, load_iris, load_wine])
def test_sound_start_is_not_reported(load):
    features, y = load(return_X_y=True)
    neuron = SigmoidNeuronClassifier(init="uniform", random_state=0)
    neuron.fit(StandardScaler().fit_transform(features), y)  # a warning is an error


@pytest.mark.parametrize("seed", range(5))
def test_rows_given_up_for_wrong_labels_are_not_reported(seed):
    x = 100 * np.random.default_rng(0).standard_normal((400, 1))
    y = x[:, 0] > 0
    flipped = y ^ (np.arange(400) % 20 == 0)
    neuron = SigmoidNeuronClassifier(init="uniform", random_state=seed)
    neuron.fit(x, flipped)  # a warning is an error
    assert neuron.score(x, y) > 0.95


def test_a_gradient_that_vanishes_because_all_is_right_is_not_reported():
    start = 2 * np.random.RandomState(0).random_sample(4) - 1
    y = X @ start > 0
    neuron = SigmoidNeuronClassifier(init="uniform", random_state=0, fit_intercept=False)
    neuron.fit(X * 1e4, y)  # a warning is an error
    assert neuron.score(X * 1e4, y) == 1.0


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("params", [{"fit_intercept": False}, {"init": "uniform"}], ids=str)
def test_accuracy_without_intercept_and_from_a_random_start(n_classes, params):
    """scikit-learn asks 0.83 of these scaled blobs, and more on unscaled ones."""
    blobs, y = make_blobs(n_samples=300, random_state=0)
    blobs = StandardScaler().fit_transform(blobs)[y < n_classes]
    neuron = SigmoidNeuronClassifier(random_state=0, **params)
    assert neuron.fit(blobs, y[y < n_classes]).score(blobs, y[y < n_classes]) > 0.83
