"""The live panel: one widget that shows a run and takes what a person tells it."""

from .panel import Panel, live

__all__ = ["Panel", "live"]
