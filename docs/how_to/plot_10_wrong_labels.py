"""
Find and fix wrong labels
=========================

Some labels are wrong (noisy labels, label noise). You know about how
many, or let a search choose. Find them, look at them, relabel or drop
them, and fit again.
"""

# %%
# Labels of which a tenth is wrong
# --------------------------------
# Handwritten digits, with words as labels. We make a tenth of the
# labels wrong, and so know which ones should be found.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
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
# The search chooses the share of wrong labels together with the
# iteration count. It judges every row by a fold that was not trained on
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
# How far to trust the quality
# ----------------------------
# If the model fits the data, the quality is a true probability: of the
# labels with a quality of 0.7, 70 % are correct. The made-up data below
# show that: a layer has drawn their labels, and a fifth of them were
# made wrong. On digits the quality is too high, because no plane
# separates all digits, and the search chose a share that is too small.
# So use the quality to sort the rows, and look at them before you count
# them.
made_up = rng.standard_normal((5000, 10))
z = made_up @ (2 * rng.standard_normal((10, 3)))
drawn = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
is_wrong = rng.random(5000) < 0.2
shifted = (drawn + rng.integers(1, 3, 5000)) % 3
told = SigmoidNeuronClassifierCV(label_noises=[0.2]).fit(
    made_up, np.where(is_wrong, shifted, drawn)
)
fig, ax = plt.subplots(figsize=(5, 4.5), layout="constrained")
for is_right, values, name in [
    (~is_wrong, told.label_quality_, "made-up data, told 0.2"),
    (~wrong, quality, "digits, asked"),
]:
    CalibrationDisplay.from_predictions(
        is_right, values, n_bins=8, name=name, ax=ax
    )
    print(
        f"{name}: {(1 - values).sum():.0f} wrong labels expected, "
        f"{(~is_right).sum()} are wrong"
    )
_ = ax.set(
    xlabel="mean label quality", ylabel="share of correct labels"
)

# %%
# Look
# ----
# The left side shows the quality of every label, and the right side
# which digits are recorded as which.
_, ax = plt.subplots(figsize=(9, 4))
LabelQualityDisplay.from_estimator(
    search, X, y, label_quality=quality, ax=ax
)

# %%
# The eight labels of lowest quality: the recorded and the suggested
# digit.
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
# If labels are wrong there are two scores. A search can only compute
# the score on recorded labels, and no model can bring it near 0. What
# you want is the score on true labels, here those of test rows. The
# best iteration count is about the same by both scores. But they do not
# agree on how good a model is. Here they do not agree on the label
# noise either: true labels would choose a larger one.
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
# To tell the neuron of the label noise, or let it search, undoes part
# of the harm. To drop or relabel the suspected rows undoes more. Each
# model chooses its iteration count; compare the Brier scores on test
# rows with true labels.
relabelled = y.copy()
relabelled[found] = issues["suggested_label"]
kept = np.setdiff1d(np.arange(len(y)), found)
for name, rows, labels, noises in [
    ("as recorded", slice(None), y, [0]),
    ("asked for the noise", slice(None), y, chosen.label_noises),
    ("told of the noise", slice(None), y, [0.1]),
    ("suspected rows dropped", kept, y[kept], [0]),
    ("suspected rows relabelled", slice(None), relabelled, [0]),
]:
    model = clone(search).set_params(
        sigmoidneuronclassifiercv__label_noises=noises
    )
    proba = model.fit(X[rows], labels).predict_proba(X_test)
    score = brier_score_loss(names[digit_test], proba)
    print(f"{name:26} {score:.3f}")

# %%
# With other tools
# ----------------
# cleanlab and similar tools need ``pred_probs``: for each row, the
# probabilities of a model that was not trained on it. Take those of
# :func:`~sklearn.model_selection.cross_val_predict` with a neuron
# without label noise, because these tools estimate the noise
# themselves.
