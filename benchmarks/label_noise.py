"""How good linear classifiers are on clean test labels where training labels are wrong.

    python benchmarks/label_noise.py         # the tables of docs/all_figures.md
    python benchmarks/label_noise.py --write docs/all_figures.md
    python benchmarks/label_noise.py --run   # measure what the CSV lacks: 20 minutes

Half of the rows train, half test; only training labels are wrong. All models choose among
settings on the same five folds of them, one after the other on one core. A run goes on
where the last one ended; to measure anew, delete results/label_noise.csv.

A share of the labels is flipped, chosen at random, or the 5 % of the rows that are farthest
from the mean of the scaled features are mislabelled: the rows of high leverage. A wrong
label is any of the other classes, with the same probability.
"""

import argparse
import csv
import math
import warnings
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, median, stdev
from time import perf_counter

import numpy as np
import pages
from report import group, read
from scipy.stats import t as student
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    HuberRegressor,
    LogisticRegressionCV,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

DATA = {
    "breast cancer": load_breast_cancer,
    "digits, odd or even": load_digits,
    "iris": load_iris,
    "wine": load_wine,
    "digits": load_digits,
}
RESULTS = Path(__file__).parent / "results" / "label_noise.csv"
REPEATS = 10
TEST_SIZE = 0.5
FAR = "high-leverage 5 %"
SHARES = {"0 %": 0.0, "10 %": 0.1, "20 %": 0.2, "30 %": 0.3, FAR: 0.05}
KINDS = {
    "correct labels": ["0 %"],
    "flipped labels": ["10 %", "20 %", "30 %"],
    "high-leverage rows mislabelled": [FAR],
}
OURS = "neuron"
LOGISTIC = ["logistic, log loss", "logistic, Brier"]
GROUPS = {"all data sets": list(DATA), "several classes": ["iris", "wine", "digits"]}
MEASURES = ["Brier score", "accuracy", "log loss", "calibration error"]
KEYS = ["data", "wrong", "repeat", "model"]
FACTS = ["date", "scikit-learn", "sk-neuron"]


def load(name):
    """Return X and y of a data set."""
    X, y = DATA[name](return_X_y=True)
    return X, y % 2 if name == "digits, odd or even" else y


def mislabel(y, rows, rng):
    """Return y with another class for these rows, any of them with the same probability."""
    classes, codes = np.unique(y, return_inverse=True)
    codes[rows] += rng.integers(1, len(classes), len(rows))
    return classes[codes % len(classes)]


def draw_rows(n_rows, share, rng):
    """Return a share of the rows, drawn at random."""
    return rng.choice(n_rows, round(share * n_rows), replace=False)


def find_far_rows(X, share):
    """Return the share of the rows of X, whose columns are scaled, that is farthest out."""
    distance = np.linalg.norm(X - X.mean(axis=0), axis=1)
    return np.argsort(-distance, kind="stable")[: round(share * len(X))]


class ClippedHuber(ClassifierMixin, BaseEstimator):
    """A line through the classes 0 and 1 by Huber's loss, clipped to a probability."""

    def __init__(self, alpha=1e-4, epsilon=1.35):
        self.alpha = alpha
        self.epsilon = epsilon

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        huber = HuberRegressor(alpha=self.alpha, epsilon=self.epsilon, max_iter=10_000)
        self.regressor_ = huber.fit(X, y == self.classes_[1])
        return self

    def predict_proba(self, X):
        p = self.regressor_.predict(X).clip(0, 1)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def list_models(folds, n_classes):
    """Return each model by name, with the settings that it chooses from."""
    from sk_neuron import SigmoidNeuronClassifierCV

    def search(estimator, **grid):
        return GridSearchCV(estimator, grid, scoring="neg_brier_score", cv=folds)

    def tune_logistic(scoring):
        return LogisticRegressionCV(
            Cs=np.logspace(-4, 4, 17),
            scoring=scoring,
            cv=folds,
            max_iter=10_000,
            l1_ratios=(0,),
            use_legacy_attributes=False,
        )

    models = {
        OURS: SigmoidNeuronClassifierCV(cv=folds),
        "logistic, log loss": tune_logistic("neg_log_loss"),
        "logistic, Brier": tune_logistic("neg_brier_score"),
        "MLP": search(
            MLPClassifier((), solver="lbfgs", random_state=0),
            alpha=np.logspace(-3, 3, 7),
            max_iter=[10, 100, 1000],
        ),
        "SGD, modified Huber": search(
            SGDClassifier("modified_huber", max_iter=3000, random_state=0),
            alpha=np.logspace(-5, 1, 13),
        ),
        "ridge": RidgeClassifierCV(np.logspace(-3, 5, 17), cv=folds),
    }
    if n_classes == 2:
        models["Huber, clipped"] = search(
            ClippedHuber(), alpha=np.logspace(-3, 4, 8), epsilon=[1.1, 1.35, 2.0]
        )
    return models


def find_calibration_error(proba, y):
    """Return the mean of |confidence - accuracy| over ten bins with as many rows each.

    The confidence in a row is the probability of its most probable class, a number in
    0..len(classes) - 1 as y is; the accuracy is how often that class is right.
    """
    confidence, right = proba.max(axis=1), proba.argmax(axis=1) == y
    bins = np.array_split(np.argsort(confidence, kind="stable"), 10)
    gaps = [abs(np.sum(confidence[rows] - right[rows])) for rows in bins]
    return sum(gaps) / len(y)


def measure(model, X, y, X_test, y_test):
    """Return what a model is worth on the test rows; without probabilities, less of it."""
    start = perf_counter()
    model.fit(X, y)
    row = {"seconds": perf_counter() - start}
    row["accuracy"] = np.mean(model.predict(X_test) == y_test)
    if hasattr(model, "predict_proba"):
        proba, classes = model.predict_proba(X_test), model.classes_
        of_two = proba[:, 1] if len(classes) == 2 else proba
        row["Brier score"] = brier_score_loss(y_test, of_two, labels=classes)
        row["log loss"] = log_loss(y_test, proba, labels=classes)
        row["calibration error"] = find_calibration_error(proba, y_test)
    return row


def list_splits(repeats):
    """Yield what to call a split with its noise, the training part and the test part."""
    for repeat in range(repeats):
        for data in DATA:
            X, y = load(data)
            X, X_test, y, y_test = train_test_split(
                X, y, test_size=TEST_SIZE, stratify=y, random_state=repeat
            )
            scaler = StandardScaler().fit(X)
            X, X_test = scaler.transform(X), scaler.transform(X_test)
            for wrong, share in SHARES.items():
                rng = np.random.default_rng(repeat)
                if wrong == FAR:
                    rows = find_far_rows(X, share)
                else:
                    rows = draw_rows(len(y), share, rng)
                name = {"data": data, "wrong": wrong, "repeat": repeat}
                yield name, (X, mislabel(y, rows, rng)), (X_test, y_test)


def run(path, repeats):
    """Measure what the CSV lacks, and append it row by row."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    facts = {"date": date.today().isoformat()} | {name: version(name) for name in FACTS[1:]}
    path.touch()
    done = {tuple(row[name] for name in KEYS) for row in read(path)}
    with path.open("a", newline="") as file, threadpool_limits(1):
        table = csv.DictWriter(
            file, [*KEYS, *MEASURES, "seconds", *FACTS], lineterminator="\n"
        )
        if not done:
            table.writeheader()
        for name, train, test in list_splits(repeats):
            folds = StratifiedKFold(5, shuffle=True, random_state=name["repeat"])
            folds = list(folds.split(*train))
            for model, estimator in list_models(folds, len(np.unique(test[1]))).items():
                row = name | {"model": model}
                if tuple(map(str, row.values())) in done:
                    continue
                measured = measure(estimator, *train, *test)
                row |= {key: f"{value:.6g}" for key, value in measured.items()}
                table.writerow(row | facts)
                file.flush()
            print(*name.values(), sep=" | ", flush=True)


def find_half_width(values):
    """Return half of a 95 % interval for the mean over the splits.

    They share rows, so that their variance says too little: it is corrected as Nadeau and
    Bengio (2003) do, by the size of the test part in training parts.
    """
    n, overlap = len(values), TEST_SIZE / (1 - TEST_SIZE)
    return float(student.ppf(0.975, n - 1)) * stdev(values) * math.sqrt(1 / n + overlap)


def compare(ours, theirs, measure):
    """Return 1 where ours is better, -1 where it is worse, 0 where that is not shown."""
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    if abs(fmean(differences)) <= find_half_width(differences):
        return 0
    return 1 if (fmean(differences) > 0) == (measure == "accuracy") else -1


def list_cases(rows, measure):
    """Return the numbers over the splits: case to model to list."""
    measured = [row for row in rows if row[measure]]
    return {
        case: {
            model: [float(row[measure]) for row in theirs]
            for (model,), theirs in group(some, "model").items()
        }
        for case, some in group(measured, "data", "wrong").items()
    }


def show_means(case, measure):
    """Return the means by model, in bold unless the best one is shown to be better."""
    best = (max if measure == "accuracy" else min)(case.values(), key=fmean)
    shown = {}
    for model, values in case.items():
        text = f"{fmean(values):.3f}"
        if measure == "Brier score":
            text += f" ± {find_half_width(values):.3f}"
        behind = compare(best, values, measure) == 1
        shown[model] = text if behind else f"**{text}**"
    return shown


def print_table(header, lines):
    """Print Markdown; a line is its label and a dict of what to print below the header."""
    print("| |", " | ".join(header), "|")
    print("|---|" + "---:|" * len(header))
    for label, cells in lines:
        print(f"| {label} |", " | ".join(cells.get(name, "") for name in header), "|")


def show_difference(ours, theirs, measure):
    """Return their mean and how far ours is from it, in bold where that is shown."""
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    half_width = find_half_width(differences)
    text = f"{fmean(theirs):.3f} ({fmean(differences):+.3f} ± {half_width:.3f})"
    return f"**{text}**" if compare(ours, theirs, measure) else text


def print_differences(cases):
    """Print how the neuron differs from logistic regression, in all and case by case."""
    for name, data in GROUPS.items():
        for kind, kinds in KINDS.items():
            for rival in LOGISTIC:
                pairs = [
                    (found[OURS], found[rival])
                    for (of_case, wrong), found in cases["Brier score"].items()
                    if of_case in data and wrong in kinds
                ]
                lower = sum(fmean(ours) < fmean(theirs) for ours, theirs in pairs)
                results = [compare(*pair, "Brier score") for pair in pairs]
                better, worse, n = results.count(1), results.count(-1), len(pairs)
                print(
                    f"* {name}, {kind}, against {rival}: the neuron's mean Brier score was "
                    f"lower in {lower} of {n} cases. It was lower beyond chance in "
                    f"{better} of {n}, higher beyond chance in {worse} of {n}."
                )
    print("\nThe score of each, and in brackets by how much the neuron's differed:\n")
    lines = []
    for case in cases["Brier score"]:
        cells = {}
        for measure in ("Brier score", "accuracy"):
            found = cases[measure][case]
            cells[f"{measure}: {OURS}"] = f"{fmean(found[OURS]):.3f}"
            for rival in LOGISTIC:
                shown = show_difference(found[OURS], found[rival], measure)
                cells[f"{measure}: {rival}"] = shown
        lines.append((": ".join(case), cells))
    print_table(list(lines[0][1]), lines)


def print_counts(cases, models):
    """Print in how many cases the neuron is better, not different and worse."""
    lines = []
    for kind, kinds in KINDS.items():
        for rival in models[1:]:
            cells = {}
            for measure in MEASURES:
                pairs = [
                    (case[OURS], case[rival])
                    for (_, wrong), case in cases[measure].items()
                    if wrong in kinds and rival in case
                ]
                results = [compare(*pair, measure) for pair in pairs]
                better, same, worse = (results.count(result) for result in (1, 0, -1))
                lower = sum(fmean(ours) < fmean(theirs) for ours, theirs in pairs)
                ahead = len(pairs) - lower if measure == "accuracy" else lower
                if pairs:
                    counts = f"{better} / {same} / {worse}"
                    cells[measure] = f"{counts} ({ahead} of {len(pairs)})"
            lines.append((f"{kind}: {rival}", cells))
    print(
        "The neuron was better / not different / worse in so many cases, and its mean "
        "was the better one, or as good, in those in brackets:\n"
    )
    print_table(MEASURES, lines)


def print_results(rows):
    """Print how often the neuron is better, and the means of all."""
    facts = ", ".join(f"{name} {rows[0][name]}" for name in FACTS[1:])
    n_splits = len({row["repeat"] for row in rows})
    models = list(dict.fromkeys(row["model"] for row in rows))
    cases = {measure: list_cases(rows, measure) for measure in MEASURES}
    print(f"{n_splits} splits in halves, {facts}.\n\n### Beside logistic regression\n")
    print_differences(cases)
    print("\n### Better, not different, worse\n")
    print_counts(cases, models)
    for measure in MEASURES:
        print(f"\n### {measure.capitalize()}\n")
        means = [
            (f"{data}: {wrong}", show_means(case, measure))
            for (data, wrong), case in cases[measure].items()
        ]
        print_table(models, means)
    if len({row["date"] for row in rows}) > 1:
        return  # times of different days say little about one another
    print("\n### Seconds, median\n")
    medians = []
    for (data,), some in group(rows, "data").items():
        cells = {
            model: f"{median(float(row['seconds']) for row in theirs):.2f}"
            for (model,), theirs in group(some, "model").items()
        }
        medians.append((data, cells))
    print_table(models, medians)


def list_parts(rows):
    """Return what the page shows."""
    return {"results": pages.capture(print_results, rows)}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", action="store_true", help="measure what the CSV lacks")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="how many splits")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the CSV")
    parser.add_argument("--write", nargs="+", type=Path, default=[], metavar="PAGE")
    options = parser.parse_args(arguments)
    if options.run:
        run(options.results, options.repeats)
        return
    rows = read(options.results)
    print_results(rows)
    pages.write(options.write, "label_noise.py", list_parts(rows))


if __name__ == "__main__":
    main()
