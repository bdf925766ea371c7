"""
Learn from a stream
===================

The rows come in batches, or do not fit into memory. ``partial_fit``
takes one step on each batch, and so the neuron follows data that
change.
"""

# %%
# A step for each batch
# ---------------------
# There are 600 batches of 50 made-up rows. After half of them the rule
# behind the labels changes. Each batch is first used as a test and then
# for training, so the loss is that on unseen rows.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit

from sk_neuron import SigmoidNeuronClassifier

rng = np.random.default_rng(0)
n_batches, batch_size, n_features = 600, 50, 10
rules = 1.5 * rng.normal(size=(2, n_features))
batches = []
for k in range(n_batches):
    X = rng.normal(size=(batch_size, n_features))
    y = rng.random(batch_size) < expit(X @ rules[2 * k // n_batches])
    batches.append((X, np.where(y, "up", "down")))


def score(neuron, X, y):
    """Return the Brier score."""
    return ((neuron.predict_proba(X)[:, 1] - (y == "up")) ** 2).mean()


def follow(neuron, n_learned=n_batches):
    """Return the Brier score of each batch before it is learned."""
    losses = np.full(n_batches, 0.25)  # the first answer is 1/2
    for k, (X, y) in enumerate(batches):
        if k > 0:
            losses[k] = score(neuron, X, y)
        if k < n_learned:
            neuron.partial_fit(X, y, classes=["down", "up"])
    return losses


# %%
# ``classes`` names all classes, since the first batch may lack one. The
# features here are on one scale. If yours are not, use a
# :class:`~sklearn.preprocessing.StandardScaler` and call its
# ``partial_fit`` on each batch as well.
curves = {
    "learning_rate=0.01": follow(
        SigmoidNeuronClassifier(learning_rate=0.01)
    ),
    'learning_rate="auto"': follow(SigmoidNeuronClassifier()),
    "stopped before the change": follow(
        SigmoidNeuronClassifier(learning_rate=0.01), n_batches // 2
    ),
}
for name, losses in curves.items():
    last = losses[-100:].mean()
    print(f"{name:26}{last:.3f} on the last 100 batches")

# %%
# ``"auto"`` chooses for each batch a step that is safe for the largest
# curvature of this batch. Here this step is longer than 0.01, so the
# neuron follows the change sooner. The neuron that stopped learning
# does not follow at all.
#
# Batches are not the whole
# -------------------------
# A step of ``partial_fit`` on all rows is a step of ``fit`` of the same
# size, bit for bit. A step on a batch is not. Its steps do not adapt,
# since the curvature of one batch says nothing about the next, and
# ``max_iter`` has no effect. So one pass over the batches does not
# quite reach the loss of ``fit`` on the same rows.
X, y = map(np.concatenate, zip(*batches[300:500], strict=True))
X_test, y_test = map(np.concatenate, zip(*batches[500:], strict=True))
by_steps = SigmoidNeuronClassifier(learning_rate=0.001)
for _ in range(20):
    by_steps.partial_fit(X, y, classes=["down", "up"])
whole = SigmoidNeuronClassifier(learning_rate=0.001, max_iter=20)
whole = whole.fit(X, y)
is_same = np.array_equal(by_steps.coef_, whole.coef_)
print(f"steps on all rows are those of fit: {is_same}")

in_batches = SigmoidNeuronClassifier()
for batch in batches[300:500]:
    in_batches.partial_fit(*batch, classes=["down", "up"])
whole = SigmoidNeuronClassifier(max_iter=200).fit(X, y)
print("Brier score")
print(f"  200 batches      {score(in_batches, X_test, y_test):.4f}")
print(f"  200 steps of fit {score(whole, X_test, y_test):.4f}")

# %%
# Too large for memory, but on disk
# ---------------------------------
# An array that is mapped from a file needs no batches: ``fit`` reads it
# from the disk at each step.
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "X.npy"
    np.save(path, X)
    X_on_disk = np.load(path, mmap_mode="r")
    mapped = SigmoidNeuronClassifier(max_iter=200).fit(X_on_disk, y)
    del X_on_disk  # closes the file
print(f"the same weights: {np.array_equal(mapped.coef_, whole.coef_)}")

# %%
# The moving loss
# ---------------
# To watch a stream, look at the mean loss of the last batches. Each was
# tested before the neuron learned from it.
fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
window = 20
styles = iter(["C0-", "C1--", "k:"])
for name, losses in curves.items():
    moving = np.convolve(losses, np.ones(window) / window, mode="valid")
    ax.plot(
        np.arange(window, n_batches + 1),
        moving,
        next(styles),
        label=name,
    )
ax.axvline(n_batches // 2, color="0.6", linewidth=0.8)
ax.text(n_batches // 2 - 8, 0.03, "the rule changes", ha="right")
ax.set(
    xlabel="batches",
    ylabel=f"Brier score, mean of {window} batches",
    ylim=(0, 0.6),
)
ax.legend(loc="upper left")
plt.show()
