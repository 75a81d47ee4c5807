"""Starts the fresh processes of the measurements, and takes in what they print."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent


def fresh(*arguments: str) -> Any:
    """What a new process of `inside.py` says about `arguments`; None where it ended without a word."""
    said = _said("-m", "benchmarks.inside", *arguments)
    return json.loads(said) if said else None


def fresh_program(text: str) -> list[Any]:
    """What a program prints in a new process, as one Python value a line."""
    return [ast.literal_eval(line) for line in _said("-c", text).splitlines()]


def _said(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
