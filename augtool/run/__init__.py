"""One run, from the plan to a whole output; interrupted, resumed or updated.

It must not parse flags, print, or know any source, sink or engine by name.
"""
