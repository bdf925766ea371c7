"""Labels as users have them: every container and type, and dicts keyed by class."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import coo_array, csr_array
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_class_weight

from sk_neuron import (
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
    WeightPathDisplay,
    find_label_issues,
)

X = np.random.default_rng(0).standard_normal((40, 3))
IS_POSITIVE = X[:, 0] > 0
WORDS = np.where(IS_POSITIVE, "yes", "no")
MISSING = np.arange(40) == 3
DAYS = np.array(["2020-01-01", "2021-01-01"], "datetime64[D]")
TWO_LABELS = np.column_stack([IS_POSITIVE, X[:, 1] > 0])


def fit(y, **params):
    return SigmoidNeuronClassifier(max_iter=5, **params).fit(X, y)


def same_weights(neuron, other):
    np.testing.assert_array_equal(neuron.coef_, other.coef_)
    np.testing.assert_array_equal(neuron.intercept_, other.intercept_)


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (IS_POSITIVE, "b"),
        (IS_POSITIVE.tolist(), "b"),
        (IS_POSITIVE.astype(object), "b"),
        (pd.Series(IS_POSITIVE, dtype="boolean"), "b"),
        (pl.Series(IS_POSITIVE), "b"),
        (IS_POSITIVE.astype(np.int8), "i"),
        (pd.Series(IS_POSITIVE.astype(int), dtype="Int64"), "i"),
        (pd.Series(IS_POSITIVE.astype(int), dtype="Int8", index=range(40, 0, -1)), "i"),
        (pl.Series(IS_POSITIVE.astype(int)), "i"),
        (IS_POSITIVE.astype(float), "f"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_classes_keep_their_kind(y, kind):
    neuron = fit(y)
    assert neuron.classes_.dtype.kind == kind
    assert neuron.predict(X).dtype.kind == kind
    same_weights(neuron, fit(IS_POSITIVE))
    assert neuron.score(X, y) == fit(IS_POSITIVE).score(X, IS_POSITIVE)


@pytest.mark.parametrize(
    "y",
    [
        WORDS.tolist(),
        WORDS.astype(object),
        pd.Series(WORDS),
        pd.Series(WORDS, dtype="string"),
        pd.Series(WORDS, dtype="category"),
        pl.Series(WORDS),
    ],
    ids=["list", "object", "Series", "string", "category", "polars"],
)
def test_words(y):
    neuron = fit(y)
    assert neuron.classes_.tolist() == ["no", "yes"]
    same_weights(neuron, fit(IS_POSITIVE))


NAMED = "y contains missing values"


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(WORDS, dtype="string").mask(MISSING),
        pd.Series(WORDS).mask(MISSING),
        pd.Series(IS_POSITIVE.astype(int), dtype="Int64").mask(MISSING),
        pd.Series(IS_POSITIVE, dtype="boolean").mask(MISSING),
        [None, *WORDS[1:]],
        [np.nan, *WORDS[1:]],
        np.where(MISSING, np.nan, IS_POSITIVE),
        np.ma.array(IS_POSITIVE.astype(int), mask=MISSING),
        np.where(MISSING, np.datetime64("NaT"), DAYS[IS_POSITIVE.astype(int)]),
        pl.Series(WORDS).set(pl.Series(MISSING), None),
        pl.Series(IS_POSITIVE).set(pl.Series(MISSING), None),
    ],
    ids=range(11),
)
@pytest.mark.parametrize("assume_finite", [False, True])
def test_missing_labels_are_named_before_anything_else(y, assume_finite):
    with config_context(assume_finite=assume_finite):
        for estimator in (SigmoidNeuronClassifier(), SigmoidNeuronClassifierCV()):
            with pytest.raises(ValueError, match=NAMED):
                estimator.fit(X, y)
        with pytest.raises(ValueError, match=f"y_val.*{NAMED[2:]}|{NAMED}"):
            fit(WORDS).fit(X, WORDS, X_val=X, y_val=y)
        with pytest.raises(ValueError, match=NAMED):
            SigmoidNeuronClassifier().partial_fit(X, y, classes=["no", "yes"])
        with pytest.raises(ValueError, match=NAMED):
            fit(WORDS).influence(X, y)
        with pytest.raises(ValueError, match=NAMED):
            find_label_issues(fit(WORDS), X, y)


def test_integers_as_objects_are_said_to_be_that():
    y = IS_POSITIVE.astype(int).astype(object)
    with pytest.raises(ValueError, match=r"y holds integers as Python objects.*dtype=int"):
        fit(y)
    fit(y.astype(int))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_named_whatever_is_assumed(value):
    bad = np.where(MISSING[:, np.newaxis], value, X)
    with (
        config_context(assume_finite=True),
        pytest.raises(ValueError, match="Input X contains"),
    ):
        SigmoidNeuronClassifier().fit(bad, IS_POSITIVE)


FORMS = [
    TWO_LABELS.astype(int),
    TWO_LABELS,
    csr_array(TWO_LABELS.astype(int)),
    pd.DataFrame(TWO_LABELS, columns=["a", "b"]),
    pd.DataFrame(TWO_LABELS).astype("boolean"),
    pd.DataFrame(TWO_LABELS).astype("Int64"),
    pl.DataFrame(TWO_LABELS.astype(int)),
]


@pytest.mark.parametrize("y", FORMS, ids=[type(form).__name__ for form in FORMS])
def test_whatever_takes_labels_takes_what_fit_takes(y):
    expected = fit(FORMS[0])
    neuron = fit(y)
    same_weights(neuron, expected)
    val = {"X_val": X, "y_val": y}
    same_weights(SigmoidNeuronClassifier(max_iter=5).fit(X, y, **val), expected)
    np.testing.assert_array_equal(neuron.influence(X, y), expected.influence(X, FORMS[0]))
    quality = neuron.label_quality(X, y)
    np.testing.assert_array_equal(quality, expected.label_quality(X, FORMS[0]))
    search = SigmoidNeuronClassifierCV(iters=[5], cv=3).fit(X, y)
    other = SigmoidNeuronClassifierCV(iters=[5], cv=3).fit(X, FORMS[0])
    np.testing.assert_array_equal(search.scores_, other.scores_)
    assert search.score(X, y) == other.score(X, FORMS[0])


TIMES = DAYS.astype("datetime64[ns]")
KEYS = {
    "words that look like integers": (np.array(["0", "1"]), ["0", "1"]),
    "booleans": (np.array([False, True]), [False, np.True_]),
    "integers": (np.array([3, 7]), [np.int64(3), 7.0]),
    "dates": (DAYS, list(DAYS)),
    "days": (DAYS, DAYS.tolist()),
    "times": (TIMES, [pd.Timestamp(day) for day in DAYS]),
    "days as times": (DAYS, [pd.Timestamp(day) for day in DAYS]),
    "times as days": (TIMES, list(DAYS)),
}


@pytest.mark.parametrize(("classes", "keys"), KEYS.values(), ids=KEYS)
def test_dicts_are_keyed_by_the_class_as_it_is(classes, keys):
    y = classes[IS_POSITIVE.astype(int)]
    plain = {"class_weight": {0: 5, 1: 1}}, {"label_noise": {1: 0.3}}
    keyed = {"class_weight": {keys[0]: 5, keys[1]: 1}}, {"label_noise": {keys[1]: 0.3}}
    for expected, params in zip(plain, keyed, strict=True):
        neuron = fit(y, **params)
        same_weights(neuron, fit(IS_POSITIVE.astype(int), **expected))
        is_second = (neuron.decision_function(X) > 0).astype(int)
        np.testing.assert_array_equal(neuron.predict(X), classes[is_second])
    neuron = SigmoidNeuronClassifier(class_weight=keyed[0]["class_weight"])
    neuron.partial_fit(X, y, classes=classes)
    search = SigmoidNeuronClassifierCV(
        iters=[2], cv=3, label_noises=[keyed[1]["label_noise"]]
    )
    assert search.fit(X, y).label_noise_ == keyed[1]["label_noise"]


def test_unknown_keys_of_class_weight():
    with pytest.raises(ValueError, match=r"\['no'\], are not in class_weight"):
        fit(WORDS, class_weight={"maybe": 2, "yes": 1})


@pytest.mark.parametrize("label", [(1,), (0, 1), pd.NA, None, "1"], ids=str)
def test_what_is_no_class_is_no_key(label):
    y = IS_POSITIVE.astype(int)
    with pytest.raises(ValueError, match="must be among the classes"):
        fit(y, label_noise={label: 0.2})
    with pytest.raises(ValueError, match="are not in class_weight"):
        fit(y, class_weight={label: 2, 1: 3})


def test_dates_of_another_unit_are_the_same_classes():
    index = IS_POSITIVE.astype(int)
    neuron = fit(DAYS[index])
    expected = neuron.label_quality(X, DAYS[index])
    np.testing.assert_array_equal(neuron.label_quality(X, TIMES[index]), expected)
    fit(DAYS[index]).fit(X, DAYS[index], X_val=X, y_val=TIMES[index])
    stream = SigmoidNeuronClassifier().partial_fit(X, DAYS[index], classes=TIMES)
    stream.partial_fit(X, TIMES[index], classes=DAYS)
    later = TIMES[index] + np.timedelta64(1, "s")
    with pytest.raises(ValueError, match=r"not seen during fit.*2020-01-01T00:00:01"):
        neuron.label_quality(X, later)
    display = WeightPathDisplay.from_estimator(
        fit(TIMES[index], checkpoints=[1]), class_of_interest=pd.Timestamp("2021-01-01")
    )
    assert "2021" in display.ax_.get_ylabel()
    plt.close("all")


@pytest.mark.parametrize("scoring", ["neg_brier_score", "accuracy", "f1_macro", "roc_auc"])
def test_a_search_takes_labels_as_a_fit_does(scoring):
    params = {"iters": [3], "cv": 3, "scoring": scoring}
    expected = SigmoidNeuronClassifierCV(**params).fit(X, IS_POSITIVE)
    for y in (IS_POSITIVE.astype(object), pd.Series(IS_POSITIVE, dtype="boolean")):
        search = SigmoidNeuronClassifierCV(**params).fit(X, y)
        np.testing.assert_array_equal(search.scores_, expected.scores_)
        assert search.score(X, y) == expected.score(X, IS_POSITIVE)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["no", "yes", None], "classes contains missing values"),
        ([], r"At least two classes are needed. Got \[\]"),
        (["no"], r"two classes are needed. Got \['no'\]"),
        (np.ma.array(["no", "yes"], mask=[0, 1]), "classes contains missing values"),
    ],
)
def test_classes_of_a_stream_go_through_the_same_door(classes, message):
    with pytest.raises(ValueError, match=message):
        SigmoidNeuronClassifier().partial_fit(X, WORDS, classes=classes)


RECORDS = np.array(list(zip(IS_POSITIVE, WORDS, strict=True)), dtype="?, U3")
REFUSED = {
    "records": (RECORDS, r"y holds records.*such as y\['f0'\]"),
    "record array": (RECORDS.view(np.recarray), r"y holds records.*such as y\['f0'\]"),
    "raw bytes": (WORDS.astype("S").view("V3"), "y holds records. Pass one column"),
    "words and numbers": (np.array([1, "a"], object)[np.arange(40) % 2], "common order"),
    "words among numbers": ([1, "a", 2.0, "b"] * 10, "words and numbers"),
    "arrays": (np.array([X[0], X[1, :2]], object)[np.arange(40) % 2], "y holds arrays"),
    "complex numbers": (IS_POSITIVE + 0j, "Complex data not supported"),
    "complex objects": ((IS_POSITIVE + 0j).astype(object), "Unknown label type"),
    "a word": ("yes" * 40, "y should be a 1d array, got 'str'"),
    "a generator": ((word for word in WORDS), "y should be a 1d array, got 'generator'"),
    "a set": ({0, 1}, "y should be a 1d array, got 'set'"),
    "a number": (1, "y should be a 1d array, got 'int'"),
    "pairs": (list(zip(WORDS, WORDS, strict=True)), "multiclass-multioutput y is not"),
    "dates with a zone": (pd.Series(DAYS).dt.tz_localize("UTC")[[0, 1] * 20], "label type"),
}


@pytest.mark.parametrize(("y", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_classes_is_refused_clearly(y, message):
    fitted = fit(IS_POSITIVE)
    for call in (
        SigmoidNeuronClassifier().fit,
        SigmoidNeuronClassifierCV().fit,
        fitted.label_quality,
    ):
        with pytest.raises(ValueError, match=message):
            call(X, y)


def test_bytes_are_refused_as_by_scikit_learn():
    for y in (WORDS.astype("S"), [word.encode() for word in WORDS]):
        with pytest.raises(TypeError, match="labels represented as bytes"):
            fit(y)


SPANS = np.array([1, 5], "timedelta64[D]")
WORDS_IN_ORDER = pd.Categorical(WORDS, categories=["yes", "unused", "no"], ordered=True)
UNUSUAL = {
    "categories": pd.Series(WORDS, dtype="category"),
    "ordered categories with one unused": WORDS_IN_ORDER,
    "a Series of them": pd.Series(WORDS_IN_ORDER),
    "categories of integers": pd.Series(IS_POSITIVE.astype(int)).astype("category"),
    "categories of dates": pd.Series(DAYS[IS_POSITIVE.astype(int)]).astype("category"),
    "an index": pd.Index(WORDS),
    "polars' categories": pl.Series(WORDS).cast(pl.Categorical),
    "polars' enum": pl.Series(WORDS.tolist(), dtype=pl.Enum(["yes", "unused", "no"])),
    "dates": DAYS[IS_POSITIVE.astype(int)],
    "spans of time": SPANS[IS_POSITIVE.astype(int)],
    "a list of spans": list(SPANS[IS_POSITIVE.astype(int)]),
    "pandas' spans": pd.Series(SPANS[IS_POSITIVE.astype(int)]),
    "large integers": IS_POSITIVE.astype(np.uint64) + np.uint64(2**63),
    "half precision": IS_POSITIVE.astype(np.float16),
}


@pytest.mark.parametrize("y", UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_labels_are_classes_as_of_logistic_regression(y):
    """Categories are sorted as their values, and those without a row are none."""
    expected, neuron = LogisticRegression().fit(X, y), fit(y)
    np.testing.assert_array_equal(neuron.classes_, expected.classes_)
    assert neuron.classes_.dtype == expected.classes_.dtype
    same_weights(neuron, fit(IS_POSITIVE))
    search = SigmoidNeuronClassifierCV(iters=[5], cv=3, scoring="balanced_accuracy")
    assert search.fit(X, y).score(X, y) == search.fit(X, IS_POSITIVE).score(X, IS_POSITIVE)


def test_other_odd_labels():
    with pytest.raises(ValueError, match="sparse y is a multilabel one"):
        fit(coo_array(IS_POSITIVE.astype(int)))
    frame = pd.DataFrame(TWO_LABELS.astype(float)).astype("Float64")
    same_weights(fit(frame), fit(TWO_LABELS))


@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
@pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="has no such words"
)
@pytest.mark.parametrize("scoring", ["neg_brier_score", "accuracy", "f1_macro"])
def test_words_of_any_length(scoring):
    """Those of NumPy 2, which scikit-learn's splitters and scorers do not know."""
    words = WORDS.astype(np.dtypes.StringDType())
    same_weights(fit(words), fit(WORDS))
    params = {"iters": [1, 5], "cv": 2, "scoring": scoring}
    expected = SigmoidNeuronClassifierCV(**params).fit(X, WORDS)
    search = SigmoidNeuronClassifierCV(**params).fit(X, words)
    np.testing.assert_array_equal(search.scores_, expected.scores_)
    assert search.score(X, words) == expected.score(X, WORDS)


@pytest.mark.parametrize(
    "labels", [WORDS, IS_POSITIVE, np.arange(40) % 3, DAYS[IS_POSITIVE.astype(int)]]
)
def test_balanced_weights_are_those_of_scikit_learn(labels):
    weight = np.arange(40) % 4
    classes = np.unique(labels)
    rows = np.searchsorted(classes, labels)
    factors = compute_class_weight(
        "balanced", classes=np.unique(rows), y=rows, sample_weight=weight
    )
    neuron = SigmoidNeuronClassifier(max_iter=5, class_weight="balanced")
    plain = SigmoidNeuronClassifier(max_iter=5).fit(X, labels, weight * factors[rows])
    same_weights(neuron.fit(X, labels, weight), plain)
