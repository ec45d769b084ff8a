"""Decides how many copies each sample gets, and their names, before anything is made.

It must not write, and must not know how or where records are made.
"""
