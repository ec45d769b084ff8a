"""Policies that draw operations and strengths: only ways of drawing augtool's own transforms.

A policy says which transforms it draws, and over which ranges (`settings`), and gives each copy the
parameters of some of them; the others stay at their identities. So rows, replay and reports know
nothing of policies.
"""
