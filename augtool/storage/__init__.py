"""Bytes at places: whole-file reads and atomic writes, random access, tar and gzip.

It must not know what the bytes mean: no images, no data sets.
"""
