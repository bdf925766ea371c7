"""
The article's code, and why yours fails
=======================================

You have read "A Quick Dive into Deep Learning", typed its listing into a
notebook, and Python reports an error. The listing has four slips. Here
is each of them, with the message that you see and the way out, and then
a version that runs.
"""

# %%
# What Python says
# ----------------
# The helper below runs a few lines of code and prints the error. The
# lines are not the article's, but have the same slips.

import warnings

import numpy as np


def show_error(code):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            exec(code, {"np": np})
        except Exception as error:
            print(f"{type(error).__name__}: {error}")


# %%
# **A name that nobody has defined.** The loop goes up to a number that
# is never set. Write the number of steps there: 10,000.

show_error("""
for step in range(number_of_steps):
    pass
""")

# %%
# **A method whose body is not indented.** Python knows what belongs to a
# method by the spaces in front of it. Put four more spaces in front of
# each line of the body.

show_error("""
class Neuron:
    def answer(self, inputs):
    return inputs @ self.weights
""")

# %%
# **An expression broken over two lines.** A line that ends in the middle
# of an expression is an error. Put the whole expression into
# parentheses, or on one line.

show_error("""
adjustment = inputs.T @
    confidence
""")

# %%
# **A sigmoid that overflows.** With the article's four rows all goes
# well. But as soon as a sum is below about -710, ``exp(-sum)`` is larger
# than the largest number that a computer can hold. The answer, 0, is
# still correct, but NumPy warns. :func:`scipy.special.expit` is a sigmoid
# that never overflows.

show_error("1 / (1 + np.exp(-np.array([-1000.0])))")

# %%
# A version that runs
# -------------------
# This is all of it: the same rows, the same seed, the same steps. The
# three weights begin at random, between -1 and 1, and each step adds the
# adjustment to them.

from scipy.special import expit as sigmoid


class Neuron:
    def __init__(self, n_inputs, seed):
        random = np.random.RandomState(seed)
        self.weights = 2 * random.random_sample((n_inputs, 1)) - 1

    def answer(self, inputs):
        return sigmoid(inputs @ self.weights)

    def train(self, inputs, expected, n_steps):
        for _ in range(n_steps):
            output = self.answer(inputs)
            error = expected - output
            confidence = error * output * (1 - output)
            self.weights = self.weights + inputs.T @ confidence


inputs = np.array([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]])
expected = np.array([[0], [1], [1], [0]])

neuron = Neuron(n_inputs=3, seed=15)
print("Random starting weights:", neuron.weights, sep="\n")
neuron.train(inputs, expected, n_steps=10_000)
print("New weights after training:", neuron.weights, sep="\n")
print(
    "Test of input [1, 0, 0] -> ?:", neuron.answer([1, 0, 0]), sep="\n"
)

# %%
# If your figures differ
# ----------------------
# * **Other starting weights**: set the seed to 15, once, before you draw
#   them, and draw with ``np.random.seed`` and ``np.random.random`` or
#   with ``RandomState``. The newer ``np.random.default_rng(15)`` gives
#   other numbers.
# * **More than three weights**: the expected outputs must be a column, of
#   the shape (4, 1). If they have the shape (4,), ``expected - output``
#   has 4 rows and 4 columns. Python reports no error, and the weights
#   become a table.
# * **Outputs near 1/2 for all rows**: the third input must be 1 in each
#   training row. It takes the place of an intercept.
#
# The same with the package
# -------------------------
# :class:`~sk_neuron.SigmoidNeuronClassifier` checks its input, cannot
# overflow, and takes the same steps:

from sk_neuron import SigmoidNeuronClassifier

same = SigmoidNeuronClassifier(
    max_iter=10_000,
    learning_rate=1.0,
    init="uniform",
    fit_intercept=False,
    random_state=15,
).fit(inputs, expected.ravel())
print(same.coef_)

# %%
# Where next
# ----------
# :doc:`Your first neuron <plot_1_neuron>` goes through the steps one by
# one, with pictures.
