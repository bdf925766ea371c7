"""
See which rows a neuron gives up
================================

You do not know how many labels are wrong, and nobody tells the neuron.
It gives up rows that contradict the others all the same: the larger
their error above 2/3, the less they pull the weights. Many of them have
a wrong label. To list suspects and correct them, see :doc:`Find and fix
wrong labels <plot_10_wrong_labels>`.
"""

# %%
# Flip some labels
# ----------------
# Is a digit an eight or a nine? We flip a tenth of the labels, and so
# know which ones should be found.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifierCV

X, digit = load_digits(return_X_y=True)
X, digit = X[np.isin(digit, (8, 9))], digit[np.isin(digit, (8, 9))]
flipped = np.zeros(len(digit), bool)
rng = np.random.default_rng(0)
flipped[rng.choice(len(digit), len(digit) // 10, replace=False)] = True
label = np.where(flipped, 17 - digit, digit)
print(f"{len(label)} rows, {flipped.sum()} labels flipped")

# %%
# Fit, and look at the errors
# ---------------------------
# The search chooses few steps: more steps would also learn the wrong
# labels.
model = make_pipeline(
    StandardScaler(), SigmoidNeuronClassifierCV(max_iter=100)
)
model.fit(X, label)
error = abs((label == 9) - model.predict_proba(X)[:, 1])


def describe(name, found):
    precision, recall = flipped[found].mean(), found[flipped].mean()
    print(f"{name:26}{found.sum():3} rows, ", end="")
    print(f"precision {precision:.2f}, recall {recall:.2f}")


print(f"{model[-1].n_iter_} iterations")
given_up = error > 2 / 3
describe("error above 2/3", given_up)

# %%
# The pull of a row on the weights, its ``influence``, is largest at an
# error of 2/3. Above that, the pull falls as the error grows.
influence = model[-1].influence(model[:-1].transform(X), label)
fig, ax = plt.subplots()
for kind, color, marker, name in (
    (~flipped, "C0", "o", "label correct"),
    (flipped, "C1", "^", "label flipped"),
):
    ax.plot(
        error[kind],
        influence[kind],
        marker,
        color=color,
        alpha=0.6,
        label=name,
    )
ax.axvline(2 / 3, color="black", linestyle=":", label="2/3")
ax.set(xlabel="error of the neuron", ylabel="influence on the weights")
ax.legend()
plt.show()

# %%
# On rows it has not seen
# -----------------------
# The errors above are those on the training rows. With cross-validation
# each row is judged by a neuron that was not trained on it. Here that
# finds three more wrong labels, and suspects one more label that is
# correct.
#
# To find more, sort all rows by their error, and take as many as you
# want:
held_out = cross_val_predict(model, X, label, method="predict_proba")
error_held_out = abs((label == 9) - held_out[:, 1])
describe("error above 2/3, held out", error_held_out > 2 / 3)
rankings = {"error": error, "held-out error": error_held_out}
for name, ranking in rankings.items():
    first = np.zeros(len(X), bool)
    first[np.argsort(-ranking)[: flipped.sum()]] = True
    describe(f"largest {name}", first)

# %%
# The suspects
# ------------
# The 40 rows with the largest errors, with their labels. The largest
# error is first.

# sphinx_gallery_thumbnail_number = 2
fig, axes = plt.subplots(4, 10, figsize=(9, 4.6), layout="constrained")
for ax, row in zip(axes.flat, np.argsort(-error), strict=False):
    ax.imshow(X[row].reshape(8, 8), cmap="gray_r")
    ax.set(xticks=[], yticks=[])
    looks = {"color": "C0", "linewidth": 1.5, "linestyle": ":"}
    if flipped[row]:
        looks = {"color": "C1", "linewidth": 4, "linestyle": "-"}
    for spine in ax.spines.values():
        spine.set(**looks)
    mark = " ✗" if flipped[row] else ""
    ax.set_title(f"{label[row]}{mark}", fontsize=11)
    ax.set_xlabel(f"{error[row]:.2f}", fontsize=8)
fig.suptitle("Above: the label, ✗ if flipped. Below: the error.")
plt.show()
