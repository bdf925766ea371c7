"""How many flipped labels are found by what a classifier says of the rows it was fitted on.

    python benchmarks/mislabelled.py         # the table of docs/training.md
    python benchmarks/mislabelled.py --run   # measure it anew: some minutes

A share of the labels is flipped, and each classifier chosen by cross-validation on them.

- "given up" are the rows with an error |t - o| above 2/3, where the influence falls as the
  error grows. Precision: how many of these were flipped. Recall: how many of the flipped
  are among these.
- "error" ranks the rows by the neuron's error, "log loss" by that of logistic regression.
  Of the first rows, as many as were flipped, how many were? That is precision and recall.

The error of one neuron decides its influence, e² (1 - e), so that there is no ranking of
its own by influence: what that adds is where to cut.
"""

import argparse
import csv
import warnings
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pages
from report import group, read
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV
from sklearn.preprocessing import StandardScaler
from speed_page import print_table
from threadpoolctl import threadpool_limits

from sk_neuron import SigmoidNeuronClassifierCV

RESULTS = Path(__file__).parent / "results" / "mislabelled.csv"
SEEDS = 20
SHARES = {"5 %": 0.05, "10 %": 0.1, "20 %": 0.2, "30 %": 0.3}
MEASURES = [
    "given up: precision",
    "given up: recall",
    "by error",
    "logistic regression, by log loss",
]
DATA = {
    "breast cancer": lambda: load_breast_cancer(return_X_y=True),
    "digits, odd or even": lambda: halve(load_digits(return_X_y=True), lambda y: y % 2),
    "wine, first or other": lambda: halve(load_wine(return_X_y=True), lambda y: y == 0),
}


def halve(data, rule):
    X, y = data
    return X, rule(y).astype(int)


def measure(X, y, share, seed):
    """Return precision and recall of "given up", and precision by error and by log loss."""
    flipped = np.zeros(len(y), bool)
    rng = np.random.default_rng(seed)
    flipped[rng.choice(len(y), round(share * len(y)), replace=False)] = True
    noisy, X = np.where(flipped, 1 - y, y), StandardScaler().fit_transform(X)
    neuron = SigmoidNeuronClassifierCV().fit(X, noisy)
    logistic = LogisticRegressionCV(
        Cs=10,
        scoring="neg_log_loss",
        max_iter=5000,
        l1_ratios=(0,),
        use_legacy_attributes=False,
    ).fit(X, noisy)
    error = np.abs(noisy - neuron.predict_proba(X)[:, 1])
    loss = -logistic.predict_log_proba(X)[np.arange(len(y)), noisy]
    given_up = error > 2 / 3
    return (
        flipped[given_up].mean() if given_up.any() else np.nan,
        given_up[flipped].mean(),
        *(flipped[np.argsort(-rank)[: flipped.sum()]].mean() for rank in (error, loss)),
    )


def run(path, n_seeds):
    """Write what is measured on each draw, row by row."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    facts = {"date": date.today().isoformat()}
    facts |= {name: version(name) for name in ("scikit-learn", "sk-neuron")}
    header = ["data", "flipped", "seed", *MEASURES, *facts]
    with path.open("w", newline="") as file, threadpool_limits(1):
        table = csv.DictWriter(file, header, lineterminator="\n")
        table.writeheader()
        for name, load in DATA.items():
            for shown, share in SHARES.items():
                for seed in range(n_seeds):
                    found = (f"{value:.6g}" for value in measure(*load(), share, seed))
                    row = {"data": name, "flipped": shown, "seed": seed} | facts
                    table.writerow(row | dict(zip(MEASURES, found, strict=True)))
                file.flush()


def print_means(rows):
    """Print the means over the draws, and the standard deviations."""
    lines = []
    for names, draws in group(rows, "data", "flipped").items():
        found = np.array([[float(draw[name]) for name in MEASURES] for draw in draws])
        mean, spread = np.nanmean(found, axis=0), np.nanstd(found, axis=0)
        cells = (f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, spread, strict=True))
        lines.append([*names, *cells])
    print_table(["data", "flipped", *MEASURES], lines)


def list_parts(rows):
    """Return what the page shows."""
    return {"found": pages.capture(print_means, rows)}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", action="store_true", help="measure")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many draws")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the CSV")
    parser.add_argument("--write", nargs="+", type=Path, default=[], metavar="PAGE")
    options = parser.parse_args(arguments)
    if options.run:
        run(options.output, options.seeds)
    rows = read(options.output)
    print_means(rows)
    pages.write(options.write, "mislabelled.py", list_parts(rows))


if __name__ == "__main__":
    main()
