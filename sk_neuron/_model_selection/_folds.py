"""Draw the folds of a search."""

import numpy as np
from sklearn.model_selection import check_cv


def draw_folds(cv, X, y, labels, split_params):
    """Return the pair (train, test) of each fold, as indices of rows."""
    splits = check_cv(cv, labels, classifier=True).split(X, y, **split_params)
    every, folds = np.arange(len(labels)), []
    for fold, split in enumerate(splits):
        try:
            train, test = (every[rows] for rows in split)
            if train.ndim != 1 or test.ndim != 1:
                raise ValueError("one-dimensional arrays are needed")
        except (IndexError, TypeError, ValueError) as error:
            raise ValueError(
                f"Fold {fold} of cv is not a pair of arrays of rows: {error}"
            ) from error
        if len(train) == 0 or len(test) == 0:
            raise ValueError(f"Fold {fold} of cv has no rows to train or to score on.")
        folds.append((train, test))
    if not folds:
        raise ValueError("The cv has no folds.")
    return folds
