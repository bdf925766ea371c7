"""Every scorer of scikit-learn on every kind of labels, in folds that lack a class."""

import inspect
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import (
    f1_score,
    get_scorer,
    get_scorer_names,
    jaccard_score,
    make_scorer,
    precision_score,
)

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV

# Of metrics that are not defined in such folds, and of the searches.
pytestmark = pytest.mark.filterwarnings("ignore")

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4))
NOISY = X[:, :3] + 0.5 * RNG.standard_normal((60, 3))
TWO, THREE = (NOISY[:, 0] > 0).astype(int), np.digitize(NOISY[:, 0], [-0.5, 0.5])
LABELS = {
    "two integers": TWO,
    "booleans": TWO == 1,
    "two words": np.where(TWO == 1, "yes", "no"),
    "three integers": THREE,
    "three words": np.array(["a", "b", "c"], dtype=object)[THREE],
    "multilabel": (NOISY > 0).astype(int),
}
EVERY_SCORER = sorted(get_scorer_names())


def draw_fold(labels, lacks):
    """Return one fold whose training or test rows lack the last class or label."""
    last = labels[:, -1] == 1 if labels.ndim == 2 else labels == np.unique(labels)[-1]
    train = np.arange(60) % 2 == 0
    test = ~train
    if lacks == "train":
        train &= ~last
    if lacks == "test":
        test &= ~last
    return np.flatnonzero(train), np.flatnonzero(test)


def tell_classes(scorer, classes):
    """Return a scorer that is told the classes by what `make_scorer` takes."""
    told, given = {}, scorer._kwargs
    parameters = inspect.signature(scorer._score_func).parameters
    if "labels" in parameters:
        told["labels"] = classes
    is_average = "labels" in parameters and given.get("average", "binary") != "binary"
    if "pos_label" in parameters and len(classes) == 2 and not is_average:
        told["pos_label"] = classes[1]
    return make_scorer(
        scorer._score_func,
        response_method=scorer._response_method,
        greater_is_better=scorer._sign == 1,
        **(told | given),
    )


def score_by_hand(scoring, labels, train, test):
    """Return the score of a fit without the weight of the other rows, or its error."""
    weight = np.bincount(train, minlength=60)
    neuron = SigmoidNeuronClassifier(max_iter=5).fit(X, labels, weight)
    scorer = get_scorer(scoring)
    if labels.ndim == 1:
        scorer = tell_classes(scorer, neuron.classes_)
    try:
        return scorer(neuron, X[test], labels[test])
    except Exception as error:
        return repr(error)


@pytest.mark.any_kernel
@pytest.mark.parametrize("lacks", ["train", "test"])
@pytest.mark.parametrize("kind", LABELS)
def test_every_scorer_scores_a_fold_as_it_scores_its_fit(kind, lacks):
    labels = LABELS[kind]
    train, test = draw_fold(labels, lacks)
    n_scores = 0
    for scoring in EVERY_SCORER:
        if kind == "multilabel" and scoring == "neg_brier_score":
            continue  # summed over the labels, where scikit-learn has none
        expected = score_by_hand(scoring, labels, train, test)
        search = SigmoidNeuronClassifierCV(iters=[5], cv=[(train, test)], scoring=scoring)
        if isinstance(expected, str) or np.isnan(expected):
            with pytest.raises(ValueError, match="In fold 0: ") as caught:
                search.fit(X, labels)
            reason = expected if isinstance(expected, str) else "its score is nan"
            assert reason in str(caught.value), scoring
            continue
        found = search.fit(X, labels).scores_.item()
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12), scoring
        n_scores += 1
    assert n_scores > 25


@pytest.mark.any_kernel
@pytest.mark.skipif(not find_spec("sklearn.callback"), reason="scikit-learn below 1.9")
@pytest.mark.parametrize("lacks", ["train", "test"])
@pytest.mark.parametrize("kind", ["booleans", "two words", "three words"])
def test_what_logistic_regression_can_score_by_can_be_scored_by(kind, lacks):
    """On rows that both classify alike, since what some metrics take is up to that."""
    labels = LABELS[kind]
    train, test = draw_fold(labels, lacks)
    rows = 9 * np.eye(3)[np.unique(labels, return_inverse=True)[1]] + 0.1 * X[:, :3]
    ours = SigmoidNeuronClassifierCV(iters=[50], cv=[(train, test)])
    theirs = LogisticRegressionCV(
        Cs=[1.0], cv=ours.cv, l1_ratios=(0,), use_legacy_attributes=False
    )
    n_scores = 0
    for scoring in EVERY_SCORER:
        try:
            score = theirs.set_params(scoring=scoring).fit(rows, labels).scores_.item()
        except (ValueError, TypeError):
            continue
        if np.isnan(score):
            with pytest.raises(ValueError, match="its score is nan"):
                ours.set_params(scoring=scoring).fit(rows, labels)
            continue
        ours.set_params(scoring=scoring).fit(rows, labels)
        assert not np.isnan(ours.best_score_), scoring
        assert not np.isnan(ours.score(rows[test], labels[test])), scoring
        n_scores += 1
    assert n_scores > 20


@pytest.mark.parametrize("part", ["train", "test"])
def test_the_positive_class_is_the_last_one_or_that_of_the_user(part):
    """Whatever the words, and in folds that lack one of them."""
    for given, integer in ({}, 1), ({"pos_label": "no"}, 0):
        words = SigmoidNeuronClassifierCV(
            iters=[5],
            cv=[draw_fold(TWO, "none"), draw_fold(TWO, part)],
            scoring=make_scorer(f1_score, **given) if given else "f1",
        )
        integers = SigmoidNeuronClassifierCV(
            iters=[5], cv=words.cv, scoring=make_scorer(f1_score, pos_label=integer)
        )
        words.fit(X, LABELS["two words"])
        np.testing.assert_array_equal(words.scores_, integers.fit(X, TWO).scores_)
        assert words.score(X, LABELS["two words"]) == integers.score(X, TWO)


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize("metric", [f1_score, jaccard_score, precision_score])
def test_an_average_over_both_words_needs_no_positive_one(metric, average):
    for scorer in (
        make_scorer(metric, average=average),
        make_scorer(partial(metric, average=average)),
    ):
        search = SigmoidNeuronClassifierCV(iters=[5], scoring=scorer).fit(X, TWO)
        expected, score = search.scores_, search.score(X, TWO)
        search.fit(X, LABELS["two words"])
        np.testing.assert_array_equal(search.scores_, expected)
        assert search.score(X, LABELS["two words"]) == score
