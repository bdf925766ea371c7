"""What the diagram of a neuron shows, artist by artist, and that nothing overlaps."""

from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import same_color, to_rgb
from scipy.sparse import csr_array
from scipy.special import expit
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
    assert read(display.captions_) == ["z = 9.67", "σ(z)", "o = 0.9999\nclass 1"]
    assert display.activation_ == pytest.approx(0.99993707, abs=1e-8)
    assert [edge.get_linestyle() for edge in display.edges_] == ["-", "--", "--"]
    for edge, color in zip(display.edges_, [BLUE, ORANGE, ORANGE], strict=True):
        assert same_color(edge.get_color(), color)
    assert display.more_ is None
    assert display.figure_ is display.ax_.figure
    assert not display.ax_.axison


def test_signs_differ_in_grey():
    grey = [np.dot(to_rgb(color), (0.299, 0.587, 0.114)) for color in (BLUE, ORANGE)]
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
    assert display.potential_ == pytest.approx(coef @ values + 1)


def test_intercept():
    display = draw([2.0], ["height"], intercept=-0.5, values=[3.0])
    assert read(display.names_) == ["height", "intercept"]
    assert read(display.values_) == ["3", "1"]
    assert read(display.numbers_) == ["2", "−0.5"]
    assert display.potential_ == 5.5
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


def test_symbols_without_a_row():
    display = draw([1.0, 2.0], intercept=0.0, neuron_name="class 1")
    assert read(display.values_) == ["$x_{0}$", "$x_{1}$", "1"]
    assert read(display.captions_) == ["z", "σ(z)", "class 1"]
    assert display.potential_ is display.activation_ is display.point_ is None


@pytest.mark.parametrize("z", [0.0, -3.0, 40.0, 1e6])
def test_the_point_is_on_the_curve(z):
    display = draw([1.0], values=[z])
    (x,), (height,) = display.point_.get_data()
    curve = display.curve_.get_xydata()
    assert np.isclose(np.interp(x, *curve.T), height, atol=0.05 * np.ptp(curve[:, 1]))
    middle = curve.mean(axis=0)
    assert np.sign(x - middle[0]).round() == np.sign(z) or abs(x - middle[0]) < 1e-9
    rise = (height - middle[1]) / np.ptp(curve[:, 1])
    assert rise == pytest.approx(expit(z) - 0.5, abs=0.01)


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
    assert display.potential_ == pytest.approx(neuron.decision_function(row)[0])
    assert display.activation_ == pytest.approx(neuron.predict_proba(row)[0, 1])
    scaled = neuron[0].transform(row)
    scaled = scaled.toarray() if hasattr(scaled, "toarray") else scaled
    np.testing.assert_allclose(display.values, np.ravel(scaled))
    names = ["a", "b", "c"] if hasattr(data, "columns") else ["x0", "x1", "x2"]
    assert read(display.names_) == [*names, "intercept"]
    assert len(NeuronDisplay.from_estimator(neuron[-1], scaled).edges_) == 4


def test_a_pipeline_of_the_neuron_alone():
    neuron = make_pipeline(SigmoidNeuronClassifier(max_iter=5)).fit(X, y)
    display = NeuronDisplay.from_estimator(neuron, X[:1])
    assert display.potential_ == pytest.approx(neuron.decision_function(X[:1])[0])


def test_a_step_that_is_passed_by():
    steps = [("nothing", "passthrough"), ("neuron", SigmoidNeuronClassifier(max_iter=5))]
    display = NeuronDisplay.from_estimator(Pipeline(steps).fit(X, y), X[:1])
    assert read(display.names_) == ["x0", "x1", "x2", "intercept"]


@pytest.mark.parametrize("class_of_interest", [1, 1.0, np.int64(1), True])
def test_the_class_is_named_as_the_neuron_does(class_of_interest):
    neuron = SigmoidNeuronClassifier(max_iter=5).fit(X, np.argmax(X, axis=1))
    display = NeuronDisplay.from_estimator(neuron, class_of_interest=class_of_interest)
    assert display.neuron_name == "class 1"
    for wrong in (np.array([0, 1]), [1], "1", 3):
        with pytest.raises(ValueError, match="There is no neuron of class_of_interest="):
            NeuronDisplay.from_estimator(neuron, class_of_interest=wrong)


def test_steps_that_give_no_names():
    steps = StandardScaler(), FunctionTransformer(np.asarray)
    neuron = make_pipeline(*steps, SigmoidNeuronClassifier(max_iter=5))
    display = NeuronDisplay.from_estimator(neuron.fit(pd.DataFrame(X, columns=[*"abc"]), y))
    assert read(display.names_) == ["x0", "x1", "x2", "intercept"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_several_classes(place):
    classes = np.array(["ape", "bee", "cat"])
    labels = classes[np.argmax(X, axis=1)]
    neuron = SigmoidNeuronClassifier(max_iter=20).fit(X, labels)
    name = classes[place]
    display = NeuronDisplay.from_estimator(neuron, X[:1], class_of_interest=name)
    np.testing.assert_array_equal(display.coef, neuron.coef_[place])
    z = neuron.decision_function(X[:1])[0, place]
    assert display.potential_ == pytest.approx(z)
    assert display.activation_ == pytest.approx(expit(z))  # its own, not yet normalised
    assert read(display.captions_)[-1].endswith(f"class {name}")


def test_several_labels():
    neuron = SigmoidNeuronClassifier(max_iter=20).fit(X, (X > 0).astype(int))
    display = NeuronDisplay.from_estimator(neuron, X[:1], class_of_interest=2)
    assert display.activation_ == pytest.approx(neuron.predict_proba(X[:1])[0, 2])
    assert read(display.captions_)[-1].endswith("label 2")


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
    with pytest.raises(ValueError, match=r"class_of_interest=0\. It must be one of \[1\]"):
        NeuronDisplay.from_estimator(neuron, class_of_interest=0)
    assert not plt.get_fignums()  # all before any work


# --- that it can be read -----------------------------------------------------------------

cancer = load_breast_cancer()
NAMES = [str(name) for name in cancer.feature_names]


def find_boxes(texts):
    return [text.get_window_extent() for text in texts]


SIZES = [
    *product([3, 20, 30], ["alone", "whole", "half"]),
    (3, "quarter"),
    (8, "quarter"),
]
TINY = [(6, 4), (8, 4), (8, 3), (3, 8)]


@pytest.mark.parametrize(
    ("n_inputs", "place", "figsize"),
    [(*size, None) for size in SIZES] + [(3, "quarter", figsize) for figsize in TINY],
)
@pytest.mark.parametrize("has_row", [False, True])
def test_all_can_be_read(n_inputs, place, figsize, has_row):
    """No text runs into another, and nothing out of its node or out of the axes."""
    ax = None
    if place != "alone":
        shape = {"whole": (1, 1), "half": (1, 2), "quarter": (2, 2)}[place]
        ax = plt.subplots(*shape, squeeze=False, figsize=figsize)[1][0, 0]
    coef, values = np.random.default_rng(1).standard_normal((2, n_inputs))
    names = NAMES[-n_inputs:]
    display = NeuronDisplay(
        coef=coef,
        intercept=-0.123,
        feature_names=names,
        neuron_name="class malignant",
        values=values if has_row else None,
    ).plot(ax)
    display.ax_.apply_aspect()
    texts = [*display.names_, *display.values_, *display.numbers_, *display.captions_]
    texts += [display.more_] if display.more_ else []
    corners = display.ax_.bbox.get_points()
    for patch in display.ax_.patches:
        low, high = patch.get_window_extent().get_points()
        assert (low >= corners[0] - 1).all()
        assert (high <= corners[1] + 1).all()
    low, high = np.moveaxis([text.get_window_extent().get_points() for text in texts], 1, 0)
    overlap = np.minimum(high[:, np.newaxis], high) - np.maximum(low[:, np.newaxis], low)
    overlap = overlap.min(axis=2)
    np.fill_diagonal(overlap, -1)
    assert overlap.max() <= 1  # pixel
    assert (low >= corners[0] - 1).all()
    assert (high <= corners[1] + 1).all()
    for text, node in zip(display.values_, display.inputs_, strict=True):
        inner, outer = text.get_window_extent(), node.get_window_extent()
        assert outer.x0 < inner.x0
        assert inner.x1 < outer.x1
    assert figsize or min(text.get_fontsize() for text in texts) >= 5.5
    if place in ("alone", "whole"):  # nothing is shortened
        assert set(read(display.names_)) <= {*names, "intercept"}


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
        assert np.mean(shape.get_facecolor()[:3]) < 0.2
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
        {"coef": [[1.0, 2.0]], "feature_names": None},
        {"coef": [1.0, 2.0], "feature_names": ["a"]},
        {"coef": [1.0, 2.0], "values": [1.0, 2.0, 3.0]},
    ],
    ids=str,
)
def test_what_does_not_fit(params):
    with pytest.raises(ValueError, match=r"NaN|sample|inconsistent|1d array"):
        NeuronDisplay(**params).plot()
    assert not plt.get_fignums()


def test_names_by_default():
    assert read(NeuronDisplay(coef=[1.0, 2.0]).plot().names_) == ["x0", "x1"]


def test_axes_of_the_user():
    _, (left, right) = plt.subplots(1, 2)
    display = draw([1.0, 2.0])
    assert display.ax_ not in (left, right)
    assert display.plot(right).ax_ is right
    assert not left.lines
    assert display.plot(left).ax_ is left
    assert len(left.lines) == len(right.lines)
