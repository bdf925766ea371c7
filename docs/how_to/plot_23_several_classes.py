"""
Predict several classes
=======================

Your labels have three or more values. Nothing needs to be set: the
classifier is then a softmax layer, with weights for each class.
"""

# %%
# Three kinds of wine
# -------------------
import numpy as np
from sklearn.datasets import load_wine
from sklearn.metrics import brier_score_loss, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import (
    NeuronDisplay,
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
)

data = load_wine(as_frame=True)
X, y = data.data, np.array(["Barolo", "Grignolino", "Barbera"])
y = y[data.target]
X, X_test, y, y_test = train_test_split(
    X, y, stratify=y, test_size=0.4, random_state=0
)
model = make_pipeline(
    StandardScaler(), SigmoidNeuronClassifierCV(max_iter=100)
).fit(X, y)
layer = model[-1]
print(f"classes {layer.classes_}, weights {layer.coef_.shape}")

# %%
# Probabilities and scores
# ------------------------
# Each row of ``predict_proba`` sums to 1, with a column for each class
# in the order of ``classes_``. The Brier score is the sum of the squared
# errors over the classes, so it is between 0 and 2.
proba = model.predict_proba(X_test)
print(proba[:3].round(3))
print(f"Brier score {brier_score_loss(y_test, proba):.3f}")
print(f"the same by score(): {-model.score(X_test, y_test):.3f}")
print(confusion_matrix(y_test, model.predict(X_test)))

# %%
# One class of the layer
# ----------------------
# Without a class, :class:`~sk_neuron.NeuronDisplay` draws the whole
# layer. With ``class_of_interest`` it draws one class.
display = NeuronDisplay.from_estimator(
    model, X_test[:1], class_of_interest="Barolo"
)

# %%
# One neuron for each class
# -------------------------
# :class:`~sklearn.multiclass.OneVsRestClassifier` trains a neuron for
# each class against all others, and divides the outputs by their sum.
# Compare both on your data: here it is a little better than the layer,
# on iris the layer is much better.
one_vs_rest = make_pipeline(
    StandardScaler(),
    OneVsRestClassifier(SigmoidNeuronClassifier(max_iter=20)),
).fit(X, y)
other = one_vs_rest.predict_proba(X_test)
print(f"layer            {brier_score_loss(y_test, proba):.3f}")
print(f"one for each     {brier_score_loss(y_test, other):.3f}")

# %%
# Several labels at once
# ----------------------
# If a row may have several labels, ``y`` is an array of 0 and 1 with a
# column for each label. Each label gets a neuron of its own, and the
# probabilities of a row need not sum to 1.
labels = np.column_stack([y == "Barolo", X["alcohol"] > 13]).astype(int)
multilabel = make_pipeline(StandardScaler(), SigmoidNeuronClassifier())
multilabel.fit(X, labels).predict_proba(X_test)[:3].round(3)
