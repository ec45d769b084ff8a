"""Translates augmentation code of other libraries into augtool's YAML.

Code is read, never run: `python_text` gives a syntax tree, `scopes` and `evaluate` find the values
that stand in it, `find` the pipelines. A framework is a file with a table of rules and a line in
`frameworks`; `translate` walks a pipeline through them, and `yaml_text` prints what comes out.
"""
