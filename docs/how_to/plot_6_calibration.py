"""
Check the calibration
=====================

A probability of 0.8 should mean "correct in four of five cases". Check
that on rows whose labels you trust, above all if some training labels
may be wrong.
"""

# %%
# Two models on wrong labels
# --------------------------
# Is a digit odd or even? A fifth of the training labels are flipped.
# The labels of the other rows are correct. We keep 200 of these rows
# for later, and test on the rest.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.calibration import (
    CalibratedClassifierCV,
    CalibrationDisplay,
)
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifierCV

X, digit = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    X, digit % 2, test_size=0.6, random_state=0
)
X_trusted, y_trusted = X_test[:200], y_test[:200]
X_test, y_test = X_test[200:], y_test[200:]
flipped = np.random.default_rng(0).random(len(y)) < 0.2
noisy = np.where(flipped, 1 - y, y)

kinds = {
    "neuron": SigmoidNeuronClassifierCV(),
    "logistic regression": LogisticRegressionCV(
        scoring="neg_brier_score",
        l1_ratios=(0,),
        max_iter=1000,
        use_legacy_attributes=False,
    ),
}
pipelines = {
    name: make_pipeline(StandardScaler(), kind)
    for name, kind in kinds.items()
}
clean, models = (
    {name: clone(model).fit(X, t) for name, model in pipelines.items()}
    for t in (y, noisy)
)

# %%
# The Brier score in parts
# ------------------------
# In bins of equal width, the Brier score is about miscalibration -
# resolution + uncertainty. Miscalibration is the part that calibration
# can remove. Resolution says how well the bins separate the classes.
# The expected calibration error (ECE) is the mean distance between the
# probability and the share of ones.


def measure(y, p, n_bins=10):
    """Return Brier score, miscalibration, resolution and ECE."""
    bins = np.minimum((p * n_bins).astype(int), n_bins - 1)
    sizes = np.bincount(bins, minlength=n_bins)
    used = sizes > 0
    share = sizes[used] / len(y)
    answers, ones = (
        np.bincount(bins, v, n_bins)[used] / sizes[used] for v in (p, y)
    )
    return (
        brier_score_loss(y, p),
        share @ (answers - ones) ** 2,
        share @ (ones - y.mean()) ** 2,
        share @ abs(answers - ones),
    )


def report(title, models):
    print(f"{title:24}Brier  miscalibration  resolution    ECE")
    for name, model in models.items():
        p = model.predict_proba(X_test)[:, 1]
        parts = "{:6.3f}  {:14.3f}  {:10.3f}  {:5.3f}"
        print(f"{name:23}" + parts.format(*measure(y_test, p)))


print(f"uncertainty: {y_test.var():.3f}")
report("correct labels", clean)
report("a fifth flipped", models)

# %%
# With correct labels both models are calibrated well, and logistic
# regression has the better score. With flipped labels neither is
# calibrated: they have learned how often a *recorded label* is 1, which
# is seldom above 0.8 if a fifth of the labels are wrong. A bounded loss
# does not change that, but ``label_noises=[0.2]`` would.
#
# Calibrate on rows that you trust
# --------------------------------
# :class:`~sklearn.calibration.CalibratedClassifierCV` fits two numbers
# on top of a model. A few rows whose labels somebody has checked are
# enough. (:class:`~sklearn.frozen.FrozenEstimator` keeps the model as
# it is.) On the training rows, with their wrong labels, it cannot help:
mended, again = {}, {}
for name, model in models.items():
    mended[name] = CalibratedClassifierCV(FrozenEstimator(model))
    mended[name].fit(X_trusted, y_trusted)
    again[name] = CalibratedClassifierCV(model).fit(X, noisy)
report("on 200 trusted rows", mended)
report("on the noisy rows", again)

# %%
# The reliability curves
# ----------------------
# The curves are below the diagonal at the left and above it at the
# right: the probabilities are too near 1/2.
fig, axes = plt.subplots(
    1, 2, figsize=(9, 4.8), sharey=True, layout="constrained"
)
looks = {
    "neuron": {"marker": "o", "linestyle": "-"},
    "logistic regression": {"marker": "s", "linestyle": "--"},
}
titles = "As fitted on flipped labels", "Calibrated on 200 trusted rows"
for ax, title, shown in zip(
    axes, titles, (models, mended), strict=True
):
    for name, model in shown.items():
        CalibrationDisplay.from_estimator(
            model,
            X_test,
            y_test,
            n_bins=10,
            ax=ax,
            name=name,
            **looks[name],
        )
    ax.set(
        title=title,
        xlabel="mean probability in a bin",
        ylabel="share of odd digits",
    )
    ax.label_outer()
plt.show()
