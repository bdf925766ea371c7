"""`python -m sk_neuron`: the article's experiment, then what wrong labels do to models."""

from time import perf_counter
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    train_test_split,
)
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
from sk_neuron._solver._initialization import draw_start

DATA = {"breast cancer": load_breast_cancer, "digits": load_digits}
SHARES = {"correct": 0.0, "20 % flipped": 0.2}
ROW = "{:<14}{:<13}{:<27}{:>6}{:>10}{:>8}{:>11}{:>7}{:>9}"


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


def show_wrong_labels() -> None:
    """Print how models do on correct and on flipped labels, and which labels they find."""
    print(
        "\nWrong labels: half of the rows train, with correct labels or some flipped.\n"
        "Accuracy and Brier score are of the other half, with correct labels. A label is\n"
        "suspected if a fold that was not trained on it gives it a probability below 1/2.\n"
        "The estimate of the share of wrong labels is the mean of 1 - probability.\n"
    )
    print(
        ROW.format(
            "data",
            "labels",
            "model",
            "Brier",
            "accuracy",
            "wrong",
            "suspected",
            "found",
            "estimate",
        )
    )
    start = perf_counter()
    for name, load in DATA.items():
        X, y = load(return_X_y=True)
        X, X_test, y, y_test = train_test_split(
            X, y, test_size=0.5, stratify=y, random_state=0
        )
        scaler = StandardScaler().fit(X)
        X, X_test = scaler.transform(X), scaler.transform(X_test)
        for labels, share in SHARES.items():
            recorded = flip_labels(y, share, np.random.default_rng(0))
            is_wrong = recorded != y
            for title, model, quality in fit_models(X, recorded, share):
                suspected = quality < 0.5
                proba = model.predict_proba(X_test)
                scored = proba[:, 1] if proba.shape[1] == 2 else proba
                row = ROW.format(
                    name,
                    labels,
                    title,
                    f"{brier_score_loss(y_test, scored):.3f}",
                    f"{np.mean(model.predict(X_test) == y_test):.3f}",
                    is_wrong.sum(),
                    suspected.sum(),
                    (suspected & is_wrong).sum(),
                    f"{1 - quality.mean():.0%}",
                )
                print(row, flush=True)
    print(f"\n{perf_counter() - start:.1f} seconds")


def flip_labels(y, share, rng):
    """Return y with a share of its labels changed to another class, drawn evenly."""
    classes, index = np.unique(y, return_inverse=True)
    rows = rng.choice(len(y), round(share * len(y)), replace=False)
    index[rows] += rng.integers(1, len(classes), len(rows))
    return classes[index % len(classes)]


def fit_models(X, y, share):
    """Yield the name of each model, the fitted model, and the quality of each label.

    All choose by the Brier score on the same folds.
    """
    folds = list(StratifiedKFold(5).split(X, y))
    search = GridSearchCV(
        LogisticRegression(max_iter=10_000),
        {"C": np.geomspace(1e-4, 10, 6)},
        scoring="neg_brier_score",
        cv=folds,
    )
    logistic = search.fit(X, y).best_estimator_
    proba = cross_val_predict(logistic, X, y, cv=folds, method="predict_proba")
    quality = proba[np.arange(len(y)), np.searchsorted(logistic.classes_, y)]
    yield "LogisticRegression", logistic, quality
    kept = quality >= 0.5
    cleaned = LogisticRegression(C=logistic.C, max_iter=10_000).fit(X[kept], y[kept])
    yield "... without the suspected", cleaned, quality
    noises: dict[str, Any] = {"neuron": [0.0]}
    if share:
        noises |= {"neuron, searches": "auto", f"neuron, told {share:.0%}": [share]}
    for title, label_noises in noises.items():
        neuron = SigmoidNeuronClassifierCV(label_noises=label_noises, cv=folds)
        yield title, neuron.fit(X, y), neuron.label_quality_


if __name__ == "__main__":
    show_article()
    show_wrong_labels()
