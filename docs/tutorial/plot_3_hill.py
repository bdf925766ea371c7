"""
One hill, two kinds of step
===========================

Training means walking downhill: the height is the loss, and the place is
the weights. How long should a step be? This page walks down the same
hill with constant steps and with steps that adapt.
"""

# %%
# A hill with two weights
# -----------------------
# A neuron with two weights, so that we can draw its loss. The features
# are two measurements of a tumour, of which the second has been
# multiplied by 4: the hill is much steeper in one direction than in the
# other.

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifier

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X[:, [1, 7]]) * [1, 4]


def walk(learning_rate, n_steps=40):
    """Return the weights before each step, and the loss."""
    neuron = SigmoidNeuronClassifier(
        max_iter=n_steps,
        learning_rate=learning_rate,
        fit_intercept=False,
        checkpoints=range(n_steps + 1),
    ).fit(X, y)
    return neuron.checkpoint_coefs_[:, 0], neuron.loss_curve_


# %%
# A constant step must not be too long. The longest one that can never
# raise the loss depends on the steepest place that the hill may have
# (:doc:`the user guide </user_guide>` has the formula):

safe = 1 / (0.0770293 * np.linalg.eigvalsh(X.T @ X)[-1])
walks = {
    f"constant, {safe:.4f}": walk(safe),
    f"constant, {6 * safe:.4f}": walk(6 * safe),
    f"constant, {30 * safe:.4f}": walk(30 * safe),
    "adaptive": walk("auto"),
}
for name, (_, loss) in walks.items():
    print(
        f"{name:18} loss {loss[5]:.4f} after 5, {loss[-1]:.4f} at the end"
    )

# %%
# The walks, from the white circle. Darker is lower.

# The picture:
a, b = np.meshgrid(
    np.linspace(-2.2, 0.4, 90), np.linspace(-3.4, 0.4, 90)
)
weights = np.column_stack([a.ravel(), b.ravel()])
height = ((expit(X @ weights.T) - y[:, np.newaxis]) ** 2).mean(axis=0)

fig, axes = plt.subplots(
    1, 4, figsize=(10, 3.2), sharey=True, layout="constrained"
)
for ax, (name, (path, _)) in zip(axes, walks.items(), strict=True):
    levels = np.geomspace(height.min(), height.max(), 14)
    ax.contourf(
        a, b, height.reshape(a.shape), levels=levels, cmap="Blues_r"
    )
    ax.plot(*path.T, "o-", color="#D55E00", markersize=3, linewidth=1)
    ax.plot(*path[0], "o", color="white", markeredgecolor="black")
    ax.set(
        title=name,
        xlabel="first weight",
        xlim=(-2.2, 0.4),
        ylim=(-3.4, 0.4),
    )
_ = axes[0].set_ylabel("second weight")

# %%
# The short steps creep along the valley. Six times as long, they
# overshoot at first, and then do well. Thirty times as long, they leave
# the picture, and it takes very long to come back. So
# a constant step can be good, if you know its size. The adaptive steps
# find it: they begin with a short step, notice that the hill is flat, and
# become longer. A step that would lead uphill is taken back.

# The picture:
fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
for (name, (_, loss)), line in zip(
    walks.items(), ["-", "-.", ":", "--"], strict=True
):
    ax.plot(loss, line, label=name)
ax.set(xlabel="steps", ylabel="Brier score", yscale="log")
_ = ax.legend()

# %%
# And the article's step of 1? It suits the four rows of the article, and
# is hundreds of times too long here. That is why ``learning_rate="auto"``
# is the default. :doc:`Choose the step size
# </auto_how_to/plot_9_step_size>` shows the same on all features, and
# what scaling them does.
