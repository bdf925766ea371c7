"""
Explain a prediction
====================

Why does the neuron say "benign" for this tumour? It adds up: each
feature contributes its weight times its value. Sorted, that is an
explanation.
"""

# %%
# A neuron that judges tumours
# ----------------------------
# Ten features, scaled, so that 0 is the mean of all tumours.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import NeuronDisplay, SigmoidNeuronClassifierCV

data = load_breast_cancer(as_frame=True)
X = data.data.iloc[:, :10]
y = np.where(data.target == 0, "malignant", "benign")
X, X_test, y, y_test = train_test_split(X, y, random_state=0)
model = make_pipeline(
    StandardScaler(), SigmoidNeuronClassifierCV(max_iter=100)
).fit(X, y)

# %%
# Contributions
# -------------
# The neuron answers for the second class, ``classes_[1]``. We take the
# test row whose probability is nearest to 0.4.
proba = model.predict_proba(X_test)[:, 1]
row = X_test.iloc[[np.abs(proba - 0.4).argmin()]]
neuron, inputs = model[-1], model[:-1].transform(row)[0]
contributions = neuron.coef_[0] * inputs
order = np.argsort(-np.abs(contributions))

for k in order:
    print(f"{X.columns[k]:24} {contributions[k]:+.2f}")
print(f"{'intercept':24} {neuron.intercept_[0]:+.2f}")
z = contributions.sum() + neuron.intercept_[0]
print(f"{'sum':24} {z:+.2f}")
answer = model.predict(row)[0]
name = neuron.classes_[1]
print(f"P({name}) = {expit(z):.2f}, so {answer}")

# %%
# A positive contribution speaks for a malignant tumour, a negative one
# against it. The sigmoid of the sum is the probability.
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
shown = order[::-1]
is_positive = contributions[shown] > 0
for wanted, color, hatch, meaning in (
    (True, "#0072B2", "", "for malignant"),
    (False, "#E69F00", "///", "against it"),
):
    chosen = is_positive == wanted
    ax.barh(
        np.flatnonzero(chosen),
        contributions[shown][chosen],
        color=color,
        hatch=hatch,
        edgecolor="white",
        label=meaning,
    )
ax.axvline(0, color="black", linewidth=0.8)
ax.set_yticks(range(len(shown)), X.columns[shown])
ax.set(
    xlabel="contribution: weight times value",
    title=f"P({name}) = {expit(z):.2f}, so {answer}",
)
_ = ax.legend()

# %%
# The whole neuron
# ----------------
# :class:`~sk_neuron.NeuronDisplay` draws the same: the values of the row
# at the left, the weights on the lines, and their sum. Blue lines are
# positive weights, dashed orange lines negative ones. It takes the
# pipeline and the row as they are.
display = NeuronDisplay.from_estimator(model, row)

# %%
# What this does not tell
# -----------------------
# A contribution is about this model, and not about the cause of the
# disease. If two features say nearly the same, such as radius and
# perimeter here, they share a contribution, and another fit may share it
# in another way.
