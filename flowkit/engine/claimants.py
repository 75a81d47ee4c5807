"""Who claims attempts: this process's name, and whether the process behind another name still lives.

On the same machine and pid namespace a claim holds exactly as long as its process. A process that can't be seen from here
(another container, another machine) is believed as long as it was heard of within `LEASE` seconds.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import secrets
from typing import Any

from ..core import Claimant

LEASE = 30.0
"""Seconds without a sign of life after which a claimant out of sight counts as dead."""


AT_WORK: set[tuple[str, str, int]] = set()
"""The attempts that this process runs now, as (place of the run, task, number), also for engines that were closed meanwhile."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=AT_WORK.clear)


def me(driver: str = "") -> Claimant:
    """This process as a claimant; `driver` names one driver in it (a new name where empty)."""
    boot, space, pid, born = _process(os.getpid())
    return Claimant(boot, space, pid, born, driver or secrets.token_hex(4))


@functools.lru_cache(maxsize=8)
def _process(pid: int) -> tuple[str, str, int, str]:
    return _machine() + "/" + _read("/proc/sys/kernel/random/boot_id"), _space(), pid, _birth(pid)[0]


def _machine() -> str:
    return _read("/etc/machine-id") or platform.node()


def _space() -> str:
    with contextlib.suppress(OSError):
        return os.readlink("/proc/self/ns/pid")
    return ""


def _read(path: str) -> str:
    with contextlib.suppress(OSError), open(path) as file:
        return file.read().strip()
    return ""


def _birth(pid: int) -> tuple[str, str]:
    """A process's start in clock ticks since boot and its one-letter state; empty where /proc does not tell."""
    text = _read(f"/proc/{pid}/stat")
    if not text:
        return "", ""
    # The command's name is in brackets and may hold anything, so count from the last bracket.
    fields = text.rpartition(")")[2].split()
    return fields[19], fields[0]


def standing(claimant: Claimant) -> str:
    """ "this process", "living", "gone" or "elsewhere" (its process can't be seen from here)."""
    boot, space, pid, born = _process(os.getpid())
    if claimant.boot != boot:
        same_machine = claimant.boot.partition("/")[0] == boot.partition("/")[0]
        return "gone" if same_machine else "elsewhere"
    if claimant.space != space:
        return "elsewhere"
    if claimant.pid == pid and claimant.born == born:
        return "this process"
    return "living" if _lives(claimant) else "gone"


def _lives(claimant: Claimant) -> bool:
    if os.path.exists("/proc/self/stat"):
        born, letter = _birth(claimant.pid)
        return born == claimant.born and letter not in ("Z", "X")
    try:
        os.kill(claimant.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def gone_claims(door: Any) -> list[tuple[str, int]]:
    """The claims that nobody living holds: (task, attempt) each."""
    house, fold = door.house, door.fold
    gone = []
    for name, claimant in tuple(fold.claims.items()):
        attempt = fold.attempts[name]
        stands = standing(claimant)
        if stands == "this process":
            alive = (door.place, name, attempt) in AT_WORK
        elif stands == "elsewhere":
            alive = house.heard_of(claimant)
        else:
            alive = stands == "living"
        if not alive:
            gone.append((name, attempt))
    return gone
