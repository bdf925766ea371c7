"""
Your first neuron
=================

What is a neuron, and how does it learn? This page trains one by hand,
and looks at it after each step. You need some Python, and no mathematics
beyond multiplying and adding. To follow along, :doc:`install the package
</index>`, download the notebook at the end of the page and open it in
Jupyter.

The experiment is that of the tutorial article "A Quick Dive into Deep
Learning", and so are its figures, to the last digit.
"""

# %%
# The riddle
# ----------
# Four rows of three inputs each, and for each row the answer that we
# expect. What is the rule?

import matplotlib.pyplot as plt
import numpy as np

inputs = np.array([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]])
expected = np.array([[0], [1], [1], [0]])

# %%

# The picture:
fig, axes = plt.subplots(
    1,
    2,
    figsize=(6, 3),
    gridspec_kw={"width_ratios": [3, 1]},
    layout="constrained",
)
for ax, table, title in zip(
    axes, [inputs, expected], ["inputs", "expected"], strict=True
):
    ax.imshow(table, cmap="Blues", vmin=0, vmax=2)
    for (row, column), value in np.ndenumerate(table):
        ax.text(
            column, row, value, ha="center", va="center", fontsize=16
        )
    ax.set(title=title, xticks=[], yticks=[])

# %%
# The answer is the first input; the second does not matter, and the
# third is always 1. A person sees that. Can a machine find the rule, if
# it can do no more than correct its own errors?
#
# The neuron
# ----------
# A neuron has one number for each input, its **weights**. It multiplies
# each input by its weight and adds up. The sum goes through the
# **sigmoid**, a curve that turns any number into one between 0 and 1.
# The result is the output of the neuron. Near 1 it means "yes", near 0
# "no", and 1/2 means "no idea".


def sigmoid(total):
    return 1 / (1 + np.exp(-total))


# %%

# The picture:
total = np.linspace(-8, 8, 200)
fig, ax = plt.subplots(figsize=(5, 3), layout="constrained")
ax.plot(total, sigmoid(total))
_ = ax.set(
    xlabel="the sum of inputs times weights",
    ylabel="output",
    title="The sigmoid",
)

# %%
# Nobody knows good weights at first, so they begin at random, between
# -1 and 1. The seed 15 is the article's. With the same seed, everyone
# gets the same weights.

rng = np.random.RandomState(15)
weights = 2 * rng.random_sample((3, 1)) - 1
print("Random starting weights:")
print(weights)

# %%
# Here is this neuron, asked about the second row, ``[1, 1, 1]``. A blue
# line is a positive weight, a dashed orange line a negative one. The
# wider the line, the larger the weight. ``Σ`` adds up, and the curve is
# the sigmoid.

# The picture:
from sk_neuron import NeuronDisplay

names = ["first", "second", "third"]


def draw_neuron(weights, row, ax=None):
    if ax is None:
        ax = plt.figure(figsize=(6, 2.6)).add_axes([0, 0, 1, 1])
    NeuronDisplay(
        coef=weights[:, 0],
        feature_names=names,
        values=row,
        neuron_name="yes",
    ).plot(ax=ax)


draw_neuron(weights, inputs[1])
# sphinx_gallery_thumbnail_number = 3

# %%
# P(yes) is below 1/2, so the neuron says no. But the answer should be yes: the
# neuron is wrong.
#
# One step
# --------
# Now the neuron corrects itself. For each row:
#
# * the **error** is the expected output minus the output;
# * the **confidence**, as the article calls it, is error times output
#   times (1 - output). It is small if the output is near 0 or 1, so a
#   neuron that is very sure changes only slowly;
# * the **adjustment** of a weight is its input times the confidence, added
#   up over all rows. It is added to the weight.
#
# If an input is 0, the row does not change the weight of this input.
#
# NumPy computes all rows at once: ``inputs @ weights`` multiplies the
# inputs of each row by the weights and adds up, and ``inputs.T @
# confidence`` does the same for each column.

output = sigmoid(inputs @ weights)
error = expected - output
confidence = error * output * (1 - output)
adjustment = inputs.T @ confidence

print("output     ", output.ravel().round(3))
print("error      ", error.ravel().round(3))
print("confidence ", confidence.ravel().round(3))
print("adjustment ", adjustment.ravel().round(3))

# %%
# The first weight goes up, because the answer for the two rows with a
# first input of 1 should be yes. Did it help?

before = output.ravel()
weights = weights + adjustment
after = sigmoid(inputs @ weights).ravel()

# %%

# The picture:
fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
rows = np.arange(4)
ax.bar(
    rows - 0.2,
    before,
    0.4,
    label="before the step",
    color="0.8",
    edgecolor="black",
)
ax.bar(
    rows + 0.2,
    after,
    0.4,
    label="after the step",
    color="#0072B2",
    edgecolor="black",
)
ax.plot(
    rows,
    expected.ravel(),
    "D",
    color="#D55E00",
    label="expected",
    clip_on=False,
)
ax.set(
    xticks=rows,
    xticklabels=[str(row) for row in inputs.tolist()],
    ylabel="output",
)
_ = ax.legend()

# %%
# The outputs of the two rows that should be yes rose, and those of the
# two others rose a little, too. One step is not enough.
#
# Ten thousand steps
# ------------------
# So we repeat it, again and again.

for _ in range(9_999):
    output = sigmoid(inputs @ weights)
    error = expected - output
    weights = weights + inputs.T @ (error * output * (1 - output))

print("New weights after training:")
print(weights)

# %%
# The first weight is large and positive, and the second is nearly 0: the
# neuron has found the rule. The third input is always 1, and its
# negative weight makes the answer "no" if the first input is 0. Now we
# ask about a row that the neuron has never seen:

print("Test of input [1, 0, 0] -> ?:")
print(sigmoid(np.array([1, 0, 0]) @ weights))
draw_neuron(weights, [1, 0, 0])

# %%
# P(yes) is nearly 1. That is correct.
#
# The same with the package
# -------------------------
# :class:`~sk_neuron.SigmoidNeuronClassifier` is this neuron, ready to
# use. With ``learning_rate=1.0`` each step adds the adjustment to the
# weights, and so it makes the same steps:

from sk_neuron import SigmoidNeuronClassifier

neuron = SigmoidNeuronClassifier(
    max_iter=10_000,
    learning_rate=1.0,
    init="uniform",
    fit_intercept=False,
    random_state=15,
    checkpoints=np.unique(np.geomspace(1, 10_000, 60).astype(int)),
)
neuron.fit(inputs, expected.ravel())
print(neuron.coef_)
print("largest difference:", abs(neuron.coef_ - weights.T).max())

# %%
# In a notebook the neuron is a box. Click it to see its settings.

neuron

# %%
# Did it learn?
# -------------
# The **Brier score** is the mean of the squared errors. 0 is perfect, and
# a neuron that always says 1/2 has 1/4. The neuron stores its score
# before each step. If it learns, the curve falls and then gets flat. If
# your curve stays high, the neuron has not learned. If it jumps up and
# down, the steps are too long: leave out ``learning_rate``, and each step
# gets a size that suits your rows.

# The picture:

from sk_neuron import LossCurveDisplay, WeightPathDisplay

_ = LossCurveDisplay.from_estimator(neuron)

# %%
# The weights before each step show what the neuron learned, and when.
# The first weight rises from the beginning. The third, that of the
# constant 1, rises for a few steps and then falls. The second goes to
# nearly 0, because the second input does not matter.

# The picture:

_ = WeightPathDisplay(
    iters=neuron.checkpoint_iters_,
    coefs=neuron.checkpoint_coefs_[:, 0],
    feature_names=names,
    neuron_name="yes",
).plot()

# %%
# Watch the neuron learn
# ----------------------
# Move the slider, or press play. The left side shows the neuron, and the
# top right its score. The bottom right shows the answer for any first
# and second input: blue is yes, orange is no, and on the black line the
# output is 1/2. The four circles are the rows, black if the answer should
# be yes.

# The picture:
from matplotlib.animation import FuncAnimation
from matplotlib.colors import LinearSegmentedColormap

no_to_yes = LinearSegmentedColormap.from_list(
    "no to yes", ["#E69F00", "white", "#0072B2"]
)
counts = np.unique(np.r_[0, np.geomspace(1, 10_000, 17).astype(int)])
watched = SigmoidNeuronClassifier(
    max_iter=10_000,
    learning_rate=1.0,
    init="uniform",
    fit_intercept=False,
    random_state=15,
    checkpoints=counts,
).fit(inputs, expected.ravel())

fig = plt.figure(figsize=(8, 4.5), dpi=100)
diagram = fig.add_axes([0.0, 0.05, 0.56, 0.85])
loss = fig.add_axes([0.66, 0.58, 0.31, 0.33])
plane = fig.add_axes([0.66, 0.1, 0.31, 0.36])

LossCurveDisplay.from_estimator(watched, ax=loss)
loss.get_legend().remove()
(here,) = loss.plot(
    [], [], "o", color="#D55E00", markeredgecolor="black"
)

grid = np.linspace(-0.5, 1.5, 80)
first, second = np.meshgrid(grid, grid)
points = np.column_stack(
    [first.ravel(), second.ravel(), np.ones(first.size)]
)


def draw_plane(weights):
    plane.clear()
    answers = sigmoid(points @ weights).reshape(first.shape)
    plane.pcolormesh(
        first,
        second,
        answers,
        cmap=no_to_yes,
        vmin=0,
        vmax=1,
        rasterized=True,
    )
    plane.contour(first, second, answers, [0.5], colors="black")
    for (x, y, _), answer in zip(inputs, expected.ravel(), strict=True):
        plane.plot(
            x,
            y,
            "o",
            markersize=9,
            color="black" if answer else "white",
            mec="black",
        )
    plane.set(
        xlabel="first", ylabel="second", xticks=[0, 1], yticks=[0, 1]
    )


def draw_frame(k):
    count, weights = counts[k], watched.checkpoint_coefs_[k].T
    diagram.clear()
    draw_neuron(weights, [1, 0, 0], ax=diagram)
    diagram.set_title(f"after {count} steps, asked about [1, 0, 0]")
    here.set_data([count], [watched.loss_curve_[min(count, 9_999)]])
    draw_plane(weights)


plt.rcParams["animation.html"] = "jshtml"
animation = FuncAnimation(
    fig, draw_frame, frames=len(counts), interval=300
)
animation

# %%
# What one neuron cannot do
# -------------------------
# The black line is always straight, because a neuron only multiplies and
# adds. For a rule such as "yes if the first two inputs differ", no
# straight line separates yes from no. Then no number of steps helps:

differ = SigmoidNeuronClassifier(max_iter=10_000).fit(
    inputs, [0, 0, 1, 1]
)
print(differ.predict_proba(inputs)[:, 1].round(3))

# %%
# The answer is "no idea" for every row, and one neuron cannot do better.
# For such rules use networks of many neurons, or trees.
#
# Where next
# ----------
# * :doc:`What one wrong label does <plot_2_wrong_label>` shows why the
#   score that a neuron learns from matters.
# * :doc:`One hill, two kinds of step <plot_3_hill>` shows how long a step
#   should be.
# * :doc:`The how-to guides </auto_how_to/index>` use real data.
# * :doc:`The user guide </user_guide>` derives the formulas.
