"""What classifiers can do, tried out: prints the tables of docs/comparison.md.

    python benchmarks/comparison.py [--why]

A cell is "yes" where its probe, a function below, runs through and all it asserts holds,
and else "no": `--why` prints the error. "Partly" is a yes on the condition in the footnote.
Libraries that are not installed are left out, and so are rows whose tool is not.
"""

import argparse
import os
import sys

os.environ["SCIPY_ARRAY_API"] = "1"  # which SciPy reads when it is imported

import pickle
import warnings
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from peers import (
    list_elsewhere,
    list_for_wrong_labels,
    list_scikit_learn,
    list_versions,
)
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn import config_context
from sklearn.datasets import load_breast_cancer, load_iris, make_multilabel_classification
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

# Two classes that overlap, and four features of which the last two tell nothing of them.
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 4))
y = (X @ [3, -2, 0, 0] + 1 + rng.logistic(size=300) > 0).astype(int)
NOISE = rng.integers(2, size=300)  # labels that no feature tells anything of


def answer(peer, ask=None, X=X, y=y):
    """Return the probabilities of the second class after a fit."""
    return peer.positive(peer.fit(peer.new(*[ask] if ask else []), X, y), X)


def learned(proba):
    return np.mean((y - proba) ** 2) < 0.7 * y.var()


def brier(peer):
    """Reach the least Brier score on data where the least log loss is far from it."""
    noise = np.random.default_rng(0).normal(size=(2, 300))
    x = np.r_[noise[0], np.full(10, 8.0), np.full(10, -8.0)]
    label = np.r_[noise[0] + 0.3 * noise[1] > 0, [False] * 10, [True] * 10].astype(int)

    def score(proba):
        return np.mean((label - proba) ** 2)

    least = minimize(lambda w: score(expit(w[0] * x + w[1])), [1, 0]).fun
    assert score(answer(peer, "brier", x[:, np.newaxis], label)) < least + 0.005


def converged(peer):
    """Answer the same after many more steps than by default, on clean data, scaled."""
    X, y = load_breast_cancer(return_X_y=True)
    X = scale(X)
    model, longer = peer.new("defaults"), peer.new("defaults", "converged")
    short, long = (peer.positive(peer.fit(m, X, y), X) for m in (model, longer))
    assert abs(short - long).max() < 0.01


def probabilities(peer):
    proba = peer.proba(peer.fit(peer.new(), X, y), X)
    assert proba.shape == (300, 2)
    assert np.allclose(proba.sum(axis=1), 1)
    assert learned(proba[:, 1])


def multiclass(peer):
    X, y = load_iris(return_X_y=True)
    proba = peer.proba(peer.fit(peer.new(), scale(X), y), scale(X))
    assert proba.shape == (150, 3)
    assert np.mean(proba.argmax(axis=1) == y) > 0.8


def multilabel(peer):
    X, y = make_multilabel_classification(n_classes=3, random_state=0)
    proba = peer.proba(peer.fit(peer.new(), scale(X), y), scale(X))
    assert proba.shape == y.shape
    assert np.mean((proba > 0.5) == y) > 0.75


def sample_weight(peer):
    """Do about the same with a weight of 3 as with the row thrice."""
    weight = 1 + 2 * NOISE * y
    weighted = peer.fit(peer.new(), X, y, sample_weight=weight.astype(float))
    repeated = peer.fit(peer.new(), np.repeat(X, weight, axis=0), np.repeat(y, weight))
    weighted, repeated = (peer.positive(model, X).mean() for model in (weighted, repeated))
    assert weighted > answer(peer).mean() + 0.03
    assert abs(weighted - repeated) < 0.02


def class_weight(peer):
    rare = y * (np.arange(300) % 5 == 0)
    weighted = answer(peer, "class_weight", y=rare)
    assert weighted.mean() > answer(peer, y=rare).mean() + 0.1


def sparse(peer):
    features = np.where(X > 0, X, 0)
    rows = csr_matrix(features)
    assert abs(answer(peer, X=features) - answer(peer, X=rows)).mean() < 0.03


def float32_weights(peer):
    assert peer.coef(peer.fit(peer.new(), X.astype(np.float32), y)).dtype == np.float32


def float32_answers(peer):
    assert answer(peer, X=X.astype(np.float32)).dtype == np.float32


def l2(peer):
    assert answer(peer, "strong").std() < 0.5 * answer(peer, "weak").std()


def l1(peer):
    coef = peer.coef(peer.fit(peer.new("l1"), X, y))
    assert (coef[:, :2] != 0).all()
    assert (coef[:, 2:] == 0).any()


def no_intercept(peer):
    model = peer.fit(peer.new("no_intercept"), X, y)
    assert np.allclose(peer.positive(model, np.zeros((1, 4))), 0.5)


def tolerance(peer):
    """End farther from the end of a long fit with a loose tolerance than a tight one."""
    end = answer(peer, "long")
    loose, tight = (abs(answer(peer, ask) - end).mean() for ask in ("loose", "tight"))
    assert loose > tight


def early_stopping(peer):
    """Stop early on labels that cannot be learned."""
    assert peer.n_iter(peer.fit(peer.new("early_stopping"), X, NOISE)) < 1000


def validation_rows(peer):
    """Find the higher loss on rows whose labels cannot be learned."""
    curves = []
    for labels in (y, NOISE):
        model = peer.new("early_stopping")
        model = peer.fit_validated(model, X[:200], y[:200], X[200:], labels[200:])
        curves.append(peer.validation_curve(model))
    assert min(curves[0]) < min(curves[1])


def partial_fit(peer):
    model = peer.new()
    for batch in np.array_split(np.arange(300), 10) * 10:
        peer.partial_fit(model, X[batch], y[batch])
    assert learned(peer.positive(model, X))


def warm_start(peer):
    """Come nearer to where a long fit ends with the second of two short ones."""
    end = answer(peer, "long")
    model = peer.fit(peer.new("short", "warm_start"), X, y)
    far = abs(peer.positive(model, X) - end).mean()
    peer.fit_again(model, X, y)
    assert abs(peer.positive(model, X) - end).mean() < 0.9 * far


def start(peer):
    """Be where a long fit ended after a moment's training from its weights."""
    fitted = peer.fit(peer.new("long"), X, y)
    end = peer.positive(fitted, X)
    model = peer.fit_from(peer.new("still"), fitted, X, y)
    far = abs(answer(peer, "still") - end).mean()
    assert abs(peer.positive(model, X) - end).mean() < 0.2 * far


def loss_curve(peer):
    curve = peer.loss_curve(peer.fit(peer.new("loss_curve"), X, y))
    assert len(curve) > 1
    assert curve[-1] < curve[0]


def stages(peer):
    model = peer.fit(peer.new("stages"), X, y)
    *_, before, last = model.staged_predict_proba(X)
    assert not np.array_equal(before, last)
    assert np.allclose(last, peer.proba(model, X))


def search(peer):
    n_folds, n_candidates = peer.scores(peer.fit(peer.new(), X, y)).shape
    assert n_folds > 1
    assert n_candidates > 1


def callbacks(peer):
    model = peer.new()
    recorder = peer.add_recorder(model)
    peer.fit(model, X, y)
    assert recorder.n_calls > 5


def picture(peer):
    display = peer.picture(peer.fit(peer.new(), X, y))
    assert display.plot().ax_.lines


def html(peer):
    text = peer.fit(peer.new(), X, y)._repr_html_()
    assert "<div" in text


def routing(peer):
    """Be given by a pipeline the weights of the rows that were requested."""
    weight = 1.0 + y
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, peer.request_weight(peer.new()))
        routed = peer.positive(pipeline.fit(X, y, sample_weight=weight), X)
    model = peer.fit(peer.new(), scale(X), y, sample_weight=weight)
    assert np.allclose(routed, peer.positive(model, scale(X)))


def feature_names(peer):
    """Raise an error for columns in another order, or answer the same."""
    frame = import_module("pandas").DataFrame(X, columns=list("abcd"))
    model = peer.fit(peer.new(), frame, y)
    proba = peer.proba(model, frame)
    try:
        other = peer.proba(model, frame[list("dcba")])
    except ValueError as error:
        noticed = "feature names" in str(error)
    else:
        noticed = np.allclose(other, proba)
    assert noticed


def pickles(peer):
    model = peer.fit(peer.new(), X, y)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(peer.proba(again, X), peer.proba(model, X))


def skops(peer):
    """Be loaded without a word on whom to trust."""
    io = import_module("skops.io")
    model = peer.as_plain(peer.fit(peer.new(), X, y))
    again = io.loads(io.dumps(model))
    assert np.array_equal(peer.proba(again, X), peer.proba(model, X))


def onnx(peer):
    features = X.astype(np.float32)
    model = peer.fit(peer.new(), features, y)
    graph = import_module("skl2onnx").to_onnx(model, features, options={"zipmap": False})
    session = import_module("onnxruntime").InferenceSession(graph.SerializeToString())
    _, proba = session.run(None, {session.get_inputs()[0].name: features})
    assert np.allclose(proba, peer.proba(model, features), atol=1e-5)


def tensors(peer):
    """Learn a tensor of PyTorch from tensors."""
    torch = import_module("torch")
    with config_context(array_api_dispatch=True):
        model = peer.new().fit(torch.tensor(X, dtype=torch.float32), torch.tensor(y))
    weights = model.module_.layer.weight if hasattr(model, "module_") else model.coef_
    assert isinstance(weights, torch.Tensor)


def dask_arrays(peer):
    """Fit to an array of dask that nobody may turn into one array of NumPy."""
    array = import_module("dask.array")

    class Apart(array.Array):
        __slots__ = ()

        def __array__(self, *_, **__):
            raise MemoryError("The whole of X was asked for.")

    whole = array.from_array(X, chunks=(100, 4))
    apart = Apart(whole.dask, whole.name, whole.chunks, whole.dtype)
    model = peer.new_lazy().fit(apart, array.from_array(y, chunks=100))
    assert learned(peer.positive(model, X))


# A fifth of the labels, or a third of those of class 1, are wrong.
FLIPPED = np.random.default_rng(1).random(300) < 0.2
RECORDED = np.where(FLIPPED, 1 - y, y)


def told(peer):
    """Answer better about true labels, once told that a fifth of the labels are wrong."""
    plain, better = (
        peer.positive(peer.fit(peer.new(*ask), X, RECORDED), X) for ask in ([], ["told"])
    )
    assert np.mean((y - better) ** 2) < 0.95 * np.mean((y - plain) ** 2)


def estimates(peer):
    """Find that a third of class 1 is recorded as class 0, where a plane separates them."""
    rng = np.random.default_rng(2)
    label = np.arange(900) % 2
    features = rng.normal(size=(900, 2)) + 4 * label[:, np.newaxis]
    recorded = np.where(rng.random(900) < 1 / 3, 0, label)
    model = peer.fit(peer.new("estimates"), features, recorded)
    assert abs(peer.noise(model) - 1 / 3) < 0.1


def quality(peer):
    """Sort the labels so that wrong ones come first: better than by chance by far."""
    found = peer.quality(peer.fit(peer.new(), X, RECORDED), X, RECORDED)
    assert average_precision_score(FLIPPED, 1 - np.asarray(found)) > 0.5


ROWS = {
    "trains on the Brier score": brier,
    "at its minimum with the defaults, on clean data": converged,
    "probabilities": probabilities,
    "several classes": multiclass,
    "several labels at once": multilabel,
    "`sample_weight`": sample_weight,
    "class weights": class_weight,
    "sparse `X`": sparse,
    "weights in float32 for `X` in float32": float32_weights,
    "probabilities, too": float32_answers,
    "L2 penalty": l2,
    "L1 penalty": l1,
    "no intercept, if wanted": no_intercept,
    "tolerance": tolerance,
    "early stopping on rows held out": early_stopping,
    "on validation rows of one's own": validation_rows,
    "`partial_fit`": partial_fit,
    "warm start": warm_start,
    "start from given weights": start,
    "loss curve": loss_curve,
    "probabilities at every stage": stages,
    "its regulariser cross-validated in `fit`": search,
    "callbacks at every step": callbacks,
    "a picture of its fit": picture,
    "HTML representation": html,
    "metadata routing": routing,
    "columns in another order noticed": feature_names,
    "pickles": pickles,
    "loaded by skops without `trusted`": skops,
    "ONNX by skl2onnx": onnx,
    "computes on PyTorch tensors, the way to a GPU": tensors,
    "dask arrays, never loaded as a whole": dask_arrays,
}
NOISE_ROWS = {
    "better probabilities, once told the share of wrong labels": told,
    "estimates the share, if one class has wrong labels": estimates,
    "quality of each label": quality,
    **{
        name: ROWS[name]
        for name in (
            "probabilities",
            "several classes",
            "several labels at once",
            "`sample_weight`",
            "sparse `X`",
            "`partial_fit`",
            "HTML representation",
            "columns in another order noticed",
            "pickles",
        )
    },
}
TOOLS = {
    feature_names: ["pandas"],
    skops: ["skops"],
    onnx: ["skl2onnx", "onnxruntime"],
    tensors: ["torch"],
    dask_arrays: ["dask"],
}


def judge(peer, probe):
    """Return whether the peer passes, and the error if not."""
    try:
        probe(peer)
    except Exception as error:
        return False, f"{type(error).__name__}: {error}"
    return True, ""


def print_table(peers, why, rows=ROWS):
    notes = []
    print(f"| | {' | '.join(peer.name for peer in peers)} |")
    print("|---" * (len(peers) + 1) + "|")
    for title, probe in rows.items():
        if not all(find_spec(tool) for tool in TOOLS.get(probe, [])):
            continue
        cells = [title]
        for peer in peers:
            passed, error = judge(peer, probe)
            if why and not passed:
                print(f"{peer.name}, {probe.__name__}: {error[:200]}", file=sys.stderr)
            note = peer.notes.get(probe.__name__)
            cell = "no" if not passed else "partly" if note else "yes"
            if note:
                if note not in notes:
                    notes.append(note)
                cell += f" ({notes.index(note) + 1})"
            cells.append(cell)
        print(f"| {' | '.join(cells)} |", flush=True)
    print()
    for number, note in enumerate(notes, 1):
        print(f"{number}. {note}")
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--why", action="store_true", help="print the errors behind each no"
    )
    why = parser.parse_args().why
    warnings.simplefilter("ignore")
    here, elsewhere, cleaners = (
        list_scikit_learn(),
        list_elsewhere(),
        list_for_wrong_labels(),
    )
    print(f"With {list_versions(elsewhere + cleaners)}.\n")
    print_table(here, why)
    if elsewhere:
        print_table(here[:2] + elsewhere, why)
    if cleaners:
        print_table(here[:2] + cleaners, why, NOISE_ROWS)


if __name__ == "__main__":
    main()
