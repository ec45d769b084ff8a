"""Bytes to pixels to the copies of ONE image, and back to bytes.

It must not know where an image is stored, nor that there are others.
"""
