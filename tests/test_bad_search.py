"""Bad input to the search: a clear error or warning, and nothing half-set."""

import re
import warnings

import numpy as np
import pytest
from sklearn import config_context
from sklearn.exceptions import (
    ConvergenceWarning,
    FitFailedWarning,
    NotFittedError,
)
from sklearn.metrics import (
    balanced_accuracy_score,
    fbeta_score,
    get_scorer,
    make_scorer,
)
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV, iteration_path

pytestmark = [
    pytest.mark.filterwarnings("ignore:The best iteration count is the last"),
    pytest.mark.filterwarnings("ignore:The fit is worse"),  # after so few steps
]

X = np.random.default_rng(0).standard_normal((30, 3))
y = np.arange(30) % 3
BINARY = (X[:, 0] > 0).astype(int)
ITERS = [1, 5, 20]

BAD_PARAMETERS = {
    "iters": [
        ([], r"The 'iters' must be one or more integers .* Got \[\]"),
        ([-1, 5], r"integers in the range \[0, inf\).* Got \[-1, 5\]"),
        ([1.5], "must be one or more integers"),
        ([True], "must be one or more integers"),
        ([[1, 2]], "in one dimension"),
        (["1"], "must be one or more integers"),
        (5, "an array-like"),
        ("all", "a str among {'auto'}"),
        (None, "an array-like"),
    ],
    "label_noises": [
        ([], "one or more label noises"),
        ("all", "'label_noises' parameter"),
        ([0.0, 0.7], "no longer favour"),
        ([{"x": 0.1}], "must be among the classes"),
        ([-0.1], "must be a share"),
    ],
    "alphas": [
        ([], "must be one or more floats"),
        ([-1.0], r"in the range \[0\.0, inf\)"),
        ([np.nan], "must be one or more floats"),
        ([np.inf], "must be one or more floats"),
        ([[0.0]], "in one dimension"),
        (["0"], "must be one or more floats"),
        (0.5, "an array-like"),
    ],
    "max_iter": [(0, r"an int in the range \[1, inf\)"), (2.5, "an int in the range")],
    "cv": [
        ("5", "an int in the range|cross-validation"),
        (1, "k-fold|an int in the range"),
    ],
    "scoring": [("brier", "must be a str among"), (3, "a callable or None")],
    "refit": [("yes", "an instance of 'bool'")],
    "one_standard_error": [(None, "an instance of 'bool'")],
    "learning_rate": [("fast", "a str among {'auto'}")],
    "fit_intercept": [("yes", "an instance of 'bool'")],
    "init": [("random", "a str among")],
    "class_weight": [("even", "a str among"), ({7: 1.0}, "not in class_weight")],
    "random_state": [("seed", "an int in the range")],
}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [(name, *case) for name, cases in BAD_PARAMETERS.items() for case in cases],
    ids=str,
)
def test_parameters(name, value, message):
    search = SigmoidNeuronClassifierCV(**{name: value})
    before = dict(vars(search))
    with pytest.raises(ValueError, match=message):
        search.fit(X, y)
    assert vars(search) == before


def test_every_parameter_is_tested():
    assert set(BAD_PARAMETERS) == set(SigmoidNeuronClassifierCV().get_params())


@pytest.mark.parametrize(("iters", "message"), BAD_PARAMETERS["iters"][:6], ids=str)
def test_iters_and_checkpoints(iters, message):
    with pytest.raises(ValueError, match=message):
        iteration_path(X, y, iters=iters)
    with pytest.raises(ValueError, match=message.replace("iters", "checkpoints")):
        SigmoidNeuronClassifier(checkpoints=iters).fit(X, y)


def test_checkpoints_beyond_the_last_step():
    with pytest.raises(ValueError, match="'checkpoints' reach 30, beyond max_iter=20"):
        SigmoidNeuronClassifier(max_iter=20, checkpoints=[10, 30]).fit(X, y)


BAD_DATA = {
    "NaN": (np.where(X > 2, np.nan, X), y, {}, "Input X contains NaN"),
    "one class": (X, np.ones(30), {}, r"only one class: \[1\.0\]"),
    "lengths": (X[:29], y, {}, "inconsistent numbers of samples"),
    "weights short": (X, y, {"sample_weight": np.ones(5)}, "expected"),
    "weights zero": (X, y, {"sample_weight": np.zeros(30)}, "at least one non-zero"),
    "groups short": (X, y, {"groups": [1, 2]}, "inconsistent numbers of samples"),
    "overflow": (X * 1e160, y, {}, "In fold 0: the descent overflowed float64"),
}


@pytest.mark.parametrize("bad", BAD_DATA)
def test_data(bad):
    X_bad, y_bad, params, message = BAD_DATA[bad]
    search = SigmoidNeuronClassifierCV(iters=ITERS, cv=GroupKFold(2))
    search.fit(X, BINARY, groups=np.arange(30) % 5)
    before = dict(vars(search))
    params = {"groups": np.arange(len(y_bad)) % 5} | params
    with pytest.raises(ValueError, match=message):
        search.fit(X_bad, y_bad, **params)
    assert vars(search).keys() == before.keys()
    assert all(vars(search)[name] is value for name, value in before.items())


@pytest.mark.parametrize("scoring", ["accuracy", "neg_brier_score", "roc_auc", None])
def test_weights_of_score(scoring):
    """The same weights are refused, and taken, whatever the scoring."""
    search = SigmoidNeuronClassifierCV(iters=ITERS, cv=2, scoring=scoring).fit(X, BINARY)
    masked = np.ma.array(np.ones(30), mask=BINARY)
    for weight, message in (
        (-np.ones(30), "Negative values in data passed to `sample_weight`"),
        (np.zeros(30), "at least one non-zero"),
        (np.ones(5), r"sample_weight.shape == \(5,\), expected \(30,\)"),
        (masked, "Input sample_weight contains masked values"),
        (np.full(30, np.nan), "NaN"),
    ):
        with pytest.raises(ValueError, match=message):
            search.score(X, BINARY, weight)
    assert search.score(X, BINARY, 2.0) == search.score(X, BINARY)


def test_groups_that_are_missing():
    with pytest.raises(ValueError, match="'groups' parameter should not be None"):
        SigmoidNeuronClassifierCV(cv=GroupKFold(3)).fit(X, y)


def test_unknown_metadata():
    with pytest.raises(TypeError, match=r"fit takes 'color' only with"):
        SigmoidNeuronClassifierCV().fit(X, y, color=np.ones(30))
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(TypeError, match="color"),
    ):
        SigmoidNeuronClassifierCV().fit(X, y, color=np.ones(30))


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([], "The cv has no folds"),
        ([([], [1])], "Fold 0 of cv has no rows to train"),
        ([(np.arange(30), [1]), ([1, 2], [])], "Fold 1 of cv has no rows"),
        ([(np.arange(31), [1])], "Fold 0 of cv .* out of bounds"),
        ([([0.5], [1])], "Fold 0 of cv is not a pair"),
        ([np.arange(3)], "too many values to unpack"),
        ([(np.ones(7, bool), [1])], "Fold 0 of cv is not a pair"),
        ([(3, 5)], "Fold 0 of cv is not a pair"),
        ([([[1, 2]], [3])], "Fold 0 of cv .* one-dimensional"),
        (KFold(31), "Cannot have number of splits"),
    ],
    ids=str,
)
def test_splits(cv, message):
    with pytest.raises(ValueError, match=message):
        SigmoidNeuronClassifierCV(cv=cv).fit(X, y)


@pytest.mark.parametrize("scoring", ["neg_brier_score", "accuracy", "balanced_accuracy"])
@pytest.mark.parametrize("kept", [[0, 1], [2]], ids=str)
def test_a_fold_whose_training_rows_lack_a_class(kept, scoring):
    """It learns all classes, as from rows without weight, and the user is told."""
    folds = list(KFold(3).split(X))
    test = folds[1][1]
    folds[1] = np.setdiff1d(np.flatnonzero(np.isin(y, kept)), test), test
    search = SigmoidNeuronClassifierCV(iters=ITERS, cv=folds, scoring=scoring)
    missing = "[2]" if kept == [0, 1] else "[0, 1]"
    reason = re.escape(f"\n  Fold 1: no row of {missing}")
    with pytest.warns(UserWarning, match=reason) as report:
        search.fit(X, y)
    assert report[0].filename == __file__
    for fold, (train, test) in enumerate(folds):
        weight = np.bincount(train, minlength=30)
        for count, max_iter in enumerate(ITERS):
            neuron = SigmoidNeuronClassifier(max_iter=max_iter).fit(X, y, weight)
            proba = neuron.predict_proba(X[test])
            expected = {
                "neg_brier_score": -((np.eye(3)[y[test]] - proba) ** 2).sum(axis=1).mean(),
                "accuracy": neuron.score(X[test], y[test]),
                "balanced_accuracy": balanced_accuracy_score(y[test], proba.argmax(axis=1)),
            }
            found = search.scores_[fold, 0, 0, count]
            assert found == pytest.approx(expected[scoring], rel=1e-9)
    assert search.label_quality_.shape == (30,)
    assert np.isfinite(search.label_quality_).all()


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("labels", [np.arange(30) // 15, np.repeat(["a", "b"], 15)])
def test_sorted_labels_without_a_shuffle(labels, refit):
    """Every training part has one class: the scores are as bad as they should be."""
    search = SigmoidNeuronClassifierCV(cv=KFold(2), max_iter=300, refit=refit)
    with pytest.warns(UserWarning, match="Shuffle the rows or stratify the folds"):
        search.fit(X, labels)
    assert search.n_iter_ == 1
    assert (search.scores_ < -0.25).all()


def test_wrong_parameters_of_a_scorer():
    scorer = make_scorer(fbeta_score, beta=-3.0)
    with pytest.raises(ValueError, match="The 'beta' parameter of fbeta_score must be"):
        SigmoidNeuronClassifierCV(iters=ITERS, scoring=scorer).fit(X, BINARY)


def test_a_saturated_start_is_reported():
    with pytest.warns(ConvergenceWarning, match="start left .* saturated") as report:
        SigmoidNeuronClassifierCV(iters=[5], init="uniform", random_state=0).fit(
            X * 1e4, np.random.default_rng(0).permutation(BINARY)
        )
    assert report[-1].filename == __file__


@pytest.mark.parametrize("scoring", ["neg_brier_score", "accuracy"])
@pytest.mark.parametrize("part", ["train", "test"])
def test_a_fold_without_weight(part, scoring):
    folds = [
        (np.arange(a, a + 10), np.arange(b, b + 5)) for a, b in [(0, 10), (5, 0), (20, 5)]
    ]
    weight = np.ones(30)
    weight[folds[2][0] if part == "train" else folds[2][1]] = 0
    search = SigmoidNeuronClassifierCV(iters=ITERS, cv=folds, scoring=scoring)
    reason = "at least one non-zero" if part == "train" else "held-out rows have no weight"
    with pytest.warns(FitFailedWarning, match=f"Fold 2: .*{reason}"):
        search.fit(X, BINARY, weight)
    assert np.isnan(search.scores_[2]).all()
    assert np.isfinite(search.scores_[:2]).all()
    assert np.isfinite(search.best_score_)


def failing_scorer(neuron, X_test, y_test):
    if len(X_test) == 8 and neuron.n_iter_ < 10:
        raise RuntimeError("eight is too few")
    return neuron.score(X_test, y_test)


def test_a_scorer_that_fails_at_times():
    folds = [(np.arange(22), np.arange(22, 30)), (np.arange(10, 30), np.arange(10))]
    search = SigmoidNeuronClassifierCV(iters=ITERS, cv=folds, scoring=failing_scorer)
    with pytest.warns(FitFailedWarning, match="Fold 0: .*eight is too few") as report:
        search.fit(X, BINARY)
    assert report[0].filename == __file__
    np.testing.assert_array_equal(np.isnan(search.scores_[:, 0, 0]), [[1, 1, 0], [0, 0, 0]])
    assert search.n_iter_ == 20  # the only count that all folds have a score at


@pytest.mark.parametrize(
    ("scorer", "reason"),
    [
        (lambda neuron, X, y: 1 / 0, "ZeroDivisionError"),
        (lambda neuron, X, y: np.nan, "its score is nan"),
        (lambda neuron, X, y: "good", "could not convert string"),
        (lambda neuron, X: 0.0, "TypeError"),
    ],
)
def test_a_scorer_that_always_fails(scorer, reason):
    search = SigmoidNeuronClassifierCV(iters=ITERS, scoring=scorer)
    before = dict(vars(search))
    with pytest.raises(ValueError, match=f"No iteration count .* In fold 0: .*{reason}"):
        search.fit(X, y)
    assert vars(search) == before


def test_a_scorer_that_cannot_do_multilabel():
    labels = np.eye(3, dtype=int)[y]
    with pytest.raises(ValueError, match="multilabel-indicator is not supported"):
        SigmoidNeuronClassifierCV(iters=ITERS, scoring="balanced_accuracy").fit(X, labels)


def test_a_scorer_may_be_interrupted():
    def scorer(neuron, X, y):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SigmoidNeuronClassifierCV(iters=ITERS, scoring=scorer).fit(X, y)


def test_a_fold_whose_step_overflows_leaves_the_others_alone():
    large = np.vstack([X, X[:1] * 1e200])
    folds = [(np.arange(15), np.arange(15, 30)), (np.arange(31), np.arange(5))]
    search = SigmoidNeuronClassifierCV(iters=ITERS, cv=folds, refit=False)
    with pytest.warns(FitFailedWarning, match="Fold 1: the descent overflowed float64"):
        search.fit(large, np.append(BINARY, 1))
    assert np.isfinite(search.scores_[0]).all()
    assert np.isnan(search.scores_[1]).all()


def test_counts_beyond_an_int64():
    with pytest.raises(ValueError, match=r"'iters' must be .*9223372036854775808"):
        iteration_path(X, y, iters=[2**63])


@pytest.mark.parametrize("score", [np.inf, -np.inf])
def test_infinite_scores_are_scores(score):
    search = SigmoidNeuronClassifierCV(
        iters=ITERS, scoring=lambda *args: score, one_standard_error=True
    )
    assert search.fit(X, y).n_iter_ == 1


def test_an_alpha_that_diverges_leaves_the_others_alone():
    search = SigmoidNeuronClassifierCV(
        alphas=[1e6, 0.0],
        learning_rate=0.01,
        iters=[1, 500],
        init="uniform",
        random_state=0,
    )
    with pytest.warns(
        FitFailedWarning, match=r"Fold 0, 1, 2, 3, 4: the descent overflowed"
    ):
        search.fit(X, y)
    assert np.isnan(search.scores_[:, 0, 0, 1]).all()
    assert np.isfinite(search.scores_[:, 1]).all()
    assert search.alpha_ == 0.0
    with pytest.raises(ValueError, match="In fold 0: the descent overflowed float64"):
        search.set_params(alphas=[1e6], iters=[500]).fit(X, y)


def test_a_final_descent_that_overflows():
    """The fold trains on rows that are small; all rows are too large."""
    large = X.copy()
    large[20:] *= 1e200
    search = SigmoidNeuronClassifierCV(
        iters=[3], learning_rate=1e200, cv=[(np.arange(10), np.arange(10, 20))]
    )
    with pytest.raises(ValueError, match="overflow"):
        search.fit(large, BINARY)
    assert not hasattr(search, "scores_")


def test_answers():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        SigmoidNeuronClassifierCV().predict(X)
    search = SigmoidNeuronClassifierCV(iters=ITERS).fit(X, y)
    with pytest.raises(ValueError, match=r"labels that were not seen during fit: \[3\]"):
        search.score(X, y + 1)
    assert search.set_params(scoring="accuracy").score(X, y + 3) == 0
    search.set_params(scoring="neg_brier_score")
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        search.score(X, y[:5])
    with pytest.raises(ValueError, match="unlike that of the fit"):
        search.score(X, np.eye(3, dtype=int)[y])
    assert not hasattr(search, "staged_predict")


def test_string_labels_are_no_trouble_where_a_grid_search_fails():
    """Its Brier scorer asks for a pos_label: this is why ours is computed apart."""
    names = np.array(["no", "yes"])[BINARY]
    grid = GridSearchCV(SigmoidNeuronClassifier(), {"max_iter": [5]}, cv=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        grid.set_params(scoring=get_scorer("neg_brier_score")).fit(X, names)
    assert np.isnan(grid.best_score_)
    assert np.isfinite(SigmoidNeuronClassifierCV(iters=ITERS).fit(X, names).best_score_)
