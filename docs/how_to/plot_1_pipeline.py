"""
Use it in a pipeline
====================

You have a table with numbers and categories. One pipeline scales the
numbers, encodes the categories and trains the neuron. It treats new
rows in the same way as the training rows.
"""

# %%
# A table with columns of two kinds
# ---------------------------------
# The customers are made up. Whether one leaves depends on the months,
# the price and the contract, and on chance. The region has no
# influence.
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
# All weights share one step size, so the numbers must be on the same
# scale. The scaler is fitted on all training rows, before
# :class:`~sk_neuron.SigmoidNeuronClassifierCV` makes its folds.
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
# The last step of the pipeline is the fitted neuron. The pipeline
# itself predicts for rows of the table.
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
# The names come from the encoder. For a row, the diagram shows the
# inputs of the neuron, its raw prediction and its answer. The
# categories of one column have a weight each, and exactly one of these
# inputs is 1. So only the differences between their weights matter. The
# difference between the regions is small.
display = NeuronDisplay.from_estimator(model, X_test[:1])

# %%
# Did it settle?
# --------------
# The loss on the training rows, with one value for each step up to the
# chosen count.
display = LossCurveDisplay.from_estimator(model)
