"""
Handle missing values
=====================

Some values of your table are missing (NaN). The neuron cannot use them:
a pipeline fills them in first.
"""

# %%
# A table with holes
# ------------------
# A tenth of the values are removed at random. In one more column values
# are missing for a reason: it is measured more often if the tumour is
# malignant.
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifierCV

data = load_breast_cancer(as_frame=True)
X, y = data.data.iloc[:, :10].copy(), 1 - data.target  # 1: malignant
rng = np.random.default_rng(0)
X = X.mask(rng.random(X.shape) < 0.1)
is_measured = rng.random(len(y)) < np.where(y == 1, 0.8, 0.3)
X["extra test"] = np.where(is_measured, rng.normal(size=len(y)), np.nan)
print(f"{X.isna().mean().mean():.0%} of the values are missing")

# %%
# Without a pipeline the error names the remedy:
try:
    SigmoidNeuronClassifierCV().fit(X, y)
except ValueError as error:
    print(str(error).splitlines()[0])

# %%
# Fill them in
# ------------
# :class:`~sklearn.impute.SimpleImputer` puts the median of the column in
# the place of each missing value. With ``add_indicator=True`` it also
# adds a column of 0 and 1 for each column with holes, which tells the
# neuron where a value was missing. That helps if values are missing for
# a reason.
for add_indicator in (False, True):
    model = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=add_indicator),
        StandardScaler(),
        SigmoidNeuronClassifierCV(),
    )
    score = -cross_val_score(model, X, y, scoring="neg_brier_score")
    print(f"add_indicator={add_indicator!s:5}  {score.mean():.3f}")

# %%
# The imputer comes before the scaler. Both learn from the training rows
# of each fold only, so no test row leaks into the fit.
#
# What it has learned
# -------------------
# The weight of the indicator is negative: a missing extra test speaks
# against a malignant tumour.
model.fit(X, y)
names = model[:-1].get_feature_names_out()
for name, weight in zip(names, model[-1].coef_[0], strict=True):
    if "extra test" in name:
        print(f"{name:30} {weight:+.2f}")
