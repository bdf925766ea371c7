"""scikit-learn's callbacks: told of every step, they may end a fit."""

from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from kernels import record_calls
from scipy.sparse import bsr_array, coo_array, csc_array
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
from sk_neuron._compat import ProgressBar

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
WEIGHT = np.random.default_rng(0).random(len(X))
ESTIMATORS = pytest.mark.parametrize(
    "estimator", [SigmoidNeuronClassifier(), SigmoidNeuronClassifierCV()], ids=["one", "cv"]
)
HAS_CALLBACKS = find_spec("sklearn.callback") is not None
needs_callbacks = pytest.mark.skipif(not HAS_CALLBACKS, reason="scikit-learn below 1.9")


@pytest.mark.skipif(HAS_CALLBACKS, reason="scikit-learn has callbacks")
@ESTIMATORS
def test_callbacks_are_absent_below_1_9(estimator):
    assert not hasattr(estimator, "set_callbacks")
    with pytest.raises(AttributeError) as error:
        estimator.set_callbacks()
    assert "scikit-learn 1.9" in str(error.value.__cause__)


class Recorder:
    """Notes what it is told, and asks to stop at the end of a subtask."""

    def __init__(self, stop_at=None):
        self.stop_at, self.begun, self.ended = stop_at, [], []
        self.is_set_up = self.is_torn_down = False

    def setup(self, estimator, context):
        self.is_set_up = True
        self.max_subtasks = context.max_subtasks

    def teardown(self, estimator, context):
        self.is_torn_down = True

    def on_fit_task_begin(self, estimator, context):
        self.begun.append((context.parent is None, context.task_id))

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
    ):
        self.ended.append((context.parent is None, context.task_id))
        self.data, self.fitted = (X, y, metadata), fitted_estimator
        return context.parent is not None and context.task_id + 1 == self.stop_at


@needs_callbacks
def test_each_step_is_a_subtask():
    recorder = Recorder()
    neuron = SigmoidNeuronClassifier(max_iter=7).set_callbacks(recorder)
    assert neuron.fit(X, y, WEIGHT) is neuron
    steps = [(False, step) for step in range(7)]
    assert recorder.begun == [(True, 0), *steps]
    assert recorder.ended == [*steps, (True, 0)]
    assert recorder.max_subtasks == 7
    assert recorder.is_set_up
    assert recorder.is_torn_down
    assert recorder.data[2] is not None
    assert recorder.data[0] is X
    assert recorder.data[1] is y
    np.testing.assert_array_equal(recorder.data[2]["sample_weight"], WEIGHT)
    plain = SigmoidNeuronClassifier(max_iter=7).fit(X, y, WEIGHT)
    np.testing.assert_array_equal(neuron.coef_, plain.coef_)


@needs_callbacks
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"tol": 1e-12},
        {"checkpoints": [3, 5]},
        {"early_stopping": True, "n_iter_no_change": 99, "random_state": 0},
    ],
)
def test_a_callback_stops_the_fit(params):
    """The weights of that step are kept, and nobody says that the fit did not converge."""
    recorder = Recorder(stop_at=5)
    neuron = SigmoidNeuronClassifier(max_iter=1000, **params).set_callbacks(recorder)
    neuron.fit(X, y)
    assert neuron.n_iter_ == 5
    assert len(neuron.loss_curve_) == 5
    assert sorted(recorder.begun) == sorted(recorder.ended)
    same = SigmoidNeuronClassifier(**params | {"max_iter": 5, "tol": 0.0}).fit(X, y)
    np.testing.assert_array_equal(neuron.coef_, same.coef_)
    np.testing.assert_array_equal(recorder.fitted.coef_, same.coef_)
    np.testing.assert_array_equal(recorder.fitted.predict(X), same.predict(X))
    assert recorder.fitted.n_iter_ == 5
    assert recorder.is_torn_down
    if params.get("early_stopping"):
        assert len(recorder.data[0]) == len(recorder.data[1]) < len(X)


@needs_callbacks
@pytest.mark.parametrize("as_format", [coo_array, csc_array, bsr_array])
def test_held_out_rows_of_any_format(as_format):
    recorder = Recorder()
    neuron = SigmoidNeuronClassifier(max_iter=3, early_stopping=True, random_state=0)
    neuron.set_callbacks(recorder)
    labels = np.stack([y, 1 - y], axis=1)
    neuron.fit(as_format(X), coo_array(labels), sample_weight=2.0)
    rows, some, metadata = recorder.data
    assert rows.shape[0] == some.shape[0] == len(metadata["sample_weight"]) < len(X)


@needs_callbacks
def test_what_callbacks_get_can_go_on():
    recorder = Recorder(stop_at=4)
    neuron = SigmoidNeuronClassifier(max_iter=9).set_callbacks(recorder).fit(X, y)
    recorder.fitted.set_callbacks()
    recorder.fitted.partial_fit(X, y)
    np.testing.assert_array_equal(recorder.fitted.coef_, neuron.partial_fit(X, y).coef_)
    assert recorder.fitted.n_iter_ == 5


@needs_callbacks
def test_the_neuron_is_not_fitted_before_the_end():
    """A callback that raises leaves it as it was, and callbacks are torn down."""

    class Failing(Recorder):
        def on_fit_task_end(self, estimator, context):
            assert not hasattr(estimator, "coef_")
            raise RuntimeError("on purpose")

    failing = Failing()
    neuron = SigmoidNeuronClassifier(max_iter=3).set_callbacks(failing)
    with pytest.raises(RuntimeError, match="on purpose"):
        neuron.fit(X, y)
    assert not hasattr(neuron, "coef_")
    assert failing.is_torn_down


@needs_callbacks
def test_an_interrupted_step_ends():
    class Interrupting(Recorder):
        def on_fit_task_begin(self, estimator, context):
            super().on_fit_task_begin(estimator, context)
            if context.parent is not None and context.task_id == 2:
                raise KeyboardInterrupt

    recorder = Interrupting()
    neuron = SigmoidNeuronClassifier(max_iter=9).set_callbacks(recorder)
    with pytest.raises(KeyboardInterrupt):
        neuron.fit(X, y)
    assert neuron.n_iter_ == 2
    assert sorted(recorder.begun) == sorted(recorder.ended)
    assert recorder.data[2] is None


@needs_callbacks
def test_going_on_after_a_stop():
    neuron = SigmoidNeuronClassifier(max_iter=50, warm_start=True)
    neuron.set_callbacks(Recorder(stop_at=4)).fit(X, y)
    neuron.set_callbacks().set_params(max_iter=6).fit(X, y)
    plain = SigmoidNeuronClassifier(max_iter=10).fit(X, y)
    np.testing.assert_array_equal(neuron.coef_, plain.coef_)


@needs_callbacks
@pytest.mark.parametrize("names", [False, True])
def test_scoring_monitor_scores_every_step(names):
    from sklearn.callback import ScoringMonitor

    rows = pd.DataFrame(X).rename(columns=str) if names else X
    monitor = ScoringMonitor(scoring="neg_brier_score")
    neuron = SigmoidNeuronClassifier(max_iter=6).set_callbacks(monitor).fit(rows, y)
    log = monitor.get_logs().data
    scores = [row["neg_brier_score"] for row in log if row["task_name"] == "step"]
    # a loss before a step is the score after the one before
    np.testing.assert_allclose(scores[:-1], -neuron.loss_curve_[1:], rtol=1e-12)
    probability = neuron.predict_proba(rows)[:, 1]
    assert scores[-1] == pytest.approx(-brier_score_loss(y, probability))


@needs_callbacks
def test_scoring_monitor_with_string_labels_and_held_out_rows():
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    iris = load_iris()
    neuron = SigmoidNeuronClassifier(max_iter=5, early_stopping=True, random_state=0)
    labels = iris.target_names[iris.target]
    neuron.set_callbacks(monitor).fit(iris.data, labels)
    scores = [row["accuracy"] for row in monitor.get_logs().data]
    assert len(scores) == 6
    assert scores[-1] > 0.6


@needs_callbacks
def test_a_progress_bar_alone_moves_a_hundred_times(monkeypatch, capsys):
    calls = record_calls(monkeypatch)
    SigmoidNeuronClassifier(max_iter=1250).set_callbacks(ProgressBar()).fit(X, y)
    steps = [n_steps for _, _, n_steps in calls]
    assert steps == [13] * 96 + [2]
    printed = capsys.readouterr().out
    assert "SigmoidNeuronClassifier - fit" in printed
    assert "100%" in printed


@needs_callbacks
def test_a_progress_bar_beside_another_callback(monkeypatch):
    calls = record_calls(monkeypatch)
    recorder = Recorder()
    neuron = SigmoidNeuronClassifier(max_iter=200).set_callbacks(ProgressBar(), recorder)
    neuron.fit(X, y)
    assert [n_steps for _, _, n_steps in calls] == [1] * 200


@needs_callbacks
@pytest.mark.parametrize("params", [{}, {"tol": 1e-3}, {"checkpoints": [1, 77]}])
def test_a_progress_bar_changes_nothing(params):
    neuron = SigmoidNeuronClassifier(max_iter=777, **params)
    plain = clone(neuron).fit(X, y)
    neuron.set_callbacks(ProgressBar()).fit(X, y)
    np.testing.assert_array_equal(neuron.coef_, plain.coef_)
    assert neuron.n_iter_ == plain.n_iter_


@needs_callbacks
def test_a_progress_bar_of_a_grid_search_goes_down_to_the_fits(capsys):
    grid = {"max_iter": [100, 200]}
    search = GridSearchCV(SigmoidNeuronClassifier(), grid, cv=3)
    search.set_callbacks(ProgressBar()).fit(X, y)
    printed = capsys.readouterr().out
    assert "GridSearchCV - fit" in printed
    assert "SigmoidNeuronClassifier" in printed


# The search


@needs_callbacks
@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
@pytest.mark.parametrize("refit", [False, True])
def test_each_count_of_a_search_is_a_subtask(refit):
    recorder = Recorder()
    search = SigmoidNeuronClassifierCV(iters=[0, 5, 20, 40, 80], refit=refit)
    plain = clone(search).fit(X, y, WEIGHT)
    search.set_callbacks(recorder).fit(X, y, WEIGHT)
    parts = [(False, part) for part in range(5)]
    assert recorder.begun == [(True, 0), *parts]
    assert recorder.ended == [*parts, (True, 0)]
    assert recorder.max_subtasks == 5
    np.testing.assert_array_equal(search.scores_, plain.scores_)
    if refit:
        np.testing.assert_array_equal(recorder.fitted.coef_, plain.coef_)
        assert recorder.fitted.n_iter_ == plain.n_iter_
    else:
        assert recorder.fitted is None


@needs_callbacks
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
def test_a_callback_stops_a_search(together, monkeypatch):
    """Then it chooses among the counts that were reached, also where fits go in groups."""
    if not together:
        monkeypatch.setattr("sk_neuron._model_selection._search._BATCH_SIZE", 2 * len(X))
    params = {"alphas": [0.0, 1.0], "iters": [1, 10, 100, 1000]}
    recorder = Recorder(stop_at=2)
    search = SigmoidNeuronClassifierCV(**params).set_callbacks(recorder).fit(X, y)
    assert sorted(recorder.begun) == sorted(recorder.ended)
    params["iters"] = [1, 10]
    few = SigmoidNeuronClassifierCV(**params).fit(X, y)
    np.testing.assert_array_equal(search.iters_, [1, 10])
    np.testing.assert_allclose(search.scores_, few.scores_, rtol=1e-12)
    np.testing.assert_allclose(search.coef_, few.coef_, rtol=1e-12)
    assert search.n_iter_ == few.n_iter_


@needs_callbacks
@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
def test_scoring_monitor_of_a_search():
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    search = SigmoidNeuronClassifierCV(iters=[1, 5, 50, 500])
    search.set_callbacks(monitor).fit(X, y)
    scores = [row["accuracy"] for row in monitor.get_logs().data]
    assert len(scores) == 5
    assert scores[-1] == np.mean(search.predict(X) == y)


@needs_callbacks
@pytest.mark.filterwarnings("ignore:Some folds could not be")
@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
def test_counts_that_cannot_be_scored_are_no_end():
    def score(estimator, X, y):
        if estimator.n_iter_ < 5:
            raise RuntimeError("too early")
        return estimator.predict_proba(X)[:, 1].std()

    recorder = Recorder()
    search = SigmoidNeuronClassifierCV(iters=[1, 10, 50], scoring=score, cv=2)
    search.set_callbacks(recorder).fit(X, y)
    assert recorder.fitted.n_iter_ == search.n_iter_ == 50


@needs_callbacks
def test_progress_bar_of_a_search(capsys):
    pipeline = make_pipeline(StandardScaler(), SigmoidNeuronClassifierCV(max_iter=5000))
    pipeline.set_callbacks(ProgressBar()).fit(X, y)
    assert "SigmoidNeuronClassifierCV - fit" in capsys.readouterr().out
