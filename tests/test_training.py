"""How a fit goes: when it stops, what it is judged by, how it goes on, and in batches."""

import io
import re
from contextlib import nullcontext, redirect_stdout

import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernels import record_calls
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import (
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
    _base,
    iteration_path,
)
from sk_neuron._input_validation import Samples, encode_labels
from sk_neuron._model_selection._hold_out import hold_out
from sk_neuron._solver import _fit_loop
from sk_neuron._solver._stopping import Patience
from sk_neuron.testing import problems

rng = np.random.default_rng(0)
X, X_VAL = rng.standard_normal((300, 4)), rng.standard_normal((90, 4))
NOISE, NOISE_VAL = rng.standard_normal((300, 3)), rng.standard_normal((90, 3))
WEIGHT, WEIGHT_VAL = rng.random(300), rng.random(90)


def label(X, noise):
    signal = X[:, :3] + noise
    return {
        "binary": (signal[:, 0] > 0).astype(int),
        "strings": np.array(["no", "yes"])[(signal[:, 0] > 0).astype(int)],
        "multiclass": signal.argmax(axis=1),
        "multilabel": (signal > 0).astype(int),
    }


Y, Y_VAL = label(X, NOISE), label(X_VAL, NOISE_VAL)
KINDS = pytest.mark.parametrize("kind", Y)
FORMATS = pytest.mark.parametrize("as_format", [np.asarray, csr_array])


def given_validation(kind, as_format=np.asarray, **params):
    return {"X_val": as_format(X_VAL), "y_val": Y_VAL[kind], **params}


def validation_loss(neuron, kind):
    """Return the Brier score, summed over the labels of multilabel y, by scikit-learn."""
    proba = neuron.predict_proba(X_VAL)
    if kind == "multilabel":
        return sum(map(brier_score_loss, Y_VAL[kind].T, proba.T))
    if proba.shape[1] == 2:
        return brier_score_loss(Y_VAL[kind] == neuron.classes_[1], proba[:, 1])
    return brier_score_loss(Y_VAL[kind], proba)


def assert_same_weights(neuron, other):
    np.testing.assert_array_equal(neuron.coef_, other.coef_)
    np.testing.assert_array_equal(neuron.intercept_, other.intercept_)


def wait(losses, tol, n_iter_no_change):
    """Return after how many losses patience runs out, in the words of the docstring."""
    reference, waited = np.inf, 0
    for n, loss in enumerate(losses, start=1):
        if loss < reference - tol:
            reference, waited = loss, 0
        else:
            waited += 1
        if waited == n_iter_no_change:
            return n
    return None


pytestmark = pytest.mark.filterwarnings("ignore:The fit is worse")  # after so few steps


# Stopping


@given(
    losses=st.lists(st.sampled_from([0.0, 0.1, 0.15, 0.2, 0.25, 1.0, np.nan]), min_size=1),
    tol=st.sampled_from([0.0, 0.05, 0.1]),
    n_iter_no_change=st.integers(1, 5),
    data=st.data(),
)
def test_patience(losses, tol, n_iter_no_change, data):
    patience, seen = Patience(tol, n_iter_no_change), 0
    while seen < len(losses) and patience.remaining > 0:
        size = data.draw(st.integers(1, len(losses)))
        seen += patience.update(np.array(losses[seen : seen + size]))
    end = wait(losses, tol, n_iter_no_change)
    assert seen == (end or len(losses))
    assert (patience.remaining == 0) == (end is not None)


@KINDS
@FORMATS
def test_tol_stops_by_the_training_loss(kind, as_format):
    params = {"tol": 1e-4, "n_iter_no_change": 3}
    neuron = SigmoidNeuronClassifier(max_iter=5000, **params).fit(as_format(X), Y[kind])
    whole = SigmoidNeuronClassifier(max_iter=300).fit(as_format(X), Y[kind])
    end = wait(whole.loss_curve_, 1e-4, 3)
    assert 3 < end < 300
    n_iter = end - 1  # the first loss is that of the start
    assert neuron.n_iter_ == len(neuron.loss_curve_) == n_iter
    np.testing.assert_array_equal(neuron.loss_curve_, whole.loss_curve_[:n_iter])
    same = SigmoidNeuronClassifier(max_iter=n_iter).fit(as_format(X), Y[kind])
    assert_same_weights(neuron, same)


def test_without_tol_all_steps_are_taken():
    """Also when nothing changes any more."""
    constant = SigmoidNeuronClassifier(max_iter=200, fit_intercept=False)
    constant.fit(np.zeros((4, 2)), [0, 1, 0, 1])
    assert constant.n_iter_ == 200
    assert (constant.loss_curve_ == 0.25).all()


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_tol_that_is_not_met_is_reported(early_stopping):
    neuron = SigmoidNeuronClassifier(max_iter=9, tol=1e-9, early_stopping=early_stopping)
    neuron.set_params(random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"max_iter=9 .* tol\.") as caught:
        neuron.fit(X, Y["binary"])
    assert caught[0].filename == __file__
    assert neuron.n_iter_ == 9


@pytest.mark.parametrize(
    ("as_format", "scaler"), [(np.asarray, "StandardScaler"), (csr_array, "MaxAbsScaler")]
)
def test_uneven_features_are_named_as_the_cause(as_format, scaler):
    uneven = as_format(-np.abs(X) * [1, 1e-4, 1, 0])
    y = (np.abs(X[:, 0]) > 0.7).astype(int)
    for params in ({}, {"tol": 1e-9}, {"early_stopping": True, "random_state": 0}):
        neuron = SigmoidNeuronClassifier(max_iter=5, **params)
        with pytest.warns(ConvergenceWarning, match=f"Put a {scaler} before") as caught:
            neuron.fit(uneven, y)
        assert [warning.filename for warning in caught] == [__file__]
    search = SigmoidNeuronClassifierCV(max_iter=5)
    with pytest.warns(ConvergenceWarning, match=f"Put a {scaler} before") as caught:
        search.fit(uneven, y)
    assert [warning.filename for warning in caught] == [__file__]


def test_uneven_features_do_not_matter_to_a_fit_that_is_finished():
    uneven = X * [1, 1e-4, 1, 0]
    SigmoidNeuronClassifier(max_iter=200).fit(uneven, Y["binary"])  # a warning is an error
    SigmoidNeuronClassifier(tol=0.1, n_iter_no_change=1).fit(uneven, Y["binary"])


def test_features_so_uneven_that_nothing_is_learned_are_named_as_the_cause():
    """There the loss does not even fall; rounding errors are not taken for features."""
    identifier = 1e6 + 1e4 * np.arange(300.0)[:, np.newaxis]
    uneven, y = np.hstack([X, identifier]), (X[:, 0] > 0).astype(int)
    for estimator in (SigmoidNeuronClassifier(), SigmoidNeuronClassifierCV(max_iter=20)):
        with pytest.warns(
            ConvergenceWarning, match="hardly better .* Put a StandardScaler"
        ):
            estimator.fit(uneven, y)
    noise = 1e-15 * rng.standard_normal((300, 1))
    SigmoidNeuronClassifier(max_iter=5).fit(np.hstack([X, noise]), y)  # no warning


def test_an_early_stop_is_not_told_to_raise_max_iter():
    uneven, y = np.abs(X) * [1, 1e-4, 1, 0], (np.abs(X[:, 0]) > 0.7).astype(int)
    neuron = SigmoidNeuronClassifier(early_stopping=True, n_iter_no_change=1)
    with pytest.warns(
        ConvergenceWarning, match=r"Put a StandardScaler before the neuron\."
    ):
        neuron.set_params(max_iter=5000).fit(uneven, y, X_val=-uneven[:9], y_val=y[:9])
    assert neuron.n_iter_ < 100


def test_a_fixed_step_that_raises_the_loss_is_kept():
    neuron = SigmoidNeuronClassifier(max_iter=30, learning_rate=5.0).fit(X, Y["binary"])
    assert (np.diff(neuron.loss_curve_) > 0).any()
    assert (neuron.learning_rate_curve_ == 5.0).all()


def test_several_classes_are_judged_by_their_answers():
    """After few steps the outputs are all near 1/2, but not once they sum to 1."""
    digits, y = load_digits(return_X_y=True)
    neuron = SigmoidNeuronClassifier(max_iter=1)
    neuron.fit(StandardScaler().fit_transform(digits), y)  # a warning is an error
    assert neuron.score(StandardScaler().fit_transform(digits), y) > 0.8


@pytest.mark.parametrize(
    "params",
    [
        {"learning_rate": 1e-9},
        {"init": np.full(4, 2.0), "max_iter": 1},
        {"alpha": 1e6},
        {"fit_intercept": False, "max_iter": 1},
    ],
    ids=str,
)
def test_worse_than_a_constant_is_reported(params):
    y = (X[:, 0] > 1).astype(int)
    neuron = SigmoidNeuronClassifier(**params)
    with pytest.warns(ConvergenceWarning, match="worse than a constant") as caught:
        neuron.fit(X, y)
    assert caught[0].filename == __file__
    search = SigmoidNeuronClassifierCV(iters=[1], learning_rate=1e-9)
    with pytest.warns(ConvergenceWarning, match="worse than a constant") as caught:
        search.fit(X, y)
    assert caught[0].filename == __file__


# Early stopping


@KINDS
@FORMATS
@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("n_iter_no_change", [1, 7])
def test_early_stopping_keeps_the_best_step(
    kind, as_format, class_weight, n_iter_no_change
):
    """Its weights are those of a fit of so many steps on the same rows.

    To the bit where the others are there without weight: sums then have the same order. But
    balanced weights are themselves sums over rows.
    """
    params = {"class_weight": class_weight, "alpha": 0.1}
    stopped = SigmoidNeuronClassifier(
        max_iter=2000,
        early_stopping=True,
        n_iter_no_change=n_iter_no_change,
        random_state=3,
        **params,
    ).fit(as_format(X), Y[kind], WEIGHT)
    labels = Y[kind]
    held_out = held_out_of(as_format(X), labels, WEIGHT, 0.1, 3)
    same = SigmoidNeuronClassifier(max_iter=stopped.best_n_iter_, **params)
    same.fit(as_format(X), labels, np.where(held_out, 0, WEIGHT))
    if class_weight is None:
        assert_same_weights(stopped, same)
    np.testing.assert_allclose(stopped.coef_, same.coef_, rtol=1e-9, atol=1e-12)
    same.fit(as_format(X[~held_out]), labels[~held_out], WEIGHT[~held_out])
    np.testing.assert_allclose(stopped.coef_, same.coef_, rtol=1e-9, atol=1e-12)
    curve = stopped.validation_loss_curve_
    assert len(curve) == stopped.n_iter_ + 1
    assert len(stopped.loss_curve_) == stopped.n_iter_
    assert stopped.best_n_iter_ == np.argmin(curve)
    assert stopped.best_validation_score_ == -curve.min()
    assert stopped.n_iter_ == stopped.best_n_iter_ + n_iter_no_change < 2000
    assert wait(curve, 0.0, n_iter_no_change) == len(curve)


@KINDS
@FORMATS
def test_own_validation_rows(kind, as_format):
    val = given_validation(kind, as_format)
    neuron = SigmoidNeuronClassifier(max_iter=500, early_stopping=True, alpha=0.1)
    neuron.fit(as_format(X), Y[kind], **val)
    best = neuron.best_n_iter_
    same = SigmoidNeuronClassifier(max_iter=best, alpha=0.1).fit(as_format(X), Y[kind])
    assert_same_weights(neuron, same)
    loss = validation_loss(neuron, kind)
    assert neuron.validation_loss_curve_[best] == pytest.approx(loss, rel=1e-12)
    assert -neuron.best_validation_score_ == neuron.validation_loss_curve_[best]


@KINDS
def test_validation_rows_are_looked_at_without_early_stopping(kind):
    neuron = SigmoidNeuronClassifier(max_iter=60, alpha=0.1)
    whole = clone(neuron).fit(X, Y[kind])
    neuron.fit(X, Y[kind], **given_validation(kind))
    assert_same_weights(neuron, whole)
    curve = neuron.validation_loss_curve_
    assert len(curve) == 61
    assert curve[60] == pytest.approx(validation_loss(whole, kind), rel=1e-12)
    assert neuron.best_n_iter_ == np.argmin(curve)
    neuron.fit(X, Y[kind])
    assert not hasattr(neuron, "validation_loss_curve_")
    assert not hasattr(neuron, "best_n_iter_")


def test_validation_weights():
    twice = np.r_[0:90, 0:90, 5:20]
    weight = np.bincount(twice, minlength=90)
    val = given_validation("multiclass", sample_weight_val=weight)
    repeated = {"X_val": X_VAL[twice], "y_val": Y_VAL["multiclass"][twice]}
    neuron = SigmoidNeuronClassifier(max_iter=30)
    one = clone(neuron).fit(X, Y["multiclass"], **val).validation_loss_curve_
    other = clone(neuron).fit(X, Y["multiclass"], **repeated).validation_loss_curve_
    np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 0.2}])
def test_class_weights_of_the_training_rows_count_in_the_validation(class_weight):
    y, y_val = Y["multiclass"], np.where(Y_VAL["multiclass"] == 1, 1, 2)
    neuron = SigmoidNeuronClassifier(max_iter=10, class_weight=class_weight)
    factors = {0: 0.2, 1: 1.0, 2: 1.0}
    if class_weight == "balanced":
        factors = dict(enumerate(len(y) / (3 * np.bincount(y))))
    weight = np.vectorize(factors.get)(y_val)
    neuron.fit(X, y, X_val=X_VAL, y_val=y_val)
    weighted = SigmoidNeuronClassifier(max_iter=10)
    weighted.fit(
        X,
        y,
        np.vectorize(factors.get)(y),
        X_val=X_VAL,
        y_val=y_val,
        sample_weight_val=weight,
    )
    np.testing.assert_allclose(
        neuron.validation_loss_curve_, weighted.validation_loss_curve_, rtol=1e-12
    )


@pytest.mark.parametrize("params", [{"tol": 1e-9}, {"early_stopping": True}])
def test_a_watched_descent_that_overflows(params):
    neuron = SigmoidNeuronClassifier(learning_rate=1e300, random_state=0, **params)
    with pytest.raises(ValueError, match="descent overflowed"):
        neuron.fit(X * 1e10, Y["binary"])
    assert not hasattr(neuron, "coef_")


@pytest.mark.filterwarnings("ignore:Early stopping kept the start")
def test_early_stopping_ends_before_a_descent_that_overflows():
    """What is after the step that it stops at does not matter."""
    neuron = SigmoidNeuronClassifier(
        max_iter=100_000, learning_rate=1e200, early_stopping=True, random_state=0
    )
    neuron.fit(X * 1e-200, Y["binary"])
    assert np.isfinite(neuron.coef_).all()


def test_wide_data_stop_early():
    """There the descent runs in other coordinates."""
    wide, y = rng.standard_normal((30, 2000)), np.arange(30) % 2
    wide[:, :50] += y[:, np.newaxis]
    neuron = SigmoidNeuronClassifier(max_iter=60, n_iter_no_change=60)
    neuron.set_params(early_stopping=True, random_state=0).fit(wide, y)
    held_out = held_out_of(wide, y, fraction=0.1)
    same = SigmoidNeuronClassifier(max_iter=neuron.best_n_iter_)
    same.fit(wide[~held_out], y[~held_out])
    np.testing.assert_allclose(neuron.coef_, same.coef_, rtol=1e-9, atol=1e-12)


# Rows that are held out


def held_out_of(X, y, weight=None, fraction=0.2, seed=0):
    _, labels = encode_labels(y)
    weight = np.ones(len(y)) if weight is None else weight
    return hold_out(Samples(X, y, labels, weight), fraction, seed)


def test_a_fraction_of_each_class_is_held_out():
    y = np.repeat([0, 1, 2], [200, 90, 10])
    held_out = held_out_of(X, y)
    np.testing.assert_array_equal(np.bincount(y[held_out]), [40, 18, 2])
    odd = held_out_of(X[:26], np.repeat([0, 1], 13))
    np.testing.assert_array_equal(np.bincount(np.repeat([0, 1], 13)[odd]), [3, 3])
    other = held_out_of(X, y, seed=1)
    assert (other != held_out).any()
    shares = [held_out_of(X, y, seed=seed) for seed in range(300)]
    assert 0.1 < np.min(np.mean(shares, axis=0)) < np.max(np.mean(shares, axis=0)) < 0.35


@given(problem=problems(weights=st.integers(0, 3)), data=st.data())
def test_what_is_held_out_depends_on_what_is_in_the_rows(problem, data):
    """Not on their order, nor on how often they are there or how they are stored."""
    rows, labels, weight = problem.X, problem.y, problem.sample_weight
    fraction, seed = data.draw(st.floats(0.05, 0.95)), data.draw(st.integers(0, 99))
    classes = [(labels == c) & (weight > 0) for c in np.unique(labels)]
    n_distinct = [len(np.unique(rows[mine] + 0.0, axis=0)) for mine in classes]
    if max(n_distinct) < 2:
        with pytest.raises(ValueError, match="too few rows"):
            held_out_of(rows, labels, weight, fraction, seed)
        return
    held_out = held_out_of(rows, labels, weight, fraction, seed)
    order = data.draw(st.permutations(range(len(labels))))
    shuffled = held_out_of(rows[order], labels[order], weight[order], fraction, seed)
    np.testing.assert_array_equal(shuffled, held_out[order])
    sparse = held_out_of(csr_array(rows), labels, weight, fraction, seed)
    np.testing.assert_array_equal(sparse, held_out)
    times = weight.astype(int)
    repeated = np.repeat(rows, times, axis=0), np.repeat(labels, times)
    if len(np.unique(repeated[1])) > 1:
        again = held_out_of(*repeated, None, fraction, seed)
        np.testing.assert_array_equal(again, np.repeat(held_out, times))
    for mine, distinct in zip(classes, n_distinct, strict=True):
        assert held_out[mine].any() == (distinct > 1)
        assert not held_out[mine].all() or not mine.any()


def test_too_few_rows_to_hold_some_out():
    neuron = SigmoidNeuronClassifier(early_stopping=True)
    with pytest.raises(ValueError, match="too few rows to hold some out"):
        neuron.fit([[0.0], [1.0], [1.0]], [0, 1, 1])
    neuron.fit([[0.0], [1.0]], [0, 1], X_val=[[0.0]], y_val=[0])


def test_the_same_rows_are_held_out_again():
    generator = np.random.RandomState(0)
    neuron = SigmoidNeuronClassifier(early_stopping=True, random_state=generator)
    one, other = clone(neuron), clone(neuron)
    one.fit(X, Y["binary"])
    other.fit(X, Y["binary"])
    assert_same_weights(one, other)
    first = neuron.fit(X, Y["binary"]).validation_loss_curve_
    assert neuron.fit(X, Y["binary"]).validation_loss_curve_[1] != first[1]


def test_equal_rows_of_csr_are_held_out_together():
    """However they are stored: here some elements come in two parts."""
    row = csr_array(([1.0, 1.0, 3.0], [0, 0, 1], [0, 3]), shape=(1, 2))
    rows = X[:50, :2].copy()
    rows[7] = [2.0, 3.0]
    stored = csr_array(np.vstack([rows, rows[7:8]]))
    parts = csr_array(
        (
            np.concatenate([stored.data[:-2], row.data]),
            np.concatenate([stored.indices[:-2], row.indices]),
            np.append(stored.indptr[:-1], stored.indptr[-1] + 1),
        ),
        shape=(51, 2),
    )
    np.testing.assert_array_equal(parts.toarray(), stored.toarray())
    y = np.append(Y["binary"][:50], Y["binary"][7])
    for seed in range(9):
        held_out = held_out_of(parts, y, seed=seed)
        np.testing.assert_array_equal(held_out, held_out_of(stored, y, seed=seed))
        assert held_out[7] == held_out[50]


# Bad validation rows


@pytest.mark.parametrize(
    ("val", "message"),
    [
        ({"X_val": X_VAL}, "X_val was passed without y_val"),
        ({"y_val": Y_VAL["binary"]}, "y_val was passed without X_val"),
        ({"sample_weight_val": WEIGHT_VAL}, "sample_weight_val was passed without X_val"),
        (given_validation("strings"), r"y_val contains labels .*: \['no', 'yes'\]"),
        (given_validation("multilabel"), r"y_val has the shape \(90, 3\)"),
        ({"X_val": X_VAL, "y_val": [2] * 90}, r"y_val contains labels .*: \[2\]"),
        ({"X_val": X_VAL[:, :3], "y_val": Y_VAL["binary"]}, "X_val .* 3 features"),
        ({"X_val": X_VAL * np.nan, "y_val": Y_VAL["binary"]}, "X_val .* NaN"),
        (
            {"X_val": X_VAL[:5], "y_val": Y_VAL["binary"]},
            "X_val has 5 rows, .* has 90",
        ),
        ({"X_val": X_VAL, "y_val": [np.nan] * 90}, "y_val contains missing values"),
        ({"X_val": X_VAL, "y_val": [0.5] * 90}, "continuous y_val is not|Unknown label"),
        (
            given_validation("binary", sample_weight_val=-WEIGHT_VAL),
            "Negative values in data passed to `sample_weight_val`",
        ),
        (
            given_validation("binary", sample_weight_val=WEIGHT_VAL * 0),
            "at least one non-zero",
        ),
        (
            given_validation("binary", sample_weight_val=WEIGHT_VAL[:4]),
            "sample_weight_val.shape",
        ),
    ],
)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_bad_validation_rows(val, message, early_stopping):
    neuron = SigmoidNeuronClassifier(early_stopping=early_stopping)
    with pytest.raises(ValueError, match=message):
        neuron.fit(X, Y["binary"], **val)
    assert not hasattr(neuron, "coef_")
    assert not hasattr(neuron, "n_features_in_")


def test_validation_rows_without_class_weight():
    neuron = SigmoidNeuronClassifier(class_weight={0: 0.0, 1: 1.0})
    with pytest.raises(ValueError, match=r"validation rows cannot be used: .* is zero in"):
        neuron.fit(X, Y["binary"], X_val=X_VAL[:3], y_val=[0, 0, 0])


def test_validation_rows_with_other_feature_names():
    names = pd.DataFrame(X, columns=list("abcd"))
    other = pd.DataFrame(X_VAL, columns=list("abce"))
    with pytest.raises(ValueError, match=r"X_val .*feature names"):
        SigmoidNeuronClassifier().fit(
            names, Y["binary"], X_val=other, y_val=Y_VAL["binary"]
        )


def test_validation_rows_that_overflow_the_precision_of_the_others():
    with pytest.raises(ValueError, match="X_val overflows float32"):
        SigmoidNeuronClassifier().fit(
            X.astype(np.float32), Y["binary"], X_val=[[1e300, 0, 0, 0]], y_val=[0]
        )


def test_validation_rows_that_overflow():
    huge = [[1.5e308, -1.5e308, 1e300, 1e300]]
    with (
        pytest.warns(UserWarning, match="X_val is unlike X"),
        pytest.raises(ValueError, match="X_val are so large"),
    ):
        SigmoidNeuronClassifier(learning_rate=10.0).fit(
            X, Y["binary"], X_val=huge, y_val=[0]
        )


@FORMATS
@pytest.mark.parametrize(
    ("factor", "offset", "far"),
    [
        (1, 0, False),
        (1, 6, True),
        (1, -6, True),
        (1e-3, 0, False),
        (1000, 9000, True),
        (1, -2, False),
    ],
)
def test_validation_rows_that_were_not_transformed(as_format, factor, offset, far):
    val = given_validation("binary") | {"X_val": as_format(X_VAL * factor + offset)}
    warns = pytest.warns(UserWarning, match=r'transform_input=\["X_val"\]')
    with warns if far else nullcontext([]) as caught:
        SigmoidNeuronClassifier(max_iter=1).fit(as_format(X), Y["binary"], **val)
    assert {warning.filename for warning in caught} == ({__file__} if far else set())


def test_validation_rows_that_may_well_be_transformed():
    """Within the range of the training rows, or in a column that says nothing."""
    rows, val = X.copy(), X_VAL.copy()
    rows[0, 0], val[:, 0] = 1000, 500
    rows[:, 1], val[:, 1] = 1, 7
    SigmoidNeuronClassifier(max_iter=1).fit(
        rows, Y["binary"], X_val=val, y_val=Y_VAL["binary"]
    )


def test_validation_rows_of_another_precision():
    neuron = SigmoidNeuronClassifier(max_iter=9)
    neuron.fit(X.astype(np.float32), Y["binary"], **given_validation("binary"))
    curve = neuron.validation_loss_curve_
    val = given_validation("binary") | {"X_val": X_VAL.astype(np.float32)}
    neuron.fit(X.astype(np.float32), Y["binary"], **val)
    np.testing.assert_array_equal(neuron.validation_loss_curve_, curve)


def test_pipeline_grid_search_and_validation_rows():
    """Routed, transformed, and end to end."""
    cancer, y = load_breast_cancer(return_X_y=True)
    train, val, y_train, y_val = train_test_split(cancer, y, random_state=0)
    with config_context(enable_metadata_routing=True):
        neuron = SigmoidNeuronClassifier(early_stopping=True)
        neuron.set_fit_request(X_val=True, y_val=True)
        steps = [("scale", StandardScaler()), ("neuron", neuron)]
        pipeline = Pipeline(steps, transform_input=["X_val"])
        search = GridSearchCV(pipeline, {"neuron__n_iter_no_change": [1, 20]})
        search.fit(train, y_train, X_val=val, y_val=y_val)
        raw = Pipeline(steps)
        with (
            pytest.warns(UserWarning, match="Was X transformed, and X_val not"),
            pytest.warns(ConvergenceWarning, match="worse than a constant"),
        ):
            raw.fit(train, y_train, X_val=val, y_val=y_val)
    scaler = StandardScaler().fit(train)
    best = search.best_params_["neuron__n_iter_no_change"]
    by_hand = SigmoidNeuronClassifier(early_stopping=True, n_iter_no_change=best)
    by_hand.fit(scaler.transform(train), y_train, X_val=scaler.transform(val), y_val=y_val)
    assert_same_weights(search.best_estimator_[-1], by_hand)
    assert search.score(val, y_val) > 0.95


# Going on


@pytest.mark.filterwarnings("ignore:The start left")
@pytest.mark.filterwarnings("ignore:The fit is worse")
@pytest.mark.filterwarnings("ignore:The loss still fell")
@pytest.mark.filterwarnings("ignore:The fit is hardly better")
@given(problem=problems(weights=st.integers(0, 5)), data=st.data())
def test_a_fit_in_parts_is_a_fit_in_whole(problem, data):
    """Bit for bit, with every start, however many steps in each part."""
    params = {
        "init": data.draw(st.sampled_from(["zeros", "uniform"])),
        "alpha": data.draw(st.sampled_from([0.0, 0.5])),
        "fit_intercept": data.draw(st.booleans()),
        "class_weight": data.draw(st.sampled_from([None, "balanced"])),
        "random_state": 0,
        "warm_start": True,
    }
    parts = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    as_format = data.draw(st.sampled_from([np.asarray, csr_array]))
    rows = as_format(problem.X)
    neuron = SigmoidNeuronClassifier(**params)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_fit_loop, "check_overflow", lambda *results, dtype: None)
        for n_steps in parts:
            neuron.set_params(max_iter=n_steps).fit(rows, problem.y, problem.sample_weight)
        whole = SigmoidNeuronClassifier(**params).set_params(max_iter=sum(parts))
        whole.fit(rows, problem.y, problem.sample_weight)
    assert_same_weights(neuron, whole)
    assert neuron.n_iter_ == sum(parts)
    np.testing.assert_array_equal(neuron.loss_curve_, whole.loss_curve_)
    np.testing.assert_array_equal(neuron.learning_rate_curve_, whole.learning_rate_curve_)


def test_only_a_warm_start_keeps_the_step_size():
    """Later fits begin with the smallest step where it was not kept."""
    neuron = SigmoidNeuronClassifier(max_iter=20).fit(X, Y["binary"])
    assert neuron._warm_start is None
    neuron.set_params(warm_start=True).fit(X, Y["binary"])
    assert neuron.learning_rate_curve_[20] == neuron.learning_rate_curve_[0]
    neuron.fit(X, Y["binary"])
    assert neuron.learning_rate_curve_[40] > neuron.learning_rate_curve_[0]


@KINDS
@FORMATS
def test_early_stopping_goes_on_from_the_best_step(kind, as_format):
    """As a fit in whole does, with weights, and with rows that are the same every time."""
    params = {"early_stopping": True, "n_iter_no_change": 4, "warm_start": True}
    neuron = SigmoidNeuronClassifier(max_iter=6, random_state=1, alpha=0.1, **params)
    whole = clone(neuron).set_params(max_iter=3000)
    whole.fit(as_format(X), Y[kind], WEIGHT)
    for _ in range(whole.n_iter_ // 6 + 4):  # to where it stops, and some that stay there
        neuron.fit(as_format(X), Y[kind], WEIGHT)
    assert_same_weights(neuron, whole)
    assert neuron.n_iter_ == whole.n_iter_
    assert neuron.best_n_iter_ == whole.best_n_iter_
    np.testing.assert_array_equal(neuron.loss_curve_, whole.loss_curve_)
    curves = neuron.validation_loss_curve_, whole.validation_loss_curve_
    np.testing.assert_allclose(*curves, rtol=1e-12)


def test_going_on_holds_out_the_same_rows():
    """Whatever the generator: or rows to validate on would have been trained on."""
    neuron = SigmoidNeuronClassifier(max_iter=4, early_stopping=True, warm_start=True)
    neuron.fit(X, Y["binary"])
    seed = neuron._seed
    neuron.fit(X, Y["binary"], **given_validation("binary"))
    assert neuron._seed == seed
    neuron.fit(X, Y["binary"])
    for _ in range(3):
        last = neuron.validation_loss_curve_[neuron.best_n_iter_]
        place = neuron.best_n_iter_
        neuron.fit(X, Y["binary"])
        assert neuron.validation_loss_curve_[place] == pytest.approx(last, rel=1e-12)


def test_batches_after_an_early_stop_go_on_from_the_best_step():
    neuron = SigmoidNeuronClassifier(early_stopping=True, random_state=0, alpha=0.1)
    best = neuron.fit(X, Y["binary"]).best_n_iter_
    losses = neuron.loss_curve_[:best]
    neuron.set_params(early_stopping=False).partial_fit(X, Y["binary"])
    assert neuron.n_iter_ == len(neuron.loss_curve_) == best + 1
    np.testing.assert_array_equal(neuron.loss_curve_[:best], losses)


def test_early_stopping_that_keeps_the_start_is_warned_of():
    """Where the validation rows say the opposite of the training rows."""
    y = (X[:, 0] > np.median(X[:, 0])).astype(int)
    neuron = SigmoidNeuronClassifier(early_stopping=True)
    with pytest.warns(ConvergenceWarning, match="Early stopping kept the start"):
        neuron.fit(X, y, X_val=X, y_val=1 - y)
    assert not neuron.coef_.any()
    assert neuron.best_n_iter_ == 0


def test_an_interrupt_before_the_first_step(monkeypatch):
    def interrupt(training, n_steps):
        raise KeyboardInterrupt

    monkeypatch.setattr(_fit_loop.FitLoop, "_run", interrupt)
    neuron = SigmoidNeuronClassifier()
    with pytest.raises(KeyboardInterrupt):
        neuron.fit(X, Y["binary"])
    assert not hasattr(neuron, "coef_")


def test_an_interrupt_leaves_a_whole_number_of_steps(monkeypatch):
    """Also where it comes between two lines that note the same steps."""
    steps = iter([None] * 4)

    def interrupt(loop, *reached, reach=_fit_loop.FitLoop._reach):
        if next(steps, "over") == "over":
            raise KeyboardInterrupt
        reach(loop, *reached)

    monkeypatch.setattr("sk_neuron._kernels._compiled.MAX_WORK_PER_CALL", 1)
    monkeypatch.setattr("sk_neuron._kernels._numpy.MAX_WORK_PER_CALL", 1)
    monkeypatch.setattr(_fit_loop.FitLoop, "_reach", interrupt)
    neuron = SigmoidNeuronClassifier(max_iter=9, warm_start=True)
    with pytest.raises(KeyboardInterrupt, match="at iteration 3 of 9"):
        neuron.fit(X, Y["binary"], **given_validation("binary"))
    assert neuron.n_iter_ == len(neuron.loss_curve_) == 3
    assert len(neuron.validation_loss_curve_) == 4
    monkeypatch.undo()
    neuron.fit(X, Y["binary"], **given_validation("binary"))
    whole = SigmoidNeuronClassifier(max_iter=12).fit(X, Y["binary"])
    assert_same_weights(neuron, whole)
    np.testing.assert_array_equal(neuron.loss_curve_, whole.loss_curve_)


def test_an_interrupt_ends_a_search_around_the_fit(monkeypatch):
    """Else the search would go on with the score of a fit that was cut short."""
    n_fits = []

    def interrupt(loop, n_steps, run=_fit_loop.FitLoop._run):
        run(loop, n_steps)
        n_fits.append(loop)
        if len(n_fits) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(_fit_loop.FitLoop, "_run", interrupt)
    pipeline = make_pipeline(StandardScaler(), SigmoidNeuronClassifier(max_iter=3))
    with pytest.raises(KeyboardInterrupt):
        GridSearchCV(
            pipeline, {"sigmoidneuronclassifier__alpha": [0, 1]}, error_score=np.nan
        ).fit(X, Y["binary"])
    assert len(n_fits) == 3


class ScaledNeuron(SigmoidNeuronClassifier):
    def fit(self, X, y):
        self.scale_ = np.abs(X).max()
        return super().fit(X / self.scale_, y)


def test_what_others_have_set_stays():
    neuron = ScaledNeuron(max_iter=3, checkpoints=[1]).fit(X, Y["binary"])
    assert neuron.scale_ == np.abs(X).max()
    assert neuron.checkpoint_iters_.tolist() == [1]
    neuron.set_params(checkpoints=None).fit(X, Y["binary"])
    assert not hasattr(neuron, "checkpoint_iters_")  # what the fit before has learned
    neuron.note_ = "mine"
    neuron.partial_fit(X, Y["binary"]).partial_fit(X, Y["binary"])
    assert (neuron.note_, neuron.scale_) == ("mine", np.abs(X).max())


@pytest.mark.parametrize("search", [False, True])
def test_all_that_a_fit_learns_is_replaced_by_the_next(search):
    names = pd.DataFrame(X, columns=list("abcdefgh"[: X.shape[1]]))
    if search:
        estimator = SigmoidNeuronClassifierCV(iters=[9], label_noises=[0.0, 0.1])
    else:
        estimator = SigmoidNeuronClassifier(
            max_iter=9, early_stopping=True, checkpoints=[2], warm_start=True
        )
    before = set(vars(estimator))
    learned = set(vars(estimator.fit(names, Y["binary"]))) - before
    assert learned <= _base.LEARNED


def test_a_curve_without_validation_rows_before():
    neuron = SigmoidNeuronClassifier(max_iter=3, warm_start=True).fit(X, Y["binary"])
    neuron.fit(X, Y["binary"], **given_validation("binary"))
    curve = neuron.validation_loss_curve_
    np.testing.assert_array_equal(np.isnan(curve), [True] * 3 + [False] * 4)
    assert neuron.best_n_iter_ == np.nanargmin(curve)


def test_without_warm_start_a_fit_begins_anew():
    neuron = SigmoidNeuronClassifier(max_iter=3).fit(X, Y["binary"])
    again = clone(neuron).fit(X, Y["binary"]).fit(X, Y["binary"])
    assert_same_weights(neuron, again)
    assert again.n_iter_ == 3


def test_wide_data_go_on_bit_for_bit():
    wide, y = rng.standard_normal((10, 300)), np.arange(10) % 2
    neuron = SigmoidNeuronClassifier(max_iter=200, warm_start=True)
    whole = clone(neuron).set_params(max_iter=400).fit(wide, y)
    assert_same_weights(neuron.fit(wide, y).fit(wide, y), whole)


def test_going_on_in_another_precision():
    neuron = SigmoidNeuronClassifier(max_iter=5, warm_start=True).fit(X, Y["binary"])
    neuron.fit(X.astype(np.float32), Y["binary"])
    assert neuron.coef_.dtype == np.float32
    assert neuron.n_iter_ == 10


def test_checkpoints_count_from_where_the_call_begins():
    neuron = SigmoidNeuronClassifier(max_iter=5, warm_start=True, checkpoints=[0, 2, 5])
    first = neuron.fit(X, Y["binary"]).coef_
    neuron.fit(X, Y["binary"])
    np.testing.assert_array_equal(neuron.checkpoint_iters_, [0, 2, 5])
    np.testing.assert_array_equal(neuron.checkpoint_coefs_[0], first)
    np.testing.assert_array_equal(neuron.checkpoint_coefs_[2], neuron.coef_)


def test_checkpoints_that_were_not_reached():
    neuron = SigmoidNeuronClassifier(max_iter=5000, tol=1e-4, checkpoints=[1, 5, 4999])
    neuron.fit(X, Y["binary"])
    np.testing.assert_array_equal(neuron.checkpoint_iters_, [1, 5])
    whole = SigmoidNeuronClassifier(max_iter=5).fit(X, Y["binary"])
    np.testing.assert_array_equal(neuron.checkpoint_coefs_[1], whole.coef_)
    neuron.set_params(checkpoints=[4999]).fit(X, Y["binary"])
    for go_on in (lambda: None, lambda: neuron.partial_fit(X, Y["binary"])):
        go_on()
        assert not hasattr(neuron, "checkpoint_iters_")
        with pytest.raises(AttributeError) as error:
            neuron.staged_predict(X)
        told = str(error.value.__cause__)
        assert "before its first checkpoint, or partial_fit went on" in told


@pytest.mark.parametrize(
    ("rows", "labels", "message"),
    [
        (
            X,
            Y["strings"],
            r"goes on with the classes .* \[0, 1\], but y has \['no', 'yes'\]",
        ),
        (X, Y["multiclass"], r"but y has \[0, 1, 2\]"),
        (X, np.stack([Y["binary"]] * 2, axis=1), "goes on with the classes"),
        (X[:, :2], Y["binary"], "2 features"),
    ],
)
def test_going_on_with_something_else(rows, labels, message):
    neuron = SigmoidNeuronClassifier(max_iter=2, warm_start=True).fit(X, Y["binary"])
    before = vars(neuron).copy()
    with pytest.raises(ValueError, match=message):
        neuron.fit(rows, labels)
    assert vars(neuron) == before


def test_going_on_without_the_intercept():
    neuron = SigmoidNeuronClassifier(max_iter=2, warm_start=True).fit(X, Y["binary"])
    with pytest.raises(ValueError, match="has learned an intercept"):
        neuron.set_params(fit_intercept=False).fit(X, Y["binary"])


def test_the_best_step_of_fits_in_parts():
    val = given_validation("binary")
    neuron = SigmoidNeuronClassifier(max_iter=300, warm_start=True, alpha=0.1)
    neuron.fit(X, Y["binary"], **val).fit(X, Y["binary"], **val)
    assert neuron.best_n_iter_ == np.argmin(neuron.validation_loss_curve_) < 300
    assert neuron.best_validation_score_ == -neuron.validation_loss_curve_.min()


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_small_integers_do_not_overflow(dtype):
    params = {"max_iter": dtype(120), "checkpoints": [1, 100], "warm_start": True}
    params |= {"learning_rate": 1e-3}
    neuron = SigmoidNeuronClassifier(**params, tol=1e-12, n_iter_no_change=dtype(120))
    for n_iter in (120, 240, 360):
        with pytest.warns(ConvergenceWarning, match="max_iter=120"):
            neuron.fit(X, Y["binary"])
        assert neuron.n_iter_ == n_iter
    search = SigmoidNeuronClassifierCV(max_iter=dtype(120)).fit(X, Y["binary"])
    assert search.iters_[-1] == 120


@pytest.mark.parametrize("step", ["check_weights", "describe_neuron"])
def test_an_interrupt_after_the_last_step_changes_nothing(step, monkeypatch):
    neuron = SigmoidNeuronClassifier(max_iter=7).fit(X, Y["binary"])
    before = vars(neuron).copy()
    neuron.set_params(max_iter=9)

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"sk_neuron._classifier.{step}", interrupt)
    with pytest.raises(KeyboardInterrupt):
        neuron.fit(X, Y["binary"])
    assert vars(neuron) == before | {"max_iter": 9}


@pytest.mark.parametrize("iters", [[10], [1, 2, 10]])
def test_a_path_is_whole_or_not_there(iters, monkeypatch):
    steps = iter([None] * 3)

    def interrupt(loop, n_steps, run=_fit_loop.FitLoop._run):
        if next(steps, "over") == "over":
            raise KeyboardInterrupt
        run(loop, n_steps)

    monkeypatch.setattr("sk_neuron._kernels._compiled.MAX_WORK_PER_CALL", 1)
    monkeypatch.setattr("sk_neuron._kernels._numpy.MAX_WORK_PER_CALL", 1)
    monkeypatch.setattr(_fit_loop.FitLoop, "_run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        iteration_path(X, Y["binary"], iters=iters)


# A start of one's own


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_start_from_weights(kind, dtype):
    rows = X.astype(dtype)
    params = {"random_state": 0, "learning_rate": 0.01}
    first = SigmoidNeuronClassifier(max_iter=4, init="uniform", **params)
    first.fit(rows, Y[kind])
    pair = first.coef_, first.intercept_
    second = SigmoidNeuronClassifier(max_iter=3, init=pair, **params).fit(rows, Y[kind])
    whole = SigmoidNeuronClassifier(max_iter=7, init="uniform", **params)
    assert_same_weights(second, whole.fit(rows, Y[kind]))
    assert second.n_iter_ == 3

    coef = rng.standard_normal(first.coef_.shape).round(2)
    started = SigmoidNeuronClassifier(checkpoints=[0], init=coef).fit(rows, Y[kind])
    np.testing.assert_array_equal(started.checkpoint_coefs_[0], coef.astype(dtype))
    assert not started.checkpoint_intercepts_.any()
    one = SigmoidNeuronClassifier(checkpoints=[0], init=coef[0].tolist())
    one.fit(rows, Y[kind])
    expected = np.broadcast_to(coef[0].astype(dtype), coef.shape)
    np.testing.assert_array_equal(one.checkpoint_coefs_[0], expected)


def test_a_start_survives_clone_and_validation():
    neuron = SigmoidNeuronClassifier(init=(np.ones((1, 4)), [0.5]))
    assert_same_weights(clone(neuron).fit(X, Y["binary"]), neuron.fit(X, Y["binary"]))
    assert "SigmoidNeuronClassifier" in repr(neuron)


@pytest.mark.parametrize(
    ("init", "message"),
    [
        (np.ones(3), r"shape \(4,\) or \(1, 4\)\. Got \(3,\)"),
        (np.ones((2, 4)), r"Got \(2, 4\)"),
        (np.ones((4, 1)), r"Got \(4, 1\)"),
        (3.0, "'init' parameter of SigmoidNeuronClassifier"),
        ("ones", "'init' parameter of SigmoidNeuronClassifier"),
        ([1, np.nan, 0, 0], "init contains NaN"),
        ((np.ones(4),), "must be a pair"),
        ((np.ones(4), 1.0, 2.0), "must be a pair"),
        ((np.ones(4), [1.0, 2.0]), r"shape \(1,\)\. Got \(2,\)"),
        ((np.ones(4), np.inf), "init contains infinity"),
    ],
)
def test_bad_starts(init, message):
    with pytest.raises(ValueError, match=message):
        SigmoidNeuronClassifier(init=init).fit(X, Y["binary"])


def test_an_intercept_that_is_not_trained():
    neuron = SigmoidNeuronClassifier(init=(np.ones(4), 0.5), fit_intercept=False)
    with pytest.raises(ValueError, match="has an intercept, but fit_intercept=False"):
        neuron.fit(X, Y["binary"])
    neuron.set_params(init=(np.ones(4), 0.0)).fit(X, Y["binary"])


def test_a_saturated_start_of_ones_own_is_reported():
    neuron = SigmoidNeuronClassifier(init=np.full(4, -1e6), max_iter=3)
    with pytest.warns(ConvergenceWarning, match="The start left 1 of 1 neurons saturated"):
        neuron.fit(np.abs(X), (X[:, 0] > -0.2).astype(int))


# Batches


@pytest.mark.parametrize("kind", Y)
@FORMATS
def test_steps_on_all_rows_are_a_fit(kind, as_format):
    params = {"alpha": 0.1, "learning_rate": 0.02}
    batches = SigmoidNeuronClassifier(**params)
    classes = None if kind == "multilabel" else np.unique(Y[kind])
    for step in range(1, 5):
        assert batches.partial_fit(as_format(X), Y[kind], classes, WEIGHT) is batches
        whole = SigmoidNeuronClassifier(max_iter=step, **params)
        assert_same_weights(batches, whole.fit(as_format(X), Y[kind], WEIGHT))
        np.testing.assert_array_equal(batches.loss_curve_, whole.loss_curve_)
        assert batches.n_iter_ == step
        np.testing.assert_array_equal(
            batches.learning_rate_curve_, whole.learning_rate_curve_
        )
    np.testing.assert_array_equal(
        batches.predict(as_format(X)), whole.predict(as_format(X))
    )


def test_batches_may_lack_classes():
    y = Y["strings"]
    neuron = SigmoidNeuronClassifier(class_weight={"yes": 2.0, "no": 1.0})
    neuron.partial_fit(X[y == "yes"], y[y == "yes"], classes=["yes", "no"])
    assert (neuron.predict_proba(X[y == "yes"])[:, 1] > 0.5).mean() > 0.5
    neuron.partial_fit(X[y == "no"], y[y == "no"])
    np.testing.assert_array_equal(neuron.classes_, ["no", "yes"])
    other = SigmoidNeuronClassifier()
    other.partial_fit(
        X[y == "yes"], y[y == "yes"], ["no", "yes"], np.full((y == "yes").sum(), 2)
    )
    other.partial_fit(X[y == "no"], y[y == "no"])
    assert_same_weights(neuron, other)


def test_batches_go_on_from_a_fit_and_a_fit_from_batches():
    params = {"warm_start": True, "learning_rate": 0.02}
    neuron = SigmoidNeuronClassifier(max_iter=3, checkpoints=[1], **params)
    neuron.fit(X, Y["binary"], **given_validation("binary"))
    neuron.partial_fit(X, Y["binary"])
    assert not hasattr(neuron, "validation_loss_curve_")
    assert not hasattr(neuron, "staged_predict")
    neuron.fit(X, Y["binary"])
    whole = SigmoidNeuronClassifier(max_iter=7, **params).fit(X, Y["binary"])
    assert_same_weights(neuron, whole)
    np.testing.assert_array_equal(neuron.loss_curve_, whole.loss_curve_)


@KINDS
@FORMATS
def test_the_step_of_a_batch_is_the_largest_that_is_safe(kind, as_format):
    """For multilabel labels with class weights, of each label by itself."""
    weights = [WEIGHT] * 3
    params = {"alpha": 0.1}
    if kind == "multilabel":
        params["class_weight"] = {0: 1.0, 1: 3.0}
        weights = [WEIGHT * (1 + 2 * label) for label in Y[kind].T]
    neuron = SigmoidNeuronClassifier(**params)
    classes = None if kind == "multilabel" else np.unique(Y[kind])
    neuron.partial_fit(as_format(X), Y[kind], classes, WEIGHT)
    steps = np.ravel(neuron.learning_rate_curve_[-1])
    assert len(steps) == (3 if kind == "multilabel" else 1)
    # the curvature of a softmax layer is four times that of a neuron
    factor = 4 if kind == "multiclass" else 1
    for step, weight in zip(steps, weights, strict=False):
        largest = oracle.smoothness(X, factor * weight, alpha=0.1)
        assert step == pytest.approx(1 / largest, rel=1e-9)


@pytest.mark.parametrize(
    ("params", "rows", "labels", "classes", "message"),
    [
        ({}, X, Y["binary"], None, "classes must be passed on the first call"),
        ({}, X, Y["binary"], [0], r"At least two classes are needed. Got \[0\]"),
        ({}, X, Y["binary"], [1, 2], r"not seen during fit: \[0\]"),
        ({}, X, Y["multilabel"], [0, 1], "The classes were|unlike that|classes"),
        ({"alpha": -1}, X, Y["binary"], [0, 1], "'alpha' parameter"),
        ({"learning_rate": 1e300}, X * 1e10, Y["binary"], [0, 1], "overflowed"),
    ],
)
def test_bad_first_batches(params, rows, labels, classes, message):
    neuron = SigmoidNeuronClassifier(**params)
    before = vars(neuron).copy()
    with pytest.raises(ValueError, match=message):
        neuron.partial_fit(rows, labels, classes)
    assert vars(neuron) == before


@pytest.mark.parametrize(
    ("rows", "labels", "classes", "message"),
    [
        (X, Y["multiclass"], None, r"not seen during fit: \[2\]"),
        (X, Y["binary"], [0, 1, 2], r"The classes were \[0, 1\], but now \[0, 1, 2\]"),
        (X[:, :3], Y["binary"], None, "3 features"),
        (X, Y["multilabel"], None, r"y has the shape \(300, 3\)"),
        (X, Y["multilabel"][:, :2], None, r"y has the shape \(300, 2\)"),
    ],
)
def test_bad_later_batches(rows, labels, classes, message):
    neuron = SigmoidNeuronClassifier().partial_fit(X, Y["binary"], [0, 1])
    before = vars(neuron).copy()
    with pytest.raises(ValueError, match=message):
        neuron.partial_fit(rows, labels, classes)
    assert vars(neuron) == before


def test_bad_batches_after_multilabel():
    neuron = SigmoidNeuronClassifier().partial_fit(X, Y["multilabel"])
    before = vars(neuron).copy()
    with pytest.raises(ValueError, match=r"y has the shape \(300,\)"):
        neuron.partial_fit(X, Y["multiclass"])
    with pytest.raises(ValueError, match=r"indices of its labels, \[0, 1, 2\]"):
        neuron.partial_fit(X, Y["multilabel"], classes=["a", "b", "c"])
    neuron.set_params(learning_rate=-5)
    with pytest.raises(ValueError, match="'learning_rate' parameter"):
        neuron.partial_fit(X, Y["multilabel"])
    neuron.set_params(learning_rate="auto")
    assert vars(neuron) == before
    neuron.partial_fit(X, Y["multilabel"], classes=[0, 1, 2])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"early_stopping": True}, "does not support early_stopping=True"),
        ({"class_weight": "balanced"}, "needs all rows"),
    ],
)
def test_what_batches_cannot_do(params, message):
    neuron = SigmoidNeuronClassifier(**params)
    assert not hasattr(neuron, "partial_fit")
    with pytest.raises(AttributeError) as error:
        neuron.partial_fit(X, Y["binary"], [0, 1])
    assert message in str(error.value.__cause__)
    assert not hasattr(SigmoidNeuronClassifierCV(), "partial_fit")


# What a fit prints, and how much each row pulls


def test_verbose(monkeypatch):
    """A line at most every second: here, each step takes one."""
    clock = iter(range(1000))
    monkeypatch.setattr("sk_neuron._solver._callbacks.time.monotonic", lambda: next(clock))
    monkeypatch.setattr("sk_neuron._kernels._compiled.MAX_WORK_PER_CALL", 1)
    monkeypatch.setattr("sk_neuron._kernels._numpy.MAX_WORK_PER_CALL", 1)
    neuron = SigmoidNeuronClassifier(max_iter=3, verbose=1)
    with redirect_stdout(io.StringIO()) as printed:
        neuron.fit(X, Y["binary"], **given_validation("binary"))
    lines = printed.getvalue().splitlines()
    longer = SigmoidNeuronClassifier(max_iter=4).fit(X, Y["binary"])
    losses, validation_losses = longer.loss_curve_, neuron.validation_loss_curve_
    assert len(lines) == 4
    for step, line in zip([1, 2, 3, 3], lines, strict=True):
        assert re.fullmatch(r"\[SigmoidNeuronClassifier\] step \d/3, loss .* steps/s", line)
        assert f"step {step}/3" in line
        assert f"loss {losses[step]:.6g}" in line
        assert f"validation loss {validation_losses[step]:.6g}" in line


def test_verbose_prints_a_line_in_a_fit_of_less_than_a_second():
    with redirect_stdout(io.StringIO()) as printed:
        SigmoidNeuronClassifier(max_iter=10, verbose=1).fit(X, Y["binary"])
    assert len(printed.getvalue().splitlines()) == 1
    with redirect_stdout(io.StringIO()) as printed:
        SigmoidNeuronClassifier(max_iter=10).fit(X, Y["binary"])
    assert printed.getvalue() == ""


def test_verbose_prints_the_validation_loss_of_rows_held_out():
    neuron = SigmoidNeuronClassifier(verbose=1, early_stopping=True, random_state=0)
    with redirect_stdout(io.StringIO()) as printed:
        neuron.fit(X, Y["multiclass"])
    line = printed.getvalue().splitlines()[-1]
    assert f"validation loss {neuron.validation_loss_curve_[-1]:.6g}" in line


@KINDS
def test_influence_is_the_share_in_the_gradient(kind):
    """Per unit of the raw prediction: its length is what a step takes for such a row."""
    neuron = SigmoidNeuronClassifier(max_iter=20).fit(X, Y[kind])
    pull = neuron.influence(X, Y[kind], WEIGHT)
    classes = None if kind == "multilabel" else neuron.classes_
    for i in range(0, len(X), 7):  # one row alone, without features: delta is what moves
        stepped = SigmoidNeuronClassifier(
            learning_rate=1.0,
            init=(np.zeros_like(neuron.coef_), neuron.decision_function(X)[i].ravel()),
        )
        stepped.partial_fit(np.zeros((1, X.shape[1])), Y[kind][i : i + 1], classes)
        delta = stepped.intercept_ - stepped.init[1]
        length = np.abs(delta) if kind == "multilabel" else np.linalg.norm(delta)
        np.testing.assert_allclose(pull[i], WEIGHT[i] * length, rtol=1e-9, atol=1e-14)
    largest = np.sqrt(8) * 4 / 27 if kind == "multiclass" else 4 / 27
    assert neuron.influence(X, Y[kind]).max() <= largest + 1e-15


def test_influence_of_rows_that_were_given_up():
    neuron = SigmoidNeuronClassifier(init=np.array([1.0]), max_iter=1, learning_rate=1e-9)
    neuron.fit([[0.0], [1.0]], [0, 1])
    pull = neuron.influence([[40.0], [-40.0], [800.0]], [0, 0, 0])
    np.testing.assert_allclose(pull[:2], [np.exp(-40), np.exp(-80)], rtol=1e-6)
    assert pull[2] == 0


@pytest.mark.parametrize("y", [[0, 1, 3], [[0, 1], [1, 0], [1, 1]], [0, 1]])
def test_influence_of_bad_labels(y):
    neuron = SigmoidNeuronClassifier(max_iter=1).fit(X, Y["binary"])
    with pytest.raises(ValueError, match=r"not seen during|unlike that|inconsistent num"):
        neuron.influence(X[:3], y)


@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
def test_a_search_has_influence_too():
    iris, y = load_iris(return_X_y=True)
    search = make_pipeline(StandardScaler(), SigmoidNeuronClassifierCV(iters=[10, 2000]))
    search.fit(iris, y)
    pull = search[-1].influence(search[:-1].transform(iris), y)
    assert pull.shape == (150,)


def test_a_plain_fit_is_one_call_of_the_kernel(monkeypatch):
    calls = record_calls(monkeypatch)
    SigmoidNeuronClassifier(max_iter=1000).fit(X, Y["binary"])
    assert [n_steps for _, _, n_steps in calls] == [1000]


# A stream with batches that pull nowhere

RATES = pytest.mark.parametrize("learning_rate", ["auto", 0.01])


@RATES
@pytest.mark.parametrize("kind", Y)
def test_a_batch_without_weight_leaves_the_weights(kind, learning_rate):
    neuron = SigmoidNeuronClassifier(learning_rate=learning_rate, alpha=0.5)
    classes = None if kind == "multilabel" else np.unique(Y[kind])
    neuron.partial_fit(X, Y[kind], classes)
    coef, intercept = neuron.coef_, neuron.intercept_
    neuron.partial_fit(X, Y[kind], sample_weight=np.zeros(len(X)))
    decay = 1 if learning_rate == "auto" else 1 - 0.01 * 0.5
    np.testing.assert_array_equal(neuron.coef_, coef * decay)
    np.testing.assert_array_equal(neuron.intercept_, intercept)
    assert neuron.loss_curve_[-1] == 0
    rate = 0 if learning_rate == "auto" else 0.01
    assert (neuron.learning_rate_curve_[-1] == rate).all()
    neuron.partial_fit(X, Y[kind])
    assert np.isfinite(neuron.loss_curve_).all()
    assert neuron.n_iter_ == 3


def test_a_batch_of_a_class_without_weight():
    """As SGDClassifier takes it."""
    neuron = SigmoidNeuronClassifier(class_weight={0: 0, 1: 1})
    is_second = Y["binary"] == 1
    neuron.partial_fit(X, Y["binary"], classes=[0, 1])
    coef = neuron.coef_
    neuron.partial_fit(X[~is_second], Y["binary"][~is_second])
    np.testing.assert_array_equal(neuron.coef_, coef)


@RATES
def test_a_label_without_weight_beside_others(learning_rate):
    """Each label of a multilabel y is a neuron of its own."""
    y = Y["multilabel"][:, :2].copy()
    y[:, 0] = 0
    params = {"class_weight": {0: 0, 1: 1}, "learning_rate": learning_rate, "alpha": 0.1}
    both = SigmoidNeuronClassifier(init=np.ones((2, X.shape[1])), **params)
    both.partial_fit(X, y)
    alone = SigmoidNeuronClassifier(init=np.ones((1, X.shape[1])), **params)
    alone.partial_fit(X, y[:, 1], classes=[0, 1])
    np.testing.assert_allclose(both.coef_[1:], alone.coef_, rtol=1e-12)
    decay = 1 if learning_rate == "auto" else 1 - 0.01 * 0.1
    np.testing.assert_array_equal(both.coef_[0], np.full(X.shape[1], decay))
    assert both.loss_curve_[0] == pytest.approx(alone.loss_curve_[0], rel=1e-12)
