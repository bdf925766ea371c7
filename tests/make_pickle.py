"""Write tests/pickles/VERSION.pickle, once for each release; see docs/contributing.md.

    python tests/make_pickle.py

Run it with the oldest supported packages: newer ones load what those have written, and the
other way round nobody promises it.
"""

import pickle
import warnings
from pathlib import Path

import numpy as np

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV, __version__

FOLDER = Path(__file__).parent / "pickles"


def fit_models():
    """Return fitted models of all kinds, each with rows, labels and what it answers."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(24, 3)).round(2)
    two, three = (X[:, 0] > 0).astype(int), np.digitize(X[:, 1], [-0.5, 0.5])
    words, labels = np.array(["low", "middle", "high"])[three], (X > 0).astype(int)
    single = X.astype(np.float32)
    neuron, search = SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
    models = {
        "two classes": (neuron(), X, two),
        "float32": (neuron(label_noise={1: 0.2}), single, two),
        "words": (neuron(checkpoints=[1, 5]), X, words),
        "labels": (neuron(label_noise=0.1), X, labels),
        "warm start": (neuron(warm_start=True, max_iter=5), X, two),
        "search": (search(cv=2, iters=[1, 5], label_noises=[0.0, {1: 0.2}]), X, two),
        "search, words": (search(cv=2, iters=[1, 5], alphas=[0, 1]), X, words),
    }
    return {
        name: {
            "model": model.fit(X, y),
            "X": X,
            "y": y,
            "predict": model.predict(X),
            "predict_proba": model.predict_proba(X),
            "predict_recorded_proba": model.predict_recorded_proba(X),
            "label_quality": model.label_quality(X, y),
            "score": model.score(X, y),
        }
        for name, (model, X, y) in models.items()
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{__version__}.pickle"
    # the newest protocol whose arrays have had one form since NumPy 1
    path.write_bytes(pickle.dumps(fit_models(), protocol=4))
    print(f"{path}: {path.stat().st_size} bytes")
