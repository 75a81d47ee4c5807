"""How a task's code is read and recognised: its source, its digest, its parameters.

A digest stands for what a function does, not for how it is laid out: comments, blank lines and docstrings do not change it.
Nothing here may call the function.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import inspect
import linecache
import sys
import textwrap
import typing
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from ..core.values import preview

_LONGEST = 10_000  # characters that are looked at of values which belong to the code


def parameters(function: Callable[..., Any]) -> tuple[tuple[tuple[str, bool], ...], bool]:
    """The named parameters, each with whether it has a default, and whether any can't be passed by name."""
    if type(function) is FunctionType and not hasattr(function, "__wrapped__"):
        code = function.__code__
        positional, keyword = code.co_argcount, code.co_kwonlyargcount
        names = code.co_varnames
        plain = positional - len(function.__defaults__ or ())
        optional = function.__kwdefaults__ or ()
        found = [(names[i], i >= plain) for i in range(positional)]
        found += [(name, name in optional) for name in names[positional : positional + keyword]]
        return tuple(found), code.co_posonlyargcount > 0
    signature = inspect.signature(function)
    named = [p for p in signature.parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    bare = any(p.kind is p.POSITIONAL_ONLY for p in signature.parameters.values())
    return tuple((p.name, p.default is not p.empty) for p in named), bare


def notes_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations, evaluated where they can be; text that can't be evaluated stays text."""
    target = inspect.unwrap(function)
    target = getattr(target, "func", target)
    raw = getattr(target, "__annotations__", None) or {}
    scope = getattr(target, "__globals__", {})
    found = {}
    for name, annotation in raw.items():
        # A name that only a type checker knows stays text: the form then takes anything.
        with contextlib.suppress(Exception):
            for _ in range(2):  # one in quotes is a text twice where a file postpones all annotations
                annotation = eval(annotation, scope) if isinstance(annotation, str) else annotation
        found[name] = annotation
    return found


def unread(note: Any) -> str:
    """The text that is left in an evaluated annotation since it couldn't be evaluated; empty where all could."""
    if isinstance(note, str):
        return note
    if isinstance(note, typing.ForwardRef):
        return note.__forward_arg__
    origin = typing.get_origin(note)
    if origin is None or origin is typing.Literal:
        return ""
    inner = typing.get_args(note)[: 1 if origin is typing.Annotated else None]
    return next((text for one in inner if (text := unread(one))), "")


def source_of(function: Callable[..., Any]) -> str:
    """The function's source text, without common indentation; empty where it can't be had."""
    target = inspect.unwrap(function)
    code = getattr(target, "__code__", None)
    return _source(_This(code)) if code is not None else ""


def words_of(function: Callable[..., Any]) -> str:
    """The text of code that answers a question: of a lambda only itself, without what stands around it in its lines."""
    target = inspect.unwrap(function)
    code = getattr(target, "__code__", None)
    if code is None or code.co_name != "<lambda>":
        return source_of(function)
    places = [place for place in code.co_positions() if None not in place and place[2] != place[3]]
    if not places:
        return ""
    first, last = min((p[0], p[2]) for p in places), max((p[1], p[3]) for p in places)
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename)[first[0] - 1 : last[0]]
    if not lines:
        return ""
    texts = [line.encode() for line in lines]  # columns are counted in bytes
    texts[-1] = texts[-1][: last[1]]
    texts[0] = texts[0][first[1] :]
    body = b"".join(texts).decode("utf-8", "replace")
    names = ", ".join(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    return f"lambda {names}: {body}" if names else f"lambda: {body}"


def digest_of(function: Callable[..., Any]) -> str:
    """What the function does, as 16 hexadecimal digits."""
    target = inspect.unwrap(function)
    given = ""
    if isinstance(target, functools.partial):
        given = preview((target.args, target.keywords), _LONGEST)
        target = inspect.unwrap(target.func)
    code = getattr(target, "__code__", None) or getattr(type(target).__call__, "__code__", None)
    if code is not None:
        return _digest(code, _defaults_of(target), given)
    name = f"{getattr(target, '__module__', '')}.{getattr(target, '__qualname__', type(target).__qualname__)}"
    return hashlib.sha256((name + given).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def compiled_of(function: Callable[..., Any]) -> str:
    """What the function does, as this Python compiled it: quickly had, and never equal for another kind of Python."""
    plain = type(function) is FunctionType and not hasattr(function, "__wrapped__")
    target = function if plain else inspect.unwrap(function)
    code = getattr(target, "__code__", None)
    return "" if code is None else _compiled(code, _defaults_of(target))


def _defaults_of(function: Any) -> str:
    """The default values of its parameters, which are no part of the compiled code, in words that hold in any process."""
    found = getattr(function, "__defaults__", None), getattr(function, "__kwdefaults__", None)
    return "" if found == (None, None) else preview(found, _LONGEST)


@functools.lru_cache(maxsize=4096)
def _compiled(code: CodeType, defaults: str) -> str:
    digest = hashlib.sha256(_bytes_of(code) + defaults.encode("utf-8", "backslashreplace")).hexdigest()
    return f"{sys.implementation.cache_tag}:{digest[:16]}"


class _This:
    """One code object, and no other that is equal to it: what is equal may stand elsewhere, with other default values."""

    __slots__ = ("code",)

    def __init__(self, code: CodeType) -> None:
        self.code = code

    def __hash__(self) -> int:
        return id(self.code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _This) and self.code is other.code


@functools.lru_cache(maxsize=4096)
def _source(this: _This) -> str:
    code = this.code
    name = code.co_filename
    linecache.checkcache(name)
    # Much cheaper than inspect.getsource, which goes through all modules for a function from a cell.
    lines = linecache.getlines(name)[code.co_firstlineno - 1 :]
    try:
        if lines:
            return textwrap.dedent("".join(inspect.getblock(lines)))
        return "" if name.startswith("<") else textwrap.dedent(inspect.getsource(code))
    except (OSError, TypeError, SyntaxError):
        return ""


@functools.lru_cache(maxsize=4096)
def _digest(code: CodeType, defaults: str, given: str) -> str:
    # Two lambdas on one line have the same source, so only a `def` is recognised by its text.
    body = None if code.co_name == "<lambda>" else _normal(_source(_This(code)))
    more = given if body else defaults + given
    data = body.encode("utf-8", "surrogatepass") if body else _bytes_of(code)
    return hashlib.sha256(data + more.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _normal(source: str) -> str | None:
    """The source as its syntax tree says it again: no comments, no layout, no decorators, no docstring."""
    try:
        node = ast.parse(source).body[0]
    except (SyntaxError, IndexError, ValueError):
        return None
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    node.decorator_list = []
    if ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(node)


def _bytes_of(code: CodeType) -> bytes:
    parts: list[bytes] = []
    stack = [code]
    while stack:
        one = stack.pop()
        constants = [_said(c) for c in one.co_consts if not isinstance(c, CodeType)]
        stack += [c for c in one.co_consts if isinstance(c, CodeType)]
        names = (one.co_names, one.co_varnames, one.co_freevars, one.co_cellvars)
        counts = (one.co_argcount, one.co_posonlyargcount, one.co_kwonlyargcount, one.co_flags)
        said = repr((constants, names, counts)).encode("utf-8", "backslashreplace")
        parts += [one.co_code, one.co_exceptiontable, said]
    return b"\0".join(parts)


def _said(constant: Any) -> str:
    """A constant as every process says it: the order of a set differs from one to the next."""
    if isinstance(constant, frozenset):
        return f"frozenset({sorted(map(_said, constant))})"
    if isinstance(constant, tuple):
        return f"({', '.join(map(_said, constant))})"
    return repr(constant)
