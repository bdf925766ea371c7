"""A neuron as scikit-learn's LogisticRegression, and where that can go."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.preprocessing import scale

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV

KINDS = ["binary", "multiclass", "multilabel"]


def draw_labels(kind, rng, n_rows):
    if kind == "multilabel":
        return rng.integers(0, 2, (n_rows, 3))
    n_classes = 2 if kind == "binary" else 4
    return np.append(np.arange(n_classes), rng.integers(0, n_classes, n_rows - n_classes))


def stack(probability):
    """Return the probabilities of a MultiOutputClassifier as ours of a multilabel y."""
    return np.column_stack([of_label[:, 1] for of_label in probability])


def answer(neuron, X):
    """Return the probabilities of a neuron, and of its LogisticRegression."""
    theirs = neuron.as_logistic_regression().predict_proba(X)
    return neuron.predict_proba(X), stack(theirs) if isinstance(theirs, list) else theirs


@pytest.mark.filterwarnings("ignore:The fit is worse")  # of labels by chance
@given(
    st.sampled_from(KINDS),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from([np.asarray, csr_array]),
    st.sampled_from([2.0**-5, 1.0, 2.0**9]),
    st.integers(0, 2**32 - 1),
)
def test_equal_raw_predictions_give_equal_probabilities(kind, dtype, convert, size, seed):
    """Their sums are exact here, in any order: of small whole numbers times a power of two.

    The first of two classes is 1 minus the second there, and here the sigmoid of minus z.
    """
    rng = np.random.default_rng(seed)
    X = rng.integers(-8, 9, (30, 5)).astype(dtype)
    neuron = SigmoidNeuronClassifier(max_iter=2).fit(X, draw_labels(kind, rng, 30))
    neuron.coef_ = (size * rng.integers(-8, 9, neuron.coef_.shape)).astype(dtype)
    neuron.intercept_ = (size * rng.integers(-8, 9, len(neuron.coef_))).astype(dtype)
    X = convert(X)
    ours, theirs = answer(neuron, X)
    assert ours.dtype == theirs.dtype == dtype
    if kind == "binary":
        np.testing.assert_array_equal(theirs[:, 1], ours[:, 1])
        assert np.abs(theirs[:, 0] - ours[:, 0]).max() <= np.finfo(dtype).eps
    else:
        np.testing.assert_array_equal(theirs, ours)
    chosen = neuron.as_logistic_regression().predict(X)
    np.testing.assert_array_equal(chosen, neuron.predict(X))


TWO = load_breast_cancer(return_X_y=True)
THREE, TEN = load_iris(return_X_y=True), load_digits(return_X_y=True)
THREE_LABELS = THREE[0], np.column_stack([THREE[1] == 0, THREE[1] > 0, np.arange(150) % 2])
WORDS = THREE[0], np.array(["setosa", "versicolor", "virginica"])[THREE[1]]
DATES = TWO[0], np.array(["2026-01-01", "2026-12-31"], "datetime64[D]")[TWO[1]]
Neuron, Search = SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
FITTED = {
    "two classes": (Neuron(), TWO),
    "three classes": (Neuron(), THREE),
    "ten classes": (Neuron(), TEN),
    "labels": (Neuron(), THREE_LABELS),
    "words": (Neuron(), WORDS),
    "booleans": (Neuron(), (TWO[0], TWO[1] == 0)),
    "dates": (Neuron(), DATES),
    "no intercept": (Neuron(fit_intercept=False), THREE),
    "one neuron without intercept": (Neuron(fit_intercept=False), TWO),
    "noise": (Neuron(label_noise=0.2), TWO),
    "noise of one class": (Neuron(label_noise={1: 0.3}), TWO),
    "noise of three classes": (Neuron(label_noise=0.2), THREE),
    "noise of labels": (Neuron(label_noise=[0.0, 0.1, 0.3]), THREE_LABELS),
    "decay": (Neuron(alpha=1.0), TEN),
    "the article's": (Neuron(learning_rate=1e-3, init="uniform", random_state=0), TWO),
    "class weights": (Neuron(class_weight="balanced"), TWO),
    "search": (Search(cv=3, max_iter=30), TWO),
    "search, three classes": (Search(cv=3, max_iter=30), THREE),
    "search, labels": (Search(cv=3, max_iter=30), THREE_LABELS),
    "search, noise": (Search(cv=3, max_iter=30, label_noises="auto"), TWO),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FITTED)
def test_twenty_fits_answer_alike(name, dtype):
    """Raw predictions differ by the rounding of a sum of d + 1 terms, which bounds all."""
    neuron, (X, y) = FITTED[name]
    X = scale(X).astype(dtype)
    neuron = clone(neuron).fit(X, y)
    ours, theirs = answer(neuron, X)
    terms = np.abs(X) @ np.abs(neuron.coef_.T) + np.abs(neuron.intercept_)
    rounding = np.finfo(dtype).eps * (2 + X.shape[1] * terms.max(axis=1, keepdims=True))
    assert (np.abs(ours - theirs) <= rounding).all()
    chosen = neuron.as_logistic_regression().predict(X)
    assert chosen.dtype == neuron.predict(X).dtype
    np.testing.assert_array_equal(chosen, neuron.predict(X))


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_what_a_fitted_model_of_scikit_learn_has(kind):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(40, 3)), columns=["a", "b", "c"])
    y = draw_labels(kind, rng, 40)
    is_multilabel = kind == "multilabel"
    theirs = MultiOutputClassifier(LogisticRegression()) if is_multilabel else None
    theirs = (theirs or LogisticRegression()).fit(X, y)
    ours = SigmoidNeuronClassifier().fit(X, y).as_logistic_regression()
    assert type(ours) is type(theirs)
    assert vars(ours).keys() == vars(theirs).keys()
    pairs = [(ours, theirs)]
    if is_multilabel:
        pairs = list(zip(ours.estimators_, theirs.estimators_, strict=True))
        assert all(map(np.array_equal, ours.classes_, theirs.classes_))
    for one, other in pairs:
        assert vars(one).keys() == vars(other).keys()
        for learned in [name for name in vars(one) if name.endswith("_")]:
            mine, fitted = getattr(one, learned), getattr(other, learned)
            assert type(mine) is type(fitted), learned
            if isinstance(mine, np.ndarray):
                assert (mine.dtype, mine.shape) == (fitted.dtype, fitted.shape), learned
    np.testing.assert_array_equal(ours.feature_names_in_, ["a", "b", "c"])
    with pytest.raises(ValueError, match="feature names should match"):
        ours.predict(X[["b", "a", "c"]])


def test_it_can_be_cloned_and_fitted_again_as_any_other():
    X, y = scale(TWO[0]), TWO[1]
    model = SigmoidNeuronClassifier(fit_intercept=False).fit(X, y).as_logistic_regression()
    assert not hasattr(clone(model), "coef_")
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(again.intercept_, [0])
    assert not np.allclose(again.coef_, model.coef_)


@pytest.mark.parametrize("kind", KINDS)
def test_it_shares_no_memory_with_the_neuron(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    neuron = SigmoidNeuronClassifier().fit(X, draw_labels(kind, rng, 30))
    before = copy.deepcopy(vars(neuron))
    model = neuron.as_logistic_regression()
    for one in model.estimators_ if kind == "multilabel" else [model]:
        for name in ("coef_", "intercept_", "classes_"):
            getattr(one, name)[:] = 0
    for name in ("coef_", "intercept_", "classes_"):
        np.testing.assert_array_equal(getattr(neuron, name), before[name])


def test_there_must_be_a_fit_on_all_rows():
    X, y = THREE
    with pytest.raises(NotFittedError, match="not fitted yet"):
        SigmoidNeuronClassifier().as_logistic_regression()
    search = SigmoidNeuronClassifierCV(iters=[1], refit=False, cv=3).fit(X, y)
    assert not hasattr(search, "as_logistic_regression")


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_where_this_package_is_not_installed(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    neuron = SigmoidNeuronClassifier().fit(X, draw_labels(kind, rng, 30))
    assert b"sk_neuron" not in pickle.dumps(neuron.as_logistic_regression())


@pytest.mark.parametrize("kind", KINDS)
def test_skops_loads_it_without_being_told_to_trust(kind):
    skops = pytest.importorskip("skops.io")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    neuron = SigmoidNeuronClassifier().fit(X, draw_labels(kind, rng, 30))
    model = neuron.as_logistic_regression()
    again = skops.loads(skops.dumps(model), trusted=[])
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_shap_explains_it_as_a_linear_model(kind):
    """Its values and the expected one sum up to the raw prediction of a row."""
    shap = pytest.importorskip("shap")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    neuron = SigmoidNeuronClassifier().fit(X, draw_labels(kind, rng, 60))
    explainer = shap.LinearExplainer(neuron.as_logistic_regression(), X)
    found = explainer(X)
    z = np.asarray(found.base_values) + found.values.sum(axis=1)
    np.testing.assert_allclose(z, neuron.decision_function(X), atol=1e-9)
