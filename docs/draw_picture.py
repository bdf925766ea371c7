"""Draw the picture of README and of the first page: a neuron, and how long to train it."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_neuron import (
    IterationPathDisplay,
    NeuronDisplay,
    SigmoidNeuronClassifierCV,
)

MEANS = 10  # the first features are means; the others say much the same

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X, y = X.iloc[:, :MEANS], 1 - y  # 1 is malignant
X, X_test, y, _ = train_test_split(
    X, y, test_size=0.5, stratify=y, random_state=0
)
flipped = np.random.default_rng(0).choice(
    len(y), len(y) // 5, replace=False
)
y = y.to_numpy(copy=True)
y[flipped] = 1 - y[flipped]
model = make_pipeline(
    StandardScaler(), SigmoidNeuronClassifierCV(max_iter=100)
)
model.fit(X, np.where(y, "malignant", "benign"))

figure = plt.figure(figsize=(10, 4))
left = figure.add_axes([0.01, 0.02, 0.59, 0.9])
right = figure.add_axes([0.68, 0.13, 0.31, 0.79])
NeuronDisplay.from_estimator(model, X_test.iloc[:1], ax=left)
left.set_title("A neuron, asked about a tumour")
IterationPathDisplay.from_estimator(model, ax=right)
right.set_title("How long to train it")
figure.savefig(
    Path(__file__).with_name("neuron.png"),
    dpi=120,
    metadata={"Software": None},
)
