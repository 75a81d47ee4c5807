"""Where facts are kept: a protocol, journals in memory and in a SQLite file, and the codecs for values."""

from .codecs import pack, register, unpack
from .memory import MemoryJournal
from .opening import database
from .protocol import Entry, Journal, Summary
from .sqlite import SqliteJournal

__all__ = [
    "Entry",
    "Journal",
    "MemoryJournal",
    "SqliteJournal",
    "Summary",
    "database",
    "pack",
    "register",
    "unpack",
]
