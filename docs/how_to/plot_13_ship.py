"""
Save, ship and track a model
============================

You have fitted a model here, and want to use it elsewhere: in another
process, on a server, in a program without Python. These are the ways,
and what each of them needs there.

.. list-table::
   :header-rows: 1

   * - way
     - needs there
     - safe to load from a stranger
     - what is kept
   * - pickle
     - this package, in the same version at best
     - no: it runs what the file says
     - everything
   * - skops
     - this package, and your trust in its names
     - yes
     - everything
   * - ``as_logistic_regression()``
     - scikit-learn
     - yes, by skops
     - the answers
   * - ONNX
     - a runtime, in whatever language
     - yes
     - the answers
"""

# %%
# A model to ship
# ---------------
# A third of the benign samples are recorded as malignant, and the
# pipeline knows that. The rest of this page is the same for a bare
# neuron and for :class:`~sk_neuron.SigmoidNeuronClassifierCV`.
import pickle

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import SigmoidNeuronClassifier

X, y = load_breast_cancer(return_X_y=True)
names = np.array(["malignant", "benign"])[y]
hidden = np.random.default_rng(0).random(len(y)) < 1 / 3
recorded = np.where(hidden & (names == "benign"), "malignant", names)
model = make_pipeline(
    StandardScaler(),
    SigmoidNeuronClassifier(label_noise={"benign": 1 / 3}),
)
model.fit(X, recorded)

# %%
# Pickle: for yourself
# --------------------
# It keeps everything: parameters, curves, checkpoints. A pickle of a
# release can be loaded by the next one; a test of this package does so
# with a file that each release has written. scikit-learn promises that
# of its own classes only within a version, and warns otherwise. So note
# the versions, which :func:`~sk_neuron.show_versions` prints.
stored = pickle.dumps(model)
again = pickle.loads(stored)
print(f"{len(stored)} bytes")
print((again.predict_proba(X) == model.predict_proba(X)).all())

# %%
# **A pickle is a program.** To load it is to run it, before any check
# of yours. Here is one that says what it could have done instead:


class Trap:
    def __reduce__(self):
        return print, ("Your files would be gone now.",)


loaded = pickle.loads(pickle.dumps(Trap()))

# %%
# So load only pickles of people whose programs you would run. The same
# is true of joblib and cloudpickle, which are pickle underneath.
#
# skops: for others
# -----------------
# A skops file holds data, and the names of types. skops loads only types
# that it knows or that you trust. It does not know those of this package,
# so pass their names. Look at them before you do:
import skops.io

packed = skops.io.dumps(model)
untrusted = skops.io.get_untrusted_types(data=packed)
print(untrusted)
again = skops.io.loads(packed, trusted=untrusted)
print((again.predict_proba(X) == model.predict_proba(X)).all())

# %%
# As a LogisticRegression: where this package is not installed
# ------------------------------------------------------------
# A fitted neuron predicts by the formula of logistic regression, so it
# can be turned into one. Every tool that takes a model of scikit-learn
# takes this one: skops (without asking for trust), exporters to PMML,
# SQL or C, and SHAP. Its probabilities are those of the true labels, as
# the neuron's are. The label noise is not stored, so there is no
# ``label_quality``.
scaler, neuron = model
plain = make_pipeline(scaler, neuron.as_logistic_regression())
again = skops.io.loads(skops.io.dumps(plain))
difference = abs(again.predict_proba(X) - model.predict_proba(X)).max()
print(f"largest difference of a probability: {difference:.0e}")
print((again.predict(X) == model.predict(X)).all())

# %%
# ONNX: without Python
# --------------------
# :func:`~sk_neuron.onnx.to_onnx` writes the pipeline as a graph, which
# runtimes for C, Java, JavaScript and phones can run. The type of the
# rows decides the precision.
import onnxruntime

from sk_neuron.onnx import to_onnx

graph = to_onnx(model, X.astype(np.float32))
session = onnxruntime.InferenceSession(graph.SerializeToString())
name = session.get_inputs()[0].name
labels, probability = session.run(None, {name: X.astype(np.float32)})
difference = abs(probability - model.predict_proba(X)).max()
print(f"largest difference of a probability: {difference:.0e}")
print((labels == model.predict(X)).all())

# %%
# Once ``sk_neuron.onnx`` is imported, ``skl2onnx.to_onnx``
# converts whatever has a neuron in it, with the options of its own
# linear classifiers: ``zipmap``, ``raw_scores``, ``nocl`` and
# ``output_class_labels``. Labels are integers or strings, as ONNX has
# them; booleans become integers, and dates are an error.
#
# MLflow: keep track of models
# ----------------------------
# MLflow stores models by skops, so it must be told to trust the neuron,
# too. The LogisticRegression it stores without that:
#
# .. code-block:: python
#
#     import mlflow
#
#     with mlflow.start_run():
#         mlflow.log_params(neuron.get_params())
#         mlflow.log_metric("brier_score", neuron.loss_curve_[-1])
#         logged = mlflow.sklearn.log_model(
#             model,
#             name="neuron",
#             skops_trusted_types=["sk_neuron.SigmoidNeuronClassifier"],
#         )
#         mlflow.sklearn.log_model(plain, name="plain")
#
#     again = mlflow.sklearn.load_model(logged.model_uri)
#
# ``mlflow.sklearn.autolog()`` notes parameters and scores of each
# ``fit`` by itself, but of scikit-learn's classes only. A neuron in a
# Pipeline is noted, and a bare one is not:
# ``make_pipeline(SigmoidNeuronClassifier())`` is enough. It stores the
# model as well, by pickle, unless ``log_models=False``.
