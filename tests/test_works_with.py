"""Tools that take a scikit-learn classifier, with the neuron in them.

`make test-works-with` installs them all in the versions of docs/known_to_work_with.md. Else
those run that are installed.
"""

import re
import tomllib
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pytest
from packaging.requirements import Requirement
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV

ROOT = Path(__file__).resolve().parents[1]
pytestmark = [
    pytest.mark.any_kernel,
    # What the tools say of each other is not ours to mend.
    *(
        pytest.mark.filterwarnings(f"ignore::{kind}")
        for kind in ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")
    ),
]

X, y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
TWO = (y == 2).astype(int)
WORDS = np.array(["other", "virginica"])[TWO]
NAMES = ["sepal length", "sepal width", "petal length", "petal width"]


@pytest.fixture
def frame():
    return pytest.importorskip("pandas").DataFrame(X, columns=NAMES)


def same_weights(neuron, other):
    np.testing.assert_array_equal(neuron.coef_, other.coef_)
    np.testing.assert_array_equal(neuron.intercept_, other.intercept_)


def check_container(rows, labels):
    """Rows and labels in a container make the same fit, and give the names of columns.

    Containers hold columns, and sums over columns are rounded otherwise than over rows.
    """
    neuron = SigmoidNeuronClassifier(max_iter=9).fit(rows, labels)
    other = SigmoidNeuronClassifier(max_iter=9).fit(X, WORDS)
    np.testing.assert_allclose(neuron.coef_, other.coef_, rtol=1e-11)
    np.testing.assert_allclose(neuron.intercept_, other.intercept_, rtol=1e-11)
    assert neuron.classes_.tolist() == ["other", "virginica"]
    assert neuron.feature_names_in_.tolist() == NAMES
    assert neuron.score(rows, labels) > 0.9
    assert neuron.label_quality(rows, labels).shape == (150,)
    search = SigmoidNeuronClassifierCV().fit(rows, labels)
    np.testing.assert_allclose(
        search.scores_, SigmoidNeuronClassifierCV().fit(X, WORDS).scores_, rtol=1e-11
    )


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_pandas(frame, backend):
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    check_container(frame, pandas.Series(WORDS))
    nullable = partial(pandas.DataFrame.convert_dtypes, dtype_backend=backend)
    check_container(nullable(frame), pandas.Series(WORDS).convert_dtypes())


def test_polars():
    polars = pytest.importorskip("polars")
    check_container(polars.DataFrame(X, schema=NAMES), polars.Series(WORDS.tolist()))


def test_pyarrow():
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table(dict(zip(NAMES, X.T, strict=True)))
    check_container(table, arrow.array(WORDS.tolist()))
    chunks = arrow.chunked_array([WORDS[:60].tolist(), WORDS[60:].tolist()])
    check_container(table, chunks)


def test_joblib(tmp_path):
    """From a file that is mapped into memory and read only, a fit goes on bit for bit."""
    neuron = SigmoidNeuronClassifier(max_iter=9, warm_start=True).fit(X, y)
    joblib.dump(neuron, tmp_path / "neuron.joblib")
    mapped = joblib.load(tmp_path / "neuron.joblib", mmap_mode="r")
    assert not mapped.coef_.flags.writeable
    same_weights(mapped.fit(X, y), neuron.fit(X, y))


def test_imbalanced_learn(frame):
    pytest.importorskip("imblearn")
    from imblearn.ensemble import BalancedBaggingClassifier
    from imblearn.over_sampling import RandomOverSampler
    from imblearn.pipeline import make_pipeline

    sampler = RandomOverSampler(random_state=0)
    model = make_pipeline(sampler, SigmoidNeuronClassifier()).fit(frame, WORDS)
    apart = SigmoidNeuronClassifier().fit(*sampler.fit_resample(frame, WORDS))
    same_weights(model[-1], apart)
    bags = BalancedBaggingClassifier(
        SigmoidNeuronClassifier(), n_estimators=3, random_state=0
    )
    assert bags.fit(X, WORDS).score(X, WORDS) > 0.9


def test_optuna():
    """Trials of a stream report each batch, and may be pruned."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def train(trial):
        alpha = trial.suggest_float("alpha", 1e-3, 1e3, log=True)
        neuron = SigmoidNeuronClassifier(alpha=alpha)
        for step in range(20):
            neuron.partial_fit(X, TWO, classes=[0, 1])
            trial.report(neuron.score(X, TWO), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return neuron.score(X, TWO)

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.RandomSampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=2),
    )
    study.optimize(train, n_trials=8)
    assert study.best_value > 0.9
    states = [trial.state.name for trial in study.trials]
    assert set(states) == {"COMPLETE", "PRUNED"}


@pytest.mark.parametrize("pruning", [False, True])
@pytest.mark.filterwarnings("ignore:OptunaSearchCV is experimental")
def test_optuna_integration(pruning):
    optuna = pytest.importorskip("optuna")
    search_class = pytest.importorskip("optuna_integration").OptunaSearchCV
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    search = search_class(
        SigmoidNeuronClassifier(),
        {"alpha": optuna.distributions.FloatDistribution(1e-3, 1.0, log=True)},
        n_trials=2,
        enable_pruning=pruning,
        max_iter=5,
        error_score="raise",
        random_state=0,
    )
    assert search.fit(X, TWO).score(X, TWO) > 0.9


@pytest.mark.parametrize("labels", [TWO, WORDS, y], ids=["two", "words", "three"])
def test_shap(labels):
    """The values of a linear model are known: each weight times the way from the mean."""
    shap = pytest.importorskip("shap")
    background = shap.maskers.Independent(X, max_samples=len(X))
    for model in (SigmoidNeuronClassifier(), SigmoidNeuronClassifierCV()):
        model.fit(X, labels)
        explainer = shap.Explainer(model, background)
        assert isinstance(explainer, shap.LinearExplainer)
        values = explainer.shap_values(X).reshape(*X.shape, -1)
        from_mean = (X - X.mean(axis=0))[..., np.newaxis]
        np.testing.assert_allclose(values, from_mean * model.coef_.T, atol=1e-12)
        answers = model.decision_function(X).reshape(len(X), -1)
        sums = values.sum(axis=1) + explainer.expected_value
        np.testing.assert_allclose(sums, answers, atol=1e-12)


def test_cleanlab(frame):
    pytest.importorskip("cleanlab")
    from cleanlab.classification import CleanLearning

    wrong = TWO.copy()
    wrong[:10] = 1  # all far from the border
    for rows in (X, frame):
        clean = CleanLearning(SigmoidNeuronClassifier(), seed=0).fit(rows, wrong)
        issues = clean.get_label_issues()["is_label_issue"].to_numpy()
        assert issues[:10].all()
        assert issues.sum() < 20
        assert np.mean(clean.predict(rows) == TWO) > 0.9


def test_mlxtend(frame):
    pytest.importorskip("mlxtend")
    from mlxtend.classifier import EnsembleVoteClassifier, StackingCVClassifier
    from mlxtend.feature_selection import SequentialFeatureSelector

    neuron, search = SigmoidNeuronClassifier(), SigmoidNeuronClassifierCV()
    vote = EnsembleVoteClassifier([neuron, search], voting="soft").fit(X, WORDS)
    average = (
        neuron.fit(X, WORDS).predict_proba(X) + search.fit(X, WORDS).predict_proba(X)
    ) / 2
    np.testing.assert_allclose(vote.predict_proba(X), average)
    stack = StackingCVClassifier([neuron], neuron, use_probas=True, random_state=0)
    assert stack.fit(X, y).score(X, y) > 0.8
    selector = SequentialFeatureSelector(neuron, k_features=2, cv=3).fit(frame, WORDS)
    assert set(selector.k_feature_names_) & set(NAMES[2:])


def test_category_encoders(frame):
    encoders = pytest.importorskip("category_encoders")
    rows = frame.assign(colour=np.where(X[:, 3] > 0, "dark", "light"))
    model = make_pipeline(
        encoders.TargetEncoder(), StandardScaler(), SigmoidNeuronClassifier()
    )
    assert model.fit(rows, TWO).score(rows, TWO) > 0.9


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
def test_feature_engine(frame):
    pytest.importorskip("feature_engine")
    from feature_engine.encoding import OneHotEncoder
    from feature_engine.selection import RecursiveFeatureElimination

    rows = frame.assign(colour=np.where(X[:, 3] > 0, "dark", "light"))
    model = make_pipeline(OneHotEncoder(), SigmoidNeuronClassifier()).fit(rows, WORDS)
    assert model.score(rows, WORDS) > 0.9
    selector = RecursiveFeatureElimination(SigmoidNeuronClassifier(), cv=3)
    kept = selector.fit_transform(frame, TWO)
    assert set(kept.columns) & set(NAMES[2:])


def test_river():
    """Row by row in river is a batch of one row each."""
    compat = pytest.importorskip("river.compat")
    stream = compat.convert_sklearn_to_river(SigmoidNeuronClassifier(), classes=[0, 1])
    neuron = SigmoidNeuronClassifier()
    for row, label in zip(X[::5], TWO[::5], strict=True):
        stream.learn_one(dict(zip(NAMES, row, strict=True)), int(label))
        neuron.partial_fit(row[np.newaxis], [label], classes=[0, 1])
    one = dict(zip(NAMES, X[0], strict=True))
    assert stream.predict_proba_one(one) == dict(enumerate(neuron.predict_proba(X[:1])[0]))


PAGE = (ROOT / "docs" / "known_to_work_with.md").read_text(encoding="utf-8")


def read_tables():
    """Return the rows of each table of the page, as lists of cells."""
    tables = re.findall(r"(?:^\|.*\|\n)+", PAGE, flags=re.MULTILINE)
    return [
        [
            [cell.strip() for cell in line.split("|")[1:-1]]
            for line in table.splitlines()[2:]
        ]
        for table in tables
    ]


def find_tests(file):
    source = (ROOT / "tests" / file).read_text(encoding="utf-8")
    return set(re.findall(r"^def (test_\w+)\(", source, flags=re.MULTILINE))


def test_every_row_of_the_page_names_a_test():
    rows = [row for table in read_tables() for row in table]
    named = {name for row in rows for name in re.findall(r"`(test_\w+)`", row[-1])}
    assert all(re.search(r"`test_\w+`", row[-1]) for row in rows)
    here = find_tests(Path(__file__).name)
    assert named <= here | find_tests("test_scikit_learn.py")
    assert {name for name in here if "page" not in name} <= named


def test_the_versions_of_the_page_are_those_that_are_installed_for_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    pins = map(Requirement, project["optional-dependencies"]["works-with"])
    pinned = {pin.name: str(pin.specifier) for pin in pins if pin.specifier}
    *_, others = read_tables()
    assert {name: f"=={version}" for name, version, *_ in others} == pinned
