"""
Positive and unlabelled rows
============================

Some rows are known to be positive. The others are unknown: most are
negative, but some are positives that nobody has labelled. This is label
noise of one class.
"""

# %%
# Half of the positives are unlabelled
# ------------------------------------
# A benign tumour counts as positive here, and half of them have no
# label: they are recorded as 0, like the malignant ones.
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifierCV

X, y = load_breast_cancer(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    X, y, test_size=0.5, random_state=0
)
labelled = np.random.default_rng(0).random(len(y)) < 0.5
recorded = np.where(labelled, y, 0)
print(f"{y.sum()} positives, {recorded.sum()} of them labelled")

# %%
# Tell the share, or search
# -------------------------
# ``label_noise={1: 0.5}`` says that half of the rows of class 1 are
# recorded as another class. If you do not know the share, a search can
# choose it: "auto" tries noise of both classes, and noise of each class
# alone.
for name, noises in [
    ("as if they were negative", [0]),
    ("told: half of class 1", [{1: 0.5}]),
    ("asked", "auto"),
]:
    neuron = SigmoidNeuronClassifierCV(max_iter=50, label_noises=noises)
    model = make_pipeline(StandardScaler(), neuron).fit(X, recorded)
    proba = model.predict_proba(X_test)[:, 1]
    print(
        f"{name:26} Brier score {brier_score_loss(y_test, proba):.3f}, "
        f"mean probability {proba.mean():.2f}"
    )
print(f"share of positives         {y_test.mean():.2f}")
print(f"label noise chosen         {neuron.label_noise_}")

# %%
# Which of the others are positive?
# ---------------------------------
# A row that is recorded as positive is positive, so its quality is 1.
# The quality of a recorded 0 is the probability that the row is
# negative.
search = model[-1]
others = recorded == 0
suspected = others & (search.label_quality_ < 0.5)
print(
    f"{suspected.sum()} of {others.sum()} unlabelled rows are suspected to be "
    f"positive, {y[suspected].sum()} are"
)
