"""What the picture shows, artist by artist."""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import (
    IterationPathDisplay,
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
)

pytestmark = pytest.mark.filterwarnings("ignore:The best iteration count is the last")

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


def test_artists(estimator):
    search = estimator[-1] if hasattr(estimator, "steps") else estimator
    display = IterationPathDisplay.from_estimator(estimator)
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_xlabel() == "iterations"
    assert display.ax_.get_ylabel() == "minus Brier score, held out"
    assert display.figure_ is display.ax_.figure
    mean, spread = search.scores_.mean(axis=1), search.scores_.std(axis=1)
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


def test_axes_of_the_user(estimator):
    _, (left, right) = plt.subplots(1, 2)
    display = IterationPathDisplay.from_estimator(estimator, ax=right)
    assert display.ax_ is right
    assert not left.lines
    display.plot(ax=left)
    assert display.ax_ is left
    assert len(left.lines) == len(right.lines) == 4


def test_the_start_is_on_the_axis():
    search = SigmoidNeuronClassifierCV(iters=[0, 1, 10]).fit(X, y)
    ax = IterationPathDisplay.from_estimator(search).ax_
    assert ax.get_xscale() == "symlog"
    places = ax.transData.transform([(t, 0) for t in (0, 1, 10)])[:, 0]
    assert (np.diff(places) > 10).all()


@pytest.mark.parametrize(
    ("scoring", "label"),
    [
        (None, "minus Brier score, held out"),
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


def test_other_estimators():
    with pytest.raises(TypeError, match="Got SigmoidNeuronClassifier instead"):
        IterationPathDisplay.from_estimator(SigmoidNeuronClassifier().fit(X, y))
    with pytest.raises(NotFittedError):
        IterationPathDisplay.from_estimator(SigmoidNeuronClassifierCV())


def test_without_matplotlib():
    code = (
        "import sys; sys.modules['matplotlib'] = None; from sk_neuron import *\n"
        "display = IterationPathDisplay("
        "iters=[1], scores=[[[1]]], alphas=[0], n_iter=1, alpha=0)\n"
        "try: display.plot()\n"
        "except ImportError as error: print(error)"
    )
    out = subprocess.check_output([sys.executable, "-P", "-c", code], text=True)
    assert "pip install sk-neuron[plot]" in out
