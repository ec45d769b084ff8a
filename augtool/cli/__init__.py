"""The command line: parse, call, print, exit.

It must not have rules of its own: it does only what the Python API does.
"""

import gc

# Importing makes some 90,000 objects that stay, and a run leaves no cycles: looking for some all
# the time is a tenth of start-up. It is set here because typer is imported next.
gc.set_threshold(500_000)
