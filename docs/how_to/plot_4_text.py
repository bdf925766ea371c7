"""
Classify text
=============

Each text becomes a row of word counts, almost all of which are 0. The
neuron takes such sparse rows as they are, and its weights show which
words matter.
"""

# %%
# A small corpus
# --------------
# The texts are paragraphs from the docstrings of two modules of
# scikit-learn, so nothing is downloaded. The task is to find the module
# of a paragraph. Paragraphs of one docstring stay together, in the
# split and in the folds. The numbers on this page depend on the version
# of scikit-learn.
import inspect
import re

import matplotlib.pyplot as plt
import numpy as np
from sklearn import cluster, linear_model
from sklearn.feature_extraction.text import (
    HashingVectorizer,
    TfidfVectorizer,
)
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import GroupKFold, GroupShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from sk_neuron import SigmoidNeuronClassifierCV

sources = {}
for module in (cluster, linear_model):
    for name in module.__all__:
        doc = inspect.getdoc(getattr(module, name)) or ""
        for text in re.split(r"\n\s*\n", doc):
            if len(text.split()) > 15:
                sources.setdefault(text, (module is linear_model, name))
texts = np.array(list(sources), dtype=object)
y = np.array([is_linear for is_linear, _ in sources.values()])
names = np.array([name for _, name in sources.values()])
split = GroupShuffleSplit(random_state=0).split(texts, y, names)
train, test = next(split)
texts_test, y_test = texts[test], y[test]
texts, y, names = texts[train], y[train], names[train]
folds = list(GroupKFold().split(texts, y, names))
print(f"{len(texts)} paragraphs, {y.mean():.0%} of linear_model")
print(f"{len(texts_test)} held out")

# %%
# Words into numbers
# ------------------
# :class:`~sklearn.feature_extraction.text.TfidfVectorizer` returns a
# CSR matrix. The neuron works on it as it is, without a dense copy.
vectorizer = TfidfVectorizer(
    min_df=3, stop_words="english", sublinear_tf=True
)
X = vectorizer.fit_transform(texts)
n_rows, n_words = X.shape
print(f"{X.format}, {n_rows} rows, {n_words} words")
print(f"{X.nnz / n_rows:.0f} words in a row")

# %%
# To scale or not
# ---------------
# :class:`~sklearn.preprocessing.StandardScaler` would make the matrix
# dense. :class:`~sklearn.preprocessing.MaxAbsScaler` keeps zeros, and
# gives rare words as much influence as common ones. TF-IDF rows already
# have length 1 and do not need it. Whether it helps depends on the
# data.
steps = {
    "TF-IDF": [vectorizer],
    "TF-IDF, scaled": [vectorizer, MaxAbsScaler()],
    "hashed": [
        HashingVectorizer(n_features=2**12, stop_words="english")
    ],
}
models = {
    name: make_pipeline(
        *first, SigmoidNeuronClassifierCV(max_iter=1000, cv=folds)
    )
    for name, first in steps.items()
}
models["logistic regression"] = make_pipeline(
    vectorizer,
    LogisticRegressionCV(
        Cs=np.geomspace(1e-2, 1e4, 13),
        cv=folds,
        scoring="neg_brier_score",
        l1_ratios=(0,),
        use_legacy_attributes=False,
    ),
)
print(f"{'':20} iterations  accuracy  Brier score")
for name, model in models.items():
    p = model.fit(texts, y).predict_proba(texts_test)[:, 1]
    accuracy = ((p > 0.5) == y_test).mean()
    brier = brier_score_loss(y_test, p)
    n_iter = np.max(model[-1].n_iter_)
    print(f"{name:20} {n_iter:10}  {accuracy:8.3f}  {brier:11.4f}")

# %%
# All models are accurate, and their Brier scores are close. With so few
# held-out rows none of them is clearly better. Texts may need more
# iterations than tables, because frequent and rare words share one step
# size. So let the search go up to many steps. Hashing keeps no
# vocabulary, which suits a stream, but then the words cannot be named.
#
# The words that matter
# ----------------------
model = models["TF-IDF"]
names, weights = model[:-1].get_feature_names_out(), model[-1].coef_[0]
order = np.argsort(weights)
order = np.concatenate([order[:12], order[-12:]])
fig, ax = plt.subplots(figsize=(6.4, 6), layout="constrained")
is_linear = weights[order] > 0
for wanted, color, hatch, label in (
    (True, "C0", "", "linear_model"),
    (False, "C1", "///", "cluster"),
):
    chosen = is_linear == wanted
    ax.barh(
        np.flatnonzero(chosen),
        weights[order][chosen],
        color=color,
        hatch=hatch,
        edgecolor="white",
        label=f"for {label}",
    )
ax.axvline(0, color="black", linewidth=0.8)
ax.set_yticks(range(len(order)), names[order])
ax.set_xlabel("weight")
ax.legend(loc="lower right")
plt.show()
