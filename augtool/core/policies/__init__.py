"""Policies that draw operations and strengths: only ways of drawing augtool's own transforms.

A policy says which transforms it draws, and over which ranges (`settings`), and gives each copy the
parameters of some of them; the others stay at their identities. So rows, replay and reports know
nothing of policies.
"""

from __future__ import annotations

from augtool.core.policies.autoaugment import AUTOAUGMENT, AutoAugment
from augtool.core.policies.joining import joined, widened
from augtool.core.policies.policy import Policy
from augtool.core.policies.randaugment import RandAugment, TrivialAugment

__all__ = [
    "AUTOAUGMENT",
    "AutoAugment",
    "Policy",
    "RandAugment",
    "TrivialAugment",
    "joined",
    "widened",
]
