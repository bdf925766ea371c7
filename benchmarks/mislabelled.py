"""How many flipped labels are found by what a classifier says of the rows it was fitted on.

A share of the labels is flipped, and each classifier chosen by cross-validation on them.

- "given up" are the rows with an error |t - o| above 2/3, where the influence falls as the
  error grows. Precision: how many of these were flipped. Recall: how many of the flipped
  are among these.
- "error" ranks the rows by the neuron's error, "log loss" by that of logistic regression.
  Of the first rows, as many as were flipped, how many were? That is precision and recall.

The error of one neuron decides its influence, e² (1 - e), so that there is no ranking of
its own by influence: what that adds is where to cut.
"""

import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifierCV

SEEDS = 20
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


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    names = ["precision", "recall", "by error", "by log loss"]
    print(f"{'data':22}{'flipped':>8}" + "".join(f"{name:>15}" for name in names))
    for name, load in DATA.items():
        for share in (0.05, 0.1, 0.2, 0.3):
            results = [measure(*load(), share, seed) for seed in range(SEEDS)]
            mean, spread = np.nanmean(results, axis=0), np.nanstd(results, axis=0)
            cells = (f"{m:9.3f} ±{s:.3f}" for m, s in zip(mean, spread, strict=True))
            print(f"{name:22}{share:8.0%}" + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
