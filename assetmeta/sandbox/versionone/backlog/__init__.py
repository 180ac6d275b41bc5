"""The made-up company behind the realistic data set: its words, its people and projects, its work, its talk."""

from __future__ import annotations
