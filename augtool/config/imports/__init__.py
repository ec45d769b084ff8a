"""Translates augmentation code of other libraries into augtool's YAML.

Code is read, never run: `python_text` gives a syntax tree, `scopes` and `evaluate` find the values
that stand in it.
"""
