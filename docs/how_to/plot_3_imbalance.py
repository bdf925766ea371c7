"""
Work with imbalanced classes
============================

One class is rare, and the neuron seldom predicts it. Read this page
before you set ``class_weight="balanced"``: often you want a lower
threshold instead.
"""

# %%
# What balanced weights do
# ------------------------
# Some 5 % of these made-up rows are positive.
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import make_classification
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    precision_recall_curve,
    precision_score,
    recall_score,
)
from sklearn.model_selection import (
    TunedThresholdClassifierCV,
    train_test_split,
)
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifier

X, y = make_classification(
    10_000,
    weights=[0.955],
    n_informative=5,
    n_clusters_per_class=1,
    class_sep=0.5,
    random_state=0,
)
X, X_test, y, y_test = train_test_split(
    X, y, stratify=y, random_state=0
)
scaler = StandardScaler().fit(X)
X, X_test = scaler.transform(X), scaler.transform(X_test)

plain = SigmoidNeuronClassifier().fit(X, y)
balanced = SigmoidNeuronClassifier(class_weight="balanced").fit(X, y)


def describe(probability, threshold=0.5):
    answer = probability >= threshold
    return {
        "mean probability": probability.mean(),
        "Brier score": brier_score_loss(y_test, probability),
        "average precision": average_precision_score(
            y_test, probability
        ),
        "threshold": threshold,
        "precision": precision_score(y_test, answer),
        "recall": recall_score(y_test, answer),
    }


p_plain, p_balanced = (
    m.predict_proba(X_test)[:, 1] for m in (plain, balanced)
)
table = {"plain": describe(p_plain), "balanced": describe(p_balanced)}
print(f"share of positive rows: {y_test.mean():.3f}")
pd.DataFrame(table).T.round(3)

# %%
# The balanced neuron finds more positive rows, but most of its alarms
# are false. Its probabilities are no longer calibrated: their mean is
# not the share of positive rows, and the Brier score is worse. It also
# sorts the rows less well, as the average precision shows.
#
# Choose a threshold instead
# --------------------------
# The probabilities of the plain neuron are calibrated, so the costs
# determine the threshold. If a missed positive costs ten times as much
# as a false alarm, the threshold is a probability of 1 / 11.
table["plain, by cost"] = describe(p_plain, 1 / (1 + 10))


def cost(probability, threshold):
    answer = probability >= threshold
    return 10 * (y_test & ~answer).sum() + (~y_test & answer).sum()


y_test = y_test.astype(bool)
print(f"plain, by cost   {cost(p_plain, 1 / 11)}")
print(f"plain, 0.5       {cost(p_plain, 0.5)}")
print(f"balanced, 0.5    {cost(p_balanced, 0.5)}")

# %%
# Here the threshold costs less than the class weights, and the
# probabilities stay calibrated.
#
# Without costs,
# :class:`~sklearn.model_selection.TunedThresholdClassifierCV` finds the
# threshold that is best for a score, by cross-validation:
tuned = TunedThresholdClassifierCV(
    SigmoidNeuronClassifier(), scoring="f1", random_state=0
)
tuned.fit(X, y)
table["plain, by F1"] = describe(p_plain, tuned.best_threshold_)
pd.DataFrame(table).T.round(3)

# %%
# If you choose the iteration count with balanced weights, also choose a
# ``scoring`` for which both classes matter, such as
# ``"balanced_accuracy"`` or ``"average_precision"``:
# :class:`~sk_neuron.SigmoidNeuronClassifierCV` does not use class
# weights in its scores.
#
# All thresholds at a glance
# --------------------------
fig, ax = plt.subplots()
for name, probability, style in (
    ("plain", p_plain, "-"),
    ("balanced", p_balanced, "--"),
):
    precision, recall, _ = precision_recall_curve(y_test, probability)
    ax.plot(recall, precision, style, label=name)
markers = iter("osD^")
for name, row in table.items():
    color, size = ("C1", 13) if name == "balanced" else ("C0", 8)
    ax.plot(
        row["recall"],
        row["precision"],
        next(markers),
        color=color,
        markeredgecolor="black",
        markersize=size,
        linestyle="none",
        label=f"{name}: threshold {row['threshold']:.2f}",
    )
ax.set(xlabel="recall", ylabel="precision", ylim=(0, 1.02))
ax.legend()
plt.show()
