"""
Watch a fit, and stop it
========================

A fit takes long. You want a progress bar, you want to see the scores,
and you want to end the fit when it is good enough.
"""

# %%
# Lines
# -----
# ``verbose=1`` prints a line at most every second, and one at the end.
# It works with every version of scikit-learn.
import matplotlib.pyplot as plt
from sklearn.callback import FitCallback, ProgressBar, ScoringMonitor
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV

X, y = load_breast_cancer(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X, y, random_state=0)
scaler = StandardScaler().fit(X_train)
X_train, X_val = scaler.transform(X_train), scaler.transform(X_val)
neuron = SigmoidNeuronClassifier(max_iter=5000, verbose=1)
neuron = neuron.fit(X_train, y_train)

# %%
# A progress bar
# --------------
# The rest of this page needs scikit-learn 1.9 or later, which has
# callbacks. They are called at every step.
# :class:`~sklearn.callback.ProgressBar` needs ``rich``. In a terminal
# or a notebook the bar moves; here you see its end.
neuron = SigmoidNeuronClassifier(max_iter=5000)
neuron = neuron.set_callbacks(ProgressBar()).fit(X_train, y_train)

# %%
# A search moves the bar at every iteration count that it scores.
search = SigmoidNeuronClassifierCV(max_iter=200)
search = search.set_callbacks(ProgressBar()).fit(X_train, y_train)

# %%
# Scores on the way
# -----------------
# :class:`~sklearn.callback.ScoringMonitor` scores the training rows
# after every step. The scores take longer than the steps.
monitor = ScoringMonitor(scoring=["accuracy", "neg_brier_score"])
neuron = SigmoidNeuronClassifier(max_iter=200)
neuron = neuron.set_callbacks(monitor).fit(X_train, y_train)
log = monitor.get_logs().data_as_pandas
steps = log[log["task_name"] == "step"].set_index("task_id")
steps[["accuracy", "neg_brier_score"]].head(3).round(4)

# %%
# Stop it
# -------
# A callback of your own ends the fit if its ``on_fit_task_end`` returns
# True. The neuron keeps the weights of that step. This callback scores
# validation rows. Do not judge the model by these rows afterwards.


class StopAtScore(FitCallback):
    """Ends a fit once a score on some rows is reached."""

    def __init__(self, X, y, wanted):
        self.X, self.y, self.wanted, self.scores = X, y, wanted, []

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        if context.parent is None:  # the fit as a whole
            return False
        self.scores.append(fitted_estimator.score(self.X, self.y))
        return self.scores[-1] >= self.wanted


stop = StopAtScore(X_val, y_val, wanted=0.97)
neuron = SigmoidNeuronClassifier(max_iter=200)
neuron = neuron.set_callbacks(stop).fit(X_train, y_train)
print(f"{neuron.n_iter_} of 200 steps, accuracy {stop.scores[-1]:.3f}")

# %%
# If you want to stop when the loss no longer falls, you need no
# callback: use ``tol`` or ``early_stopping`` (:doc:`Training
# </training>`). A callback can also stop a search:
# :class:`~sk_neuron.SigmoidNeuronClassifierCV` then chooses among the
# counts that it has scored.
#
# The scores at every step
# ------------------------
# The monitor has logged the scores on the training rows, and the
# callback those on the validation rows.
fig, ax = plt.subplots()
ax.plot(
    steps.index + 1,
    steps["accuracy"],
    "-",
    label="training rows, 200 steps",
)
ax.plot(
    range(1, len(stop.scores) + 1),
    stop.scores,
    "--",
    label="held-out rows, stopped",
)
ax.plot(
    neuron.n_iter_,
    stop.scores[-1],
    "o",
    color="C1",
    markeredgecolor="black",
)
ax.set(xlabel="steps", ylabel="accuracy", xscale="log")
ax.legend()
plt.show()
