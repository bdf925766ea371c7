"""What differs between the supported versions of scikit-learn, and nothing else."""

# What scikit-learn itself uses for arrays of PyTorch and others.
from sklearn.utils import _array_api
from sklearn.utils._array_api import _convert_to_numpy as convert_to_numpy
from sklearn.utils._array_api import array_api_compat, get_namespace_and_device
from sklearn.utils._array_api import np_compat as numpy_namespace
from sklearn.utils.metaestimators import available_if

__all__ = [
    "CLASSES_MAY_BE_WORDS",
    "CallbackSupportMixin",
    "ProgressBar",
    "array_namespace",
    "convert_to_numpy",
    "get_device",
    "get_namespace_and_device",
    "numpy_namespace",
]

array_namespace, get_device = array_api_compat.array_namespace, array_api_compat.device

# Below 1.9 the checks of array API support want `classes_` on the device, too.
CLASSES_MAY_BE_WORDS = hasattr(_array_api, "check_same_namespace")

try:
    from sklearn.callback import CallbackSupportMixin, ProgressBar
except ImportError:  # below 1.9
    ProgressBar = type(None)

    def _refuse(estimator):
        raise AttributeError("Callbacks need scikit-learn 1.9 or later.")

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's, without callbacks."""

        @available_if(_refuse)
        def set_callbacks(self, *callbacks):
            """Set nothing: this is never available."""
