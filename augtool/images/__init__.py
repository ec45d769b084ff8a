"""Bytes to pixels to the copies of ONE image, and back to bytes.

It must not know where an image lies, nor that there are others.
"""
