"""`python -m sk_neuron`: the article's experiment, then real data with wrong labels."""

from pathlib import Path
from time import perf_counter

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler

from sk_neuron import (
    IterationPathDisplay,
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
)
from sk_neuron._solver._initialization import draw_start

ROW = "{:<14}{:<13}{:<20}{:<14}{:>9}{:>9}{:>9}"


def show_article() -> None:
    """Print the article's experiment under the article's headings."""
    neuron = SigmoidNeuronClassifier(
        max_iter=10_000,
        learning_rate=1.0,
        init="uniform",
        fit_intercept=False,
        random_state=15,
    )
    start, _ = draw_start(
        "uniform", (3, 1), fit_intercept=False, random_state=15, dtype=np.float64
    )
    neuron.fit([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]], [0, 1, 1, 0])
    print("Random starting weights:", start, sep="\n")
    print("New weights after training:", neuron.coef_.T, sep="\n")
    answer = neuron.predict_proba([[1, 0, 0]])[:, 1]
    print("Test of input [1, 0, 0] -> ?:", answer, sep="\n")


def show_real_data() -> None:
    """Print how the neuron and LogisticRegression do on clean and on flipped labels."""
    print(
        "\nReal data: half of the rows to train on, half held out with clean labels. Each\n"
        "search goes over its own grid on the same 5 folds of the scaled training half,\n"
        "by Brier score; those of the neuron go over the same counts, from 1 to 100.\n"
    )
    print(ROW.format("data", "labels", "search", "chosen", "accuracy", "Brier", "seconds"))
    for name, load in {"breast cancer": load_breast_cancer, "digits": load_digits}.items():
        X, y = load(return_X_y=True)
        X, X_test, y, y_test = train_test_split(
            X, y, test_size=0.5, stratify=y, random_state=0
        )
        scaler = StandardScaler().fit(X)
        X, X_test = scaler.transform(X), scaler.transform(X_test)
        for labels, share in {"clean": 0.0, "20 % flipped": 0.2}.items():
            y_train = flip_labels(y, share, np.random.default_rng(0))
            folds = list(StratifiedKFold(5).split(X, y_train))
            for title, search in searches(folds).items():
                start = perf_counter()
                search.fit(X, y_train)
                seconds = perf_counter() - start
                row = ROW.format(
                    name,
                    labels,
                    title,
                    chosen(search),
                    f"{np.mean(search.predict(X_test) == y_test):.3f}",
                    f"{-search.score(X_test, y_test):.4f}",
                    f"{seconds:.2f}",
                )
                print(row, flush=True)
                if (name, share, title) == ("breast cancer", 0.2, "neuron, one descent"):
                    shown = search
    draw(shown)


def draw(search, path="iteration_path.png"):
    """Draw the scores of a search into a file and print its path."""
    try:
        display = IterationPathDisplay.from_estimator(search)
    except ImportError as error:
        print(f"\nNo picture: {error}")
        return
    display.ax_.set_title("Breast cancer data, 20 % of the labels flipped")
    display.figure_.savefig(path, dpi=150)
    print(f"\nThe scores on the flipped labels of breast cancer: {Path(path).resolve()}")


def flip_labels(y, share, rng):
    """Return y with a share of its labels changed to another class, drawn evenly."""
    classes, index = np.unique(y, return_inverse=True)
    rows = rng.choice(len(y), round(share * len(y)), replace=False)
    index[rows] += rng.integers(1, len(classes), len(rows))
    return classes[index % len(classes)]


def searches(folds):
    """Return the searches to compare, by Brier score on the same folds."""
    counts = np.unique(np.geomspace(1, 100, 20).round().astype(int))
    neuron = SigmoidNeuronClassifierCV(iters=counts, cv=folds)
    given = {"scoring": "neg_brier_score", "cv": folds}
    strengths = {"C": [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0]}
    return {
        "neuron, one descent": neuron,
        "neuron, grid search": GridSearchCV(
            SigmoidNeuronClassifier(), {"max_iter": counts}, **given
        ),
        "LogisticRegression": GridSearchCV(
            LogisticRegression(max_iter=10_000), strengths, **given
        ),
    }


def chosen(search):
    """Return the parameter that a search chose, as text."""
    if isinstance(search, SigmoidNeuronClassifierCV):
        return f"max_iter={search.n_iter_}"
    ((parameter, value),) = search.best_params_.items()
    return f"{parameter}={value}"


if __name__ == "__main__":
    show_article()
    show_real_data()
