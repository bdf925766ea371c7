"""Models that are stored and tracked: by pickle, skops and MLflow."""

import pickle
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV

X, y = load_iris(return_X_y=True)
NEURON, SEARCH = "sk_neuron.SigmoidNeuronClassifier", "sk_neuron.SigmoidNeuronClassifierCV"
MODELS = {
    "neuron": SigmoidNeuronClassifier(label_noise=0.1),
    "warm start": SigmoidNeuronClassifier(warm_start=True, checkpoints=[1, 10]),
    "early stopping": SigmoidNeuronClassifier(early_stopping=True, random_state=0),
    "search": SigmoidNeuronClassifierCV(cv=3, max_iter=40, label_noises="auto"),
}
MODEL = pytest.mark.parametrize("name", MODELS)
RELEASES = sorted((Path(__file__).parent / "pickles").glob("*.pickle"))
RELEASE = pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
IN_PIPELINE = pytest.mark.parametrize("in_pipeline", [False, True])


def fit(name, in_pipeline):
    model = MODELS[name]
    return (make_pipeline(StandardScaler(), model) if in_pipeline else model).fit(X, y)


def find_untrusted(name):
    return [SEARCH if name == "search" else NEURON]


# ------------------------------------------------------------------------------ pickle


def test_a_pickle_of_this_release_is_kept():
    assert version("sk-neuron") in [path.stem for path in RELEASES]


@RELEASE
def test_what_a_release_has_pickled_answers_as_it_did(path):
    models = pickle.loads(path.read_bytes())
    assert len(models) >= 7
    for stored in models.values():
        check_answers(stored)


def check_answers(stored):
    model, X, y = stored["model"], stored["X"], stored["y"]
    np.testing.assert_array_equal(model.predict(X), stored["predict"])
    tolerance = 1e-6 if X.dtype == np.float32 else 1e-13
    for method in ("predict_proba", "predict_recorded_proba", "label_quality", "score"):
        given = () if method.startswith("predict") else (y,)
        found, before = getattr(model, method)(X, *given), stored[method]
        assert np.asarray(found).dtype == np.asarray(before).dtype
        np.testing.assert_allclose(found, before, atol=tolerance)
    assert model.as_logistic_regression().predict(X).tolist() == model.predict(X).tolist()
    assert type(model).__name__ in repr(model)


@RELEASE
def test_what_a_release_has_pickled_goes_on(path):
    models = pickle.loads(path.read_bytes())
    words = models["words"]
    staged = list(words["model"].staged_predict_proba(words["X"]))
    assert len(staged) == 2
    warm = models["warm start"]
    again = warm["model"].set_params(max_iter=5).fit(warm["X"], warm["y"])
    whole = SigmoidNeuronClassifier(max_iter=10).fit(warm["X"], warm["y"])
    assert again.n_iter_ == 10
    np.testing.assert_allclose(again.coef_, whole.coef_, rtol=1e-9)
    batch = models["two classes"]
    n_iter = batch["model"].n_iter_
    assert batch["model"].partial_fit(batch["X"], batch["y"]).n_iter_ == n_iter + 1


# ------------------------------------------------------------------------------- skops


@pytest.mark.filterwarnings("ignore:The best iteration count is the last")
@MODEL
@IN_PIPELINE
def test_skops_asks_to_trust_the_class_and_nothing_else(name, in_pipeline, tmp_path):
    skops = pytest.importorskip("skops.io")
    model, path = fit(name, in_pipeline), tmp_path / "model.skops"
    skops.dump(model, path)
    assert skops.get_untrusted_types(file=path) == find_untrusted(name)
    with pytest.raises(TypeError, match="Untrusted types found in the file"):
        skops.load(path)
    again = skops.load(path, trusted=find_untrusted(name))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    again.fit(X, y)  # it has all that a fit needs


# ------------------------------------------------------------------------------ MLflow


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory):
    mlflow = pytest.importorskip("mlflow")
    folder, before = tmp_path_factory.mktemp("mlflow"), mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'runs.db'}")
    mlflow.create_experiment("neurons", artifact_location=(folder / "runs").as_uri())
    mlflow.set_experiment("neurons")
    yield mlflow
    mlflow.set_tracking_uri(before)


@pytest.mark.filterwarnings("ignore")  # of packages that MLflow uses
@pytest.mark.parametrize("name", ["neuron", "search"])
@IN_PIPELINE
def test_mlflow_logs_and_loads(mlflow, name, in_pipeline):
    model = fit(name, in_pipeline)
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            skops_trusted_types=find_untrusted(name),
            pip_requirements=["sk-neuron"],  # or it looks for half a minute
        )
    again = mlflow.sklearn.load_model(logged.model_uri)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    served = mlflow.pyfunc.load_model(logged.model_uri)
    np.testing.assert_array_equal(served.predict(X), model.predict(X))


@pytest.mark.filterwarnings("ignore")
def test_mlflow_logs_a_logistic_regression_without_a_word_on_trust(mlflow):
    model = fit("neuron", False).as_logistic_regression()
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(model, name="model")
    again = mlflow.sklearn.load_model(logged.model_uri)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


@pytest.mark.filterwarnings("ignore")
def test_mlflow_logs_the_fit_of_a_pipeline_by_itself(mlflow):
    """It patches the classes of scikit-learn, of which Pipeline is one and ours is not."""
    mlflow.sklearn.autolog(log_models=False)
    try:
        with mlflow.start_run() as bare:
            fit("neuron", False)
        with mlflow.start_run() as piped:
            model = fit("neuron", True)
    finally:
        mlflow.sklearn.autolog(disable=True)
    assert not mlflow.get_run(bare.info.run_id).data.params
    logged = mlflow.get_run(piped.info.run_id).data
    assert logged.params["sigmoidneuronclassifier__label_noise"] == "0.1"
    assert logged.metrics["training_accuracy_score"] == pytest.approx(model.score(X, y))
