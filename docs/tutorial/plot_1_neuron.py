"""
Your first neuron
=================

What is a neuron, and how does it learn? This page trains one by hand,
step by step, and looks at it after each. It needs some Python, and no
mathematics beyond multiplying and adding. To follow along, download the
notebook at the end of the page and open it in Jupyter, which
``pip install jupyterlab matplotlib`` installs beside this package.

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
# third is always 1. A person sees that. Can a machine find it that
# knows nothing but how to correct itself?
#
# The neuron
# ----------
# A neuron has one number for each input, its **weights**. It multiplies
# each input by its weight and adds up. The sum goes through the
# **sigmoid**, a curve that turns any number into one between 0 and 1.
# That is its output: near 1 is "yes", near 0 is "no", 1/2 is "no idea".


def sigmoid(total):
    return 1 / (1 + np.exp(-total))


total = np.linspace(-8, 8, 200)
fig, ax = plt.subplots(figsize=(5, 3), layout="constrained")
ax.plot(total, sigmoid(total))
_ = ax.set(
    xlabel="the sum of inputs times weights",
    ylabel="output",
    title="The sigmoid",
)

# %%
# Nobody knows the right weights at first, so they begin at random,
# between -1 and 1. The seed 15 is the article's: with it, everyone gets
# the same ones.

rng = np.random.RandomState(15)
weights = 2 * rng.random_sample((3, 1)) - 1
print("Random starting weights:")
print(weights)

# %%
# Here is that neuron, asked about the second row, ``[1, 1, 1]``. Blue
# lines are positive weights, dashed orange ones negative; the wider,
# the larger. ``Σ`` adds up, the curve is the sigmoid.

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

# %%
# It says 0.30, nearer to no, and the answer should be 1. So it is wrong.
#
# One step
# --------
# Now the neuron corrects itself. For each row:
#
# * the **error** is what was expected less what came out;
# * the **confidence**, as the article calls it, is error times output
#   times (1 - output): an output near 0 or 1 is sure of itself and does
#   not give way easily;
# * each weight gets the input times the confidence added, for all rows
#   together.
#
# An input of 0 had no part in the answer, and so its weight is not
# changed by that row.
#
# NumPy does it for all rows at once: ``inputs @ weights`` multiplies the
# inputs of each row by the weights and adds up, and ``inputs.T @
# confidence`` does the same along the columns.

output = sigmoid(inputs @ weights)
error = expected - output
confidence = error * output * (1 - output)
adjustment = inputs.T @ confidence

print("output     ", output.ravel().round(3))
print("error      ", error.ravel().round(3))
print("confidence ", confidence.ravel().round(3))
print("adjustment ", adjustment.ravel().round(3))

# %%
# The first weight goes up, since the two rows with a first input of 1
# should have said yes. Has it helped?

before = output.ravel()
weights = weights + adjustment
after = sigmoid(inputs @ weights).ravel()

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
    label="after it",
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
# The two rows that should say yes rose, and so did the two others, a
# little. One step is not enough.
#
# Ten thousand steps
# ------------------
# So do it again, and again.

for _ in range(9_999):
    output = sigmoid(inputs @ weights)
    error = expected - output
    weights = weights + inputs.T @ (error * output * (1 - output))

print("New weights after training:")
print(weights)

# %%
# Large and positive for the first input, nearly nothing for the second:
# it has found the rule. The third, which is always 1, makes "no" the
# answer where the first is 0. Then a row that it has never seen:

print("Test of input [1, 0, 0] -> ?:")
print(sigmoid(np.array([1, 0, 0]) @ weights))
draw_neuron(weights, [1, 0, 0])

# %%
# Yes, for sure, as it should.
#
# The same in one line
# --------------------
# :class:`~sk_neuron.SigmoidNeuronClassifier` is this neuron, ready to
# use. With ``learning_rate=1.0`` it adds the adjustment as it is, once,
# and so makes the same steps:

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
# A notebook draws the neuron as a box that unfolds its settings.

neuron

# %%
# Did it learn?
# -------------
# The **Brier score** is the mean of the squared errors: 0 is perfect,
# and 1/4 is what you get for always saying 1/2. The neuron keeps its
# score before each step. A curve that falls and flattens is what
# learning looks like. If yours stays high, it has not learned; if it
# jumps up and down, its steps are too long: leave out `learning_rate`,
# and each step gets a size that suits the rows.

from sk_neuron import LossCurveDisplay, WeightPathDisplay

_ = LossCurveDisplay.from_estimator(neuron)

# %%
# The weights on the way show what it learned, and when. That of the
# first input rises from the beginning. That of the third, the constant,
# rises for a few steps and then falls, to keep the balance. That of the
# second goes to nearly nothing, since it has nothing to say.

_ = WeightPathDisplay.from_estimator(neuron)

# %%
# Watch the neuron learn
# ----------------------
# Move the slider, or press play. To the left the neuron; at the top
# right its score; below, what it answers for any first and second
# input: blue is yes, orange no, and the black line is where it says
# 1/2. The four circles are the rows, filled where the answer is yes.

from matplotlib.animation import FuncAnimation
from matplotlib.colors import LinearSegmentedColormap

no_to_yes = LinearSegmentedColormap.from_list(
    "no to yes", ["#E69F00", "white", "#0072B2"]
)
counts = np.unique(np.r_[0, np.geomspace(1, 10_000, 31).astype(int)])
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


animation = FuncAnimation(
    fig, draw_frame, frames=len(counts), interval=300
)

# %%
# What one neuron cannot do
# -------------------------
# The black line is always straight: a neuron weighs and adds, nothing
# else. A rule such as "yes where the first two differ" has no such
# line, and no number of steps helps:

differ = SigmoidNeuronClassifier(max_iter=10_000).fit(
    inputs, [0, 0, 1, 1]
)
print(differ.predict_proba(inputs)[:, 1].round(3))

# %%
# "No idea", for every row, which is the best that a neuron can honestly
# say. For such rules there are networks of many neurons, and trees.
#
# Where next
# ----------
# * :doc:`plot_2_wrong_label`: why the score that a neuron learns from
#   matters.
# * :doc:`/auto_how_to/plot_9_step_size`: how long a step should be.
# * :doc:`/auto_how_to/index`: real data.
# * :doc:`/user_guide`: why the step is what it is.
