"""
Compare with logistic regression
================================

Is the neuron better than logistic regression on your data? Both have the
same formula. What differs is the loss, and how the weights are kept
small.
"""

# %%
# Data with wrong labels
# ----------------------
# A fifth of the training labels are flipped. The labels of the test rows
# are correct. On your own data you would check some by hand.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifierCV

X, y = load_breast_cancer(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    X, y, test_size=0.5, stratify=y, random_state=0
)
flipped = np.random.default_rng(0).random(len(y)) < 0.2
recorded = np.where(flipped, 1 - y, y)

# %%
# Three models, tuned in the same way
# -----------------------------------
# Logistic regression chooses its penalty, and the neuron its number of
# steps: by the same folds and the same score. The third model is told
# how many labels are wrong.
models = {
    "logistic regression": GridSearchCV(
        LogisticRegression(max_iter=1000),
        {"C": np.geomspace(1e-4, 10, 6)},
        scoring="neg_brier_score",
    ),
    "neuron": SigmoidNeuronClassifierCV(),
    "neuron, told": SigmoidNeuronClassifierCV(label_noises=[0.2]),
}


def compare(labels):
    fitted = {}
    for name, model in models.items():
        model = make_pipeline(StandardScaler(), model).fit(X, labels)
        proba = model.predict_proba(X_test)[:, 1]
        brier = brier_score_loss(y_test, proba)
        accuracy = accuracy_score(y_test, model.predict(X_test))
        print(f"{name:20} {brier:11.3f} {accuracy:9.3f}")
        fitted[name] = proba
    return fitted


print(f"{'a fifth flipped':20} Brier score  accuracy")
probabilities = compare(recorded)

# %%
# On correct labels there is nothing to gain, and to be told of wrong
# labels that do not exist does harm:
print(f"{'correct labels':20} Brier score  accuracy")
_ = compare(y)

# %%
# Is the difference chance?
# -------------------------
# One split says little. Repeat it with other splits, and look at the
# differences on the same split.
gaps = []
for seed in range(10):
    rng = np.random.default_rng(seed)
    X_all, y_all = np.r_[X, X_test], np.r_[y, y_test]
    train, test = train_test_split(
        np.arange(len(y_all)), test_size=0.5, random_state=seed
    )
    wrong = rng.random(len(train)) < 0.2
    labels = np.where(wrong, 1 - y_all[train], y_all[train])
    scores = []
    for name in ("logistic regression", "neuron, told"):
        model = make_pipeline(StandardScaler(), models[name])
        proba = model.fit(X_all[train], labels).predict_proba(
            X_all[test]
        )
        scores.append(brier_score_loss(y_all[test], proba[:, 1]))
    gaps.append(scores[1] - scores[0])
print(f"lower in {np.sum(np.array(gaps) < 0)} of {len(gaps)} splits")
print(f"mean difference of the Brier score {np.mean(gaps):+.3f}")

# %%
# What the probabilities mean
# ---------------------------
# On the diagonal, a probability of 0.8 is correct in 80 % of the cases.
# Models that were not told of the wrong labels are too cautious: they
# predict how often a *recorded* label is 1.
fig, ax = plt.subplots(figsize=(5.5, 5), layout="constrained")
for (name, proba), marker in zip(
    probabilities.items(), "so^", strict=True
):
    CalibrationDisplay.from_predictions(
        y_test, proba, n_bins=6, name=name, ax=ax, marker=marker
    )
_ = ax.set(xlabel="mean probability", ylabel="share of positive rows")
