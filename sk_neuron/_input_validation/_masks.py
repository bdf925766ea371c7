"""Values under a mask, which NumPy would read as if there were none."""

import numpy as np


def are_masked(array):
    """Return whether any value of an array is masked."""
    is_masked_array = isinstance(array, np.ma.MaskedArray)
    return is_masked_array and bool(np.ma.getmaskarray(array).any())


def refuse_masked(array, name):
    """Raise an error if any value of an array is masked."""
    if are_masked(array):
        raise ValueError(
            f"Input {name} contains masked values. Drop their rows, or fill them: "
            f"{name}.filled(...)."
        )
