"""
Choose the step size
====================

The loss hardly falls, or it jumps. Either the step size is wrong for
the data, or the features are on different scales. This page shows how
to see which, and why ``learning_rate="auto"`` is the default.
"""

# %%
# A constant step against one that adapts
# ---------------------------------------
# If ``learning_rate`` is a number, it is the size of every step.
# ``"auto"`` begins with a step that is safe on all data, and then makes
# it longer or shorter, by powers of two, depending on the curvature of
# the loss.
#
# The longest constant step that is safe on all data is :math:`1/L`,
# where :math:`L` is the largest curvature that the loss can have. It
# needs the largest eigenvalue of a matrix (:doc:`the user guide
# </user_guide>` explains it):
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from sk_neuron import LossCurveDisplay, SigmoidNeuronClassifier

X, y = load_breast_cancer(return_X_y=True)
X_scaled = StandardScaler().fit_transform(X)


def safe_step(X):
    """Return the longest constant step that cannot raise the loss."""
    X = np.column_stack([X, np.ones(len(X))])  # with the intercept
    return 1 / (0.0770293 * np.linalg.eigvalsh(X.T @ X)[-1])


size = safe_step(X_scaled)
adaptive = SigmoidNeuronClassifier(max_iter=300).fit(X_scaled, y)
constant = SigmoidNeuronClassifier(max_iter=3000, learning_rate=size)
constant = constant.fit(X_scaled, y)
too_long = SigmoidNeuronClassifier(max_iter=300, learning_rate=1.0)
too_long = too_long.fit(X_scaled, y)

fig, ax = plt.subplots(layout="constrained")
for neuron, style, label in (
    (constant, "-", f"constant, {size:.4f}"),
    (too_long, ":", "constant, 1, too long"),
    (adaptive, "--", "adaptive"),
):
    ax.plot(
        np.arange(1, neuron.n_iter_),
        neuron.loss_curve_[1:],
        style,
        label=label,
    )
ax.set(
    xscale="log",
    yscale="log",
    xlabel="steps",
    ylabel="Brier score on the training rows",
)
ax.legend()
plt.show()

# %%
# Both axes are logarithmic. After a few steps the adaptive neuron has a
# much lower loss, and it stays ahead:
for count in (10, 30, 100):
    loss = adaptive.loss_curve_[count]
    reached = np.flatnonzero(constant.loss_curve_ <= loss)
    steps = f"{reached[0]}" if len(reached) else "more than 3000"
    print(f"loss {loss:.4f}: {count} adaptive steps, ", end="")
    print(f"or {steps} constant ones")

# %%
# Both kinds of step cost the same: one pass over the rows. A step of 1
# is the article's, and suits the article's four rows. Here it is much
# too long: after the first step nearly all rows are where the sigmoid
# is flat, and from there the loss hardly falls.
#
# Look at the step sizes
# ----------------------
# ``learning_rate_curve_`` has the size of each step, and
# :class:`~sk_neuron.LossCurveDisplay` draws it with
# ``show_step_sizes=True``. Where the loss is level, a step would have
# raised it: the step was taken back, and a shorter one was tried.
display = LossCurveDisplay.from_estimator(
    adaptive, show_step_sizes=True
)

# %%
rises = np.diff(adaptive.loss_curve_) > 0
kept = np.diff(adaptive.loss_curve_) < 0
growth = (
    adaptive.learning_rate_curve_.max()
    / adaptive.learning_rate_curve_[0]
)
print(f"steps that raised the loss: {rises.sum()}")
print(f"steps that were taken back: {(~kept).sum()}")
print(f"longest step: {growth:.0f} times the first")

# %%
# If the features are not scaled
# ------------------------------
# All weights share one step size. The feature with the largest values
# limits it, and then the weights of the others hardly change. An
# adaptive step helps a little, but it is no remedy. ``fit`` notices
# this and says what to do:
import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    unscaled = SigmoidNeuronClassifier(max_iter=300).fit(X, y)
print(caught[0].message)

# %%
print(f"without a scaler {unscaled.loss_curve_[-1]:.4f}")
print(f"with a scaler    {adaptive.loss_curve_[-1]:.4f}")

# %%
# What to set
# -----------
# * Leave ``learning_rate="auto"``, scale the features, and choose the
#   number of steps: :doc:`Choose the iteration count
#   <plot_2_iterations>`.
# * Take ``learning_rate=1.0`` for the article's neuron.
# * Take a number if each step must be the same, as in a stream with
#   batches of one size: :doc:`Learn from a stream <plot_5_stream>`.
