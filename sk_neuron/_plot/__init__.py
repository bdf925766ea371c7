"""Displays: what a fit or a search has found, as pictures that Matplotlib draws."""
