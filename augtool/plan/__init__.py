"""Who gets how many copies, under which names, decided before anything is made.

It must not write, and must not know how or where records are made.
"""
