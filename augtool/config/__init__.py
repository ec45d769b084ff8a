"""The user's settings, checked as a whole: the YAML, its schema, its error messages.

It must not know how a run is carried out, nor look at any data.
"""
