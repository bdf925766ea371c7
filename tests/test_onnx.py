"""Neurons as ONNX graphs, run by onnxruntime. Needs the extra ship."""

from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_array, csr_array
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler, scale

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV

skl2onnx = pytest.importorskip("skl2onnx")
onnxruntime = pytest.importorskip("onnxruntime")
onnx = import_module("sk_neuron.onnx")

TWO = load_breast_cancer(return_X_y=True)
THREE, TEN = load_iris(return_X_y=True), load_digits(return_X_y=True)
THREE_LABELS = THREE[0], np.column_stack([THREE[1] == 0, THREE[1] > 0, np.arange(150) % 2])
Neuron, Search = SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
# Of a probability; sigmoids of onnxruntime end at about 1e-8 in float32.
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-13}


def run(graph, X):
    """Return what a graph answers: to an array, or to a frame by its columns."""
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_inputs()]
    inputs = {names[0]: X}
    if hasattr(X, "columns"):
        inputs = {name: X[[name]].to_numpy() for name in names}
    return session.run(None, inputs)


def check_graph(model, X):
    """Check that the graph of a fitted model answers as it does."""
    labels, probability = run(onnx.to_onnx(model, X), X)
    np.testing.assert_array_equal(labels, model.predict(X))
    expected = model.predict_proba(X)
    assert probability.dtype == expected.dtype
    np.testing.assert_allclose(
        probability, expected, rtol=0, atol=TOLERANCE[expected.dtype.type]
    )


FITTED = {
    "two classes": (Neuron(), TWO),
    "three classes": (Neuron(), THREE),
    "ten classes": (Neuron(), TEN),
    "labels": (Neuron(), THREE_LABELS),
    "words": (Neuron(), (TEN[0], TEN[1].astype(str))),
    "two labels": (Neuron(), (THREE[0], THREE_LABELS[1][:, :2])),
    "no intercept": (Neuron(fit_intercept=False), THREE),
    "one neuron without intercept": (Neuron(fit_intercept=False), TWO),
    "noise": (Neuron(label_noise=0.2), TWO),
    "noise of one class": (Neuron(label_noise={1: 0.3}), TWO),
    "noise of three classes": (Neuron(label_noise=0.2), THREE),
    "noise of labels": (Neuron(label_noise=[0.0, 0.1, 0.3]), THREE_LABELS),
    "decay": (Neuron(alpha=1.0), TEN),
    "the article's": (Neuron(learning_rate=1e-3, init="uniform", random_state=0), TWO),
    "class weights": (Neuron(class_weight="balanced"), TWO),
    "checkpoints": (Neuron(checkpoints=[1, 10]), THREE),
    "search": (Search(cv=3, max_iter=30), TWO),
    "search, three classes": (Search(cv=3, max_iter=30), THREE),
    "search, labels": (Search(cv=3, max_iter=30), THREE_LABELS),
    "search, noise": (Search(cv=3, max_iter=30, label_noises="auto"), TWO),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@DTYPES
@pytest.mark.parametrize("name", FITTED)
def test_twenty_fits_answer_alike(name, dtype):
    neuron, (X, y) = FITTED[name]
    X = scale(X).astype(dtype)
    check_graph(clone(neuron).fit(X, y), X)


@DTYPES
@pytest.mark.parametrize("name", ["two classes", "three classes", "labels"])
@pytest.mark.parametrize("size", [0.0, 1e-30, 10.0, 1e3, 1e6])
def test_extremes_answer_alike(name, dtype, size):
    """Ties, raw predictions far out, and such that every exponential underflows."""
    neuron, (X, y) = FITTED[name]
    X = scale(X).astype(dtype)
    neuron = clone(neuron).fit(X, y)
    neuron.intercept_ = np.zeros_like(neuron.intercept_)
    X = (X * size).astype(dtype)
    labels, probability = run(onnx.to_onnx(neuron, X), X)
    np.testing.assert_array_equal(labels, neuron.predict(X))
    # from rounding of the raw prediction, where the sigmoid is steep
    bound = TOLERANCE[dtype] * max(1, size)
    np.testing.assert_allclose(probability, neuron.predict_proba(X), rtol=0, atol=bound)
    assert np.isfinite(probability).all()


@pytest.mark.parametrize(
    ("classes", "kind"),
    [
        (np.array([-3, 7]), "i"),
        (np.array([0, 2**40, 2**62]), "i"),
        (np.array([3, 250], np.uint8), "i"),
        (np.array([1.0, 2.0]), "i"),
        (np.array([False, True]), "i"),
        (np.array(["no", "yes"]), "O"),
        (np.array(["", "Grün", "червоний"], dtype=object), "O"),
    ],
    ids=str,
)
@DTYPES
def test_labels_of_every_type_that_onnx_has(classes, kind, dtype):
    X = scale(THREE[0]).astype(dtype)
    neuron = SigmoidNeuronClassifier().fit(X, classes[THREE[1] % len(classes)])
    labels, _ = run(onnx.to_onnx(neuron, X), X)
    assert labels.dtype.kind == kind
    np.testing.assert_array_equal(labels, neuron.predict(X))


@pytest.mark.parametrize(
    "classes",
    [
        np.array(["2026-01-01", "2026-12-31"], "datetime64[D]"),
        np.array([0, 2**63], np.uint64),
    ],
    ids=str,
)
def test_labels_that_onnx_has_not_are_an_error(classes):
    X = scale(TWO[0])
    neuron = SigmoidNeuronClassifier(max_iter=2).fit(X, classes[TWO[1]])
    message = r"ONNX has integers and strings for labels, .* Train on strings"
    with pytest.raises(ValueError, match=message):
        onnx.to_onnx(neuron, X)
    with pytest.raises(ValueError, match=message):
        skl2onnx.to_onnx(neuron, X[:1], options={"zipmap": False})


@pytest.mark.parametrize("name", ["two classes", "three classes", "labels"])
@DTYPES
def test_raw_scores_are_those_of_linear_classifiers(name, dtype):
    neuron, (X, y) = FITTED[name]
    X = scale(X).astype(dtype)
    neuron = clone(neuron).fit(X, y)
    labels, scores = run(onnx.to_onnx(neuron, X, raw_scores=True), X)
    z = neuron.decision_function(X)
    expected = np.column_stack([-z, z]) if z.ndim == 1 else z
    np.testing.assert_allclose(scores, expected, rtol=0, atol=50 * TOLERANCE[dtype])
    np.testing.assert_array_equal(labels, neuron.predict(X))
    if name == "labels":
        return
    theirs = skl2onnx.to_onnx(
        neuron.as_logistic_regression(),
        X[:1],
        options={LogisticRegression: {"raw_scores": True, "zipmap": False}},
    )
    of_theirs = run(theirs, X)
    np.testing.assert_array_equal(labels, of_theirs[0])
    np.testing.assert_allclose(scores, of_theirs[1], rtol=0, atol=50 * TOLERANCE[dtype])


@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize("name", ["two classes", "three classes", "labels"])
def test_zipmap(name, words):
    neuron, (X, y) = FITTED[name]
    X = scale(X).astype(np.float32)
    y = y.astype(str) if words and y.ndim == 1 else y
    neuron = clone(neuron).fit(X, y)
    _, dicts = run(onnx.to_onnx(neuron, X, zipmap=True), X)
    assert list(dicts[0]) == neuron.classes_.tolist()
    expected = neuron.predict_proba(X)
    np.testing.assert_allclose([list(each.values()) for each in dicts], expected, atol=2e-6)
    _, *columns = run(onnx.to_onnx(neuron, X, zipmap="columns"), X)
    np.testing.assert_allclose(np.column_stack(columns), expected, atol=2e-6)


@pytest.mark.parametrize("steps", [[], [StandardScaler()]], ids=["bare", "scaler"])
def test_dicts_of_float64_are_an_error(steps):
    """ONNX's ZipMap has none: onnxruntime would not load the graph."""
    model = make_pipeline(*steps, SigmoidNeuronClassifier()).fit(*THREE)
    with pytest.raises(ValueError, match="zipmap=True needs float32, but the graph is in"):
        onnx.to_onnx(model, THREE[0], zipmap=True)


def test_classes_may_be_left_out_or_be_an_output():
    """The options nocl and output_class_labels of skl2onnx's own classifiers."""
    X, y = scale(THREE[0]), THREE[1].astype(str)
    neuron = SigmoidNeuronClassifier().fit(X, y)
    options = {id(neuron): {"nocl": True, "zipmap": False}}
    labels, _ = run(skl2onnx.to_onnx(neuron, X[:1], options=options), X)
    np.testing.assert_array_equal(neuron.classes_[labels], neuron.predict(X))
    options = {id(neuron): {"output_class_labels": True, "zipmap": False}}
    *_, classes = run(skl2onnx.to_onnx(neuron, X[:1], options=options), X)
    np.testing.assert_array_equal(classes, neuron.classes_)


@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
@DTYPES
def test_pipelines(dtype):
    X, y = THREE[0].astype(dtype), THREE[1]
    inner = make_pipeline(MinMaxScaler(), SigmoidNeuronClassifierCV(max_iter=20))
    check_graph(make_pipeline(StandardScaler(), inner).fit(X, y), X)
    model = make_pipeline(StandardScaler(), SigmoidNeuronClassifier())
    grid = {"sigmoidneuronclassifier__max_iter": [5, 20]}
    check_graph(GridSearchCV(model, grid, cv=3).fit(X, y), X)


@pytest.mark.parametrize("nothing", [None, "passthrough"])
def test_steps_that_do_nothing(nothing):
    X, y = THREE
    inner = Pipeline([("nothing", nothing), ("scale", StandardScaler())])
    check_graph(make_pipeline(nothing, inner, SigmoidNeuronClassifier()).fit(X, y), X)
    check_graph(make_pipeline(nothing, SigmoidNeuronClassifier()).fit(X, y), X)


@pytest.mark.parametrize("convert", [np.asarray, lambda X: X > 0], ids=["int", "bool"])
def test_whole_numbers_and_booleans(convert):
    X = convert(np.random.default_rng(0).integers(-5, 6, (50, 3)))
    neuron = SigmoidNeuronClassifier().fit(X, THREE[1][50:100] + (X[:, 0] > 0))
    labels, probability = run(onnx.to_onnx(neuron, X), X)
    np.testing.assert_array_equal(labels, neuron.predict(X))
    np.testing.assert_allclose(probability, neuron.predict_proba(X), atol=2e-6)


def test_a_table_with_columns_of_two_kinds():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "size": rng.normal(size=80).astype(np.float32),
            "age": rng.normal(size=80).astype(np.float32),
            "kind": rng.choice(["a", "b", "c"], 80).astype(object),
        }
    )
    columns = make_column_transformer(
        (StandardScaler(), ["size", "age"]), (OneHotEncoder(sparse_output=False), ["kind"])
    )
    y = (X["size"] + (X["kind"] == "a") > 0).astype(int)
    model = make_pipeline(columns, SigmoidNeuronClassifier()).fit(X, y)
    labels, probability = run(onnx.to_onnx(model, X), X)
    np.testing.assert_array_equal(labels, model.predict(X))
    np.testing.assert_allclose(probability, model.predict_proba(X), atol=2e-6)


NUMBERS = [np.float64, np.float32, np.int64, np.uint8, bool]


@pytest.mark.parametrize("other", NUMBERS)
@pytest.mark.parametrize("first", NUMBERS)
@pytest.mark.parametrize(
    "steps",
    [
        [],
        [StandardScaler()],
        [make_column_transformer((StandardScaler(), ["b", "a"]), remainder="passthrough")],
        [make_union(MinMaxScaler(), StandardScaler())],
    ],
    ids=["bare", "scaler", "columns", "union"],
)
def test_columns_of_numbers_of_two_types(steps, first, other):
    """skl2onnx casts to the type of the first: floats would lose their digits."""
    X = pd.DataFrame(np.random.default_rng(0).gamma(2.0, size=(50, 3)), columns=list("abc"))
    y = (X["a"] > X["c"]).astype(int)
    X = X.astype({"a": first, "b": other, "c": other})
    model = make_pipeline(*steps, SigmoidNeuronClassifier(max_iter=20)).fit(X, y)
    graph = onnx.to_onnx(model, X)
    assert [each.name for each in graph.graph.input] == ["a", "b", "c"]
    common = np.result_type(first, other)
    labels, probability = run(graph, X.astype(common if common.kind == "f" else np.int64))
    np.testing.assert_array_equal(labels, model.predict(X))
    tolerance = TOLERANCE[np.float64 if common == np.float64 else np.float32]
    np.testing.assert_allclose(probability, model.predict_proba(X), rtol=0, atol=tolerance)


def test_columns_of_numbers_beside_words():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"age": rng.integers(9, size=80), "size": rng.normal(size=80)})
    X["kind"] = rng.choice(["a", "b", "c"], 80)
    columns = make_column_transformer(
        (StandardScaler(), ["age", "size"]), (OneHotEncoder(), ["kind"])
    )
    y = (X["size"] + (X["kind"] == "a") > 0).astype(int)
    model = make_pipeline(columns, SigmoidNeuronClassifier()).fit(X, y)
    given = X.astype({"age": np.float64, "kind": object})
    labels, probability = run(onnx.to_onnx(model, X), given)
    np.testing.assert_array_equal(labels, model.predict(X))
    np.testing.assert_allclose(probability, model.predict_proba(X), rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    "convert",
    [csr_array, coo_array, pd.DataFrame],
    ids=["csr", "coordinates", "dataframe without names"],
)
def test_containers_of_one_array(convert):
    X = scale(THREE[0])
    model = SigmoidNeuronClassifier().fit(convert(X), THREE[1])
    labels, probability = run(onnx.to_onnx(model, convert(X)), X)
    np.testing.assert_array_equal(labels, model.predict(convert(X)))
    np.testing.assert_allclose(probability, model.predict_proba(X), rtol=0, atol=1e-13)


def test_features_must_be_those_of_the_fit():
    X = pd.DataFrame(scale(THREE[0]), columns=list("abcd"))
    neuron = SigmoidNeuronClassifier().fit(X, THREE[1])
    message = r"X has the columns \['b', .*but the model has learned \['a', 'b', 'c', 'd'\]"
    for model in (neuron, make_pipeline(StandardScaler(), clone(neuron)).fit(X, THREE[1])):
        with pytest.raises(ValueError, match=message):
            onnx.to_onnx(model, X[["b", "a", "c", "d"]])
    with pytest.raises(ValueError, match="X has 3 features, but the neuron has learned 4"):
        onnx.to_onnx(neuron, X.to_numpy()[:, :3])
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array instead"):
        onnx.to_onnx(neuron, X["a"])
    with pytest.raises(RuntimeError, match=r"at most 1 input\(s\)"):
        skl2onnx.to_onnx(neuron, X[:1])


def test_dataframes_of_others_are_an_error():
    polars = pytest.importorskip("polars")
    X = polars.DataFrame(scale(THREE[0]), schema=list("abcd"))
    neuron = SigmoidNeuronClassifier().fit(X, THREE[1])
    with pytest.raises(TypeError, match=r"of a polars DataFrame\. Pass X\.to_pandas\(\)"):
        onnx.to_onnx(neuron, X)


def test_a_neuron_within_another_model():
    """Whatever skl2onnx converts may have a neuron in it, once the module is imported."""
    X, y = scale(TWO[0]), TWO[1]
    model = CalibratedClassifierCV(SigmoidNeuronClassifier(max_iter=20), cv=3).fit(X, y)
    with pytest.raises(TypeError, match=r"ends with CalibratedClassifierCV\. Use skl2onnx"):
        onnx.to_onnx(model, X)
    labels, probability = run(skl2onnx.to_onnx(model, X[:1], options={"zipmap": False}), X)
    np.testing.assert_array_equal(labels, model.predict(X))
    np.testing.assert_allclose(probability, model.predict_proba(X), atol=1e-6)


def test_there_must_be_a_fit_on_all_rows():
    X, y = THREE
    with pytest.raises(NotFittedError, match="not fitted yet"):
        onnx.to_onnx(SigmoidNeuronClassifier(), X)
    search = SigmoidNeuronClassifierCV(iters=[1], refit=False, cv=3).fit(X, y)
    with pytest.raises(NotFittedError, match="has scores but no fit on all rows"):
        onnx.to_onnx(search, X)


@pytest.mark.parametrize("target_opset", [13, {"": 15, "ai.onnx.ml": 2}])
def test_older_versions_of_onnx(target_opset):
    X = scale(THREE[0])
    neuron = SigmoidNeuronClassifier().fit(X, THREE[1])
    graph = onnx.to_onnx(neuron, X, target_opset=target_opset)
    labels, probability = run(graph, X)
    np.testing.assert_array_equal(labels, neuron.predict(X))
    np.testing.assert_allclose(probability, neuron.predict_proba(X), atol=1e-13)


def test_lists_will_do_for_the_types():
    neuron = SigmoidNeuronClassifier().fit([[0.0], [1.0]], [0, 1])
    labels, _ = run(onnx.to_onnx(neuron, [[0.0], [1.0]]), np.array([[0.0], [1.0]]))
    np.testing.assert_array_equal(labels, [0, 1])
