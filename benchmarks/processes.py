"""Starts the fresh processes of `inside.py`, and takes in what they print."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent


def fresh(*arguments: str) -> Any:
    """What a new process says about `arguments`; None where it ended without a word."""
    command = [sys.executable, "-m", "benchmarks.inside", *arguments]
    done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout) if done.stdout else None
