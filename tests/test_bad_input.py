"""Every bad input gets a clear error, and an estimator that raised is as it was."""

import re
from itertools import product

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError

from sk_neuron import (
    LabelQualityDisplay,
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
    find_label_issues,
    recorded_brier_score,
)

X = np.random.default_rng(0).standard_normal((6, 2))
y = np.array([0, 1, 0, 1, 1, 0])
LABELS = np.eye(2, dtype=int)[y]


def with_value(value, array=X):
    array = np.array(array, dtype=np.result_type(array, type(value)))
    array.flat[3] = value
    return array


BAD_PARAMETERS = {
    "max_iter": ([0, -1, 2.5, "10", None], "an int in the range [1, inf)"),
    "learning_rate": (
        [0, -1.0, np.nan, np.inf, "fast", None],
        "a str among {'auto'} or a float in the range (0.0, inf)",
    ),
    "alpha": ([-0.1, np.nan, np.inf, "1", None], "a float in the range [0.0, inf)"),
    "label_noise": (
        [1.0, -0.1, np.nan, "some", None],
        "a float in the range [0.0, 1.0), an instance of 'dict' or an array-like",
    ),
    "fit_intercept": (["yes", 2, None], "an instance of 'bool' or an instance of"),
    "init": (["random", 0, None], "a str among {'uniform', 'zeros'}, an instance of"),
    "class_weight": (
        ["even", 2.0, [1, 2]],
        "an instance of 'dict', a str among {'balanced'}",
    ),
    "tol": ([-1e-4, np.nan, np.inf, "1", None], "a float in the range [0.0, inf)"),
    "n_iter_no_change": ([0, -1, 2.5, None], "an int in the range [1, inf)"),
    "early_stopping": (["auto", 2, None], "an instance of 'bool' or an instance of"),
    "validation_fraction": (
        [0, 1, 1.0, -0.1, np.nan, None],
        "a float in the range (0.0, 1",
    ),
    "warm_start": (["yes", 2, None], "an instance of 'bool' or an instance of"),
    "verbose": ([-1, "loud", None], "an int in the range [0, inf)"),
    "checkpoints": ([7, "all"], "an array-like or None"),
    "random_state": (
        ["seed", -1, 1.5],
        "an int in the range [0, 4294967295], an instance of",
    ),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, (values, _) in BAD_PARAMETERS.items() for value in values],
    ids=str,
)
def test_parameters(name, value):
    _, range_ = BAD_PARAMETERS[name]
    message = f"The {name!r} parameter of SigmoidNeuronClassifier must be {range_}"
    # the order of a set of two words is not fixed
    words = re.escape(message).replace(r"'uniform',\ 'zeros'", r"'\w+',\ '\w+'")
    with pytest.raises(ValueError, match=words):
        SigmoidNeuronClassifier(**{name: value}).fit(X, y)


def test_every_parameter_is_tested():
    assert set(BAD_PARAMETERS) == set(SigmoidNeuronClassifier().get_params())


BAD_DATA = {
    "NaN": (with_value(np.nan), y, None, "Input X contains NaN"),
    "infinity": (with_value(np.inf), y, None, "Input X contains infinity"),
    "sparse NaN": (csr_array(with_value(np.nan)), y, None, "Input X contains NaN"),
    "complex": (X + 1j, y, None, "Complex data not supported"),
    "text": (
        [["a", "b"]] * 6,
        y,
        None,
        "could not convert string to float|dtype='numeric'",
    ),
    "one-dimensional": (X[:, 0], y, None, "Expected 2D array, got 1D array instead"),
    "no rows": (X[:0], y[:0], None, r"Found array with 0 sample\(s\)"),
    "no columns": (X[:, :0], y, None, r"Found array with 0 feature\(s\)"),
    "lengths": (X[:5], y, None, "inconsistent numbers of samples: .*5, 6"),
    "y missing": (X, None, None, "requires y to be passed, but the target y is None"),
    "y NaN": (X, with_value(np.nan, y), None, "y contains missing values"),
    "y continuous": (X, X[:, 0], None, "Unknown label type: continuous"),
    "one class": (X, np.ones(6), None, r"only one class: \[1\.0\]"),
    "one row": (X[:1], y[:1], None, "only one class"),
    "several outputs": (X, np.arange(12).reshape(6, 2) % 3, None, "multiclass-multioutput"),
    "labels not 0 and 1": (X, LABELS * 2, None, "must hold only 0 and 1"),
    "weight NaN": (
        X,
        y,
        with_value(np.nan, np.ones(6)),
        "Input sample_weight contains NaN",
    ),
    "weight inf": (X, y, with_value(np.inf, np.ones(6)), "sample_weight contains infinity"),
    "scalar weight NaN": (X, y, np.nan, "Input sample_weight contains NaN"),
    "weight negative": (
        X,
        y,
        with_value(-1.0, np.ones(6)),
        "Negative values .*sample_weight",
    ),
    "weights zero": (X, y, np.zeros(6), "weights must contain at least one non-zero"),
    "weights short": (X, y, np.ones(5), r"sample_weight.shape == \(5,\), expected \(6,\)"),
    "weights 2D": (X, y, np.ones((6, 1)), r"shape == \(6, 1\), expected \(6,\)"),
    "weights text": (X, y, list("abcdef"), "could not convert string to float"),
    "curvature overflow": (X * 1e160, y, None, "sum of their squares.* Scale the features"),
    "wide overflow": (np.tile(X * 1e160, 50), y, None, "sum of their squares.* overflows"),
}


@pytest.mark.parametrize("scale", [1e-320, 1e-60, 1e60, 1e308])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_tiny_and_huge_weights_are_fine(scale, dtype):
    """They count in relation to each other, so that none over- or underflows."""
    params = {"max_iter": 5, "class_weight": "balanced"}
    neuron = SigmoidNeuronClassifier(**params).fit(X.astype(dtype), y, np.full(6, scale))
    plain = SigmoidNeuronClassifier(**params).fit(X.astype(dtype), y)
    np.testing.assert_allclose(neuron.coef_, plain.coef_, rtol=1e-3)


def test_float32_whose_squares_overflow_is_fine():
    neuron = SigmoidNeuronClassifier(max_iter=30).fit((X * 1e20).astype("f"), y)
    assert np.isfinite(neuron.coef_).all()


@pytest.mark.parametrize("bad", BAD_DATA)
def test_data(bad):
    X_bad, y_bad, weight, message = BAD_DATA[bad]
    neuron = SigmoidNeuronClassifier(init="uniform", random_state=0)
    with pytest.raises((ValueError, TypeError), match=message):
        neuron.fit(X_bad, y_bad, sample_weight=weight)
    assert vars(neuron) == vars(SigmoidNeuronClassifier(init="uniform", random_state=0))

    neuron.fit(X, LABELS)
    before = dict(vars(neuron))
    with pytest.raises((ValueError, TypeError), match=message):
        neuron.fit(X_bad, y_bad, sample_weight=weight)
    assert vars(neuron).keys() == before.keys()
    assert all(vars(neuron)[name] is value for name, value in before.items())


@pytest.mark.parametrize(
    ("class_weight", "labels", "message"),
    [
        ({5: 1.0}, y, "not in class_weight"),
        ({0: -1.0}, y, "Negative values .*class_weight"),
        ({0: np.nan}, y, "NaN or overflow"),
        ({0: 0.0, 1: 0.0}, y, "zero in every row"),
        ({0: 0.0, 1: 1.0}, np.zeros_like(LABELS), "zero in every row"),
        ({0: 1.0, "b": 1.0}, LABELS, r"has the keys \[0, 'b'\]"),
    ],
)
def test_class_weight(class_weight, labels, message):
    with pytest.raises(ValueError, match=message):
        SigmoidNeuronClassifier(class_weight=class_weight).fit(X, labels)


@pytest.mark.parametrize("learning_rate", [1e300, 1.7e308])
@pytest.mark.parametrize("scale", [1e10, 1e308])
def test_a_step_that_overflows_says_so(learning_rate, scale):
    with pytest.raises(ValueError, match=r"overflow.* Scale the features"):
        SigmoidNeuronClassifier(learning_rate=learning_rate).fit(np.sign(X) * scale, y)


def test_an_intercept_that_overflows_says_so():
    with pytest.raises(ValueError, match="The descent overflowed"):
        SigmoidNeuronClassifier(learning_rate=1.7e308).fit(
            np.zeros((9, 2)), [0, *[1] * 8], 9.0
        )


def test_finite_weights_whose_sum_overflows_say_so():
    with pytest.raises(ValueError, match=r"X @ coef_\.T overflows"):
        SigmoidNeuronClassifier(learning_rate=1e5, max_iter=1).fit(np.sign(X) * 1e155, y)


def test_a_decay_that_diverges_says_so():
    params = {"learning_rate": 1.0, "alpha": 1e3, "max_iter": 200}
    neuron = SigmoidNeuronClassifier(init="uniform", **params)
    with pytest.raises(ValueError, match="smaller learning_rate or alpha"):
        neuron.fit(X, y)


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "predict_log_proba", "decision_function"]
)
def test_answers(method):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(SigmoidNeuronClassifier(), method)(X)
    answer = getattr(SigmoidNeuronClassifier().fit(X, y), method)
    with pytest.raises(
        ValueError, match=r"X has 1 features, but .* is expecting 2 features"
    ):
        answer(X[:, :1])
    with pytest.raises(ValueError, match="Input X contains NaN"):
        answer(with_value(np.nan))
    with pytest.raises(ValueError, match=r"X @ coef_\.T overflows float64"):
        answer(np.sign(X) * 1.7e308)


SEVERAL = {
    "binary": y > 0,
    "multiclass": np.array([0, 1, 2, 1, 2, 0]),
    "multilabel": LABELS,
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", SEVERAL)
@pytest.mark.parametrize(
    ("dtype", "scale"),
    [
        *product([np.float64, np.float32], [1e-30, 1.0, 1e15]),
        (np.float64, 1e-310),
        (np.float32, 1e-37),
    ],
)
def test_numpy_error_settings_do_not_matter(kind, dtype, scale):
    """What underflows is 0, and what overflows is reported, whatever NumPy is set to do."""
    rows, labels = (np.tile(X, (4, 1)) * scale).astype(dtype), SEVERAL[kind]
    others = rows * 100
    labels = np.tile(labels, (4, 1)) if labels.ndim == 2 else np.tile(labels, 4)
    weight = np.where(np.arange(24) < 6, 1e-300, 1e200)
    tiny = np.where(np.arange(24) < 6, 1e-300, 1.0)
    classes = None if labels.ndim == 2 else np.unique(labels)
    with np.errstate(all="raise"):
        for params in (
            {},
            {"init": "uniform", "random_state": 0, "checkpoints": [0, 5]},
            {"label_noise": 0.1, "alpha": 1e-300},
            {"class_weight": {0: 1e-200}, "fit_intercept": False},
        ):
            neuron = SigmoidNeuronClassifier(max_iter=30, **params)
            neuron.fit(rows, labels, weight)
            neuron.partial_fit(rows, labels, classes=classes)
            for method in ("predict", "predict_log_proba", "predict_recorded_proba"):
                getattr(neuron, method)(others)
            neuron.label_quality(others, labels)
            for method in ("influence", "score"):
                getattr(neuron, method)(others, labels, tiny)
            recorded_brier_score(neuron, rows, labels, weight)
        neuron = SigmoidNeuronClassifier(
            early_stopping=True, init="uniform", checkpoints=[0]
        )
        list(neuron.fit(rows, labels).staged_predict_proba(others))
        for scoring in ("neg_brier_score", "accuracy"):
            search = SigmoidNeuronClassifierCV(
                max_iter=9, cv=2, scoring=scoring, label_noises=[0, 0.1], init="uniform"
            )
            search.fit(rows, labels, weight).score(rows, labels, weight)


MASKED = np.ma.array(X, mask=X > 1)
MASKED_WEIGHT = np.ma.array(np.ones(6), mask=[1, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    "call",
    [
        lambda neuron: neuron.fit(MASKED, y),
        lambda neuron: neuron.partial_fit(MASKED, y),
        lambda neuron: neuron.predict(MASKED),
        lambda neuron: neuron.score(MASKED, y),
        lambda neuron: neuron.fit(X, y, X_val=MASKED, y_val=y),
        lambda neuron: SigmoidNeuronClassifierCV(cv=2).fit(MASKED, y),
        lambda neuron: neuron.fit(X, y, MASKED_WEIGHT),
        lambda neuron: neuron.partial_fit(X, y, sample_weight=MASKED_WEIGHT),
        lambda neuron: neuron.influence(X, y, MASKED_WEIGHT),
        lambda neuron: neuron.score(X, y, MASKED_WEIGHT),
        lambda neuron: neuron.fit(X, y, X_val=X, y_val=y, sample_weight_val=MASKED_WEIGHT),
        lambda neuron: SigmoidNeuronClassifierCV(cv=2).fit(X, y, MASKED_WEIGHT),
        lambda neuron: find_label_issues(neuron, X, y, label_quality=MASKED_WEIGHT),
        lambda neuron: LabelQualityDisplay(
            label_quality=MASKED_WEIGHT, given_label=y, suggested_label=y
        ).plot(),
        lambda neuron: neuron.set_params(init=MASKED_WEIGHT[:2]).fit(X, y),
        lambda neuron: neuron.set_params(init=(X[:1], MASKED_WEIGHT[:1])).fit(X, y),
    ],
)
def test_what_is_under_a_mask_is_not_used(call):
    """Nor dropped in silence: NumPy forgets a mask where it makes an array of it."""
    assert MASKED.mask.any()
    with pytest.raises(ValueError, match=r"Input \w+ contains masked values\. Drop"):
        call(SigmoidNeuronClassifier().fit(X, y))


def test_a_mask_over_nothing_is_no_mask():
    neuron, weight = SigmoidNeuronClassifier(), np.ma.array(np.ones(6), mask=False)
    masked = neuron.fit(np.ma.array(X), y, weight).coef_
    np.testing.assert_array_equal(masked, neuron.fit(X, y).coef_)


def test_as_many_classes_as_rows_are_warned_of():
    """As scikit-learn does: such labels may be numbers to predict."""
    X = np.random.default_rng(0).standard_normal((40, 3))
    with pytest.warns(UserWarning, match="unique classes is greater than 50%"):
        SigmoidNeuronClassifier(max_iter=2).fit(X, np.arange(40) % 30)


def test_float32_that_overflows_only_in_its_answers():
    """Norms are in float64, so X may be far larger than the root of the largest number."""
    X = (np.abs(np.random.default_rng(0).standard_normal((60, 1))) + 0.5) * 1e30
    X = X.astype(np.float32)
    y = (X[:, 0] > 1e30).astype(int)
    params = {"fit_intercept": False, "learning_rate": 1e-20}
    with pytest.raises(ValueError, match="weights are so large"):
        SigmoidNeuronClassifier(max_iter=3, **params).fit(X, y)
    for scoring in ("neg_brier_score", "neg_log_loss", "accuracy"):
        search = SigmoidNeuronClassifierCV(iters=[3], scoring=scoring, **params)
        with pytest.raises(ValueError, match="the descent overflowed float32"):
            search.fit(X, y)
