"""The pure core: numbers and arrays in, numbers and arrays out.

Nothing here opens a file, reads a clock, logs, or keeps random state.
"""
