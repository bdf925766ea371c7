"""What the curves show, artist by artist."""

import inspect
import re
import subprocess
import sys
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sk_neuron import (
    IterationPathDisplay,
    LabelQualityDisplay,
    LossCurveDisplay,
    NeuronDisplay,
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
    WeightPathDisplay,
    find_label_issues,
    iteration_path,
    recorded_brier_score,
)

pytestmark = pytest.mark.filterwarnings("ignore:The best iteration count is the last")

DISPLAYS = [IterationPathDisplay, LossCurveDisplay, NeuronDisplay, WeightPathDisplay]

X = np.random.default_rng(0).standard_normal((60, 3))
y = (X[:, 0] > 0).astype(int)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(params=["estimator", "pipeline"])
def estimator(request):
    search = SigmoidNeuronClassifierCV(alphas=[0.5, 0.0, 2.0], max_iter=50)
    if request.param == "pipeline":
        search = make_pipeline(StandardScaler(), search)
    return search.fit(X, y)


# --- IterationPathDisplay ----------------------------------------------------------------


def test_artists(estimator):
    search = estimator[-1] if hasattr(estimator, "steps") else estimator
    display = IterationPathDisplay.from_estimator(estimator)
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_xlabel() == "iterations"
    assert display.ax_.get_ylabel() == "minus Brier score, held out"
    assert display.figure_ is display.ax_.figure
    scores = search.scores_[:, :, 0]
    mean, spread = scores.mean(axis=0), scores.std(axis=0)
    assert len(display.lines_) == len(display.bands_) == 3
    for k, (line, band) in enumerate(zip(display.lines_, display.bands_, strict=True)):
        np.testing.assert_array_equal(line.get_xdata(), search.iters_)
        np.testing.assert_allclose(line.get_ydata(), mean[k])
        corners = band.get_paths()[0].vertices
        for bound in (mean[k] - spread[k], mean[k] + spread[k]):
            for point in zip(search.iters_, bound, strict=True):
                assert np.isclose(corners, point).all(axis=1).any()
        assert same_color(band.get_facecolor()[0, :3], line.get_color())
    assert len({line.get_linestyle() for line in display.lines_}) == 3
    assert display.chosen_.get_xdata() == [search.n_iter_]
    assert display.chosen_.get_ydata() == [pytest.approx(search.best_score_)]
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == [
        "alpha = 0.5",
        "alpha = 0",
        "alpha = 2",
        f"chosen: {search.n_iter_} iterations",
    ]


def test_the_start_is_on_the_axis():
    search = SigmoidNeuronClassifierCV(iters=[0, 1, 10]).fit(X, y)
    ax = IterationPathDisplay.from_estimator(search).ax_
    assert ax.get_xscale() == "symlog"
    positions = ax.transData.transform([(t, 0) for t in (0, 1, 10)])[:, 0]
    assert (np.diff(positions) > 10).all()


@pytest.mark.parametrize(
    ("scoring", "label"),
    [
        (None, "accuracy, held out"),
        ("roc_auc", "roc auc, held out"),
        (lambda neuron, X, y: 0.5, "score, held out"),
    ],
)
def test_axis_of_the_scores(scoring, label):
    search = SigmoidNeuronClassifierCV(iters=[1, 10], scoring=scoring, refit=False)
    display = IterationPathDisplay.from_estimator(search.fit(X, y))
    assert display.ax_.get_ylabel() == label


def test_folds_without_a_score_are_left_out():
    scores = np.array([[[1.0, 2.0], [np.nan, np.nan], [2.0, 4.0]]])
    display = IterationPathDisplay(
        iters=[1, 2], scores=scores, alphas=[0.0], n_iter=2, alpha=0.0
    ).plot()
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), [1.5, 3.0])


@pytest.mark.filterwarnings("ignore:Some folds could not be fitted")
def test_a_fold_that_failed_for_a_label_noise_is_left_out_for_all():
    """As in the mean by which the search has chosen."""

    def score(neuron, rows, labels):
        is_first = np.array_equal(rows, X[:20])
        return np.nan if is_first and neuron.label_noise else 1 - 0.3 * is_first

    search = SigmoidNeuronClassifierCV(
        iters=[1, 2], label_noises=[0.0, 0.1], cv=KFold(3), scoring=score
    )
    display = IterationPathDisplay.from_estimator(search.fit(X, y))
    assert display.chosen_.get_ydata() == [search.best_score_] == [1.0]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"scores": np.ones((3, 1, 2))}, r"here \(1, n_folds, 2\)\. Got \(3, 1, 2\)"),
        ({"scores": np.ones((1, 3))}, r"\(n_alphas, n_folds, n_iters\).* Got \(1, 3\)"),
        ({"iters": [1]}, r"here \(1, n_folds, 1\)"),
        ({"n_iter": 7}, r"n_iter=7 is not one of \[1, 2\]"),
        ({"alpha": 0.5}, r"alpha=0\.5 is not one of \[0\.0\]"),
    ],
)
def test_scores_that_do_not_fit(changed, message):
    """Folds in the place of alphas, as in `scores_`, would be drawn as if they were."""
    given = {"iters": [1, 2], "scores": np.ones((1, 3, 2)), "alphas": [0.0]}
    given |= {"n_iter": 2, "alpha": 0.0} | changed
    with pytest.raises(ValueError, match=message):
        IterationPathDisplay(**given).plot()
    assert plt.get_fignums() == []


def legend_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


# --- LossCurveDisplay --------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SigmoidNeuronClassifier, SigmoidNeuronClassifierCV])
def test_training_loss(kind):
    neuron = make_pipeline(StandardScaler(), kind(max_iter=30)).fit(X, y)
    display = LossCurveDisplay.from_estimator(neuron)
    losses = neuron[-1].loss_curve_
    np.testing.assert_array_equal(display.line_.get_xdata(), np.arange(len(losses)))
    np.testing.assert_array_equal(display.line_.get_ydata(), losses)
    assert display.validation_line_ is display.best_ is None
    assert legend_of(display) == ["training"]
    assert display.ax_.get_xlabel() == "iterations"
    assert display.ax_.get_ylabel() == "Brier score"
    assert display.figure_ is display.ax_.figure
    positions = display.ax_.transData.transform([(t, 0) for t in (0, 1, 10)])[:, 0]
    assert (np.diff(positions) > 10).all()  # the start is on the axis


@pytest.mark.parametrize("kind", ["two classes", "layer", "labels"])
def test_entry_t_is_the_loss_after_t_steps(kind):
    """Both curves are those of a fit that ends there, measured by its own answers."""
    labels = {"two classes": y, "layer": X.argmax(axis=1), "labels": (X > 0).astype(int)}
    target = labels[kind]
    neuron = SigmoidNeuronClassifier(max_iter=6)
    display = LossCurveDisplay.from_estimator(
        neuron.fit(X[:40], target[:40], X_val=X[40:], y_val=target[40:])
    )

    def brier_score(estimator, rows):
        probability = estimator.predict_proba(X[rows])
        if kind == "two classes":
            return np.mean((target[rows] - probability[:, 1]) ** 2)
        wanted = np.eye(3)[target[rows]] if kind == "layer" else target[rows]
        return np.mean(np.sum((wanted - probability) ** 2, axis=1))

    at_start = {"two classes": 0.25, "layer": 2 / 3, "labels": 0.75}[kind]
    curves = [
        (display.line_, slice(40), range(6)),
        (display.validation_line_, slice(40, 60), range(7)),
    ]
    for line, rows, counts in curves:
        assert list(line.get_xdata()) == list(counts)
        for count, loss in zip(counts[1:], line.get_ydata()[1:], strict=True):
            shorter = SigmoidNeuronClassifier(max_iter=count).fit(X[:40], target[:40])
            assert loss == pytest.approx(brier_score(shorter, rows))
        assert line.get_ydata()[0] == pytest.approx(at_start, rel=1e-15)


def test_best_step():
    wrong = np.where(np.arange(60) % 4, y, 1 - y)
    neuron = SigmoidNeuronClassifier(early_stopping=True, random_state=0).fit(X, wrong)
    display = LossCurveDisplay.from_estimator(neuron)
    assert 0 < neuron.best_n_iter_ < neuron.n_iter_
    (best,), (loss,) = display.best_.get_data()
    assert best == neuron.best_n_iter_
    assert loss == min(display.validation_line_.get_ydata())
    assert loss == -neuron.best_validation_score_
    assert display.line_.get_linestyle() == "-"
    assert display.validation_line_.get_linestyle() == "--"
    assert same_color(display.best_.get_color(), display.validation_line_.get_color())
    assert legend_of(display) == ["training", "validation", f"best: {best} iterations"]


def test_a_fit_that_goes_on():
    """Validation rows that come later have a curve that begins later."""
    neuron = SigmoidNeuronClassifier(max_iter=5, warm_start=True).fit(X, y)
    display = LossCurveDisplay.from_estimator(neuron.fit(X, y, X_val=X, y_val=y))
    assert len(display.line_.get_xdata()) == 10
    known = np.isfinite(display.validation_line_.get_ydata())
    assert display.validation_line_.get_xdata()[known].tolist() == [*range(5, 11)]
    assert display.best_.get_xdata() == [10]
    again = LossCurveDisplay.from_estimator(neuron.partial_fit(X, y))
    assert len(again.line_.get_xdata()) == 11
    assert again.best_ is None


@pytest.mark.parametrize("kind", [SigmoidNeuronClassifier, SigmoidNeuronClassifierCV])
def test_step_sizes(kind):
    neuron = kind(max_iter=30).fit(X, y)
    display = LossCurveDisplay.from_estimator(neuron, show_step_sizes=True)
    (line,) = display.step_lines_
    np.testing.assert_array_equal(line.get_xdata(), np.arange(neuron.n_iter_))
    np.testing.assert_array_equal(line.get_ydata(), neuron.learning_rate_curve_)
    assert line.get_drawstyle() == "steps-post"  # a size holds until the next count
    assert line.axes is display.step_ax_
    assert display.step_ax_.get_yscale() == "log"
    assert display.step_ax_.yaxis.get_transform().base == 2
    assert display.step_ax_.get_ylabel() == "step size"
    assert display.step_ax_.get_xlim() == display.ax_.get_xlim()
    assert -1 < display.ax_.get_xlim()[0] <= 0  # no room is lost before the start
    assert display.step_ax_.get_xscale() == display.ax_.get_xscale() == "symlog"
    assert legend_of(display) == ["training", "step size"]
    # The loss is in front, and can be told from the step sizes.
    assert display.ax_.get_zorder() > display.step_ax_.get_zorder()
    assert not display.ax_.patch.get_visible()
    assert not same_color(line.get_color(), display.line_.get_color())
    assert line.get_linewidth() < display.line_.get_linewidth()
    display.figure_.canvas.draw()


def test_step_sizes_of_several_labels():
    labels = (X > 0).astype(int)
    neuron = SigmoidNeuronClassifier(max_iter=20)
    neuron.fit(X, labels, X_val=X, y_val=labels)
    display = LossCurveDisplay.from_estimator(neuron, show_step_sizes=True)
    drawn = np.transpose([line.get_ydata() for line in display.step_lines_])
    np.testing.assert_array_equal(drawn, neuron.learning_rate_curve_)
    assert drawn.shape == (20, 3)
    *others, last = legend_of(display)
    assert others == ["training", "validation", f"best: {neuron.best_n_iter_} iterations"]
    assert last == "step sizes, 3 labels"
    assert len({line.get_color() for line in display.step_lines_}) == 1


def test_step_sizes_that_are_constant():
    neuron = SigmoidNeuronClassifier(max_iter=5, learning_rate=0.03).fit(X, y)
    display = LossCurveDisplay.from_estimator(neuron, show_step_sizes=True)
    assert display.step_lines_[0].get_ydata().tolist() == [0.03] * 5
    low, high = display.step_ax_.get_ylim()
    assert 0 < low < 0.03 < high
    display.figure_.canvas.draw()


def test_step_sizes_only_if_asked_for():
    neuron = SigmoidNeuronClassifier(max_iter=5).fit(X, y)
    display = LossCurveDisplay.from_estimator(neuron)
    assert display.step_ax_ is None
    assert display.step_lines_ == []
    assert display.figure_.axes == [display.ax_]
    np.testing.assert_array_equal(display.learning_rate_curve, neuron.learning_rate_curve_)
    _, ax = plt.subplots()
    assert display.plot(ax, show_step_sizes=True).step_ax_ in ax.figure.axes
    assert display.plot().step_lines_ == []


def test_no_step_sizes():
    with pytest.raises(ValueError, match="pass learning_rate_curve to LossCurveDisplay"):
        LossCurveDisplay(loss_curve=[0.3, 0.2]).plot(show_step_sizes=True)
    for sizes, match in [([1.0], "inconsistent"), (np.ones((2, 1, 1)), "dim 3")]:
        display = LossCurveDisplay(loss_curve=[0.3, 0.2], learning_rate_curve=sizes)
        with pytest.raises(ValueError, match=match):
            display.plot(show_step_sizes=True)
    with pytest.raises(NotFittedError):
        LossCurveDisplay.from_estimator(
            SigmoidNeuronClassifierCV(max_iter=5, refit=False).fit(X, y),
            show_step_sizes=True,
        )
    assert not plt.get_fignums()


# --- WeightPathDisplay -------------------------------------------------------------------

paths = np.random.default_rng(2).standard_normal((5, 9)).cumsum(axis=0)


def test_weights_that_move_most_are_named():
    names = [f"feature {j}" for j in range(9)]
    display = WeightPathDisplay(iters=[1, 2, 4, 8, 16], coefs=paths, feature_names=names)
    display.plot()
    movement = np.ptp(paths, axis=0)
    named = [names.index(line.get_label()) for line in display.lines_]
    assert len(named) == 6
    others = np.setdiff1d(np.arange(9), named)
    assert movement[named].min() >= movement[others].max()
    assert (np.diff(paths[-1, named]) <= 0).all()
    assert legend_of(display) == [*(names[j] for j in named), "3 others"]
    drawn = [*display.lines_, *display.other_lines_]
    for line, j in zip(drawn, [*named, *others], strict=False):
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 4, 8, 16])
        if j in named:
            np.testing.assert_array_equal(line.get_ydata(), paths[:, j])
    rest = {tuple(line.get_ydata()) for line in display.other_lines_}
    assert rest == {tuple(paths[:, j]) for j in others}
    for look in ("get_color", "get_marker"):
        assert len({getattr(line, look)() for line in display.lines_}) == 6
    assert len({line.get_color() for line in display.other_lines_}) == 1
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_ylabel() == "weight"
    display.figure_.canvas.draw()


def test_seven_weights_and_two():
    display = WeightPathDisplay(iters=[0, 1, 2, 4, 8], coefs=paths[:, :7]).plot()
    assert legend_of(display)[-1] == "1 other"
    assert display.ax_.get_xscale() == "symlog"
    display = WeightPathDisplay(iters=[0], coefs=np.zeros((1, 2))).plot()
    assert display.other_lines_ == []
    assert legend_of(display) == ["x0", "x1"]
    display.figure_.canvas.draw()


def test_names_as_they_are():
    names = ["_id", "$a$", "$ \\"]
    display = WeightPathDisplay(
        iters=[1, 2], coefs=paths[:2, :3], feature_names=names
    ).plot()
    assert sorted(legend_of(display)) == sorted(names)
    display.figure_.canvas.draw()


@pytest.mark.parametrize("names", [None, ["a", "b", "c"]])
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_checkpoints(names, in_pipeline):
    neuron = SigmoidNeuronClassifier(max_iter=9, checkpoints=[0, 3, 9])
    estimator = make_pipeline(StandardScaler(), neuron) if in_pipeline else neuron
    data = X if names is None else pd.DataFrame(X, columns=names)
    display = WeightPathDisplay.from_estimator(estimator.fit(data, y))
    np.testing.assert_array_equal(display.iters, [0, 3, 9])
    np.testing.assert_array_equal(display.coefs[-1], neuron.coef_[0])
    assert sorted(legend_of(display)) == (names or ["x0", "x1", "x2"])
    assert display.ax_.get_ylabel() == "weight, class 1"


def test_iteration_path():
    iters, coefs, _ = iteration_path(X, y, iters=[0, 3, 9])
    by_hand = WeightPathDisplay(iters=iters, coefs=coefs[:, 0]).plot()
    neuron = SigmoidNeuronClassifier(max_iter=9, checkpoints=[0, 3, 9]).fit(X, y)
    for line, other in zip(
        by_hand.lines_, WeightPathDisplay.from_estimator(neuron).lines_, strict=True
    ):
        np.testing.assert_array_equal(line.get_xydata(), other.get_xydata())


@pytest.mark.parametrize("n_classes", [3, 12])
def test_weights_of_one_class_of_a_layer(n_classes):
    neuron = SigmoidNeuronClassifier(max_iter=9, checkpoints=[1, 9])
    names = np.array([f"c{k:02}" for k in range(n_classes)])
    neuron.fit(X, names[np.arange(len(X)) % n_classes])
    for k, name in enumerate(names):
        display = WeightPathDisplay.from_estimator(neuron, class_of_interest=name)
        np.testing.assert_array_equal(display.coefs, neuron.checkpoint_coefs_[:, k])
        assert display.ax_.get_ylabel() == f"weight, class {name}"
        plt.close(display.figure_)
    with pytest.raises(
        ValueError, match=r"each class: pass class_of_interest.*'c00' 'c01'"
    ):
        WeightPathDisplay.from_estimator(neuron)
    message = r"^class_of_interest='cow' is not a valid label: It should be one of \['c00'"
    with pytest.raises(ValueError, match=message):
        WeightPathDisplay.from_estimator(neuron, class_of_interest="cow")
    assert not plt.get_fignums()


def test_weights_of_either_class_of_two():
    """Those of the first class are those of the second with the opposite sign."""
    neuron = SigmoidNeuronClassifier(max_iter=9, checkpoints=[1, 4, 9])
    neuron.fit(X, np.array(["no", "yes"])[y])
    weights = neuron.checkpoint_coefs_[:, 0]
    for name, expected in [("no", -weights), ("yes", weights), (None, weights)]:
        display = WeightPathDisplay.from_estimator(neuron, class_of_interest=name)
        np.testing.assert_array_equal(display.coefs, expected)
        assert display.ax_.get_ylabel() == f"weight, class {name or 'yes'}"
    # A fit on the labels the other way round learns the opposite signs, too.
    other = SigmoidNeuronClassifier(max_iter=9, checkpoints=[1, 4, 9]).fit(X, 1 - y)
    swapped = WeightPathDisplay.from_estimator(other, class_of_interest=0)
    np.testing.assert_allclose(swapped.coefs, weights, rtol=1e-9)


@pytest.mark.parametrize("n_labels", [2, 3])
def test_weights_of_a_label(n_labels):
    """Two labels are not two classes."""
    neuron = SigmoidNeuronClassifier(max_iter=9, checkpoints=[1, 9])
    neuron.fit(X, (X > 0).astype(int)[:, :n_labels])
    for k in range(n_labels):
        display = WeightPathDisplay.from_estimator(neuron, class_of_interest=k)
        np.testing.assert_array_equal(display.coefs, neuron.checkpoint_coefs_[:, k])
        assert display.ax_.get_ylabel() == f"weight, label {k}"
    with pytest.raises(ValueError, match=r"each label: pass class_of_interest"):
        WeightPathDisplay.from_estimator(neuron)


def test_no_checkpoints():
    for kind in (SigmoidNeuronClassifier, SigmoidNeuronClassifierCV):
        with pytest.raises(ValueError, match=r"checkpoints=\[\.\.\.\]"):
            WeightPathDisplay.from_estimator(kind(max_iter=5).fit(X, y))


# --- all of them -------------------------------------------------------------------------


@pytest.mark.parametrize("display", DISPLAYS)
def test_other_estimators(display):
    others = [LogisticRegression()]
    if display is IterationPathDisplay:
        others.append(SigmoidNeuronClassifier())
    for other in others:
        match = f"{display.__name__} shows a .* Got {type(other).__name__} instead"
        with pytest.raises(TypeError, match=match):
            display.from_estimator(other.fit(X, y))
    with pytest.raises(NotFittedError):
        display.from_estimator(make_pipeline(SigmoidNeuronClassifierCV()))


@pytest.mark.parametrize(
    "display",
    [
        IterationPathDisplay(iters=[1], scores=[[[1]]], alphas=[0], n_iter=1, alpha=0),
        LossCurveDisplay(loss_curve=[0.3, 0.2]),
        NeuronDisplay(coef=[1.0, 2.0]),
        WeightPathDisplay(iters=[1, 2], coefs=paths[:2]),
    ],
    ids=DISPLAYS,
)
def test_drawn_again(display):
    _, (left, right) = plt.subplots(1, 2)
    assert display.plot(right).ax_ is right
    assert not left.lines
    assert display.plot(left).ax_ is left
    assert len(left.lines) == len(right.lines)
    assert display.plot().ax_ not in (left, right)


@pytest.mark.parametrize("display", [*DISPLAYS, LabelQualityDisplay])
def test_parameters_become_attributes(display):
    """They are given by name, and the docstring tells of them in the same order."""
    signature = inspect.signature(display).parameters
    assert {parameter.kind.name for parameter in signature.values()} == {"KEYWORD_ONLY"}
    parameters = {name: object() for name in signature}
    assert vars(display(**parameters)) == parameters
    told = display.__doc__.split("Attributes\n")[0]
    assert re.findall(r"^    (\w+) : ", told, re.MULTILINE) == list(signature)


def test_without_matplotlib():
    code = (
        "import sys; sys.modules['matplotlib'] = None; from sk_neuron import *\n"
        "for display in [\n"
        "    IterationPathDisplay("
        "        iters=[1], scores=[[[1]]], alphas=[0], n_iter=1, alpha=0),\n"
        "    LossCurveDisplay(loss_curve=[1]),\n"
        "    NeuronDisplay(coef=[1], feature_names=['x0']),\n"
        "    WeightPathDisplay(iters=[1], coefs=[[1]]),\n"
        "]:\n"
        "    try: display.plot()\n"
        "    except ImportError as error: print(error)"
    )
    out = subprocess.check_output([sys.executable, "-P", "-c", code], text=True)
    for display, line in zip(
        ["IterationPath", "LossCurve", "Neuron", "WeightPath"],
        out.splitlines(),
        strict=True,
    ):
        expected = f"{display}Display.plot needs matplotlib: pip install sk-neuron[plot]"
        assert line == expected


@pytest.mark.parametrize("shape", [(2, 1, 3), (3,), (3, 3)])
def test_weights_that_do_not_fit(shape):
    with pytest.raises(ValueError, match=r"dim|1D|inconsistent"):
        WeightPathDisplay(iters=[1, 2], coefs=np.ones(shape)).plot()
    assert not plt.get_fignums()


def test_classes_are_no_mathematics():
    neuron = SigmoidNeuronClassifier(checkpoints=[1, 5], max_iter=5)
    neuron.fit(X, np.where(y, "$x_{$", "!"))
    display = WeightPathDisplay.from_estimator(neuron)
    display.figure_.canvas.draw()
    assert display.ax_.get_ylabel() == "weight, class $x_{$"


def test_label_quality_display(tmp_path):
    """Its arrays are those of the table, and nothing is outside the axes."""
    features, y = load_iris(return_X_y=True)
    recorded = y.copy()
    recorded[::10] = (recorded[::10] + 1) % 3
    neuron = SigmoidNeuronClassifier(label_noise=0.1, max_iter=30).fit(features, recorded)
    display = LabelQualityDisplay.from_estimator(neuron, features, recorded)
    quality = neuron.label_quality(features, recorded)
    np.testing.assert_array_equal(display.line_.get_ydata(), np.sort(quality))
    issues = find_label_issues(neuron, features, recorded)
    kinds = Counter(zip(issues["given_label"], issues["suggested_label"], strict=True))
    counts = [bar.get_width() for bar in display.bars_]
    assert counts == sorted(kinds.values(), reverse=True)
    names = [text.get_text() for text in display.bar_ax_.get_yticklabels()]
    assert {f"{one} → {other}" for one, other in kinds} == set(names)
    assert display.threshold_line_.get_ydata()[0] == 0.5
    display.figure_.savefig(tmp_path / "quality.png")
    # unknown qualities are left out, and without suspects there is no bar
    quality[:3] = np.nan
    clean = LabelQualityDisplay(
        label_quality=quality,
        given_label=recorded,
        suggested_label=recorded,
        threshold=0.0,
    ).plot()
    assert len(clean.line_.get_ydata()) == 147
    assert len(clean.bars_) == 0
    with pytest.raises(ValueError, match="threshold must be from 0 to 1"):
        LabelQualityDisplay.from_estimator(neuron, features, recorded, threshold=-1)


@pytest.mark.parametrize(
    ("quality", "message"),
    [
        ([2.0, -1.0, 0.5], r"outside of \[0, 1\]"),
        ([0.1, 1.0 + 1e-9, np.nan], r"outside of \[0, 1\]"),
        ([0.1, np.inf, 0.5], "infinity"),
        (np.full((3, 2), 0.5), r"shape \(n_samples,\). Got \(3, 2\) instead"),
        (np.full((3, 1, 1), 0.5), "dim 3"),
        ([0.1, 0.5], "inconsistent"),
        ([], "0 sample"),
        (["good", "bad", "bad"], "could not convert"),
    ],
    ids=str,
)
def test_label_qualities_that_do_not_fit(quality, message):
    display = LabelQualityDisplay(
        label_quality=quality, given_label=[0, 1, 1], suggested_label=[1, 0, 0]
    )
    with pytest.raises(ValueError, match=message):
        display.plot()
    assert not plt.get_fignums()


def test_label_qualities_in_a_column():
    quality = [[0.5], [0.0], [1.0]]
    display = LabelQualityDisplay(
        label_quality=quality, given_label=[0, 1, 1], suggested_label=[1, 0, 0]
    )
    assert display.plot().line_.get_ydata().tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("scaled", [False, True], ids=["alone", "in a pipeline"])
@pytest.mark.parametrize("search_class", [GridSearchCV, RandomizedSearchCV])
def test_a_search_shows_its_best_estimator(scaled, search_class):
    neuron = SigmoidNeuronClassifier(max_iter=20, checkpoints=[0, 5])
    name, grid = "alpha", [0.1, 1.0]
    if scaled:
        inner = make_pipeline(StandardScaler(), neuron)  # a pipeline in a pipeline
        neuron = make_pipeline(MinMaxScaler(), inner)
        name = "pipeline__sigmoidneuronclassifier__alpha"
    options = {"n_iter": 2, "random_state": 0} if search_class is RandomizedSearchCV else {}
    search = search_class(neuron, {name: grid}, cv=2, **options).fit(X, y)
    best = search.best_estimator_
    for show, lines in [
        (LossCurveDisplay.from_estimator, lambda display: [display.line_]),
        (WeightPathDisplay.from_estimator, lambda display: display.lines_),
    ]:
        ours, theirs = lines(show(search)), lines(show(best))
        for line, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), other.get_ydata())
    shown = NeuronDisplay.from_estimator(search, X[:1])
    assert shown.probability_ == pytest.approx(best.predict_proba(X[:1])[0, 1], rel=1e-12)
    quality = LabelQualityDisplay.from_estimator(search, X, y).label_quality
    np.testing.assert_array_equal(
        quality, LabelQualityDisplay.from_estimator(best, X, y).label_quality
    )
    assert recorded_brier_score(search, X, y) == recorded_brier_score(best, X, y)


def test_a_row_of_a_data_frame_is_taken_by_its_names():
    frame = pd.DataFrame(X, columns=[f"column {k}" for k in range(X.shape[1])])
    model = make_pipeline(StandardScaler(), SigmoidNeuronClassifier(max_iter=9))
    model.fit(frame, y)  # a warning is an error
    by_row = NeuronDisplay.from_estimator(model, frame.iloc[3])
    by_frame = NeuronDisplay.from_estimator(model, frame.iloc[[3]])
    assert by_row.probability_ == by_frame.probability_
