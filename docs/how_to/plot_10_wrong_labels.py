"""
Find and fix wrong labels
=========================

Some labels are wrong. You know about how many, or let a search ask the
data. Find them, look at them, relabel or drop them, fit again.
"""

# %%
# Labels of which a tenth is wrong
# --------------------------------
# Handwritten digits, with string labels as they come from a file. We
# make a tenth of them wrong, and so know what is to be found.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import load_digits
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import (
    LabelQualityDisplay,
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
    find_label_issues,
)

X, digit = load_digits(return_X_y=True)
X, X_test, digit, digit_test = train_test_split(
    X, digit, test_size=0.5, random_state=0
)
rng = np.random.default_rng(0)
wrong = rng.random(len(digit)) < 0.1
recorded = np.where(
    wrong, (digit + rng.integers(1, 10, len(digit))) % 10, digit
)
names = np.array([f"digit {k}" for k in range(10)])
y = names[recorded]
print(f"{len(y)} rows, {wrong.sum()} labels are wrong")

# %%
# Find
# ----
# The search chooses how many labels are wrong, in the same descent as
# the iteration count, and judges every row by a fold that has not seen
# it.
search = make_pipeline(
    StandardScaler(),
    SigmoidNeuronClassifierCV(
        label_noises=[0, 0.05, 0.1, 0.2], max_iter=100
    ),
).fit(X, y)
quality = search[-1].label_quality_
print(
    f"label noise {search[-1].label_noise_}, {search[-1].n_iter_} iterations"
)
issues = find_label_issues(search, X, y, label_quality=quality)
print(issues.head(8))

found = issues["row"].to_numpy()
print(f"{len(found)} suspected, {wrong[found].sum()} of them are wrong")

# %%
# The quality is a probability: its sum over all rows is about the number
# of labels that are right, and of rows with a quality of 0.7 about 70 %.
print(f"{quality.sum():.0f} expected right, {(~wrong).sum()} are")
fig, ax = plt.subplots(figsize=(4.5, 4), layout="constrained")
CalibrationDisplay.from_predictions(
    ~wrong, quality, n_bins=8, name="label quality", ax=ax
)
ax.set(
    xlabel="mean label quality", ylabel="share of labels that are right"
)

# %%
# Look
# ----
# On the left the quality of every label; on the right, which digits are
# recorded as which.
_, ax = plt.subplots(figsize=(9, 4))
LabelQualityDisplay.from_estimator(
    search, X, y, label_quality=quality, ax=ax
)

# %%
# The eight worst, with what is recorded and what is suggested.
fig, axes = plt.subplots(1, 8, figsize=(9, 1.8))
worst = issues.head(8)
for ax, (_, issue) in zip(axes, worst.iterrows(), strict=True):
    ax.imshow(X[issue["row"]].reshape(8, 8), cmap="gray_r")
    given, suggested = (
        issue[name].removeprefix("digit ")
        for name in ("given_label", "suggested_label")
    )
    ax.set_title(f"{given} → {suggested}")
    ax.set_axis_off()

# %%
# Which score?
# ------------
# Where labels are wrong there are two scores. A search can only see that
# on the labels as recorded, which no model can bring near 0. What you
# want is that on true labels, here of test rows. Both agree on which
# label noise and which iteration count is good, and not on how good.
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
inner = StandardScaler().fit(X)
chosen = search[-1]
for k, noise in enumerate(chosen.label_noises_):
    label = f"label noise {noise}"
    axes[0].plot(
        chosen.iters_,
        -chosen.scores_[:, 0, k].mean(axis=0),
        label=label,
    )
    model = SigmoidNeuronClassifier(
        max_iter=100, label_noise=noise, checkpoints=chosen.iters_
    ).fit(inner.transform(X), y)
    axes[1].plot(
        chosen.iters_,
        [
            brier_score_loss(names[digit_test], proba)
            for proba in model.staged_predict_proba(
                inner.transform(X_test)
            )
        ],
        label=label,
    )
axes[0].set_title("recorded labels, cross-validated")
axes[1].set_title("true labels, test rows")
for ax in axes:
    ax.set(xscale="log", xlabel="iterations", ylabel="Brier score")
axes[0].legend()

# %%
# Relabel or drop, and fit again
# ------------------------------
# A label that is dropped or mended cannot mislead. But a label noise
# that is told does much of that without: compare the Brier scores on
# test rows with right labels.
relabelled = y.copy()
relabelled[found] = issues["suggested_label"]
kept = np.setdiff1d(np.arange(len(y)), found)
for name, rows, labels, noise in [
    ("as recorded", slice(None), y, 0.0),
    ("told of the noise", slice(None), y, 0.1),
    ("suspected rows dropped", kept, y[kept], 0.0),
    ("suspected rows relabelled", slice(None), relabelled, 0.0),
]:
    model = make_pipeline(
        StandardScaler(),
        SigmoidNeuronClassifier(max_iter=20, label_noise=noise),
    ).fit(X[rows], labels)
    score = brier_score_loss(
        names[digit_test], model.predict_proba(X_test)
    )
    print(f"{name:26} {score:.3f}")

# %%
# With other tools
# ----------------
# Tools such as cleanlab take the probabilities of rows that no model has
# seen, ``pred_probs``: those of
# :func:`~sklearn.model_selection.cross_val_predict`, of a neuron without
# label noise, since they estimate by themselves how many labels are
# wrong.
