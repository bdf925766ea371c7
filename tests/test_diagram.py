"""What the diagram of a neuron or a layer shows, and that nothing overlaps."""

import re
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import same_color, to_rgb
from scipy.sparse import csr_array
from scipy.special import expit, logit, softmax
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sk_neuron import NeuronDisplay, SigmoidNeuronClassifier, SigmoidNeuronClassifierCV

BLUE, ORANGE = "#0072B2", "#E69F00"

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 3))
y = (X[:, 0] - X[:, 1] > 0).astype(int)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def read(texts):
    return [text.get_text() for text in texts]


def draw(coef, names=None, **parameters):
    names = [f"x{j}" for j in range(len(coef))] if names is None else names
    return NeuronDisplay(coef=coef, feature_names=names, **parameters).plot()


def number_of(text):
    return float(text.replace("−", "-"))


# --- what is drawn -----------------------------------------------------------------------


def test_the_neuron_of_the_article():
    neuron = SigmoidNeuronClassifier(
        max_iter=10_000,
        learning_rate=1.0,
        init="uniform",
        fit_intercept=False,
        random_state=15,
    ).fit([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]], [0, 1, 1, 0])
    display = NeuronDisplay.from_estimator(neuron, [[1, 0, 0]])
    assert read(display.names_) == ["x0", "x1", "x2"]
    assert read(display.values_) == ["1", "0", "0"]
    assert read(display.numbers_) == ["9.67", "−0.209", "−4.63"]
    assert read(display.captions_) == ["z = 9.67", "σ(z)", "o = 0.9999\n= P(class 1)"]
    assert display.probability_ == pytest.approx(0.99993707, abs=1e-8)
    assert [edge.get_linestyle() for edge in display.edges_] == ["-", "--", "--"]
    for edge, color in zip(display.edges_, [BLUE, ORANGE, ORANGE], strict=True):
        assert same_color(edge.get_color(), color)
    assert display.more_ is None
    assert display.figure_ is display.ax_.figure
    assert not display.ax_.axison


def test_signs_differ_in_grey():
    colors = [edge.get_color() for edge in draw([1.0, -1.0]).edges_]
    grey = [np.dot(to_rgb(color), (0.299, 0.587, 0.114)) for color in colors]
    assert abs(grey[0] - grey[1]) > 0.25


weights = st.floats(-1e9, 1e9, allow_nan=False) | st.just(0.0)


@given(st.lists(weights, min_size=1, max_size=30), st.none() | weights)
@settings(max_examples=15)
def test_edges_of_all_weights(coef, intercept):
    """The strongest, in their order; widths rise with the size; styles tell the sign."""
    display = draw(coef, intercept=intercept)
    size = np.abs(coef)
    drawn = display.drawn_
    assert len(drawn) == min(20, len(coef))
    assert (np.diff(drawn) > 0).all()
    hidden = np.setdiff1d(np.arange(len(coef)), drawn)
    assert not len(hidden) or size[hidden].max() <= size[drawn].min()
    assert read(display.names_)[: len(drawn)] == [f"x{j}" for j in drawn]

    shown = [coef[j] for j in drawn] + ([] if intercept is None else [intercept])
    artists = display.inputs_, display.names_, display.values_, display.numbers_
    assert {len(kind) for kind in (*artists, display.edges_)} == {len(shown)}
    width = np.array([edge.get_linewidth() for edge in display.edges_])
    assert np.isfinite(width).all()
    assert (width > 0).all()
    order = np.argsort(np.abs(shown))
    assert (np.diff(width[order]) >= 0).all()
    for weight, edge, number in zip(shown, display.edges_, display.numbers_, strict=True):
        assert edge.get_linestyle() == ("--" if weight < 0 else "-")
        if weight:
            assert same_color(edge.get_color(), BLUE if weight > 0 else ORANGE)
        assert number_of(number.get_text()) == pytest.approx(weight, rel=5e-3)
        assert np.isfinite(edge.get_xydata()).all()
    plt.close(display.figure_)


def test_larger_weights_have_wider_lines():
    width = [edge.get_linewidth() for edge in draw([0.0, -1.0, 2.0, -3.0]).edges_]
    np.testing.assert_allclose(np.diff(width), width[1] - width[0])
    assert width[0] > 0
    assert width[1] > width[0]


def test_inputs_that_are_left_out():
    coef = np.arange(30.0) - 12
    assert read([draw(coef).more_]) == ["… 10 more"]
    assert read([draw(coef[:21]).more_]) == ["… 1 more"]
    assert draw(coef[:20]).more_ is None
    display = draw(coef, intercept=1.0)
    heights = [text.get_position()[1] for text in (*display.names_, display.more_)]
    assert sorted(heights, reverse=True) == [*heights[:20], heights[21], heights[20]]
    values = rng.standard_normal(30)
    display = draw(coef, intercept=1.0, values=values)  # all of them add to z
    assert display.raw_prediction_ == pytest.approx(coef @ values + 1)


def test_intercept():
    display = draw([2.0], ["height"], intercept=-0.5, values=[3.0])
    assert read(display.names_) == ["height", "intercept"]
    assert read(display.values_) == ["3", "1"]
    assert read(display.numbers_) == ["2", "−0.5"]
    assert display.raw_prediction_ == 5.5
    assert len(draw([2.0], ["height"]).edges_) == 1
    neuron = SigmoidNeuronClassifier(fit_intercept=False).fit(X, y)
    assert len(NeuronDisplay.from_estimator(neuron).edges_) == 3
    assert (
        len(
            NeuronDisplay.from_estimator(
                neuron.set_params(fit_intercept=True).fit(X, y)
            ).edges_
        )
        == 4
    )


def test_one_row_of_weights_is_a_neuron():
    displays = [
        NeuronDisplay(coef=coef, intercept=intercept, values=[1.0, 3.0]).plot()
        for coef, intercept in [([0.5, -1.0], 0.2), ([[0.5, -1.0]], [0.2])]
    ]
    first, second = [read(display.ax_.texts) for display in displays]
    assert first == second
    assert displays[1].probability_ == expit(0.5 - 3.0 + 0.2)


def test_symbols_without_a_row():
    display = draw([1.0, 2.0], intercept=0.0, neuron_name="class 1")
    assert read(display.values_) == ["$x_{0}$", "$x_{1}$", "1"]
    assert read(display.captions_) == ["z", "σ(z)", "class 1"]
    assert display.raw_prediction_ is display.probability_ is display.point_ is None


@pytest.mark.parametrize("z", [0.0, -3.0, 40.0, 1e6])
def test_the_point_is_on_the_curve(z):
    display = draw([1.0], values=[z])
    assert display.point_.get_xydata().tolist() == [[z, expit(z)]]
    x, height = display.curve_.get_data()
    np.testing.assert_array_equal(height, expit(x))
    assert min(x) < min(z, -5)
    assert max(x) > max(z, 5)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-0.20852727, "−0.209"),
        (123.456, "123"),
        (1001.0, "1001"),
        (-99999.4, "−99999"),
        (99999.6, "1e+05"),
        (1.5e-7, "1.5e−07"),
    ],
)
def test_numbers(number, text):
    assert read(draw([1.0], values=[number]).values_) == [text]


# --- a layer -----------------------------------------------------------------------------


@st.composite
def layers(draw):
    n_classes, n_features = draw(st.integers(2, 14)), draw(st.integers(1, 24))
    columns = st.lists(weights, min_size=n_features, max_size=n_features)
    coef = draw(st.lists(columns, min_size=n_classes, max_size=n_classes))
    some = st.lists(weights, min_size=n_classes, max_size=n_classes)
    values = st.lists(st.floats(-9, 9), min_size=n_features, max_size=n_features)
    return np.array(coef), draw(st.none() | some), draw(st.none() | values)


@given(layers())
@settings(max_examples=15)
def test_edges_of_a_layer(layer):
    """The classes most in question, their strongest inputs, and an edge for each pair."""
    coef, intercept, values = layer
    display = NeuronDisplay(coef=coef, intercept=intercept, values=values).plot()
    size = np.abs(coef).max(axis=1)
    if values is not None:
        z = coef @ values + (0 if intercept is None else intercept)
        largest = np.abs(coef).max() * np.abs(values).max() * coef.shape[1] + 1e9
        np.testing.assert_allclose(display.raw_prediction_, z, atol=1e-14 * largest)
        size = softmax(display.raw_prediction_)
        np.testing.assert_allclose(display.probability_, size, rtol=1e-12, atol=1e-300)
    for shown, strength, most in [
        (display.drawn_classes_, size, 10),
        (display.drawn_, np.abs(coef[display.drawn_classes_]).max(axis=0), 20),
    ]:
        assert len(shown) == min(most, len(strength))
        assert (np.diff(shown) > 0).all()
        hidden = np.setdiff1d(np.arange(len(strength)), shown)
        assert not len(hidden) or strength[hidden].max() <= strength[shown].min() * (
            1 + 1e-9
        )

    shown = coef[np.ix_(display.drawn_classes_, display.drawn_)]
    if intercept is not None:
        shown = np.column_stack([shown, np.array(intercept)[display.drawn_classes_]])
    n_classes, n_inputs = shown.shape
    assert len(display.inputs_) == len(display.names_) == len(display.values_) == n_inputs
    assert (
        len(display.sums_) == len(display.outputs_) == len(display.captions_) == n_classes
    )
    assert len(display.bars_) == (0 if values is None else n_classes)
    width = np.array([edge.get_linewidth() for edge in display.edges_])
    assert (width > 0).all()
    order = np.argsort(np.abs(shown), axis=None)
    assert (np.diff(width[order]) >= 0).all()
    heights = [text.get_position()[1] for text in display.sums_]
    sources = [text.get_position()[1] for text in display.names_]
    for k, edge in enumerate(display.edges_):
        weight = shown.flat[k]
        assert edge.get_linestyle() == ("--" if weight < 0 else "-")
        if weight:
            assert same_color(edge.get_color()[:7], BLUE if weight > 0 else ORANGE)
        start, end = edge.get_xydata()[[0, -1]]
        assert start[1] == pytest.approx(sources[k % n_inputs])
        assert end[1] == pytest.approx(heights[k // n_inputs])
    plt.close(display.figure_)


def test_classes_that_are_left_out():
    coef = np.arange(30.0)[:, np.newaxis]
    display = NeuronDisplay(coef=coef).plot()  # those of the strongest weights
    assert display.more_classes_.get_text() == "… 20 more"
    assert read(display.captions_) == [str(k) for k in range(20, 30)]
    display = NeuronDisplay(coef=coef, values=[-1.0]).plot()  # the most probable
    assert read(display.captions_) == [str(k) for k in range(10)]
    assert display.probability_.shape == (30,)
    assert read(NeuronDisplay(coef=coef[:11]).plot().captions_) == read(
        NeuronDisplay(coef=coef[1:11], neuron_name=range(1, 11)).plot().captions_
    )
    assert NeuronDisplay(coef=coef[:10]).plot().more_classes_ is None
    assert NeuronDisplay(coef=coef, class_index=3).plot().more_classes_ is None


def test_symbols_of_a_layer_without_a_row():
    display = NeuronDisplay(coef=np.eye(3), intercept=np.zeros(3)).plot()
    assert read(display.values_) == ["$x_{0}$", "$x_{1}$", "$x_{2}$", "1"]
    assert read(display.sums_) == ["Σ"] * 3
    assert read(display.outputs_) == ["p"] * 3
    assert display.raw_prediction_ is display.probability_ is None
    assert display.bars_ == []
    one = NeuronDisplay(coef=np.eye(3), class_index=2).plot()
    assert read(one.captions_) == ["z", "softmax", "class 2", "z of 2 others"]
    assert one.raw_prediction_ is one.probability_ is one.point_ is None
    two = NeuronDisplay(coef=np.eye(2), class_index=0).plot()
    assert read(two.captions_)[-1] == "z of 1 other"


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=5), st.floats(-9, 9))
@settings(max_examples=10)
def test_a_layer_of_two_classes_is_a_neuron(coef, intercept):
    """The softmax of 0 and z is the sigmoid of z: the same point on the same curve."""
    values = np.ones(len(coef))
    neuron = draw(coef, intercept=intercept, values=values)
    layer = NeuronDisplay(
        coef=[np.zeros(len(coef)), coef],
        intercept=[0, intercept],
        class_index=1,
        values=values,
    ).plot()
    assert layer.raw_prediction_ == pytest.approx(neuron.raw_prediction_, abs=1e-12)
    assert layer.probability_ == pytest.approx(neuron.probability_)
    points = [display.point_.get_xydata() for display in (layer, neuron)]
    np.testing.assert_allclose(*points, atol=1e-12)
    plt.close("all")


@pytest.mark.parametrize("k", range(3))
def test_the_point_of_a_class_is_at_its_probability(k):
    coef, values = np.random.default_rng(k).standard_normal((2, 3, 3))
    display = NeuronDisplay(coef=coef, class_index=k, values=values[0]).plot()
    p = display.probability_
    assert display.point_.get_xydata()[0] == pytest.approx([logit(p), p], rel=1e-9)


# --- of whom -----------------------------------------------------------------------------


@pytest.mark.parametrize("convert", [np.asarray, pd.DataFrame, csr_array], ids=str)
@pytest.mark.parametrize("kind", [SigmoidNeuronClassifier, SigmoidNeuronClassifierCV])
@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
def test_values_are_those_that_reach_the_neuron(convert, kind):
    data = convert(X)
    if hasattr(data, "columns"):
        data.columns = ["a", "b", "c"]
    neuron = make_pipeline(StandardScaler(with_mean=False), kind(max_iter=20)).fit(data, y)
    row = data[:1]
    display = NeuronDisplay.from_estimator(neuron, row)
    assert display.raw_prediction_ == pytest.approx(neuron.decision_function(row)[0])
    assert display.probability_ == pytest.approx(neuron.predict_proba(row)[0, 1])
    scaled = neuron[0].transform(row)
    scaled = scaled.toarray() if hasattr(scaled, "toarray") else scaled
    np.testing.assert_allclose(display.values, np.ravel(scaled))
    names = ["a", "b", "c"] if hasattr(data, "columns") else ["x0", "x1", "x2"]
    assert read(display.names_) == [*names, "intercept"]
    assert len(NeuronDisplay.from_estimator(neuron[-1], scaled).edges_) == 4


def test_a_pipeline_of_the_neuron_alone():
    neuron = make_pipeline(SigmoidNeuronClassifier(max_iter=5)).fit(X, y)
    display = NeuronDisplay.from_estimator(neuron, X[:1])
    assert display.raw_prediction_ == pytest.approx(neuron.decision_function(X[:1])[0])


def test_a_step_that_is_passed_by():
    steps = [("nothing", "passthrough"), ("neuron", SigmoidNeuronClassifier(max_iter=5))]
    display = NeuronDisplay.from_estimator(Pipeline(steps).fit(X, y), X[:1])
    assert read(display.names_) == ["x0", "x1", "x2", "intercept"]


@pytest.mark.parametrize("class_of_interest", [1, 1.0, np.int64(1), True])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_class_is_named_as_the_estimator_does(class_of_interest, n_classes):
    labels = np.argmax(X[:, :n_classes], axis=1)
    neuron = SigmoidNeuronClassifier(max_iter=5).fit(X, labels)
    display = NeuronDisplay.from_estimator(neuron, class_of_interest=class_of_interest)
    assert read(display.captions_)[2] == "class 1"


def test_classes_that_are_not_there():
    rows = {
        "[0 1]": (y, [2, -1, "1", np.nan]),
        "['ape' 'bee' 'cat']": (
            np.array(["ape", "bee", "cat"])[X.argmax(axis=1)],
            ["a", 0],
        ),
        "[0 1 2]": ((X > 0).astype(int), [3, "label 1"]),  # labels
    }
    for classes, (labels, others) in rows.items():
        neuron = SigmoidNeuronClassifier(max_iter=5).fit(X, labels)
        for other in [*others, [1], np.array([0, 1])]:
            message = (
                f"class_of_interest={other!r} is not a valid label: It should be one of "
            )
            with pytest.raises(ValueError, match=f"^{re.escape(message + classes)}$"):
                NeuronDisplay.from_estimator(neuron, class_of_interest=other)
    with pytest.raises(ValueError, match=r"each label: pass class_of_interest.*\[0 1 2\]"):
        NeuronDisplay.from_estimator(neuron)
    assert not plt.get_fignums()


def test_steps_that_give_no_names():
    steps = StandardScaler(), FunctionTransformer(np.asarray)
    neuron = make_pipeline(*steps, SigmoidNeuronClassifier(max_iter=5))
    display = NeuronDisplay.from_estimator(neuron.fit(pd.DataFrame(X, columns=[*"abc"]), y))
    assert read(display.names_) == ["x0", "x1", "x2", "intercept"]


def test_either_class_of_two():
    """The first class is answered for by the same neuron with the opposite signs."""
    classes = np.array(["no", "yes"])
    neuron = SigmoidNeuronClassifier(max_iter=20).fit(X, classes[y])
    z, p = neuron.decision_function(X[:1])[0], neuron.predict_proba(X[:1])[0]
    no, yes, default = (
        NeuronDisplay.from_estimator(neuron, X[:1], class_of_interest=name)
        for name in ("no", "yes", None)
    )
    for display, sign, k in [(no, -1, 0), (yes, 1, 1), (default, 1, 1)]:
        np.testing.assert_array_equal(display.coef, sign * neuron.coef_[0])
        assert display.intercept == sign * neuron.intercept_[0]
        assert display.raw_prediction_ == pytest.approx(sign * z, rel=1e-12)
        assert display.probability_ == pytest.approx(p[k], rel=1e-12)
        assert read(display.captions_) == [
            f"z = {read(display.captions_)[0][4:]}",
            "σ(z)",
            f"o = {p[k]:.4f}\n= P(class {classes[k]})",
        ]
    assert no.raw_prediction_ == -yes.raw_prediction_
    for edge, other in zip(no.edges_, yes.edges_, strict=True):
        assert edge.get_linewidth() == other.get_linewidth()
        assert {edge.get_linestyle(), other.get_linestyle()} == {"-", "--"}
    for number, other in zip(no.numbers_, yes.numbers_, strict=True):
        assert number_of(number.get_text()) == -number_of(other.get_text())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("n_classes", [3, 12])
def test_the_layer_answers_as_the_estimator_does(n_classes, fit_intercept, dtype):
    """To the last digit, for the whole layer and for each class of it."""
    data = np.random.default_rng(n_classes).standard_normal((80, 4)).astype(dtype)
    classes = np.array([f"c{k}" for k in range(n_classes)])
    neuron = SigmoidNeuronClassifier(max_iter=20, fit_intercept=fit_intercept)
    neuron.fit(data, classes[np.arange(80) % n_classes])
    z, p = neuron.decision_function(data[:1])[0], neuron.predict_proba(data[:1])[0]
    whole = NeuronDisplay.from_estimator(neuron, data[:1])
    np.testing.assert_array_equal(whole.raw_prediction_, z)
    np.testing.assert_array_equal(whole.probability_, p)
    shown = whole.drawn_classes_
    assert read(whole.captions_) == neuron.classes_[shown].tolist()
    assert read(whole.outputs_) == [f"{each:.4f}" for each in p[shown]]
    for text, each in zip(read(whole.sums_), z[shown], strict=True):
        assert number_of(text) == pytest.approx(each, rel=5e-3)
    width = [bar.get_width() for bar in whole.bars_]
    np.testing.assert_allclose(
        np.divide(width, width[0]), p[shown] / p[shown[0]], rtol=1e-6
    )
    assert whole.curve_ is whole.point_ is None
    assert whole.numbers_ == []
    for k, name in enumerate(neuron.classes_):
        one = NeuronDisplay.from_estimator(neuron, data[:1], class_of_interest=name)
        assert one.raw_prediction_ == z[k]
        assert one.probability_ == p[k]
        answer = f"p = {p[k]:.4f}\n= P(class {name})"
        others = f"z of {n_classes - 1} others"
        assert read(one.captions_)[1:] == ["softmax", answer, others]
        weights = [*neuron.coef_[k], *[neuron.intercept_[k]] * fit_intercept]
        for number, weight in zip(read(one.numbers_), weights, strict=True):
            assert number_of(number) == pytest.approx(weight, rel=5e-3, abs=1e-12)
        plt.close(one.figure_)


@pytest.mark.parametrize("n_labels", [2, 3])
def test_several_labels(n_labels):
    """Each label has a neuron of its own; two labels are not two classes."""
    labels = (X > 0).astype(int)[:, :n_labels]
    neuron = SigmoidNeuronClassifier(max_iter=20).fit(X, labels)
    z, p = neuron.decision_function(X[:1])[0], neuron.predict_proba(X[:1])[0]
    for k in range(n_labels):
        display = NeuronDisplay.from_estimator(neuron, X[:1], class_of_interest=k)
        np.testing.assert_array_equal(display.coef, neuron.coef_[k])
        assert display.raw_prediction_ == pytest.approx(z[k], rel=1e-12)
        assert display.probability_ == pytest.approx(p[k], rel=1e-12)
        assert read(display.captions_)[1:] == ["σ(z)", f"o = {p[k]:.4f}\n= P(label {k})"]


def test_what_cannot_be_drawn():
    neuron = SigmoidNeuronClassifier(max_iter=5).fit(X, y)
    with pytest.raises(TypeError, match="Got LogisticRegression instead"):
        NeuronDisplay.from_estimator(LogisticRegression().fit(X, y))
    with pytest.raises(NotFittedError):
        NeuronDisplay.from_estimator(SigmoidNeuronClassifier())
    search = SigmoidNeuronClassifierCV(iters=[1, 2], refit=False)
    with pytest.warns(match="is the last"):
        search.fit(X, y)
    with pytest.raises(NotFittedError):
        NeuronDisplay.from_estimator(search)
    with pytest.raises(
        ValueError, match=r"one row, of shape \(1, n_features\). Got 2 rows"
    ):
        NeuronDisplay.from_estimator(neuron, X[:2])
    with pytest.raises(ValueError, match="2D"):
        NeuronDisplay.from_estimator(neuron, X[0])
    with pytest.raises(ValueError, match="3 features"):
        NeuronDisplay.from_estimator(neuron, X[:1, :2])
    with pytest.raises(ValueError, match="NaN"):
        NeuronDisplay.from_estimator(neuron, [[0, 0, np.nan]])
    assert not plt.get_fignums()  # all before any work


# --- that it can be read -----------------------------------------------------------------

cancer = load_breast_cancer()
NAMES = [str(name) for name in cancer.feature_names]


def check_that_all_can_be_read(display, least_size=5.5):
    """No text runs into what is beside it, or out of its node or the axes."""
    ax = display.ax_
    ax.apply_aspect()
    texts = [text for text in ax.texts if text.get_text()]
    arrows = [line for line in ax.lines if line not in display.edges_]
    assert texts
    assert arrows
    corners = ax.bbox.get_points()
    for artist in (*texts, *ax.child_axes, *ax.patches, *ax.lines):
        low, high = artist.get_window_extent().get_points()
        assert (low >= corners[0] - 1).all(), artist
        assert (high <= corners[1] + 1).all(), artist
    others = *arrows, *ax.child_axes
    boxes = [artist.get_window_extent().get_points() for artist in (*texts, *others)]
    low, high = np.moveaxis(boxes, 1, 0)
    overlap = np.minimum(high[:, np.newaxis], high) - np.maximum(low[:, np.newaxis], low)
    overlap = overlap.min(axis=2)
    np.fill_diagonal(overlap, -1)
    assert overlap[: len(texts)].max() <= 1  # pixel; arrows may meet
    nodes = np.array([patch.get_window_extent().get_points() for patch in ax.patches])
    for text in (*display.values_, *display.sums_, *display.outputs_):
        (left, bottom), (right, top) = text.get_window_extent().get_points()
        middle = (bottom + top) / 2
        is_beside = (nodes[:, 0, 1] < middle) & (middle < nodes[:, 1, 1])
        assert (is_beside & (nodes[:, 0, 0] < left) & (right < nodes[:, 1, 0])).any(), text
    assert min(text.get_fontsize() for text in texts) >= least_size


def open_part(part, figsize=None):
    """Return axes that are a part of their figure, None for a diagram alone."""
    if part == "alone":
        return None
    shape = {"whole": (1, 1), "half": (1, 2), "quarter": (2, 2)}[part]
    return plt.subplots(*shape, squeeze=False, figsize=figsize)[1][0, 0]


SIZES = [
    *product([3, 20, 30], ["alone", "whole", "half"]),
    (3, "quarter"),
    (8, "quarter"),
]
TINY = [(6, 4), (8, 4), (8, 3), (3, 8)]


@pytest.mark.parametrize(
    ("n_inputs", "part", "figsize"),
    [(*size, None) for size in SIZES] + [(3, "quarter", figsize) for figsize in TINY],
)
@pytest.mark.parametrize("has_row", [False, True])
def test_all_can_be_read(n_inputs, part, figsize, has_row):
    coef, values = np.random.default_rng(1).standard_normal((2, n_inputs))
    names = NAMES[-n_inputs:]
    display = NeuronDisplay(
        coef=coef,
        intercept=-0.123,
        feature_names=names,
        neuron_name="class malignant",
        values=values if has_row else None,
    ).plot(open_part(part, figsize))
    is_part = part in ("half", "quarter")
    check_that_all_can_be_read(
        display, least_size=0 if figsize else 3.8 if is_part else 5.5
    )
    if part in ("alone", "whole"):  # nothing is shortened
        assert set(read(display.names_)) <= {*names, "intercept"}


@pytest.mark.parametrize(("n_classes", "is_whole"), [(3, True), (30, True), (30, False)])
@pytest.mark.parametrize(
    ("n_inputs", "part", "figsize"),
    [
        (3, "alone", None),
        (30, "whole", None),
        (30, "half", None),
        (8, "quarter", None),
        (3, "quarter", (8, 3)),
        (3, "quarter", (3, 8)),
    ],
)
@pytest.mark.parametrize("has_row", [False, True])
def test_all_of_a_layer_can_be_read(n_classes, n_inputs, part, figsize, has_row, is_whole):
    rng = np.random.default_rng(n_classes)
    coef, values = rng.standard_normal((n_classes, n_inputs)), rng.standard_normal(n_inputs)
    names, classes = NAMES[-n_inputs:], [f"variety {k}" for k in range(n_classes)]
    display = NeuronDisplay(
        coef=coef,
        intercept=0.1 * coef[:, 0],
        feature_names=names,
        neuron_name=classes,
        class_index=None if is_whole else 1,
        values=values if has_row else None,
    ).plot(open_part(part, figsize))
    is_part = part in ("half", "quarter")
    check_that_all_can_be_read(
        display, least_size=0 if figsize else 3.8 if is_part else 5.5
    )
    if not is_part:  # nothing is shortened
        assert set(read(display.names_)) <= {*names, "intercept"}
        assert not is_whole or set(read(display.captions_)) <= set(classes)


def test_long_names_are_shortened():
    name = "the mean of the worst of all " * 20 + "radii"
    display = draw([1.0, 2.0], [name, "area"], neuron_name="class " + 5 * "malignant")
    short, area = read(display.names_)
    assert short.startswith("the mean")
    assert short.endswith("radii")
    assert "…" in short
    assert area == "area"
    assert display.names_[0].get_window_extent().x0 >= display.ax_.bbox.x0 - 2
    assert display.names_[0].get_fontsize() > 8
    first, second = read(display.captions_)[-1].split("\n")
    assert first == "class"
    assert second.startswith("malig")
    assert "…" in second
    layer = NeuronDisplay(coef=np.eye(3), neuron_name=[name, 5 * "malignant", "a"]).plot()
    check_that_all_can_be_read(layer)
    long, longer, short = read(layer.captions_)
    assert long.startswith("the")
    assert longer.startswith("malig")
    assert "…" in long
    assert "…" in longer
    assert short == "a"


def test_names_are_no_mathematics():
    display = draw([1.0, 2.0], ["$a$", "_b $\\"])
    display.figure_.canvas.draw()
    assert read(display.names_) == ["$a$", "_b $\\"]


def test_dark_styles():
    with plt.style.context("dark_background"):
        display = draw([1.0, -2.0], intercept=0.0, values=[1.0, 2.0])
    for text in (*display.names_, *display.values_, *display.numbers_, *display.captions_):
        assert same_color(text.get_color(), "white")
    for shape in display.ax_.patches:
        red, green, blue, alpha = shape.get_facecolor()
        assert alpha * max(red, green, blue) < 0.2
        assert same_color(shape.get_edgecolor(), "white")


def test_layout_engines():
    with plt.rc_context({"figure.constrained_layout.use": True}):
        display = draw([1.0, -2.0])
        display.figure_.canvas.draw()


@pytest.mark.parametrize(
    "params",
    [
        {"coef": [np.nan, 1.0]},
        {"coef": []},
        {"coef": np.ones((2, 3, 1))},
        {"coef": [[], []]},
        {"coef": np.eye(2), "feature_names": ["a", "b", "c"]},
        {"coef": np.eye(2), "neuron_name": ["a"]},
        {"coef": np.eye(2), "neuron_name": "a"},
        {"coef": np.eye(2), "intercept": 1.0},
        {"coef": np.eye(2), "intercept": [1.0, np.inf]},
        {"coef": np.eye(2), "class_index": 2},
        {"coef": np.eye(2), "class_index": -1},
        {"coef": np.eye(2), "class_index": 1.0},
        {"coef": [1.0, 2.0], "class_index": 0},
        {"coef": [[1.0, 2.0]], "class_index": 0},
        {"coef": [1.0, 2.0], "intercept": [1.0, 2.0]},
        {"coef": [1.0, 2.0], "values": [1.0, np.nan]},
        {"coef": [1e300, 2.0], "values": [1e300, 1.0]},
        {"coef": [1.0, 2.0], "feature_names": ["a"]},
        {"coef": [1.0, 2.0], "values": [1.0, 2.0, 3.0]},
    ],
    ids=str,
)
def test_what_does_not_fit(params):
    with pytest.raises(
        ValueError, match=r"NaN|inf|sample|inconsistent|shape|dim|feature|overflows"
    ):
        NeuronDisplay(**params).plot()
    assert not plt.get_fignums()


def test_names_by_default():
    assert read(NeuronDisplay(coef=[1.0, 2.0]).plot().names_) == ["x0", "x1"]
