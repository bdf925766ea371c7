"""What differs between the supported versions of scikit-learn, and nothing else."""

from sklearn.utils.metaestimators import available_if

__all__ = ["CallbackSupportMixin", "ProgressBar"]

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
