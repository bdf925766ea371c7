"""The search equals a grid search, fold by fold and count by count."""

import warnings
from importlib.util import find_spec

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernels import record_calls
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import brier_score_loss, get_scorer, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    StratifiedShuffleSplit,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV

pytestmark = [
    pytest.mark.filterwarnings("ignore:The best iteration count is the last"),
    pytest.mark.filterwarnings("ignore:The start left"),
    pytest.mark.filterwarnings("ignore:The fit is worse"),  # after so few steps
    pytest.mark.filterwarnings("ignore:The loss still fell"),
    pytest.mark.filterwarnings("ignore:The fit is hardly better"),
]

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4))
WEIGHT = RNG.integers(0, 4, 60).astype(float)
Y = {
    "binary": (X[:, 0] + 0.5 * RNG.standard_normal(60) > 0).astype(int),
    "multiclass": np.digitize(X[:, 0] + 0.5 * RNG.standard_normal(60), [-0.5, 0.5]),
    "multilabel": (X[:, :3] + 0.5 * RNG.standard_normal((60, 3)) > 0).astype(int),
}
KINDS = pytest.mark.parametrize("kind", Y)
ITERS = [1, 3, 10, 30]
SCORERS = ["neg_brier_score", "neg_log_loss", "accuracy", "f1_macro", "balanced_accuracy"]


def grid_search(X, y, sample_weight, *, iters, alphas, cv, scoring, **params):
    """Return the scores of a grid search, (n_alphas, n_folds, n_iters), and itself."""
    neuron, scorer = SigmoidNeuronClassifier(**params), get_scorer(scoring)
    grid = {"max_iter": iters, "alpha": alphas}
    if sample_weight is None:
        search = GridSearchCV(neuron, grid, cv=cv, scoring=scorer).fit(X, y)
    else:
        with config_context(enable_metadata_routing=True):
            neuron.set_fit_request(sample_weight=True)
            scorer.set_score_request(sample_weight=True)
            search = GridSearchCV(neuron, grid, cv=cv, scoring=scorer)
            search.fit(X, y, sample_weight=sample_weight)
    scores = [search.cv_results_[f"split{k}_test_score"] for k in range(search.n_splits_)]
    return np.reshape(scores, (search.n_splits_, len(alphas), 1, len(iters))), search


def assert_equals_grid_search(X, y, sample_weight=None, *, atol=1e-10, **given):
    scores, grid = grid_search(X, y, sample_weight, **given)
    search = SigmoidNeuronClassifierCV(**given).fit(X, y, sample_weight)
    np.testing.assert_allclose(search.scores_, scores, rtol=0, atol=atol)
    means = np.sort(np.append(scores.mean(axis=0), -np.inf))
    if means[-1] - means[-2] > 10 * atol or (search.scores_ == scores).all():
        best = grid.best_params_
        assert (search.n_iter_, search.alpha_) == (best["max_iter"], best["alpha"])
        assert search.best_score_ == pytest.approx(grid.best_score_, abs=atol)
        final = grid.best_estimator_
    else:  # rounding decides between the two
        final = SigmoidNeuronClassifier(
            max_iter=search.n_iter_, alpha=search.alpha_, **neuron_params(given)
        ).fit(X, y, sample_weight)
    scale = 1 + np.abs(final.coef_).max()
    for name in ("coef_", "intercept_", "loss_curve_", "learning_rate_curve_"):
        np.testing.assert_allclose(
            getattr(search, name), getattr(final, name), rtol=0, atol=atol * scale
        )
    np.testing.assert_array_equal(search.classes_, final.classes_)
    return search


def neuron_params(given):
    names = SigmoidNeuronClassifier().get_params()
    return {name: value for name, value in given.items() if name in names}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(data=st.data())
def test_equals_grid_search(dtype, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1), label="seed"))
    n_classes = data.draw(st.sampled_from([2, 3]))
    n_rows, n_features = data.draw(st.sampled_from([(30, 3), (24, 1), (36, 40), (40, 70)]))
    X = rng.standard_normal((n_rows, n_features)).astype(dtype)
    X *= data.draw(st.sampled_from([0.1, 1, 10]))
    y = rng.permutation(np.arange(n_rows) % n_classes)
    weight = data.draw(st.sampled_from([None, rng.random(n_rows) + 0.1]))
    if data.draw(st.booleans(), label="sparse"):
        zero = rng.random(X.shape) < 0.5
        zero[np.arange(n_rows), np.arange(n_rows) % n_features] = False
        X[zero] = 0  # but no row of zeros, whose class rounding decides
        X = csr_array(X)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    assert_equals_grid_search(
        X,
        y,
        weight,
        atol=1e-10 if dtype == np.float64 else 1e-3,
        iters=data.draw(st.lists(st.integers(1, 40), min_size=1, unique=True).map(sorted)),
        alphas=data.draw(st.sampled_from([[0.0], [0.1], [2.0, 0.0], [0.0, 0.3, 5.0]])),
        cv=data.draw(
            st.sampled_from([3, folds, StratifiedShuffleSplit(2, random_state=1)])
        ),
        # one more or one less right answer is no rounding error in float32
        scoring=data.draw(st.sampled_from(SCORERS if dtype == np.float64 else SCORERS[:2])),
        # with steps so large that the descent oscillates, rounding grows in float32
        learning_rate=data.draw(
            st.sampled_from([1e-3, 0.02] if dtype == np.float64 else [1e-3])
        ),
        fit_intercept=data.draw(st.booleans()),
        init=data.draw(st.sampled_from(["zeros", "uniform"])),
        class_weight=data.draw(st.sampled_from([None, "balanced", {0: 2.0}])),
        random_state=data.draw(st.integers(0, 5)),
    )


@pytest.mark.any_kernel
@pytest.mark.parametrize("scoring", [*SCORERS, "roc_auc_ovr", "top_k_accuracy"])
@pytest.mark.parametrize("load", [load_breast_cancer, load_iris, load_digits])
def test_equals_grid_search_on_real_data(load, scoring):
    features, y = load(return_X_y=True)
    features = StandardScaler().fit_transform(features)[:600]
    if scoring == "top_k_accuracy" and load is load_breast_cancer:
        scoring = "average_precision"
    assert_equals_grid_search(
        features,
        y[:600],
        iters=[1, 10, 60, 100],
        alphas=[0.0, 1.0],
        cv=4,
        scoring=scoring,
        atol=1e-8 if scoring == "neg_log_loss" else 1e-10,  # -1/p magnifies
    )


CVS = {
    "None": None,
    "KFold": KFold(4),
    "repeated": RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0),
    "overlapping": ShuffleSplit(5, test_size=0.3, random_state=0),
    "masks": [(np.arange(60) % 3 != k, np.arange(60) % 3 == k) for k in range(3)],
    "lists": [(list(range(30)), list(range(30, 60))), (list(range(-30, 0)), [0, 1, 2])],
    "drawn with replacement": [
        (np.random.default_rng(k).integers(0, 60, 60), np.arange(k, 60, 5))
        for k in range(3)
    ],
}


@pytest.mark.parametrize("cv", CVS)
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_splitters(cv, kind):
    search = assert_equals_grid_search(
        X, Y[kind], iters=ITERS, alphas=[0.0, 0.5], cv=CVS[cv], scoring="accuracy"
    )
    assert len(search.scores_) == {"repeated": 6, "None": 5}.get(cv, len(search.scores_))


def test_what_cannot_be_copied():
    """A generator of splits, and a scorer that refuses."""

    class Scorer:
        def __deepcopy__(self, memo):
            raise TypeError("no copies")

        def __call__(self, neuron, X, y):
            return neuron.score(X, y)

    folds = (fold for fold in KFold(3).split(X))
    search = SigmoidNeuronClassifierCV(iters=ITERS, cv=folds, scoring=Scorer())
    expected = SigmoidNeuronClassifierCV(iters=ITERS, cv=KFold(3), scoring="accuracy")
    expected.fit(X, Y["binary"])
    np.testing.assert_array_equal(search.fit(X, Y["binary"]).scores_, expected.scores_)
    # the scorer is given a plain neuron, whose own score is accuracy
    assert search.score(X, Y["binary"]) == expected.score(X, Y["binary"])


def test_a_splitter_is_given_y_as_it_was_passed():
    class Even:
        def split(self, X, y, groups=None):
            even = y.index.to_numpy() % 2 == 0
            yield np.flatnonzero(even), np.flatnonzero(~even)

        def get_n_splits(self, *args):
            return 1

    search = SigmoidNeuronClassifierCV(iters=ITERS, cv=Even())
    assert search.fit(X, pd.Series(Y["binary"])).scores_.shape == (1, 1, 1, 4)


@pytest.mark.parametrize("convert", [np.ndarray.tolist, pl.DataFrame, csr_array])
def test_multilabel_formats_of_score(convert):
    labels = convert(Y["multilabel"])
    search = SigmoidNeuronClassifierCV(iters=ITERS).fit(X, labels)
    assert search.score(X, labels) == search.score(X, Y["multilabel"])


@pytest.mark.parametrize(
    "scoring",
    [lambda neuron, X, y: 1.0, "adjusted_rand_score", make_scorer(lambda y, answers: 1.0)],
    ids=["scorer", "name", "metric"],
)
def test_weights_are_kept_from_scorers_that_do_not_take_them(scoring):
    """In fit; weights that `score` left out in silence would be a wrong score."""
    search = SigmoidNeuronClassifierCV(iters=[5], scoring=scoring)
    search.fit(X, Y["binary"], WEIGHT)
    weighted = SigmoidNeuronClassifier(max_iter=5).fit(X, Y["binary"], WEIGHT)
    np.testing.assert_allclose(search.coef_, weighted.coef_)
    with pytest.raises(TypeError, match="sample_weight"):
        search.score(X, Y["binary"], WEIGHT)


def test_folds_are_drawn_once():
    class Once(KFold):
        def split(self, *args, **params):
            self.splits = getattr(self, "splits", 0) + 1
            return super().split(*args, **params)

    cv = Once(3, shuffle=True, random_state=np.random.RandomState(0))
    SigmoidNeuronClassifierCV(cv=cv, alphas=[0.0, 1.0], max_iter=20).fit(X, Y["binary"])
    assert cv.splits == 1


@KINDS
@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("scoring", ["neg_brier_score", "accuracy"])
def test_all_columns_move_together(kind, refit, scoring, monkeypatch):
    """At once where the passes find the scores, else from count to count."""
    calls = record_calls(monkeypatch)
    SigmoidNeuronClassifierCV(
        iters=ITERS, alphas=[0.0, 1.0], cv=4, refit=refit, scoring=scoring
    ).fit(X, Y[kind])
    n_columns = {"binary": 1, "multiclass": 3, "multilabel": 3}[kind] * 2 * (4 + refit)
    steps = [ITERS[-1]] if scoring == "neg_brier_score" else np.diff([0, *ITERS])
    assert [call[1:] for call in calls] == [(n_columns, n_steps) for n_steps in steps]


@KINDS
def test_with_many_candidates_one_fit_on_all_rows_follows_the_choice(kind, monkeypatch):
    """As many fits on all rows as candidates would cost more than that of the chosen."""
    calls, alphas = record_calls(monkeypatch), [0, 0.1, 0.2, 0.5, 1]
    search = SigmoidNeuronClassifierCV(alphas=alphas, cv=4, iters=ITERS).fit(X, Y[kind])
    n_columns = 1 if kind == "binary" else 3
    steps = [(20 * n_columns, ITERS[-1]), (n_columns, search.n_iter_)]
    assert [call[1:] for call in calls] == steps
    neuron = SigmoidNeuronClassifier(max_iter=search.n_iter_, alpha=search.alpha_)
    neuron.fit(X, Y[kind])
    for name in ("coef_", "intercept_", "loss_curve_", "learning_rate_curve_"):
        np.testing.assert_allclose(
            getattr(search, name), getattr(neuron, name), rtol=1e-10, atol=1e-12
        )


@KINDS
@pytest.mark.parametrize("scoring", ["neg_brier_score", "accuracy", "f1_macro"])
@pytest.mark.parametrize("size", [1, 60 * 3, 60 * 7])
def test_batches_of_fits_change_nothing(kind, scoring, size, monkeypatch):
    params = {"alphas": [0.0, 1.0], "cv": 4, "scoring": scoring, "iters": ITERS}
    params |= {"class_weight": "balanced", "init": "uniform", "random_state": 0}
    calls = record_calls(monkeypatch)
    whole = SigmoidNeuronClassifierCV(**params).fit(X, Y[kind], WEIGHT)
    n_calls = len(calls)
    monkeypatch.setattr("sk_neuron._model_selection._search._BATCH_SIZE", size)
    grouped = SigmoidNeuronClassifierCV(**params).fit(X, Y[kind], WEIGHT)
    assert len(calls) > 2 * n_calls
    for name in ("scores_", "coef_", "intercept_", "loss_curve_", "learning_rate_curve_"):
        np.testing.assert_allclose(
            getattr(grouped, name), getattr(whole, name), rtol=0, atol=1e-12
        )
    assert (grouped.n_iter_, grouped.alpha_) == (whole.n_iter_, whole.alpha_)


@KINDS
def test_the_start_may_be_chosen(kind):
    """Where held-out labels contradict the training labels, nothing is best."""
    n_classes = 3 if kind == "multiclass" else 2
    y = np.concatenate([Y[kind], (Y[kind] + 1) % n_classes])
    halves = [(np.arange(60), np.arange(60, 120))]
    search = SigmoidNeuronClassifierCV(iters=[0, 5, 500], cv=halves)
    search.fit(np.vstack([X, X]), y)
    assert search.n_iter_ == 0
    assert (search.coef_ == 0).all()
    assert search.loss_curve_.shape == (0,)
    start = {"binary": 0.25, "multiclass": 2 / 3, "multilabel": 0.75}[kind]
    assert search.best_score_ == pytest.approx(-start, rel=1e-12)


def test_multilabel_brier_score_is_that_of_the_labels():
    search = SigmoidNeuronClassifierCV(iters=ITERS, cv=KFold(4)).fit(X, Y["multilabel"])
    for count, max_iter in enumerate(ITERS):
        for fold, (train, test) in enumerate(KFold(4).split(X)):
            neuron = SigmoidNeuronClassifier(max_iter=max_iter)
            proba = neuron.fit(X[train], Y["multilabel"][train]).predict_proba(X[test])
            brier = [
                brier_score_loss(t, p)
                for t, p in zip(Y["multilabel"][test].T, proba.T, strict=True)
            ]
            assert search.scores_[fold, 0, 0, count] == pytest.approx(
                -sum(brier), rel=1e-12
            )


@pytest.mark.parametrize("scoring", ["accuracy", "f1_macro", "roc_auc", "neg_log_loss"])
def test_multilabel_scorers(scoring):
    if scoring == "neg_log_loss":  # of scikit-learn, which wants rows that sum to 1
        with pytest.warns(UserWarning, match="do not sum to one"):
            SigmoidNeuronClassifierCV(iters=[5], scoring=scoring).fit(X, Y["multilabel"])
        return
    assert_equals_grid_search(
        X, Y["multilabel"], iters=ITERS, alphas=[0.0], cv=4, scoring=scoring
    )


@KINDS
def test_weights_are_rows(kind):
    """Twice the weight is the row twice, in training and in the scores."""
    times = np.random.default_rng(1).integers(0, 3, 60)
    group = np.arange(60) % 4
    params = {"iters": ITERS, "scoring": "accuracy", "class_weight": "balanced"}
    for scoring in ("accuracy", "neg_brier_score"):
        params["scoring"] = scoring
        weighted, repeated = (
            SigmoidNeuronClassifierCV(
                cv=list(LeaveOneGroupOut().split(groups, groups=groups)), **params
            ).fit(features, labels, weight)
            for features, labels, weight, groups in [
                (X, Y[kind], times, group),
                (X.repeat(times, 0), Y[kind].repeat(times, 0), None, group.repeat(times)),
            ]
        )
        np.testing.assert_allclose(weighted.scores_, repeated.scores_, atol=1e-12)
        np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-12)


def test_string_labels():
    names = np.array(["cat", "dog", "eel"])
    for kind, params in [
        ("binary", {"iters": ITERS}),
        ("multiclass", {"iters": ITERS}),
        ("binary", {"iters": ITERS, "scoring": "accuracy"}),
    ]:
        named = SigmoidNeuronClassifierCV(**params).fit(X, names[Y[kind]])
        plain = SigmoidNeuronClassifierCV(**params).fit(X, Y[kind])
        np.testing.assert_array_equal(named.scores_, plain.scores_)
        np.testing.assert_array_equal(named.predict(X), names[plain.predict(X)])
        assert named.score(X, names[Y[kind]]) == plain.score(X, Y[kind])


@KINDS
@pytest.mark.parametrize("scoring", SCORERS)
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_score_is_that_of_scoring(kind, scoring, weight):
    if kind == "multilabel" and scoring in ("neg_log_loss", "balanced_accuracy"):
        scoring = "roc_auc"  # scikit-learn's are not for several labels
    search = SigmoidNeuronClassifierCV(iters=ITERS, scoring=scoring).fit(X, Y[kind])
    score = search.score(X, Y[kind], weight)
    if kind == "multilabel" and scoring == "neg_brier_score":
        squares = ((Y[kind] - search.predict_proba(X)) ** 2).sum(axis=1)
        expected = -np.average(squares, weights=weight)
    else:
        scorer = get_scorer(scoring)
        expected = scorer(search, X, Y[kind], sample_weight=weight)
    assert score == pytest.approx(expected, rel=1e-12)


def test_no_scoring_is_the_accuracy():
    """As in LogisticRegressionCV, also where labels were not seen."""
    y = Y["multiclass"]
    search = SigmoidNeuronClassifierCV(iters=ITERS, scoring=None).fit(X, y)
    named = SigmoidNeuronClassifierCV(iters=ITERS, scoring="accuracy").fit(X, y)
    np.testing.assert_array_equal(search.scores_, named.scores_)
    assert search.score(X, y) == (search.predict(X) == y).mean()
    assert search.score(X, y + 9) == 0


def test_auto_counts():
    def counts(max_iter):
        search = SigmoidNeuronClassifierCV(max_iter=max_iter, cv=2)
        return search.fit(X, Y["binary"]).iters_

    for max_iter in (1, 2, 7, 100, 3000):
        iters = counts(max_iter)
        assert iters[0] == 1
        assert iters[-1] == max_iter
        assert len(iters) <= 100
        assert (np.diff(iters) > 0).all()
    steps = np.diff(np.log(iters[iters > 50]))
    assert steps.max() / steps.min() < 1.4


@pytest.mark.parametrize(
    "iters", [(10, 1, 3, 30), [30, 30, 10, 3, 1], np.array([1, 3, 10, 30])]
)
def test_counts_are_sorted_and_distinct(iters):
    search = SigmoidNeuronClassifierCV(iters=iters).fit(X, Y["binary"])
    np.testing.assert_array_equal(search.iters_, ITERS)
    assert search.scores_.shape == (5, 1, 1, 4)


def test_the_last_count_is_reported():
    easy = (X[:, 0] > 0).astype(int)
    with pytest.warns(
        ConvergenceWarning, match=r"last one considered, 4: .* max_iter"
    ) as w:
        SigmoidNeuronClassifierCV(max_iter=4).fit(X, easy)
    assert w[0].filename == __file__


@pytest.mark.filterwarnings("error")
def test_a_best_count_on_the_way_is_not_reported():
    SigmoidNeuronClassifierCV(iters=[20]).fit(X, Y["binary"])  # no choice to report
    noise = np.random.default_rng(0).permutation(Y["binary"])
    assert SigmoidNeuronClassifierCV(max_iter=500).fit(X, noise).n_iter_ < 100


def fixed_scores(table):
    """Return a scorer that looks up (n_alphas, n_folds, n_iters), and the parameters."""
    table = np.asarray(table, dtype=float)
    n_alphas, n_folds, n_iters = table.shape
    folds = [(np.arange(60), np.array([k])) for k in range(n_folds)]

    def scorer(neuron, features, y):
        fold = np.flatnonzero((X[:n_folds] == features).all(axis=1))[0]
        return table[int(neuron.alpha), fold, neuron.n_iter_ - 1]

    return {
        "scoring": scorer,
        "cv": folds,
        "iters": np.arange(1, n_iters + 1),
        "alphas": np.arange(n_alphas, dtype=float),
    }


@pytest.mark.parametrize(
    ("table", "chosen", "simplest"),
    [
        ([[[1, 1, 1]]], (0, 1), (0, 1)),  # all equal
        ([[[0, 2, 2]], [[2, 2, 0]]], (0, 2), (1, 1)),  # equal: the first alpha, as a grid
        ([[[0, 1, 2, 1]]], (0, 3), (0, 3)),  # one fold has no standard error
        # mean 0, 2, 3, standard error sqrt(2) / sqrt(2) = 1 at the best
        ([[[0, 2, 4, 3], [0, 2, 2, 2]]], (0, 3), (0, 2)),
        ([[[0, 1.9, 4, 3], [0, 2, 2, 2]]], (0, 3), (0, 4 - 1)),
        ([[[0, 0, 4], [0, 0, 2]], [[0, 2.4, 0], [0, 2.4, 0]]], (0, 3), (1, 2)),
    ],
)
def test_choice(table, chosen, simplest):
    for one_standard_error, (alpha, n_iter) in [(False, chosen), (True, simplest)]:
        search = SigmoidNeuronClassifierCV(
            one_standard_error=one_standard_error, **fixed_scores(table)
        ).fit(X, Y["binary"])
        np.testing.assert_array_equal(search.scores_[:, :, 0], np.swapaxes(table, 0, 1))
        assert (search.alpha_, search.n_iter_) == (alpha, n_iter)
        assert search.best_score_ == np.mean(table, axis=1)[alpha, n_iter - 1]
        neuron = SigmoidNeuronClassifier(max_iter=n_iter, alpha=alpha).fit(X, Y["binary"])
        np.testing.assert_allclose(search.coef_, neuron.coef_, rtol=1e-12)


def test_groups_by_keyword_and_by_routing():
    groups = np.arange(60) // 10
    by_hand = list(GroupKFold(3).split(X, groups=groups))
    expected = SigmoidNeuronClassifierCV(iters=ITERS, cv=by_hand).fit(X, Y["binary"])
    search = SigmoidNeuronClassifierCV(iters=ITERS, cv=GroupKFold(3))
    search.fit(X, Y["binary"], groups=groups)
    np.testing.assert_array_equal(search.scores_, expected.scores_)
    with config_context(enable_metadata_routing=True):
        search.fit(X, Y["binary"], groups=groups)
        np.testing.assert_array_equal(search.scores_, expected.scores_)
        pipeline = make_pipeline(StandardScaler(), search)
        pipeline.fit(X, Y["binary"], groups=groups)


@pytest.mark.parametrize("requested", [True, False])
def test_routed_weights_of_the_scores(requested):
    with config_context(enable_metadata_routing=True):
        scorer = get_scorer("neg_brier_score").set_score_request(sample_weight=requested)
        search = SigmoidNeuronClassifierCV(iters=ITERS, cv=4, scoring=scorer)
        search.fit(X, Y["multiclass"], sample_weight=WEIGHT)
    weighted = SigmoidNeuronClassifierCV(iters=ITERS, cv=4)
    weighted.fit(X, Y["multiclass"], sample_weight=WEIGHT)
    assert np.allclose(search.scores_, weighted.scores_, rtol=1e-12) == requested
    if requested:
        np.testing.assert_allclose(search.coef_, weighted.coef_, rtol=1e-10)


def count_value(y, predicted, prices):
    return float(prices[y == predicted].sum())


def test_what_a_scorer_requests_reaches_it_in_fit_and_score():
    """The class itself requests nothing for `score`, as in LogisticRegressionCV."""
    y, prices = Y["binary"], RNG.random(60)
    plain = get_scorer("neg_brier_score")
    with config_context(enable_metadata_routing=True):
        valued = make_scorer(count_value).set_score_request(prices=True)
        weighted = get_scorer("neg_brier_score").set_score_request(sample_weight=True)
        folds = GroupKFold(3).set_split_request(groups=True)
        search = SigmoidNeuronClassifierCV(iters=ITERS, cv=folds, scoring=valued)
        search.fit(X, y, groups=np.arange(60) // 10, prices=prices)
        assert search.score(X, y, prices=prices) == prices[search.predict(X) == y].sum()
        for fold, (train, test) in enumerate(folds.split(X, y, np.arange(60) // 10)):
            neuron = SigmoidNeuronClassifier(max_iter=30).fit(X[train], y[train])
            value = count_value(y[test], neuron.predict(X[test]), prices[test])
            assert search.scores_[fold, 0, 0, -1] == pytest.approx(value)
        with pytest.raises(TypeError, match="prices"):
            search.set_params(scoring=weighted).score(X, y, prices=prices)
    search = SigmoidNeuronClassifierCV(iters=[5]).fit(X, y)
    assert search.score(X, y, prices) == pytest.approx(
        plain(search, X, y, sample_weight=prices), rel=1e-12
    )
    with pytest.raises(
        TypeError, match="score takes 'prices' only with metadata routing on"
    ):
        search.score(X, y, prices=prices)


@pytest.mark.skipif(
    not find_spec("sklearn.callback"), reason="cross_validate routes it from 1.9 on"
)
@pytest.mark.parametrize("name", ["prices", "sample_weight"])
def test_what_a_scorer_requests_goes_through_cross_validation(name):
    y, values, is_weight = Y["binary"], RNG.random(60), name == "sample_weight"
    with config_context(enable_metadata_routing=True):
        scorer = get_scorer("neg_brier_score") if is_weight else make_scorer(count_value)
        scorer.set_score_request(**{name: True})
        search = SigmoidNeuronClassifierCV(iters=[5], scoring=scorer)
        search.set_fit_request(sample_weight=is_weight)
        found = cross_validate(search, X, y, params={name: values}, return_indices=True)
        for score, train, test in zip(
            found["test_score"], *found["indices"].values(), strict=True
        ):
            neuron = SigmoidNeuronClassifier(max_iter=5)
            neuron.fit(X[train], y[train], values[train] if is_weight else None)
            expected = scorer(neuron, X[test], y[test], **{name: values[test]})
            assert score == pytest.approx(expected, rel=1e-9)


def test_without_refit():
    params = {"iters": ITERS, "alphas": [0.0, 1.0]}
    search = SigmoidNeuronClassifierCV(**params).fit(X, Y["binary"])
    scored = SigmoidNeuronClassifierCV(refit=False, **params).fit(X, Y["binary"])
    np.testing.assert_allclose(scored.scores_, search.scores_, rtol=1e-12)
    assert (scored.n_iter_, scored.alpha_) == (search.n_iter_, search.alpha_)
    learned = {"classes_", "coef_", "intercept_", "learning_rate_curve_", "loss_curve_"}
    assert not learned & vars(scored).keys()
    with pytest.raises(AttributeError, match="no attribute 'predict'") as caught:
        scored.predict(X)
    assert "refit=False" in str(caught.value.__cause__)
    methods = ["decision_function", "predict_proba", "predict_log_proba", "score"]
    methods += ["influence", "label_quality", "predict_recorded_proba"]
    assert not any(hasattr(scored, name) for name in methods)
    assert all(hasattr(search, name) for name in methods)
    scored.set_params(refit=True).fit(X, Y["binary"]).predict(X)
    assert learned < vars(scored).keys()
    scored.set_params(refit=False).fit(X, Y["binary"])
    assert not learned & vars(scored).keys()


def test_seeds():
    def fit(random_state):
        search = SigmoidNeuronClassifierCV(
            iters=ITERS, init="uniform", random_state=random_state
        )
        return search.fit(X, Y["multiclass"])

    seeded, generated = fit(3), fit(np.random.RandomState(3))
    np.testing.assert_array_equal(seeded.scores_, generated.scores_)
    np.testing.assert_array_equal(seeded.coef_, generated.coef_)
    generator = np.random.RandomState(3)
    assert (fit(generator).coef_ != fit(generator).coef_).any()


def test_in_a_pipeline():
    features, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), SigmoidNeuronClassifierCV(scoring="accuracy"))
    assert cross_val_score(model, features, y, cv=3).mean() > 0.97


def test_custom_scorers_see_what_was_passed():
    frame = pd.DataFrame(X, columns=list("abcd"))
    seen = []

    def scorer(neuron, features, y):
        seen.append((list(features.columns), type(y)))
        neuron.predict(features)  # warns if the names are not known
        assert neuron.coef_.shape == (1, 4)
        return -float(neuron.n_iter_)

    search = SigmoidNeuronClassifierCV(iters=[2, 4], cv=2, scoring=scorer)
    search.fit(frame, pd.Series(Y["binary"]))
    assert seen == [(list("abcd"), pd.Series)] * 4
    np.testing.assert_array_equal(search.feature_names_in_, list("abcd"))
    np.testing.assert_array_equal(search.scores_, [[[[-2, -4]]], [[[-2, -4]]]])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scoring", ["neg_brier_score", "neg_log_loss", "accuracy"])
def test_tiny_weights_of_a_fold_are_weights(scoring, dtype):
    """Beside those of the other folds they are nothing, but a fold is scored by itself."""
    weight = np.where(np.arange(60) < 12, 1e-60, 1.0)
    params = {"cv": KFold(5), "iters": [1, 5], "scoring": scoring, "refit": False}
    same = np.where(np.arange(60) < 12, 2.0**-200, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        tiny, same = (
            SigmoidNeuronClassifierCV(**params).fit(X.astype(dtype), Y["binary"], s)
            for s in (weight, same)
        )
    assert np.isfinite(tiny.scores_).all()
    np.testing.assert_allclose(tiny.scores_, same.scores_, rtol=1e-5)


@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("n_alphas", [1, 5])
def test_an_interrupt_keeps_what_was_scored(refit, n_alphas):
    """A fit on all rows is kept, if one went along: with many candidates none does."""
    n_calls = iter(range(1000))

    def score(neuron, X, y):
        if next(n_calls) == 4 * n_alphas * 2 + 1:  # in the third count
            raise KeyboardInterrupt
        return neuron.score(X, y)

    params = {"cv": 4, "alphas": np.arange(n_alphas) / 10, "refit": refit}
    search = SigmoidNeuronClassifierCV(iters=ITERS, scoring=score, **params)
    with pytest.raises(KeyboardInterrupt, match="after the count 3"):
        search.fit(X, Y["binary"])
    whole = SigmoidNeuronClassifierCV(iters=ITERS[:2], scoring="accuracy", **params)
    whole.fit(X, Y["binary"])
    np.testing.assert_array_equal(search.iters_, ITERS[:2])
    np.testing.assert_array_equal(search.scores_, whole.scores_)
    assert (search.n_iter_, search.alpha_) == (whole.n_iter_, whole.alpha_)
    if refit and n_alphas == 1:
        np.testing.assert_allclose(search.coef_, whole.coef_, rtol=1e-12)
    elif refit:
        with pytest.raises(NotFittedError, match="or interrupted"):
            search.predict(X)


def test_an_interrupt_before_the_first_score_leaves_all_as_it_was():
    def score(neuron, X, y):
        raise KeyboardInterrupt

    search = SigmoidNeuronClassifierCV(iters=ITERS, cv=4).fit(X, Y["binary"])
    before = vars(search).copy()
    with pytest.raises(KeyboardInterrupt):
        search.set_params(scoring=score).fit(X, Y["binary"])
    assert vars(search) == before | {"scoring": score}
