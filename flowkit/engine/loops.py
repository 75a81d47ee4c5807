"""The one file that knows about event loops inside event loops.

A blocking verb that meets an async task hands it to a helper loop in a thread of its own, which works whether or not the
caller sits in a running loop. `drive_nested` is for tasks bound to the caller's own loop: it applies nest-asyncio, then and
only then.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import contextvars
import os
import sys
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:  # asyncio takes a while to import, and most flows never need it
    from asyncio import AbstractEventLoop, Task

FAREWELL = 5.0
"""Seconds that an interrupted async task is given to clean up; a second interrupt ends that."""

_lock = threading.Lock()
_helper: AbstractEventLoop | None = None


def wait_for(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine on the helper loop and block until it is done; its context is the caller's.

    An interrupt of the caller cancels it.
    """
    context = contextvars.copy_context()
    loop = _helper_loop()
    done: concurrent.futures.Future[Any] = concurrent.futures.Future()
    begun: list[Task[Any]] = []

    async def guarded() -> None:
        # Whatever it raises must end here: an escaping SystemExit would end the loop and everybody's tasks with it.
        try:
            done.set_result(await coroutine)
        except BaseException as error:
            done.set_exception(error)

    def begin() -> None:
        begun.append(loop.create_task(guarded(), context=context))

    def cancel() -> None:
        for task in begun:
            task.cancel()
        if not begun:
            coroutine.close()
            done.cancel()

    try:
        loop.call_soon_threadsafe(begin)
        return done.result()
    except KeyboardInterrupt:
        loop.call_soon_threadsafe(cancel)
        with contextlib.suppress(BaseException):
            done.exception(FAREWELL)  # else it would still clean up while the attempt is offered again
        raise


def _helper_loop() -> AbstractEventLoop:
    global _helper
    with _lock:
        if _helper is None:
            import asyncio

            _helper = asyncio.new_event_loop()
            threading.Thread(target=_helper.run_forever, name="flowkit-loop", daemon=True).start()
        return _helper


def _forget() -> None:
    """In the child of a fork: the helper's thread stayed with the parent."""
    global _helper, _lock
    _helper, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def is_failure(error: BaseException) -> bool:
    """Whether what a function raised is its failure: any error, an exit, or a cancelling that it raised by itself."""
    asyncio = sys.modules.get("asyncio")  # what never imported it can't have raised its error
    return isinstance(error, Exception | SystemExit) or (
        asyncio is not None and isinstance(error, asyncio.CancelledError)
    )


def being_cancelled(error: BaseException) -> bool:
    """Whether the error is the cancelling of the calling asyncio task, and not one that a function raised by itself."""
    import asyncio

    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def drive_nested(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine on the caller's own loop and block, through nest-asyncio where that loop is running already.

    nest-asyncio changes asyncio in the whole process and can't be undone; on ipykernel 7.4 clicks are lost meanwhile, so
    `await run.finish()` is better wherever it can be used. Raises UsageError for a loop that can't be patched (uvloop).
    """
    import asyncio

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    import nest_asyncio

    try:
        nest_asyncio.apply(loop)
    except ValueError as error:
        coroutine.close()
        raise UsageError(
            f"This event loop can't be nested ({error}). Use `await run.finish()`, or run.run() without loop='caller'."
        ) from error
    return loop.run_until_complete(coroutine)
