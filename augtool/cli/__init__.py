"""The command line: parse, call, print, exit.

It must not hold a rule of its own: what it does, the Python API does.
"""
