"""
Find wrong labels of texts and in a table
=========================================

The same steps as for :doc:`pictures of digits <plot_10_wrong_labels>`,
on texts and on a data frame: fit a pipeline, list the suspected labels,
look at the rows, correct them, and fit again.
"""

# %%
# Texts, of which some are filed wrongly
# --------------------------------------
# The texts are paragraphs from the docstrings of two modules of
# scikit-learn, so nothing is downloaded. The label is the module. We
# file 15 % of them under the other module. The numbers on this page
# depend on the version of scikit-learn.
import inspect
import re

import numpy as np
import pandas as pd
from sklearn import cluster, linear_model
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifierCV, find_label_issues

modules = {}
for module in (cluster, linear_model):
    for name in module.__all__:
        doc = inspect.getdoc(getattr(module, name)) or ""
        for text in re.split(r"\n\s*\n", doc):
            if len(text.split()) > 15:
                modules[text] = module.__name__.removeprefix("sklearn.")
texts = np.array(list(modules), dtype=object)
true = np.array(list(modules.values()))
texts, texts_test, true, true_test = train_test_split(
    texts, true, test_size=0.3, random_state=0
)
rng = np.random.default_rng(0)
wrong = rng.random(len(true)) < 0.15
other = np.where(true == "cluster", "linear_model", "cluster")
recorded = np.where(wrong, other, true)
print(f"{len(texts)} texts, {wrong.sum()} are filed wrongly")

# %%
# Find them
# ---------
# We looked at a few texts, and so know that about 15 % are wrong. With
# a list of several shares the search would choose. ``label_quality_``
# has the quality of the training rows, each judged by folds that were
# not trained on it.
model = make_pipeline(
    TfidfVectorizer(min_df=3, stop_words="english", sublinear_tf=True),
    SigmoidNeuronClassifierCV(label_noises=[0.15]),
)
model.fit(texts, recorded)
issues = find_label_issues(
    model, texts, recorded, label_quality=model[-1].label_quality_
)
found = issues["row"].to_numpy()
print(f"{len(found)} suspected, {wrong[found].sum()} of them are wrong")

# %%
# Look at them
# ------------
for issue in issues.head(3).itertuples():
    start = " ".join(texts[issue.row].split()[:12])
    print(f"{issue.given_label} → {issue.suggested_label}: {start} …")

# %%
# Mend them, and fit again
# ------------------------
# A person would check each. Here we take all suggestions, and compare
# on test texts that are filed correctly.
mended = recorded.copy()
mended[found] = issues["suggested_label"]
for name, labels, noise in [
    ("as filed", recorded, 0),
    ("told of the noise", recorded, 0.15),
    ("mended", mended, 0),
]:
    again = clone(model).set_params(
        sigmoidneuronclassifiercv__label_noises=[noise]
    )
    p = again.fit(texts, labels).predict_proba(texts_test)[:, 1]
    score = brier_score_loss(true_test == "linear_model", p)
    print(f"{name:18} Brier score {score:.3f}")

# %%
# A table
# -------
# A data frame keeps its own index; ``row`` counts from 0, for ``iloc``.
# A tenth of the diagnoses is wrong.
data = load_breast_cancer(as_frame=True)
table = data.data.set_axis(
    [f"patient {k}" for k in range(len(data.data))]
)
true = pd.Series(data.target_names[data.target], index=table.index)
wrong = rng.random(len(true)) < 0.1
diagnosis = true.mask(
    wrong, true.map({"benign": "malignant", "malignant": "benign"})
)
model = make_pipeline(
    StandardScaler(),
    SigmoidNeuronClassifierCV(label_noises=[0, 0.05, 0.1, 0.2]),
).fit(table, diagnosis)
issues = find_label_issues(
    model, table, diagnosis, label_quality=model[-1].label_quality_
)
rows = issues["row"]
shown = issues.set_axis(table.index[rows]).drop(columns="row")
columns = ["worst radius", "worst texture"]
print(shown.join(table[columns]).head(8).to_string(float_format="%.3f"))
print(f"\n{len(rows)} suspected, {wrong[rows].sum()} are wrong")
