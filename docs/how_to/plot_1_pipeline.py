"""
Use it in a pipeline
====================

You have a table with numbers and categories. One pipeline scales the
numbers, encodes the categories and trains the neuron, so that new rows
are treated as those it has learned from.
"""

# %%
# A table with columns of two kinds
# ---------------------------------
# The customers are made up: whether one leaves depends on the months,
# the price and the contract, and on chance. The region has no say in
# it.
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
n_rows, contracts = 2000, ["monthly", "1 year", "2 years"]
X = pd.DataFrame(
    {
        "months": rng.integers(1, 72, n_rows),
        "price": rng.normal(60, 20, n_rows).round(2),
        "contract": rng.choice(contracts, n_rows),
        "region": rng.choice(["north", "south"], n_rows),
    }
)
pull = (
    0.04 * (X["price"] - 60)
    - 0.05 * (X["months"] - 36)
    + 1.5 * (X["contract"] == "monthly")
)
y = np.where(rng.logistic(size=n_rows) < pull - 1.5, "yes", "no")
X.head()

# %%
# The pipeline
# ------------
# One step size serves all weights, so the numbers must be on one scale.
# The counts of :class:`~sk_neuron.SigmoidNeuronClassifierCV` are scored
# on scaled rows, whose scale is that of all training rows.
from sklearn.compose import make_column_transformer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sk_neuron import (
    LossCurveDisplay,
    NeuronDisplay,
    SigmoidNeuronClassifierCV,
)

columns = make_column_transformer(
    (StandardScaler(), ["months", "price"]),
    (OneHotEncoder(handle_unknown="ignore"), ["contract", "region"]),
    verbose_feature_names_out=False,
)
model = make_pipeline(columns, SigmoidNeuronClassifierCV())
X_train, X_test, y_train, y_test = train_test_split(
    X, y, random_state=0
)
model.fit(X_train, y_train)

# %%
# The last step has what was learned, and the pipeline answers for rows
# of the table.
neuron = model[-1]
accuracy = (model.predict(X_test) == y_test).mean()
majority = (y_test == "no").mean()
print(f"{neuron.n_iter_} iterations")
brier_score = -model.score(X_test, y_test)
print(f"Brier score {brier_score:.3f} on rows held out")
print(f"accuracy {accuracy:.3f}; always no: {majority:.3f}")
X_test[:5].assign(yes=model.predict_proba(X_test[:5])[:, 1].round(3))

# %%
# What it has learned
# -------------------
# The names come from the encoder. With a row, the diagram shows what
# reaches the neuron, its raw prediction and its answer. Of the weights
# of one column's categories only the differences count, since one of
# these inputs is always 1. That between the regions is small.
display = NeuronDisplay.from_estimator(model, X_test[:1])

# %%
# Did it settle?
# --------------
# The loss on the training rows, one value for each step up to the count
# chosen.
display = LossCurveDisplay.from_estimator(model)
