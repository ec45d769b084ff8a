"""Views for people: contact sheets, an inventory of a data set, a report page.

It must not change an output, nor know how a run makes one.
"""
