"""What lies in OUT once a run is whole, and how to check and remake it.

It must not know how a run works: no plan, no workspace, no chunk results.
"""
