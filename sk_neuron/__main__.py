"""`python -m sk_neuron`: the article's experiment, then real data with wrong labels."""

from time import perf_counter

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifier
from sk_neuron._descent import draw_start

ROW = "{:<14}{:<13}{:<25}{:<16}{:>9}{:>9}{:>9}"


def show_article() -> None:
    """Print the article's experiment under the article's headings."""
    neuron = SigmoidNeuronClassifier(
        max_iter=10_000, init="uniform", fit_intercept=False, random_state=15
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
        "\nReal data: half of the rows to train on, half held out with clean labels.\n"
        "Each model is a pipeline with StandardScaler and searches its own grid on the\n"
        "same 5 folds of the training half, by Brier score.\n"
    )
    print(ROW.format("data", "labels", "model", "chosen", "accuracy", "Brier", "seconds"))
    for name, load in {"breast cancer": load_breast_cancer, "digits": load_digits}.items():
        X, y = load(return_X_y=True)
        X, X_test, y, y_test = train_test_split(
            X, y, test_size=0.5, stratify=y, random_state=0
        )
        for labels, share in {"clean": 0.0, "20 % flipped": 0.2}.items():
            y_train = flip_labels(y, share, np.random.default_rng(0))
            for search in searches(list(StratifiedKFold(5).split(X, y_train))):
                start = perf_counter()
                search.fit(X, y_train)
                seconds = perf_counter() - start
                ((parameter, value),) = search.best_params_.items()
                row = ROW.format(
                    name,
                    labels,
                    type(search.estimator[-1]).__name__,
                    f"{parameter.split('__')[1]}={value}",
                    f"{np.mean(search.predict(X_test) == y_test):.3f}",
                    f"{-search.score(X_test, y_test):.4f}",
                    f"{seconds:.1f}",
                )
                print(row, flush=True)


def flip_labels(y, share, rng):
    """Return y with a share of its labels changed to another class, drawn evenly."""
    classes, index = np.unique(y, return_inverse=True)
    rows = rng.choice(len(y), round(share * len(y)), replace=False)
    index[rows] += rng.integers(1, len(classes), len(rows))
    return classes[index % len(classes)]


def searches(folds):
    """Yield the grid search of each model, by Brier score on the same folds."""
    for classifier, parameter, values in [
        (SigmoidNeuronClassifier(), "max_iter", [3, 10, 30, 100, 300, 1000, 3000]),
        (LogisticRegression(max_iter=10_000), "C", [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0]),
    ]:
        pipeline = make_pipeline(StandardScaler(), classifier)
        grid = {f"{pipeline.steps[-1][0]}__{parameter}": values}
        yield GridSearchCV(pipeline, grid, scoring="neg_brier_score", cv=folds)


if __name__ == "__main__":
    show_article()
    show_real_data()
