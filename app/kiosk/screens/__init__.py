"""The screens: each a function that builds the whole tree from a view."""
