"""Which rows train and which judge: folds and candidates as groups of one descent."""
