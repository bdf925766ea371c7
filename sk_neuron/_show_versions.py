"""What is installed, and which kernel takes the steps."""

import json
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

import sklearn

from sk_neuron import _kernels
from sk_neuron._classifier import SigmoidNeuronClassifier
from sk_neuron._input_validation import read_data
from sk_neuron._solver._gram import is_cheaper


def show_versions(X: Any = None) -> None:
    """Print the versions of all that matters, and which kernel takes the steps.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
        Training data: how would `fit` with the default parameters train one neuron on it?

    Raises
    ------
    ValueError
        If `fit` would not take X.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_neuron import show_versions
    >>> show_versions(np.ones((200_000, 50)))  # doctest: +SKIP
    sk-neuron: 0.1.0
       kernel: compiled, with OpenMP for up to 2 threads
            X: 200000 x 50 float64, compiled kernel on 2 threads
    ...
    """
    lines = {"sk-neuron": version("sk-neuron"), "kernel": _describe_kernel()}
    if X is not None:
        lines["X"] = _describe_data(read_data(SigmoidNeuronClassifier(), X))
    for name, text in lines.items():
        print(f"{name:>9}: {text}")
    sklearn.show_versions()


def _describe_kernel():
    if _kernels.SWITCHED_OFF:
        return "NumPy, as SK_NEURON_KERNEL says"
    if not _kernels.BUILT and _is_source_folder():
        return (
            "NumPy, since Python took the source folder, where nothing is built, for the "
            "package. Run it in another folder, or install sk-neuron as editable."
        )
    if not _kernels.BUILT:
        return (
            "NumPy, since there was no C compiler when sk-neuron was installed. Install it "
            "again where there is one: the compiled kernel is several times as fast."
        )
    n_threads = _kernels.get_max_threads()
    if n_threads == 0:
        return "compiled, without OpenMP: one thread"
    return f"compiled, with OpenMP for up to {n_threads} threads"


def _is_source_folder():
    """Return whether this is a source folder that is not an editable install."""
    direct_url = distribution("sk-neuron").read_text("direct_url.json")
    is_editable = json.loads(direct_url or "{}").get("dir_info", {}).get("editable", False)
    return (Path(__file__).parent / "_kernels" / "src").exists() and not is_editable


def _describe_data(features):
    n_rows, n_features = features.shape
    defaults = SigmoidNeuronClassifier()
    data = f"{n_rows} x {n_features} {features.dtype}"
    if is_cheaper(features, n_rows, 1, defaults.max_iter, 1):
        return f"{data}, NumPy on X @ X.T, which is cheaper for {defaults.max_iter} steps"
    if not _kernels.has_kernel(features):
        return f"{data}, NumPy kernel"
    n_threads = _kernels.count_threads(features, 1)
    return f"{data}, compiled kernel on {n_threads} thread{'s' * (n_threads > 1)}"
