"""
Train on a GPU
==============

The rows are a tensor of PyTorch, perhaps on a graphics card. The fit
computes where the tensor is, and what it learns stays there.

This page is not run when the site is built, since PyTorch is large. It
runs on the CPU if there is no card.
"""

# %%
# Switch it on
# ------------
# scikit-learn computes with the arrays of other libraries if it is asked
# to, and SciPy must be told before it is imported.
import os

os.environ["SCIPY_ARRAY_API"] = "1"

import sklearn
import torch
from sklearn.datasets import make_classification

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV

sklearn.set_config(array_api_dispatch=True)
device = "cuda" if torch.cuda.is_available() else "cpu"

# %%
# Rows on the device
# ------------------
# float32 is enough for most data, and reads half as much memory. It
# stays float32. Labels may be a tensor, too, or an array of NumPy.
X, y = make_classification(
    20_000, 30, flip_y=0.2, class_sep=2.0, random_state=0
)
X = torch.asarray(X, dtype=torch.float32, device=device)
X_train, X_test = X[:10_000], X[10_000:]
y_train, y_test = y[:10_000], y[10_000:]

# %%
# Fit and answer
# --------------
# All is as with arrays of NumPy. Weights and probabilities are tensors
# on the same device.
neuron = SigmoidNeuronClassifier(label_noise=0.1).fit(X_train, y_train)
p = neuron.predict_proba(X_test)
print(type(p).__name__, p.device, p.dtype)
print(f"accuracy {neuron.score(X_test, y_test):.3f}")

# %%
# A search, too: all folds and counts share each pass over the rows.
search = SigmoidNeuronClassifierCV(label_noises=[0.0, 0.1], max_iter=60)
search.fit(X_train, y_train)
print(f"{search.n_iter_} steps, label noise {search.label_noise_}")

# %%
# Take it home
# ------------
# A model whose weights are on a card answers to rows on the card only.
# scikit-learn moves it to where other rows are. Then it can be stored
# and used without PyTorch.
from sklearn.utils._array_api import (
    get_namespace_and_device,
    move_estimator_to,
)

rows = X_test.cpu().numpy()
xp, _, device = get_namespace_and_device(rows)
neuron = move_estimator_to(neuron, xp, device)
print(neuron.predict_proba(rows)[:2].round(3))
