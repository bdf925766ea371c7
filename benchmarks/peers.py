"""The classifiers of comparison.py, and how each is asked for what it can do."""

from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, SGDClassifier
from sklearn.metrics import get_scorer
from sklearn.neural_network import MLPClassifier
from sklearn.utils.validation import validate_data

from sk_neuron import (
    LossCurveDisplay,
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
)

if find_spec("skl2onnx"):
    import_module("sk_neuron.onnx")  # which tells it of ours

# How most of scikit-learn is asked.
ASKS = {
    "defaults": {},  # in place of the settings
    "brier": {},
    "class_weight": {"class_weight": "balanced"},
    "long": {"max_iter": 10_000, "tol": 1e-12},
    "converged": {"max_iter": 10_000, "tol": 1e-12},
    "short": {"max_iter": 3},
    "again": {},  # set before the second fit of a warm start
    "still": {"max_iter": 1},
    "warm_start": {"warm_start": True},
    "early_stopping": {"early_stopping": True, "max_iter": 1000},
    "loose": {"tol": 1e-1},
    "tight": {"tol": 1e-7},
    "weak": {"C": 1e4},
    "strong": {"C": 1e-4},
    "l1": {"penalty": "l1", "C": 0.05},
    "no_intercept": {"fit_intercept": False},
    "loss_curve": {},
    "stages": {},
    "told": {"label_noise": 0.2},
    "estimates": {},
}
BY_DESIGN = "by design: how long it trains is its regulariser"
SHIPPED = {
    "skops": "as the `LogisticRegression` that `as_logistic_regression()` returns",
    "onnx": "once `sk_neuron.onnx` is imported",
    "tensors": "with `array_api_dispatch`; tried on the CPU",
    "dask_arrays": "by the class of that name in `sk_neuron.dask`",
}
OVERWRITTEN = "by overwriting the weights of a first fit, with `warm_start=True`"


class Peer:
    """A classifier, and how it is asked for something.

    `settings` suit it to the small data of the probes. `asks` are the parameters that ask
    for something, where they are not ASKS. `notes` say, for a probe, on what condition its
    yes is one, or more of its no.
    """

    def __init__(self, name, make, settings=(), asks=(), notes=()):
        self.name, self.make, self.settings = name, make, dict(settings)
        self.asks, self.notes = ASKS | dict(asks), dict(notes)

    def new(self, *asks):
        params = dict(self.settings)
        for ask in asks:
            params |= self.asks[ask]
        return self.make(**params)

    def new_lazy(self):
        """Return a model for dask collections."""
        return self.new()

    def fit(self, model, X, y, **more):
        return model.fit(X, y, **more)

    def partial_fit(self, model, X, y):
        return model.partial_fit(X, y, classes=np.unique(y))

    def fit_again(self, model, X, y):
        return self.fit(model.set_params(**self.asks["again"]), X, y)

    def fit_from(self, model, fitted, X, y):
        """Train for a moment from the weights of a fitted model."""
        return model.fit(X, y, coef_init=fitted.coef_, intercept_init=fitted.intercept_)

    def fit_validated(self, model, X, y, X_val, y_val):
        return model.fit(X, y, X_val=X_val, y_val=y_val)

    def request_weight(self, model):
        return model.set_fit_request(sample_weight=True)

    def proba(self, model, X):
        return model.predict_proba(X)

    def as_plain(self, model):
        """Return the fitted model as one of scikit-learn's own, if it can be one."""
        return model

    def positive(self, model, X):
        """Return the probabilities of the second of two classes."""
        return self.proba(model, X)[:, 1]

    def coef(self, model):
        return np.atleast_2d(model.coef_)

    def n_iter(self, model):
        return int(np.max(model.n_iter_))

    def loss_curve(self, model):
        return model.loss_curve_

    def validation_curve(self, model):
        return model.validation_loss_curve_

    def scores(self, model):
        """Return the scores of its own cross-validation: (folds, candidates)."""
        return model.scores_

    def add_recorder(self, model):
        """Have a callback told of the progress of the fit; it counts in `n_calls`."""
        recorder = Recorder()
        model.set_callbacks(recorder)
        return recorder

    def picture(self, model):
        raise AttributeError("There is no picture of the fit itself.")

    def quality(self, model, X, y):
        """Return the probability that each label is right."""
        return model.label_quality(X, y)

    def noise(self, model):
        """Return the share of class 1 that it believes to be recorded as class 0."""
        raise AttributeError("It does not estimate the label noise.")


class Recorder:
    """A callback of scikit-learn 1.9."""

    n_calls = 0

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, **_):
        self.n_calls += 1


# --------------------------------------------------------------------- in scikit-learn


class Neuron(Peer):
    def new_lazy(self):
        return getattr(import_module("sk_neuron.dask"), self.make.__name__)(**self.settings)

    def fit_from(self, model, fitted, X, y):
        return model.set_params(init=(fitted.coef_, fitted.intercept_)).fit(X, y)

    def picture(self, model):
        return LossCurveDisplay.from_estimator(model)

    def as_plain(self, model):
        return model.as_logistic_regression()


class NeuronCV(Neuron):
    def request_weight(self, model):
        scorer = get_scorer("neg_brier_score").set_score_request(sample_weight=True)
        return super().request_weight(model.set_params(scoring=scorer))

    def scores(self, model):
        return model.scores_[:, 0, 0]

    def quality(self, model, X, y):
        return model.label_quality_

    def noise(self, model):
        noise = model.label_noise_
        return noise.get(1, 0.0) if isinstance(noise, dict) else noise


class Overwritten(Peer):
    """Given weights take the place of those of a first fit."""

    names = "coef_", "intercept_"

    def fit_from(self, model, fitted, X, y):
        model.set_params(warm_start=True).fit(X, y)
        for name in self.names:
            setattr(model, name, getattr(fitted, name))
        return model.fit(X, y)


class LogisticCV(Peer):
    def request_weight(self, model):
        scorer = get_scorer("neg_log_loss").set_score_request(sample_weight=True)
        return super().request_weight(model.set_params(scoring=scorer))

    def scores(self, model):
        return model.scores_[:, 0]


class Perceptron(Overwritten):
    names = "coefs_", "intercepts_"

    def coef(self, model):
        return model.coefs_[0].T


class Boosting(Peer):
    def loss_curve(self, model):
        return -model.train_score_

    def validation_curve(self, model):
        return -model.validation_score_


def list_scikit_learn():
    alphas = {"weak": {"alpha": 1e-6}, "strong": {"alpha": 1e3}}
    constant = {"learning_rate": "constant", "tol": None}
    return [
        Neuron(
            "neuron",
            SigmoidNeuronClassifier,
            asks=alphas
            | {
                "brier": {"max_iter": 10_000},
                "l1": {"l1_ratio": 1},
                "stages": {"checkpoints": [10, 100]},
            },
            notes={"stages": "at the `checkpoints` asked for"} | SHIPPED,
        ),
        NeuronCV(
            "neuron CV",
            SigmoidNeuronClassifierCV,
            asks={
                "brier": {"iters": [10_000]},
                "long": {},
                "converged": {"iters": [10_000]},
                "still": {},
                "weak": {"alphas": [0.0]},
                "strong": {"alphas": [1e3]},
                "l1": {"l1_ratios": [1]},
                "told": {"label_noises": [0.2]},
                "estimates": {"label_noises": "auto"},
            },
            notes={
                "converged": BY_DESIGN,
                "estimates": "if the labels of all classes are wrong, it finds little",
            }
            | SHIPPED,
        ),
        Overwritten(
            "LR",
            LogisticRegression,
            asks={
                "brier": {"C": np.inf},
                "l1": {"l1_ratio": 1, "solver": "saga", "C": 0.05},
            },
            notes={
                "start": OVERWRITTEN,
                "tensors": "`solver='lbfgs'` with `array_api_dispatch`; tried on the CPU",
            },
        ),
        LogisticCV(
            "LR CV",
            LogisticRegressionCV,
            {
                "Cs": 3,
                "cv": 3,
                "l1_ratios": (0,),
                "scoring": "neg_log_loss",
                "use_legacy_attributes": False,
            },
            {
                "defaults": {"Cs": 10, "cv": 5},
                "brier": {"Cs": [1e9]},
                "weak": {"Cs": [1e4]},
                "strong": {"Cs": [1e-4]},
                "l1": {"l1_ratios": (1,), "solver": "saga", "Cs": [0.05]},
            },
        ),
        Peer(
            "SGD",
            SGDClassifier,
            {"loss": "log_loss", "alpha": 0.01, "random_state": 0},
            alphas
            | {
                "brier": {"loss": "squared_error"},
                "long": {"max_iter": 1000, "tol": None},
                "defaults": {"alpha": 1e-4},
                "converged": {"max_iter": 1000, "tol": None},
                "short": constant | {"max_iter": 3, "eta0": 1e-3},
                "still": constant | {"max_iter": 1, "eta0": 1e-5},
                "l1": {"penalty": "l1", "alpha": 0.05},
            },
            {
                "probabilities": "with `loss='log_loss'`, as in all rows, or "
                "'modified_huber'"
            },
        ),
        Perceptron(
            "MLP",
            MLPClassifier,
            {"hidden_layer_sizes": (), "learning_rate_init": 0.1, "random_state": 0},
            alphas
            | {
                "strong": {"alpha": 1e4},
                "long": {"max_iter": 300, "tol": 0.0},
                "defaults": {"learning_rate_init": 1e-3},
                "converged": {"max_iter": 500, "tol": 0.0},
                "short": {"max_iter": 10, "learning_rate_init": 0.03},
                "still": {"max_iter": 1, "learning_rate_init": 1e-5},
            },
            {"start": OVERWRITTEN},
        ),
        Boosting(
            "HGB",
            HistGradientBoostingClassifier,
            {"max_iter": 20, "random_state": 0},
            {
                "brier": {"loss": "squared_error"},
                "long": {"max_iter": 100},
                "defaults": {"max_iter": 100},
                "converged": {"max_iter": 300},
                "again": {"max_iter": 20},
                "loose": {"tol": 1e-1, "early_stopping": True, "max_iter": 200},
                "tight": {"tol": 1e-7, "early_stopping": True, "max_iter": 200},
                "weak": {"l2_regularization": 0.0},
                "strong": {"l2_regularization": 1e4},
                "loss_curve": {"early_stopping": True},
            },
            {
                "converged": BY_DESIGN,
                "tolerance": "with `early_stopping=True`",
                "loss_curve": "`train_score_`, with `early_stopping=True`",
                "onnx": "skl2onnx lists it as supported, but the conversion fails",
            },
        ),
    ]


# --------------------------------------------------------------------------- elsewhere

if find_spec("skorch"):
    import torch
    from skorch import NeuralNetClassifier
    from skorch.callbacks import Callback, EarlyStopping
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    class Softmax(torch.nn.Module):
        """One layer and probabilities: the part of a net that its user writes."""

        def __init__(self, n_features=4, n_classes=2, bias=True):
            super().__init__()
            self.layer = torch.nn.Linear(n_features, n_classes, bias)

        def forward(self, X):
            return torch.softmax(self.layer(X), dim=1)

    class Brier(torch.nn.Module):
        def forward(self, proba, target):
            return (torch.nn.functional.one_hot(target, 2) - proba).square().sum(1).mean()

    class CountEpochs(Callback):
        n_calls = 0

        def on_epoch_end(self, net, **_):
            self.n_calls += 1


class Skorch(Peer):
    def fit(self, model, X, y, **more):
        if not model.initialized_:
            n_classes = len(np.unique(y))
            model.set_params(module__n_features=X.shape[1], module__n_classes=n_classes)
        return model.fit(X.astype(np.float32), y, **more)

    def partial_fit(self, model, X, y):
        return model.partial_fit(X.astype(np.float32), y)

    def fit_from(self, model, fitted, X, y):
        model.initialize().module_.load_state_dict(fitted.module_.state_dict())
        return self.partial_fit(model, X, y)

    def fit_validated(self, model, X, y, X_val, y_val):
        split = predefined_split(Dataset(X_val.astype(np.float32), y_val))
        return self.fit(model.set_params(train_split=split), X, y)

    def proba(self, model, X):
        return model.predict_proba(X.astype(np.float32))

    def coef(self, model):
        return model.module_.layer.weight.detach().numpy()

    def n_iter(self, model):
        return len(model.history)

    def loss_curve(self, model):
        return model.history[:, "train_loss"]

    def validation_curve(self, model):
        return model.history[:, "valid_loss"]

    def add_recorder(self, model):
        recorder = CountEpochs()
        model.set_params(callbacks=[recorder])
        return recorder


def skorch():
    def net(**params):
        torch.manual_seed(0)
        return NeuralNetClassifier(Softmax, **{"verbose": 0} | params)

    def wait(threshold):
        stop = EarlyStopping("train_loss", threshold=threshold)
        return {"callbacks": [stop], "max_epochs": 300}

    return Skorch(
        "skorch",
        net,
        {"lr": 0.5, "max_epochs": 50, "batch_size": -1, "train_split": None},
        {
            "brier": {"criterion": Brier, "max_epochs": 500},
            "class_weight": {"criterion__weight": torch.tensor([1.0, 9.0])},
            "long": {"max_epochs": 300},
            "defaults": {"lr": 0.01, "max_epochs": 10, "batch_size": 128},
            "converged": {"max_epochs": 100},
            "short": {"max_epochs": 3},
            "still": {"max_epochs": 1},
            "early_stopping": {
                "callbacks": [EarlyStopping()],
                "max_epochs": 1000,
                "train_split": NeuralNetClassifier(Softmax).train_split,
            },
            "loose": wait(1e-1),
            "tight": wait(1e-7),
            "weak": {"optimizer__weight_decay": 0.0},
            "strong": {"optimizer__weight_decay": 1.0},
            "l1": {"optimizer__l1": 0.1},
            "no_intercept": {"module__bias": False},
        },
        {
            "brier": "with a criterion of one's own",
            "class_weight": "as weights of the criterion",
            "start": "by the state of the PyTorch module",
            "early_stopping": "by the callback `EarlyStopping`",
            "validation_rows": "by `train_split=predefined_split(...)`",
            "tolerance": "by the callback `EarlyStopping`",
            "no_intercept": "in the PyTorch module, which one writes",
            "onnx": "PyTorch has an exporter (its documentation)",
            "tensors": "`device=` names the GPU (its documentation); tried on the CPU",
        },
    )


def skglm():
    from skglm import SparseLogisticRegression

    return Overwritten(
        "skglm",
        SparseLogisticRegression,
        {"alpha": 0.001},
        {
            "brier": {"alpha": 1e-9},
            "defaults": {"alpha": 1.0},
            "converged": {"max_iter": 1000, "tol": 1e-12},
            "short": {"max_iter": 1, "max_epochs": 1},
            "still": {"max_iter": 1, "max_epochs": 1},
            "weak": {"alpha": 1e-6, "l1_ratio": 0.0},
            "strong": {"alpha": 10.0, "l1_ratio": 0.0},
            "l1": {"alpha": 0.1},
        },
        {
            "converged": "its default, `alpha=1`, leaves all weights at 0",
            "multiclass": "it takes several classes, but leaves out their intercepts",
            "start": OVERWRITTEN,
        },
    )


class Glum(Peer):
    def fit(self, model, X, y, **more):
        single = getattr(X, "dtype", None) == np.float32
        return model.fit(X, y.astype(np.float32 if single else np.float64), **more)

    def fit_from(self, model, fitted, X, y):
        params = np.r_[fitted.intercept_, fitted.coef_]
        return self.fit(model.set_params(start_params=params), X, y)

    def proba(self, model, X):
        positive = model.predict(X)
        return np.column_stack([1 - positive, positive])

    def scores(self, model):
        return model.deviance_path_[:, 0]


def glum():
    from glum import GeneralizedLinearRegressorCV

    free = {"alphas": [1e-6]}
    return Glum(
        "glum",
        GeneralizedLinearRegressorCV,
        {"family": "binomial", "n_alphas": 10, "cv": 3},
        {
            "brier": free | {"family": "normal", "link": "logit"},
            "long": free | {"max_iter": 1000, "gradient_tol": 1e-12},
            "converged": {"max_iter": 1000, "gradient_tol": 1e-10},
            "short": free | {"max_iter": 1},
            "still": free | {"max_iter": 1},
            "loose": free | {"gradient_tol": 1e-1},
            "tight": free | {"gradient_tol": 1e-7},
            "weak": free,
            "strong": {"alphas": [1e3]},
            "l1": {"l1_ratio": 1, "alphas": [0.1]},
        },
        {
            "brier": "by `family='normal', link='logit'`",
            "probabilities": "a regressor: `predict` answers with that of class 1",
        },
    )


def dask_ml():
    from dask_ml.linear_model import LogisticRegression

    lbfgs = {"solver": "lbfgs", "max_iter": 1000}
    return Peer(
        "dask-ml",
        LogisticRegression,
        asks={
            "brier": {"C": 1e9},
            "long": lbfgs | {"tol": 1e-12},
            "loose": lbfgs | {"tol": 1e-1},
            "tight": lbfgs | {"tol": 1e-7},
            "short": lbfgs | {"max_iter": 3},
            "still": lbfgs | {"max_iter": 1},
        },
        notes={"tolerance": "without effect with the default `solver='admm'`"},
    )


class River(Peer):
    """Rows are dicts, which are learned one after the other."""

    def fit(self, model, X, y, sample_weight=None):
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        for _ in range(model.n_passes):
            for row, label, w in zip(describe(X), y.tolist(), weight, strict=True):
                model.learn_one(row, label, w=w)
        return model

    def partial_fit(self, model, X, y):
        for row, label in zip(describe(X), y.tolist(), strict=True):
            model.learn_one(row, label)
        return model

    def fit_again(self, model, X, y):
        return self.fit(model, X, y)

    def fit_from(self, model, fitted, X, y):
        model.weights.update(fitted.weights)  # a copy: this has no effect
        model.intercept = fitted.intercept
        return self.partial_fit(model, X[:1], y[:1])

    def proba(self, model, X):
        answers = (model.predict_proba_one(row) for row in describe(X))
        return np.array([[answer[False], answer[True]] for answer in answers])

    def coef(self, model):
        return np.array([list(model.weights.values())])


def describe(X):
    """Return a dict for each row, without the zeros of a sparse matrix."""
    if hasattr(X, "to_dict"):
        return X.to_dict("records")
    if hasattr(X, "tocsr"):
        return [dict(zip(row.indices.tolist(), row.data, strict=True)) for row in X]
    return [dict(enumerate(row)) for row in X.tolist()]


def river():
    from river import linear_model, optim

    class SquaredError(optim.losses.BinaryLoss):
        def __call__(self, y_true, y_pred):
            return (y_true - expit(y_pred)) ** 2

        def gradient(self, y_true, y_pred):
            output = expit(y_pred)
            return 2 * (output - y_true) * output * (1 - output)

    def make(n_passes=3, **params):
        model = linear_model.LogisticRegression(**params)
        model.n_passes = n_passes
        return model

    return River(
        "river",
        make,
        asks={
            "brier": {
                "loss": SquaredError(),
                "optimizer": optim.SGD(0.1),
                "intercept_lr": 0.1,
                "n_passes": 20,
            },
            "long": {"n_passes": 30},
            "converged": {"n_passes": 30},
            "short": {"n_passes": 1},
            "still": {"n_passes": 1},
            "warm_start": {},
            "weak": {"l2": 0.0},
            "strong": {"l2": 10.0},
            "l1": {"l1": 0.05},
            "no_intercept": {"intercept_lr": 0.0},
        },
        notes={
            "brier": "with a loss of one's own",
            "probabilities": "of one row as a dict, or of a data frame",
            "sample_weight": "`w` of `learn_one`",
            "sparse": "a row is a dict, from which zeros can be left out",
            "no_intercept": "`intercept_lr=0`",
            "partial_fit": "`learn_one` and `learn_many`; there is no `fit`",
            "warm_start": "it always goes on",
            "feature_names": "columns go by their names, in any order",
        },
    )


# ------------------------------------------------------------- made for wrong labels


class Cleaner(Peer):
    def fit(self, model, X, y, **more):
        noise = getattr(model, "noise_told", None)
        if noise is not None:
            more["noise_matrix"] = noise
        return model.fit(X, y, **more)

    def quality(self, model, X, y):
        return model.get_label_issues()["label_quality"]

    def noise(self, model):
        return model.noise_matrix[0, 1]


def cleanlab():
    from cleanlab.classification import CleanLearning

    def clean(noise=None, **params):
        one_process = {"n_jobs": 1}
        model = CleanLearning(
            LogisticRegression(**params), seed=0, find_label_issues_kwargs=one_process
        )
        model.noise_told = noise
        return model

    return Cleaner(
        "cleanlab", clean, asks={"told": {"noise": np.array([[0.8, 0.2], [0.2, 0.8]])}}
    )


class Corrector(Peer):
    def fit(self, model, X, y, **more):
        n_classes = len(np.unique(y))
        others = np.full((n_classes, n_classes), model.noise_told / (n_classes - 1))
        T = np.where(np.eye(n_classes), 1 - model.noise_told, others)
        return model.set_params(transition_matrix=T).fit(X, y, **more)


def biquality():
    from bqlearn.unbiased import LossCorrection

    # biquality-learn 0.1 calls what BaseEstimator had before scikit-learn 1.7.
    def check(estimator, *data, force_all_finite=True, **options):
        return validate_data(
            estimator, *data, ensure_all_finite=force_all_finite, **options
        )

    BaseEstimator._validate_data = check

    def correct(noise=0.0, **params):
        model = LossCorrection(LogisticRegression(**params))
        model.noise_told = noise
        return model

    return Corrector("biquality-learn", correct, asks={"told": {"noise": 0.2}})


WRONG_LABELS = {
    "cleanlab": ("cleanlab", cleanlab),
    "biquality-learn": ("bqlearn", biquality),
}


def list_for_wrong_labels():
    """Return those that are installed."""
    return [make() for module, make in WRONG_LABELS.values() if find_spec(module)]


ELSEWHERE = {
    "skorch": skorch,
    "skglm": skglm,
    "glum": glum,
    "dask-ml": dask_ml,
    "river": river,
}


def list_elsewhere():
    """Return those that are installed."""
    return [make() for name, make in ELSEWHERE.items() if find_spec(name.replace("-", "_"))]


def list_versions(peers):
    others = ELSEWHERE | WRONG_LABELS
    names = ["scikit-learn", *(peer.name for peer in peers if peer.name in others)]
    names += [
        name for name in ("skops", "skl2onnx", "onnx", "torch", "dask") if find_spec(name)
    ]
    return ", ".join(f"{name} {version(name)}" for name in names)
