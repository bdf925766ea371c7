"""scikit-learn's own checks, and its tools with the neuron in them."""

import os
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import settings
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, make_blobs, make_multilabel_classification
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import (
    RFE,
    RFECV,
    SelectFromModel,
    SequentialFeatureSelector,
)
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import (
    DecisionBoundaryDisplay,
    partial_dependence,
    permutation_importance,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import (
    OneVsOneClassifier,
    OneVsRestClassifier,
    OutputCodeClassifier,
)
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils.estimator_checks import (
    check_param_validation,
    estimator_checks_generator,
    parametrize_with_checks,
)

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV, _kernels

# Some checks take few steps, or give a class next to no weight.
pytestmark = pytest.mark.filterwarnings("ignore:The fit is worse")

X, y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)


PLAIN = [SigmoidNeuronClassifier(), SigmoidNeuronClassifierCV()]
# Every parameter once, some of them together.
TOGETHER = [
    SigmoidNeuronClassifier(fit_intercept=False),
    SigmoidNeuronClassifier(learning_rate=1e-5),
    SigmoidNeuronClassifier(alpha=1.0, class_weight="balanced", init="uniform"),
    SigmoidNeuronClassifier(max_iter=300, alpha=0.01, random_state=1),
    SigmoidNeuronClassifier(early_stopping=True, tol=1e-4, warm_start=True),
    SigmoidNeuronClassifier(early_stopping=True, class_weight="balanced", init="uniform"),
    SigmoidNeuronClassifier(tol=1e-4, n_iter_no_change=3),
    # so long that a second fit, which goes on, changes no answer
    SigmoidNeuronClassifier(checkpoints=[0, 10], warm_start=True, max_iter=500),
    SigmoidNeuronClassifierCV(scoring="accuracy", class_weight="balanced"),
    SigmoidNeuronClassifierCV(alphas=[0.0, 1.0], one_standard_error=True, cv=3),
    SigmoidNeuronClassifierCV(scoring="f1_macro", iters=[1, 10, 100], init="uniform"),
]
APART = [
    SigmoidNeuronClassifier(init="uniform"),
    SigmoidNeuronClassifier(alpha=0.1),
    SigmoidNeuronClassifier(class_weight="balanced"),
    SigmoidNeuronClassifier(max_iter=50),
    SigmoidNeuronClassifier(checkpoints=[0, 10]),
    SigmoidNeuronClassifier(early_stopping=True),
    SigmoidNeuronClassifier(warm_start=True),
]
# On the NumPy kernel the parameters mean nothing else than on the compiled ones.
CONFIGURATIONS = PLAIN if _kernels.SWITCHED_OFF else PLAIN + TOGETHER
if settings.get_current_profile_name() == "thorough":
    CONFIGURATIONS = PLAIN + TOGETHER + APART


def name_expected_failures(estimator):
    """Return the checks that a configuration cannot pass, and why."""
    weights = "check_class_weight_classifiers"
    if isinstance(estimator, SigmoidNeuronClassifierCV):
        return {weights: "scores do not know class weights, so the count undoes them"}
    if not estimator.fit_intercept:
        return {weights: "no plane through the origin has nearly all rows on one side"}
    if estimator.early_stopping:
        return {weights: "of 50 rows in three classes too few are held out"}
    if estimator.warm_start and estimator.max_iter == 100:
        return {"check_supervised_y_2d": "a second fit goes on and moves an answer"}
    return {}


@pytest.mark.filterwarnings("ignore:The start left")
@pytest.mark.filterwarnings("ignore:Early stopping kept the start")
@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
@pytest.mark.filterwarnings("ignore:max_iter=.* was reached while the loss still fell")
@pytest.mark.filterwarnings("ignore:F-score is ill-defined")
@pytest.mark.filterwarnings("ignore:The least populated class in y has only 4 members")
@parametrize_with_checks(CONFIGURATIONS, expected_failed_checks=name_expected_failures)
def test_check_estimator(estimator, check):
    check(estimator)


class Float32Neuron(SigmoidNeuronClassifier):
    """Trains and answers in float32 whatever finite numbers it is given."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(self._single(X), y, sample_weight)

    def decision_function(self, X):
        return super().decision_function(self._single(X))

    def _single(self, X):
        double = getattr(X, "dtype", None) == np.float64
        return X.astype(np.float32) if double and np.isfinite(X.sum()) else X


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=check.func.__name__)
        for _, check in estimator_checks_generator(Float32Neuron())
        # They ask for 1e-7, the last digit of float32: test_theorems.py asks what it can.
        if "sample_weight_equivalence" not in check.func.__name__
    ],
)
def test_check_estimator_in_float32(check):
    check(Float32Neuron())


@pytest.mark.any_kernel
def test_check_estimator_with_array_api():
    """These checks need their own process; libraries and devices may be missing."""
    code = (
        "from sklearn.utils.estimator_checks import check_estimator;"
        "from sk_neuron import SigmoidNeuronClassifier;"
        "results = check_estimator(SigmoidNeuronClassifier(), on_skip=None);"
        "others = [r for r in results if r['status'] != 'passed'];"
        "assert all(r['status'] == 'skipped' for r in others), others;"
        "assert {r['check_name'] for r in others} <= {"
        "'check_array_api_input', 'check_array_api_mixed_inputs'}, others"
    )
    subprocess.run(
        [sys.executable, "-P", "-c", code],
        check=True,
        env=os.environ | {"SCIPY_ARRAY_API": "1"},
    )


@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
@pytest.mark.parametrize("n_classes", [2, 3])
def test_class_weights_decide_each_fit_and_not_the_scores(n_classes):
    blobs, labels = make_blobs(n_samples=300, random_state=0)
    blobs, labels = blobs[labels < n_classes], labels[labels < n_classes]
    blobs = StandardScaler().fit_transform(blobs)
    search = SigmoidNeuronClassifierCV().fit(blobs, labels)
    assert np.mean(search.predict(blobs) == labels) > 0.83

    noisy, labels = make_blobs(centers=n_classes, random_state=0, cluster_std=20)
    class_weight = {0: 1000, 1: 0.0001, 2: 0.0001}
    class_weight = {k: class_weight[k] for k in range(n_classes)}
    for iters, extreme in [([1000], True), ("auto", False)]:
        search = SigmoidNeuronClassifierCV(iters=iters, class_weight=class_weight)
        zeros = np.mean(search.fit(noisy, labels).predict(noisy) == 0)
        assert (zeros > 0.87) == extreme


@pytest.mark.parametrize("estimator", [SigmoidNeuronClassifier, SigmoidNeuronClassifierCV])
def test_constraints_are_those_of_the_parameters(estimator):
    check_param_validation(estimator.__name__, estimator())


def test_grid_search_over_the_iteration_count():
    pipeline = make_pipeline(StandardScaler(), SigmoidNeuronClassifier())
    grid = {"sigmoidneuronclassifier__max_iter": [1, 10, 100]}
    search = GridSearchCV(pipeline, grid, scoring="neg_brier_score").fit(X, y)
    assert search.best_params_ == {"sigmoidneuronclassifier__max_iter": 100}
    assert search.best_estimator_[-1].n_iter_ == 100
    assert search.score(X, y) > -0.2


def test_cross_val_predict():
    proba = cross_val_predict(SigmoidNeuronClassifier(), X, y, method="predict_proba")
    assert np.mean(proba.argmax(axis=1) == y) > 0.9


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibrated_classifier(method):
    calibrated = CalibratedClassifierCV(SigmoidNeuronClassifier(), method=method)
    assert calibrated.fit(X, y).score(X, y) > 0.9


def test_recursive_feature_elimination():
    noise = np.random.default_rng(0).standard_normal((len(X), 3))
    selector = RFE(SigmoidNeuronClassifier(), n_features_to_select=2)
    selector.fit(np.hstack([noise, X]), y)
    np.testing.assert_array_equal(np.flatnonzero(selector.support_) >= 3, True)


def test_voting():
    voters = [("neuron", SigmoidNeuronClassifier()), ("logistic", LogisticRegression())]
    assert VotingClassifier(voters, voting="soft").fit(X, y).score(X, y) > 0.9


def test_boosting():
    boosted = AdaBoostClassifier(SigmoidNeuronClassifier(max_iter=100), n_estimators=5)
    assert boosted.fit(X, y).score(X, y) > 0.9


def test_one_vs_rest_trains_a_neuron_for_each_class():
    """Which are those of the same labels as a multilabel y; the layer is another model."""
    apart = OneVsRestClassifier(SigmoidNeuronClassifier()).fit(X, y)
    labels = (y[:, np.newaxis] == np.arange(3)).astype(int)
    together = SigmoidNeuronClassifier().fit(X, labels)
    coef = np.vstack([neuron.coef_ for neuron in apart.estimators_])
    np.testing.assert_allclose(coef, together.coef_, rtol=1e-9)
    layer = SigmoidNeuronClassifier().fit(X, y)
    assert np.abs(layer.predict_proba(X) - apart.predict_proba(X)).max() > 0.1


def test_classifier_chain():
    features, labels = make_multilabel_classification(random_state=0)
    chain = ClassifierChain(SigmoidNeuronClassifier(), random_state=0).fit(features, labels)
    assert np.mean(chain.predict(features) == labels) > 0.8


TWO = np.where(y == 2, "virginica", "other")


def test_halving_search_gives_good_candidates_more_steps():
    grid = {"alpha": [0.0, 1.0, 10.0, 100.0]}
    search = HalvingGridSearchCV(
        SigmoidNeuronClassifier(),
        grid,
        resource="max_iter",
        min_resources=10,
        max_resources=40,
        factor=2,
        random_state=0,
    ).fit(X, TWO)
    assert search.n_resources_ == [10, 20, 40]
    assert search.best_estimator_.n_iter_ == 40


def test_learning_curve_goes_on_with_the_rows_that_are_new():
    """By `partial_fit`, which is told all classes though the first rows may lack one."""
    sizes, train, test = learning_curve(
        SigmoidNeuronClassifier(),
        X,
        TWO,
        train_sizes=[20, 60, 120],
        exploit_incremental_learning=True,
        shuffle=True,
        random_state=0,
        error_score="raise",
    )
    assert train.shape == test.shape == (len(sizes), 5)
    assert test[-1].mean() > 0.8


def test_validation_curve_over_iteration_counts_is_a_path():
    counts = [1, 5, 20]
    _, test = validation_curve(
        SigmoidNeuronClassifier(), X, y, param_name="max_iter", param_range=counts, cv=3
    )
    search = SigmoidNeuronClassifierCV(iters=counts, cv=3, scoring="accuracy")
    with pytest.warns(match="the last one considered"):
        search.fit(X, y)
    np.testing.assert_allclose(search.scores_[:, 0, 0].T, test)


def test_thresholds_of_a_frozen_neuron():
    neuron = SigmoidNeuronClassifier().fit(X, TWO)
    fixed = FixedThresholdClassifier(FrozenEstimator(neuron), threshold=0.3)
    is_likely = neuron.predict_proba(X)[:, 1] >= 0.3
    np.testing.assert_array_equal(
        fixed.fit(X, TWO).predict(X), neuron.classes_[is_likely.astype(int)]
    )
    tuned = TunedThresholdClassifierCV(SigmoidNeuronClassifier(), cv=3).fit(X, TWO)
    assert tuned.score(X, TWO) > 0.9
    calibrated = CalibratedClassifierCV(FrozenEstimator(neuron)).fit(X, TWO)
    assert calibrated.score(X, TWO) > 0.9


def test_stacking():
    layers = [("neuron", SigmoidNeuronClassifier()), ("logistic", LogisticRegression())]
    stack = StackingClassifier(layers, final_estimator=SigmoidNeuronClassifier())
    assert stack.fit(X, TWO).score(X, TWO) > 0.9


def test_bagging_where_some_samples_lack_a_class():
    """Rows that are not drawn have the weight 0, and the class is there all the same."""
    labels = y.copy()
    labels[0] = 3
    bags = BaggingClassifier(SigmoidNeuronClassifier(), n_estimators=5, random_state=0)
    bags.fit(X, labels)
    assert not all(0 in drawn for drawn in bags.estimators_samples_)
    np.testing.assert_allclose(bags.predict_proba(X).sum(axis=1), 1)
    assert np.isfinite(bags.predict_log_proba(X)).all()


def test_one_vs_one_and_codes():
    pairs = OneVsOneClassifier(SigmoidNeuronClassifier()).fit(csr_array(X), y)
    assert pairs.score(csr_array(X), y) > 0.9
    codes = OutputCodeClassifier(SigmoidNeuronClassifier(), code_size=3, random_state=0)
    assert codes.fit(X, y).score(X, y) > 0.7


def test_several_outputs_apart_are_several_labels_together():
    labels = np.column_stack([y == 2, X[:, 0] > 0]).astype(int)
    apart = MultiOutputClassifier(SigmoidNeuronClassifier())
    together = SigmoidNeuronClassifier()
    for _ in range(3):
        apart.partial_fit(X, labels, classes=[[0, 1]] * 2)
        together.partial_fit(X, labels)
    coef = np.vstack([neuron.coef_ for neuron in apart.estimators_])
    np.testing.assert_allclose(coef, together.coef_, rtol=1e-9)


def test_self_training():
    labels = np.where(np.arange(len(y)) % 3, y, -1)
    model = SelfTrainingClassifier(SigmoidNeuronClassifier(), threshold=0.6)
    assert model.fit(X, labels).score(X, y) > 0.9
    assert (model.transduction_ == -1).sum() < (labels == -1).sum()


@pytest.mark.parametrize(
    "selector",
    [
        RFECV(SigmoidNeuronClassifier(), cv=3),
        SelectFromModel(SigmoidNeuronClassifier(), max_features=2),
        SequentialFeatureSelector(SigmoidNeuronClassifier(), n_features_to_select=2),
    ],
    ids=lambda selector: type(selector).__name__,
)
def test_selectors(selector):
    noise = np.random.default_rng(0).standard_normal((len(X), 2))
    selector.fit(np.hstack([noise, X]), TWO)
    assert selector.get_support()[4:].any()  # the petals tell
    assert not selector.get_support()[:2].all()


def test_importance_and_dependence_of_a_linear_model():
    """A column that is constant matters nothing; the dependence is a straight line."""
    features = np.column_stack([X, np.ones(len(X))])
    neuron = SigmoidNeuronClassifier().fit(features, TWO)
    importance = permutation_importance(neuron, features, TWO, random_state=0)
    assert importance.importances_mean[4] == 0 < importance.importances_mean[3]
    line = partial_dependence(neuron, features, [3], response_method="decision_function")
    values, average = line["grid_values"][0], line["average"][0]
    slopes = np.diff(average) / np.diff(values)
    np.testing.assert_allclose(slopes, neuron.coef_[0, 3])


def test_decision_boundary_display():
    neuron = SigmoidNeuronClassifier().fit(X[:, 2:], y)
    display = DecisionBoundaryDisplay.from_estimator(neuron, X[:, 2:], grid_resolution=20)
    np.testing.assert_array_equal(np.unique(display.response.argmax(axis=-1)), [0, 1, 2])
    plt.close()


def test_fit_leaves_the_parameters_alone():
    params = {"class_weight": {0: 2.0}, "init": "uniform", "random_state": 0, "alpha": 1}
    neuron = SigmoidNeuronClassifier(**params)
    assert neuron.fit(X, y) is neuron
    assert neuron.get_params() == clone(neuron).get_params()
    assert neuron.get_params()["class_weight"] is params["class_weight"]


def test_sample_weight_can_be_requested():
    with config_context(enable_metadata_routing=True):
        neuron = SigmoidNeuronClassifier().set_fit_request(sample_weight=True)
        weight = np.where(y == 2, 0.0, 1.0)
        pipeline = make_pipeline(PCA(2), neuron).fit(X, y, sample_weight=weight)
    assert (pipeline.predict(X) < 2).all()
