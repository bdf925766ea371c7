"""Arrays of PyTorch and array-api-strict: the same fits and answers, where the data are.

SciPy must be told before it is imported that such arrays come: the first test runs the
others in a process of its own.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from unittest import SkipTest

import numpy as np
import pytest
import scipy
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.utils import estimator_checks

from sk_neuron import (
    LabelQualityDisplay,
    LossCurveDisplay,
    NeuronDisplay,
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
    WeightPathDisplay,
    find_label_issues,
    recorded_brier_score,
)
from sk_neuron._kernels import DeviceRows, NumpyKernel

DISPATCHES = os.environ.get("SCIPY_ARRAY_API") == "1"
HAS_SCIPY = tuple(map(int, scipy.__version__.split(".")[:2])) >= (1, 14)
pytestmark = [
    pytest.mark.any_kernel,
    pytest.mark.skipif(not HAS_SCIPY, reason="SciPy below 1.14"),
    pytest.mark.skipif(not find_spec("array_api_strict"), reason="no array-api-strict"),
]
within = pytest.mark.skipif(not DISPATCHES, reason="in a process of its own")


@pytest.mark.skipif(DISPATCHES, reason="this is the process")
def test_all_in_a_process_of_its_own():
    command = [
        sys.executable,
        "-P",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        __file__,
    ]
    env = os.environ | {"SCIPY_ARRAY_API": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout


# ------------------------------------------------------------- the rest, in that process

PLACES = [
    ("array_api_strict", "device1"),  # which NumPy cannot read
    ("torch", "cpu"),
    ("torch", "cuda"),
    ("cupy", None),
]
PLACE = pytest.mark.parametrize("place", PLACES, ids=str)
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
Z = X @ rng.normal(size=(4, 3)) + rng.logistic(size=(120, 3))
Y = {
    "binary": (Z[:, 0] > 0).astype(int),
    "multiclass": Z.argmax(axis=1),
    "multilabel": (Z > 0).astype(int),
}
KINDS = pytest.mark.parametrize("kind", Y)
WEIGHT = rng.random(120)


class Place:
    """A library and a device, and the way there and back."""

    def __init__(self, name, device):
        self.xp = pytest.importorskip(name)
        if device == "cuda" and not self.xp.cuda.is_available():
            pytest.skip("no CUDA")
        self.device = self.xp.Device(device) if name == "array_api_strict" else device

    def send(self, array):
        more = {} if self.device is None else {"device": self.device}
        return self.xp.asarray(np.array(array), **more)

    def fetch(self, array):
        assert type(array) is type(self.send([0.0]))
        assert str(array.device) == str(self.send([0.0]).device)
        if hasattr(array, "cpu"):
            return array.cpu().numpy()
        if hasattr(array, "get"):
            return array.get()
        return np.asarray(self.xp.asarray(array, device=self.xp.Device("CPU_DEVICE")))


@pytest.fixture
def there(place):
    found = Place(*place)
    with config_context(array_api_dispatch=True):
        yield found


CONFIGURATIONS = {
    "plain": {},
    "noise": {"label_noise": 0.1},
    "decay": {"alpha": 1e-3},
    "no intercept": {"fit_intercept": False},
    "constant steps": {"learning_rate": 0.01},
    "uniform": {"init": "uniform", "random_state": 0},
    "balanced": {"class_weight": "balanced"},
    "tolerance": {"tol": 1e-3},
    "early stopping": {"early_stopping": True, "random_state": 0},
    "checkpoints": {"checkpoints": [0, 3, 50]},
}


@within
@PLACE
@KINDS
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_fifty_steps_are_those_of_numpy(there, kind, name):
    """All learned arrays are where X is, and nearly those of NumPy."""
    neuron = SigmoidNeuronClassifier(max_iter=50).set_params(**CONFIGURATIONS[name])
    with config_context(array_api_dispatch=False):
        ours = clone(neuron).fit(X, Y[kind], WEIGHT)
    theirs = neuron.fit(there.send(X), there.send(Y[kind]), there.send(WEIGHT))
    learned = [name for name, value in vars(ours).items() if isinstance(value, np.ndarray)]
    assert {"coef_", "intercept_", "loss_curve_", "learning_rate_curve_"} <= set(learned)
    for attribute in learned:
        expected, found = getattr(ours, attribute), there.fetch(getattr(theirs, attribute))
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
    assert theirs.n_iter_ == ours.n_iter_


@pytest.fixture
def moved(there, monkeypatch):
    """Return a list that grows with each transfer; a step that reads a value fails."""
    moved, step, kind = [], NumpyKernel._step, type(there.send([0.0]))

    def note(move):
        def moves(self, *args):
            moved.append(move)
            return move(self, *args)

        return moves

    def refuse(array):
        raise AssertionError("A step reads a value.")

    def watched(self, state):
        n_before = len(moved)
        with monkeypatch.context() as patch:
            for name in ("__bool__", "__int__", "__float__", "__index__"):
                patch.setattr(kind, name, refuse)
            state = step(self, state)
        assert len(moved) == n_before
        return state

    for name in ("send", "fetch"):
        monkeypatch.setattr(DeviceRows, name, note(getattr(DeviceRows, name)))
    monkeypatch.setattr(NumpyKernel, "_step", watched)
    return moved


@within
@pytest.mark.filterwarnings("ignore")
@PLACE
@KINDS
@pytest.mark.parametrize(
    "params", [{}, {"label_noise": 0.1, "alpha": 1e-3}, {"learning_rate": 0.01}], ids=str
)
def test_more_steps_move_no_more_to_numpy(there, moved, kind, params):
    """The history comes once for all steps between two stops."""
    rows, y, counts = there.send(X), there.send(Y[kind]), []
    for n_steps in (5, 25):
        moved.clear()
        SigmoidNeuronClassifier(max_iter=n_steps, **params).fit(rows, y)
        counts.append(len(moved))
    assert counts[0] >= counts[1] > 0


@within
@pytest.mark.filterwarnings("ignore")
@PLACE
@KINDS
def test_more_steps_of_a_search_move_no_more_to_numpy(there, moved, kind):
    rows, y, counts = there.send(X), there.send(Y[kind]), []
    for n_steps in (5, 25):
        moved.clear()
        search = SigmoidNeuronClassifierCV(iters=[1, n_steps - 1, n_steps], cv=3)
        search.fit(rows, y)
        counts.append(len(moved))
    assert counts[0] >= counts[1] > 0


@within
@PLACE
@KINDS
@pytest.mark.parametrize("label_noise", [0.0, 0.1])
@DTYPES
def test_answers_are_those_of_numpy(there, kind, label_noise, dtype):
    y, rows = Y[kind], X.astype(dtype)
    neuron = SigmoidNeuronClassifier(max_iter=5, label_noise=label_noise, checkpoints=[2])
    with config_context(array_api_dispatch=False):
        ours = clone(neuron).fit(rows, y)
    theirs = neuron.fit(there.send(rows), there.send(y))
    assert there.fetch(theirs.coef_).dtype == dtype
    tolerance = 2e-5 if dtype == np.float32 else 1e-12
    for method in (
        "decision_function",
        "predict_proba",
        "predict_log_proba",
        "predict",
        "predict_recorded_proba",
        "label_quality",
        "influence",
    ):
        more = method in ("label_quality", "influence")
        with config_context(array_api_dispatch=False):
            expected = getattr(ours, method)(rows, *[y] * more)
        found = getattr(theirs, method)(there.send(rows), *[there.send(y)] * more)
        found = there.fetch(found)
        assert found.dtype == expected.dtype, method
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, atol=tolerance, err_msg=method)
    score = theirs.score(there.send(rows), there.send(y), there.send(WEIGHT))
    assert isinstance(score, float)
    assert score == pytest.approx(ours.score(rows, y, WEIGHT))
    (staged,) = theirs.staged_predict_proba(there.send(rows))
    assert there.fetch(staged).shape == ours.predict_proba(rows).shape


@within
@PLACE
def test_far_out_answers_stay_finite(there):
    rows = there.send(X)
    for kind, y in Y.items():
        neuron = SigmoidNeuronClassifier(max_iter=5).fit(rows, there.send(y))
        proba = there.fetch(neuron.predict_proba(rows * 1e5))
        logs = there.fetch(neuron.predict_log_proba(rows * 1e5))
        assert np.isfinite(proba).all(), kind
        assert np.isfinite(logs).all()
        neuron.coef_ = neuron.coef_ * 100
        with pytest.raises(ValueError, match=r"so large that X @ coef_\.T overflows"):
            neuron.predict(there.send(np.full(X.shape, 1e308)))


@within
@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
@PLACE
@KINDS
@pytest.mark.parametrize(
    "scoring", ["neg_brier_score", "neg_log_loss", "accuracy", "f1_macro"]
)
def test_a_search_is_that_of_numpy(there, kind, scoring):
    if kind == "multilabel" and scoring == "neg_log_loss":
        pytest.skip("not for labels")
    search = SigmoidNeuronClassifierCV(
        iters=[1, 5, 20, 40], alphas=[0.0, 1.0], label_noises=[0.0], cv=3, scoring=scoring
    )
    y = Y[kind]
    with config_context(array_api_dispatch=False):
        ours = clone(search).fit(X, y, WEIGHT)
    theirs = search.fit(there.send(X), there.send(y), there.send(WEIGHT))
    assert (theirs.n_iter_, theirs.alpha_) == (ours.n_iter_, ours.alpha_)
    for name in ("scores_", "coef_", "label_quality_", "iters_", "alphas_", "loss_curve_"):
        found, expected = there.fetch(getattr(theirs, name)), getattr(ours, name)
        np.testing.assert_allclose(found, expected, atol=1e-10, err_msg=name)
    score = theirs.score(there.send(X), there.send(y))
    assert score == pytest.approx(ours.score(X, y))


@within
@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
@PLACE
@pytest.mark.parametrize("label_noises", [[0.0, 0.1], "auto"])
def test_a_search_of_the_noise_is_that_of_numpy(there, label_noises):
    search = SigmoidNeuronClassifierCV(
        iters=[1, 5, 20], label_noises=label_noises, cv=StratifiedKFold(3), refit=False
    )
    with config_context(array_api_dispatch=False):
        ours = clone(search).fit(X, Y["binary"])
    theirs = search.fit(there.send(X), there.send(Y["binary"]))
    np.testing.assert_allclose(there.fetch(theirs.scores_), ours.scores_, atol=1e-10)
    assert theirs.label_noise_ == ours.label_noise_


@within
@PLACE
def test_batches_and_warm_starts_go_on_where_they_were(there):
    rows, y = there.send(X), there.send(Y["multiclass"])
    whole = SigmoidNeuronClassifier(max_iter=10, warm_start=True).fit(rows, y)
    parts = SigmoidNeuronClassifier(max_iter=5, warm_start=True).fit(rows, y).fit(rows, y)
    np.testing.assert_array_equal(there.fetch(parts.coef_), there.fetch(whole.coef_))
    assert there.fetch(parts.loss_curve_).shape == (10,)
    ours, theirs = SigmoidNeuronClassifier(), SigmoidNeuronClassifier()
    for part in (slice(0, 60), slice(60, 120)):
        batch = X[part], Y["multiclass"][part]
        theirs.partial_fit(*map(there.send, batch), classes=[0, 1, 2])
        with config_context(array_api_dispatch=False):
            ours.partial_fit(*batch, classes=[0, 1, 2])
    np.testing.assert_allclose(there.fetch(theirs.coef_), ours.coef_, atol=1e-12)


@within
@PLACE
def test_rows_to_validate_on(there):
    y = Y["binary"]
    neuron = SigmoidNeuronClassifier(early_stopping=True, n_iter_no_change=3)
    with config_context(array_api_dispatch=False):
        ours = clone(neuron).fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    validation = {"X_val": there.send(X[80:]), "y_val": there.send(y[80:])}
    theirs = neuron.fit(there.send(X[:80]), there.send(y[:80]), **validation)
    assert theirs.best_n_iter_ == ours.best_n_iter_
    curve = there.fetch(theirs.validation_loss_curve_)
    np.testing.assert_allclose(curve, ours.validation_loss_curve_, atol=1e-10)


@within
@PLACE
@KINDS
@pytest.mark.parametrize(
    "estimator", [SigmoidNeuronClassifier(), SigmoidNeuronClassifierCV()]
)
@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
def test_classes_are_where_the_labels_were(there, kind, estimator):
    """So scikit-learn can collect what is answered for each class."""
    rows, labels = there.send(X), there.send(Y[kind])
    of_numpy = clone(estimator).fit(rows, Y[kind])
    of_place = clone(estimator).fit(rows, labels)
    np.testing.assert_array_equal(there.fetch(of_place.classes_), of_numpy.classes_)
    for fitted in of_numpy, of_place:
        answers = there.fetch(fitted.predict(rows))
        assert np.isin(answers, of_numpy.classes_).all()
        assert fitted.label_quality(rows, labels).shape[0] == len(X)
    assert of_place.score(rows, labels) == of_numpy.score(rows, labels)


@within
@PLACE
@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_cross_val_predict(there, kind, method):
    expected = cross_val_predict(SigmoidNeuronClassifier(), X, Y[kind], method=method)
    given = there.send(X), there.send(Y[kind])
    answers = cross_val_predict(SigmoidNeuronClassifier(), *given, method=method)
    np.testing.assert_allclose(there.fetch(answers), expected, atol=1e-8)


@within
@PLACE
def test_classes_may_be_given_where_the_labels_are(there):
    rows, labels = there.send(X), there.send(Y["multiclass"])
    neuron = SigmoidNeuronClassifier().partial_fit(
        rows, labels, classes=there.send(range(4))
    )
    assert there.fetch(neuron.classes_).tolist() == [0, 1, 2, 3]


@within
@PLACE
def test_onnx(there):
    """Labels are those of a fit on NumPy."""
    pytest.importorskip("skl2onnx")
    runtime = pytest.importorskip("onnxruntime")
    from sk_neuron.onnx import to_onnx

    neuron = SigmoidNeuronClassifier().fit(there.send(X), there.send(Y["multiclass"]))
    session = runtime.InferenceSession(to_onnx(neuron, X[:1]).SerializeToString())
    answers, *_ = session.run(None, {session.get_inputs()[0].name: X})
    np.testing.assert_array_equal(answers, there.fetch(neuron.predict(there.send(X))))


@within
@PLACE
def test_words_are_answered_in_words(there):
    words = np.array(["one", "three", "two"])[Y["multiclass"]]
    neuron = SigmoidNeuronClassifier().fit(there.send(X), words)
    assert set(neuron.predict(there.send(X))) == set(words)
    assert neuron.score(there.send(X), words) > 0.5


@within
@PLACE
@KINDS
@pytest.mark.parametrize("label_noise", [0.0, 0.1])
def test_tools_take_a_model_of_another_library(there, kind, label_noise):
    """What lists and draws labels and weights works with them where they are."""
    plt = pytest.importorskip("matplotlib.pyplot")
    neuron = SigmoidNeuronClassifier(
        max_iter=9, label_noise=label_noise, checkpoints=[0, 3, 9], early_stopping=True
    )
    rows = X, Y[kind]
    with config_context(array_api_dispatch=False):
        ours = clone(neuron).fit(*rows, X_val=X, y_val=Y[kind])
        expected = find_label_issues(ours, *rows)
        score = recorded_brier_score(ours, *rows, WEIGHT)
    sent = tuple(map(there.send, rows))
    theirs = neuron.fit(*sent, X_val=sent[0], y_val=sent[1])
    issues = find_label_issues(theirs, *sent)
    assert len(issues)
    for name in expected:
        np.testing.assert_allclose(issues[name], expected[name], rtol=1e-10)
    quality = theirs.label_quality(*sent)
    given = find_label_issues(theirs, *sent, label_quality=quality)
    np.testing.assert_array_equal(given["row"], issues["row"])
    found = recorded_brier_score(theirs, *sent, there.send(WEIGHT))
    np.testing.assert_allclose(found, score, rtol=1e-10)
    LossCurveDisplay.from_estimator(theirs)
    LabelQualityDisplay.from_estimator(theirs, *sent)
    WeightPathDisplay.from_estimator(theirs, class_of_interest=1)
    NeuronDisplay.from_estimator(theirs, X=sent[0][:1, :], class_of_interest=1)
    plt.close("all")


@within
@PLACE
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_it_can_be_had_as_a_logistic_regression(there, kind):
    neuron = SigmoidNeuronClassifier().fit(there.send(X), there.send(Y[kind]))
    model = neuron.as_logistic_regression()
    assert isinstance(model, LogisticRegression)
    found = there.fetch(model.predict_proba(there.send(X)))
    np.testing.assert_allclose(
        found, there.fetch(neuron.predict_proba(there.send(X))), atol=1e-14
    )


@within
@PLACE
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_rows_that_are_not_finite_are_an_error(there, value):
    rows = X.copy()
    rows[3, 1] = value
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        SigmoidNeuronClassifier().fit(there.send(rows), there.send(Y["binary"]))


@within
@PLACE
def test_complex_rows_are_an_error(there):
    """As with NumPy: libraries would drop the imaginary parts."""
    neuron, rows = SigmoidNeuronClassifier(), there.send(X * 1j)
    with pytest.raises(ValueError, match="Complex data not supported"):
        neuron.fit(rows, Y["binary"])
    neuron.fit(there.send(X), Y["binary"])
    with pytest.raises(ValueError, match="Complex data not supported"):
        neuron.predict(rows)


@within
@PLACE
def test_answers_are_asked_for_where_the_fit_was(there):
    neuron = SigmoidNeuronClassifier().fit(there.send(X), there.send(Y["binary"]))
    for method in ("decision_function", "predict", "predict_proba", "predict_log_proba"):
        message = rf"SigmoidNeuronClassifier\.{method}\(\) must use the same namespace"
        with pytest.raises(ValueError, match=message):
            getattr(neuron, method)(X)
    with (
        config_context(array_api_dispatch=False),
        pytest.raises(ValueError, match=r"predict\(\) needs .*array_api_dispatch=True"),
    ):
        neuron.predict(X)


@within
@pytest.mark.parametrize("place", [PLACES[0], *PLACES[2:]], ids=str)
def test_what_numpy_cannot_read_says_what_to_switch_on(there):
    with (
        config_context(array_api_dispatch=False),
        pytest.raises(TypeError, match=r"NumPy cannot read X.*array_api_dispatch=True"),
    ):
        SigmoidNeuronClassifier().fit(there.send(X), Y["binary"])


@within
@pytest.mark.parametrize("place", [("array_api_strict", "CPU_DEVICE"), PLACES[1]], ids=str)
def test_without_dispatch_a_fit_is_one_of_numpy(place):
    there = Place(*place)
    neuron = SigmoidNeuronClassifier().fit(there.send(X), there.send(Y["binary"]))
    assert type(neuron.coef_) is np.ndarray
    assert type(neuron.predict(there.send(X))) is np.ndarray


ESTIMATORS = [
    SigmoidNeuronClassifier(),
    SigmoidNeuronClassifier(label_noise=0.1, checkpoints=[5], early_stopping=True),
    # with more steps rounding grows, as on any two kernels
    SigmoidNeuronClassifierCV(cv=3, max_iter=20),
]


@within
@pytest.mark.skipif(
    not hasattr(estimator_checks, "check_array_api_same_namespace"),
    reason="scikit-learn below 1.9 wants classes_ on the device, too",
)
@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
@PLACE
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
@pytest.mark.parametrize("check_sample_weight", [False, True])
def test_the_checks_of_scikit_learn(place, estimator, check_sample_weight):
    pytest.importorskip(place[0])
    name = type(estimator).__name__
    params = {"check_values": True, "check_sample_weight": check_sample_weight}
    try:
        estimator_checks.check_array_api_input(name, estimator, *place, "float64", **params)
        estimator_checks.check_array_api_same_namespace(name, estimator, *place)
    except SkipTest as reason:  # there is no such device
        pytest.skip(str(reason))


@within
def test_the_how_to_guide_runs():
    """The site is built without PyTorch, so that this page is not run there."""
    pytest.importorskip("torch")
    guide = Path(__file__).parents[1] / "docs" / "how_to" / "train_on_a_gpu.py"
    process = subprocess.run([sys.executable, guide], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    assert process.stdout.startswith("Tensor")
