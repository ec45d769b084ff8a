"""The command line: parse, call, print, exit.

It must not have rules of its own: it does only what the Python API does.
"""
