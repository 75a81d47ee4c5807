"""The mutation campaign: break each condition of the core's rules, and see whether a test notices.

    python -m tests.core.mutating [--part 1/4] [--only judging,ending] [--tests tests/core/test_advance.py …]

Each mutant is one changed condition (turned round, `and` for `or`, `<` for `<=`, never true) in one module, or a row
taken out of a
table. It lives in a forked process of its own, in which the tests of the core run until the first one fails. Survivors
are printed with their line. It takes about an hour on one core, and is not part of the test run.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

RULES = (
    *(
        "judging",
        "ending",
        "report",
        "retrying",
        "resetting",
        "undoing",
        "links",
        "verbs",
        "timing",
        "claiming",
        "turn",
    ),
    *("composed", "advance", "evolve_units", "evolve_groups"),
)
TABLES = ("TASK_TABLE", "RUN_TABLE", "TASK_VERDICTS", "RUN_VERDICTS")
TESTS = ("tests/core/test_advance.py", "tests/core/test_tables.py", "tests/core/test_machine.py")
LONGEST = 240  # seconds for the tests of one mutant: one that loops for ever counts as noticed
CORE = Path(__file__).parents[2] / "flowkit" / "core"

_OTHER: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


class Mutant:
    """One change: in `module`, at `line`, told by `words`; `tree` is the whole changed module."""

    def __init__(self, module: str, line: int, words: str, tree: ast.Module) -> None:
        self.module, self.line, self.words, self.tree = module, line, words, tree

    def __str__(self) -> str:
        return f"{self.module}.py:{self.line}: {self.words}"


def mutants(module: str) -> Iterator[Mutant]:
    """All changes to the conditions of one module."""
    whole = ast.parse((CORE / f"{module}.py").read_text())
    for index, node in enumerate(ast.walk(whole)):
        for number, words in enumerate(_changes(node)):
            tree = copy.deepcopy(whole)
            for at, other in enumerate(ast.walk(tree)):
                if at == index:
                    _change(other, number)
                    break
            yield Mutant(module, getattr(node, "lineno", 0), words, ast.fix_missing_locations(tree))


def _changes(node: ast.AST) -> list[str]:
    """What can be changed at a node, in words."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return [f"{ast.unparse(node)} turned round"]
    if isinstance(node, ast.BoolOp):
        return [f"the other way to join: {ast.unparse(node)[:90]}"]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return [f"{ast.unparse(node)} without its not"]
    if isinstance(node, ast.If | ast.While | ast.IfExp) and not isinstance(
        node.test, ast.Compare | ast.BoolOp | ast.UnaryOp
    ):
        return [f"never: {ast.unparse(node.test)[:90]}"]
    return []


def _change(node: ast.AST, number: int) -> None:
    if isinstance(node, ast.Compare):
        node.ops = [_OTHER[type(node.ops[0])]()]
    elif isinstance(node, ast.BoolOp):
        node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
    elif isinstance(node, ast.UnaryOp):
        node.operand = ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        node.test = ast.BoolOp(ast.And(), [node.test, ast.Constant(False)])


def rows() -> Iterator[tuple[str, tuple[str, str]]]:
    """Each row of the tables, to be taken out."""
    from flowkit.core import states

    for table in TABLES:
        for row in getattr(states, table):
            yield table, row


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module of the core from its changed tree."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, fullname: str, path: object, target: object = None) -> object:
        if fullname == f"flowkit.core.{self.mutant.module}":
            return importlib.util.spec_from_loader(fullname, self)
        return None

    def create_module(self, spec: object) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.mutant.tree, f"{self.mutant.module}.py", "exec"), module.__dict__)


def noticed(mutant: Mutant | tuple[str, tuple[str, str]], tests: list[str]) -> bool:
    """Whether the tests fail in a process that has the mutant."""
    pid = os.fork()
    if pid == 0:
        _live(mutant, tests)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) != 0


def _live(mutant: Mutant | tuple[str, tuple[str, str]], tests: list[str]) -> None:
    """In the child: run the tests with the mutant in place; the exit code says how they went."""
    signal.alarm(LONGEST)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    for name in [
        name for name in sys.modules if name.startswith(("flowkit", "tests.core.")) and name != __name__
    ]:
        del sys.modules[name]
    code = 1
    try:
        if isinstance(mutant, Mutant):
            sys.meta_path.insert(0, _Changed(mutant))
        else:
            from flowkit.core import states

            table, row = mutant
            del getattr(states, table)[row]
        import pytest

        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))
    finally:
        os._exit(code)


def main() -> int:
    """Try all mutants of a part, and print those that nobody noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.core.mutating")
    parser.add_argument("--part", default="1/1", help="which part of all mutants, such as 2/4")
    parser.add_argument("--only", default=",".join(RULES), help="modules, or 'tables'")
    parser.add_argument("--tests", nargs="*", default=list(TESTS))
    given = parser.parse_args()
    part, parts = map(int, given.part.split("/"))
    chosen: list[Mutant | tuple[str, tuple[str, str]]] = []
    for module in given.only.split(","):
        chosen += list(rows()) if module == "tables" else list(mutants(module))
    chosen = chosen[part - 1 :: parts]
    survivors = 0
    for mutant in chosen:
        if not noticed(mutant, given.tests):
            survivors += 1
            print(f"nobody noticed {mutant}", flush=True)
    print(f"{len(chosen)} tried, {survivors} survived")
    return 0


if __name__ == "__main__":
    sys.exit(main())
