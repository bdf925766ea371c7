"""Model selection: the folds and candidates of a search are groups of one descent."""
