"""Names that look like a slip of the pen, at a cost that is linear in the length of all names."""

from __future__ import annotations

from collections.abc import Iterable


class Names:
    """Known names, for saying "did you mean": finds one that is a single letter away."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = names
        self._near: dict[str, str] | None = None

    def near(self, name: str) -> str | None:
        """A known name that differs by one letter (more, less, other, or two swapped), or only by case."""
        if self._near is None:
            self._near = {}
            for known in self._names:
                for variant in _variants(known):
                    self._near.setdefault(variant, known)
        for variant in _variants(name):
            found = self._near.get(variant)
            if found is not None and found != name and not _numbered(found, name):
                return found
        return None


def _numbered(one: str, other: str) -> bool:
    """Whether two names differ only as `part_1` and `part_2` or `left_a` and `left_b` do, which is no slip."""
    digits = str.maketrans("", "", "0123456789")
    return one[:-1] == other[:-1] or one.translate(digits) == other.translate(digits)


def _variants(name: str) -> list[str]:
    low = name.casefold()
    if len(low) < 4:
        return [low]
    swapped = [low[:i] + low[i + 1] + low[i] + low[i + 2 :] for i in range(len(low) - 1)]
    return [low, *(low[:i] + low[i + 1 :] for i in range(len(low))), *swapped]
