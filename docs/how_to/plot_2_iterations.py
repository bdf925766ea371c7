"""
Choose the iteration count
==========================

The number of steps is the regulariser: too few steps learn too little,
and too many also learn the wrong labels. This page shows how to choose
it.
"""

# %%
# Let one descent choose
# ----------------------
# The labels of a tenth of the training rows are flipped. Those of the
# test rows are correct.
import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.preprocessing import StandardScaler

from sk_neuron import (
    IterationPathDisplay,
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
    WeightPathDisplay,
)

data = load_breast_cancer()
X, X_test, y, y_test = train_test_split(
    data.data, data.target, random_state=0
)
scaler = StandardScaler().fit(X)
X, X_test = scaler.transform(X), scaler.transform(X_test)
flipped = np.random.default_rng(0).random(len(y)) < 0.1
y = np.where(flipped, 1 - y, y)

search = SigmoidNeuronClassifierCV(max_iter=100).fit(X, y)
n_counts = len(search.iters_)
print(f"{search.n_iter_} iterations, of {n_counts} counts to 100")
display = IterationPathDisplay.from_estimator(search)

# %%
# The band is one standard deviation over the folds. It is wider than
# most differences, so many counts are about equally good.
# ``one_standard_error`` takes the fewest iterations within one standard
# error of the best score. This is the cautious choice, and here the
# worse one by the Brier score on the test rows:
careful = SigmoidNeuronClassifierCV(
    max_iter=100, one_standard_error=True
).fit(X, y)
choices = {"best score": search, "one standard error": careful}
for name, chosen in choices.items():
    loss = brier_score_loss(y_test, chosen.predict_proba(X_test)[:, 1])
    print(f"{name:19} {chosen.n_iter_:3} iterations, loss {loss:.4f}")

# %%
# Weight decay as well
# --------------------
# Each alpha has its own line, from the same descent. At the best count,
# weight decay gains nothing here. But with it too many steps do less
# harm: compare the best score with the last.
decay = SigmoidNeuronClassifierCV(max_iter=100, alphas=[0, 1, 10])
decay.fit(X, y)
mean_scores = decay.scores_[:, :, 0].mean(axis=0)
for alpha, scores in zip(decay.alphas_, mean_scores, strict=True):
    best, last = scores.max(), scores[-1]
    print(f"alpha={alpha:2g}  best {best:.4f}, last {last:.4f}")
display = IterationPathDisplay.from_estimator(decay)

# %%
# The same by a grid search
# -------------------------
# :class:`~sklearn.model_selection.GridSearchCV` works as with any
# estimator and finds the same scores, here for every fourth count. It
# needs a new fit for each count.
counts = search.iters_[::4]
start = time.perf_counter()
grid = GridSearchCV(
    SigmoidNeuronClassifier(),
    {"max_iter": counts},
    scoring="neg_brier_score",
).fit(X, y)
seconds = time.perf_counter() - start
best = grid.best_params_["max_iter"]
print(f"grid search: {best} iterations in {seconds:.2f} s")

start = time.perf_counter()
again = SigmoidNeuronClassifierCV(iters=counts).fit(X, y)
seconds = time.perf_counter() - start
print(f"one descent: {again.n_iter_} iterations in {seconds:.2f} s")
mean_scores = again.scores_[:, 0, 0].mean(axis=0)
difference = grid.cv_results_["mean_test_score"] - mean_scores
print(f"largest difference of a score: {abs(difference).max():.1e}")

# %%
# All counts from one fit
# -----------------------
# ``checkpoints`` keeps the weights at the counts that you name. They
# are the weights of shorter fits.
counts = search.iters_
neuron = SigmoidNeuronClassifier(max_iter=100, checkpoints=counts)
neuron.fit(X, y)
short = SigmoidNeuronClassifier(max_iter=counts[30]).fit(X, y)
is_same = np.array_equal(neuron.checkpoint_coefs_[30], short.coef_)
print(f"the weights of a fit of {counts[30]} steps: {is_same}")
display = WeightPathDisplay(
    iters=neuron.checkpoint_iters_,
    coefs=neuron.checkpoint_coefs_[:, 0],
    feature_names=data.feature_names,
).plot()

# %%
# ``staged_predict_proba`` predicts with each of these weights: here is
# the Brier score at each count.
train, test = (
    [
        brier_score_loss(labels, p[:, 1])
        for p in neuron.staged_predict_proba(rows)
    ]
    for rows, labels in ((X, y), (X_test, y_test))
)
fig, ax = plt.subplots()
ax.plot(counts, train, "-", label="training rows, some wrong labels")
ax.plot(counts, test, "--", label="test rows, correct labels")
chosen = np.flatnonzero(counts == search.n_iter_)[0]
ax.plot(
    counts[chosen],
    test[chosen],
    "o",
    color="C1",
    markeredgecolor="black",
    label="chosen by cross-validation",
)
ax.set(xscale="log", xlabel="iterations", ylabel="Brier score")
ax.legend()
plt.show()
