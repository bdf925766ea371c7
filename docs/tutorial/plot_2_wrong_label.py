"""
What one wrong label does
=========================

Real data often have wrong labels. A neuron that is trained on the Brier
score and :class:`~sklearn.linear_model.LogisticRegression` have the same
formula, but they learn their weights from different losses. So a wrong
label changes them in different ways. This page shows how.
"""

# %%
# Two losses
# ----------
# Take a row whose label is "yes". The neuron's raw prediction for it is
# ``z``: if ``z`` is large, the neuron says yes, if it is very negative,
# no. What does the row cost, for each ``z``?

# The picture:
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit, log_expit

z = np.linspace(-8, 8, 400)
output = expit(z)

fig, (left, right) = plt.subplots(
    1, 2, figsize=(8, 3.2), layout="constrained"
)
left.plot(
    z, (1 - output) ** 2, "-", color="#0072B2", label="Brier score"
)
left.plot(z, -log_expit(z), "--", color="#D55E00", label="log loss")
left.set(
    title="What the row costs",
    xlabel="raw prediction z",
    ylim=(-0.1, 4),
)
left.legend()
right.plot(z, 2 * output * (1 - output) ** 2, "-", color="#0072B2")
right.plot(z, 1 - output, "--", color="#D55E00")
_ = right.set(
    title="How hard it pulls the weights", xlabel="raw prediction z"
)

# %%
# At the left, where the neuron says no, the log loss grows without end,
# and the row pulls hard. The Brier score is never above 1, and far at the
# left the row hardly pulls at all. A row with a wrong label is often such
# a row: all the others contradict it.
#
# One wrong label
# ---------------
# Forty rows of one feature. Above about 0 the label is "yes". Then we add
# one row far to the right, with the wrong label "no". (Both models are
# fitted with hardly any penalty, so that only the losses differ.)

from sklearn.linear_model import LogisticRegression

from sk_neuron import SigmoidNeuronClassifier

rng = np.random.default_rng(0)
X = rng.uniform(-3, 3, 40)
y = (X + rng.normal(0, 0.7, 40) > 0).astype(int)


def fit_both(X, y):
    X = X[:, np.newaxis]
    neuron = SigmoidNeuronClassifier(max_iter=200).fit(X, y)
    return neuron, LogisticRegression(C=1e4).fit(X, y)


# %%

# The picture:
fig, axes = plt.subplots(
    1, 2, figsize=(8, 3.2), sharey=True, layout="constrained"
)
line = np.linspace(-4, 13, 300)[:, np.newaxis]
for ax, n_wrong in zip(axes, [0, 1], strict=True):
    X_seen, y_seen = np.r_[X, [12.0] * n_wrong], np.r_[y, [0] * n_wrong]
    neuron, logistic = fit_both(X_seen, y_seen)
    ax.plot(X_seen, y_seen, "|", color="black", markersize=10)
    ax.plot(
        line,
        neuron.predict_proba(line)[:, 1],
        "-",
        color="#0072B2",
        label="neuron",
    )
    ax.plot(
        line,
        logistic.predict_proba(line)[:, 1],
        "--",
        color="#D55E00",
        label="logistic regression",
    )
    ax.set(
        xlabel="feature",
        title=["all labels correct", "one label wrong"][n_wrong],
    )
axes[0].set(ylabel="probability of yes")
_ = axes[0].legend()

# %%
# Without the wrong label both predict nearly the same. With it, the
# neuron hardly changes, and logistic regression becomes unsure
# everywhere. What does that cost, on new rows whose labels are correct?

from sklearn.metrics import brier_score_loss

X_test = rng.uniform(-3, 3, 10_000)
y_test = (X_test + rng.normal(0, 0.7, 10_000) > 0).astype(int)
for n_wrong in (0, 1, 2, 3):
    models = fit_both(
        np.r_[X, [12.0] * n_wrong], np.r_[y, [0] * n_wrong]
    )
    scores = [
        brier_score_loss(
            y_test, model.predict_proba(X_test[:, np.newaxis])[:, 1]
        )
        for model in models
    ]
    print(
        f"{n_wrong} wrong: neuron {scores[0]:.4f},"
        f" logistic regression {scores[1]:.4f}"
    )

# %%
# This example is hard for the log loss: the row with the wrong label is
# far from the others, so it has high leverage. Wrong labels of ordinary
# rows do less harm to both models. :doc:`When to use it </when_to_use>`
# has measurements on real data, with wins and losses.
