"""The answers of a neuron or a layer from raw predictions that are on a device."""

import numpy as np
from sklearn import get_config

from sk_neuron._compat import array_namespace, get_namespace_and_device
from sk_neuron._kernels._device_rows import as_numpy, is_on_device, return_like
from sk_neuron._kernels._formulas import log_probability, probability


@np.errstate(all="ignore")  # of libraries that use NumPy
def device_probability(z, *, multilabel, formula=probability):
    """Return the probability of each class or label, from z (n,) or (n, columns)."""
    if z.ndim == 1:
        return formula(array_namespace(z).stack([-z, z], axis=1), 1)
    return formula(z, 1 if multilabel else z.shape[1])


def device_log_probability(z, *, multilabel):
    """Return the logarithm of `device_probability`, finite even if that rounds to 0."""
    return device_probability(z, multilabel=multilabel, formula=log_probability)


def device_choice(z, classes, *, multilabel):
    """Return the most probable classes or labels; words are in an array of NumPy."""
    xp, _, _ = get_namespace_and_device(z)
    if multilabel:
        return xp.astype(z > 0, xp.int64)
    index = xp.argmax(z, axis=1) if z.ndim == 2 else xp.astype(z > 0, xp.int64)
    chosen = classes[as_numpy(index)]
    return return_like(z)(chosen) if chosen.dtype.kind in "biuf" else chosen


def check_same_library(neuron, X, method):
    """Raise an error unless X is of the library, and on the device, of the fit."""
    coef = neuron.coef_ if hasattr(neuron, "coef_") else None
    if not (is_on_device(X) or is_on_device(coef)) or coef is None:
        return
    who = f"{type(neuron).__name__}.{method}()"
    if not get_config()["array_api_dispatch"]:
        if is_on_device(coef):
            raise ValueError(
                f"{who} needs sklearn.set_config(array_api_dispatch=True), as the fit had "
                f"it: coef_ is a {type(coef).__name__}."
            )
        return
    devices = [_locate(coef), _locate(X)]
    if devices[0] != devices[1]:
        raise ValueError(
            f"Inputs passed to {who} must use the same namespace and the same device as "
            f"those passed to fit(): those were of {devices[0]}, these are of {devices[1]}."
        )


def _locate(array):
    """Return the library of an array, and the device unless it is NumPy's."""
    if not is_on_device(array):
        return np.__name__
    xp, _, device = get_namespace_and_device(array)
    return f"{xp.__name__} on {device}"
