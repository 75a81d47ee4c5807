"""The desk: commands from the page are laid on it, and done one after the other in a thread of its own.

A widget's handler may be called on the main thread or on any other, so it only lays a command down. What
calls a user's function (Step) is done in a second thread, so that Pause and answers do not wait for it. A
command is done once, under its id, however often it is sent; each gets one answer.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ..core.values import preview
from ..errors import AlreadyCompleted, FlowkitError, InvalidValue, ReportRefused, UsageError
from .form import QUESTIONS, read_form, schema_of_offer

_log = logging.getLogger("flowkit")

REMEMBERED = 1_000
"""Answers that are kept, for commands that are sent again."""

LONGEST_SIDE = 400  # characters of a recorded or sent value in a refusal

Answer = dict[str, Any]


class Desk:
    """Does what the page asks of one run. `tell(message)` sends to the page at once, `answer(message)`
    after all that the command changed was told.
    """

    def __init__(self, run: Any, tell: Callable[[Answer], None], answer: Callable[[Answer], None]) -> None:
        self._run = run
        self._tell = tell
        self._answer = answer
        self._answers: OrderedDict[str, Answer | None] = OrderedDict()
        self._lock = threading.Lock()
        self._lanes: dict[str, queue.SimpleQueue[dict[str, Any] | None]] = {}

    def lay(self, command: dict[str, Any]) -> None:
        """Take a command; returns at once. One that was taken before only gets its answer again."""
        name = str(command.get("id", ""))
        with self._lock:
            known = name in self._answers
            answer = self._answers.get(name)
            if not known:
                self._answers[name] = None
                while len(self._answers) > REMEMBERED:
                    self._answers.popitem(last=False)
                self._lane("calls" if command.get("act") == "step" else "desk").put(command)
        if known:
            self._tell(answer or {"t": "ack", "id": name})
        else:
            self._tell({"t": "ack", "id": name})

    def close(self) -> None:
        """Let the threads end; what they have taken up is finished."""
        with self._lock:
            for lane in self._lanes.values():
                lane.put(None)
            self._lanes.clear()

    def _lane(self, name: str) -> queue.SimpleQueue[dict[str, Any] | None]:
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = queue.SimpleQueue()
            threading.Thread(
                target=self._work, args=(lane,), name=f"flowkit-panel-{name}-{self._run.id}", daemon=True
            ).start()
        return lane

    def _work(self, lane: queue.SimpleQueue[dict[str, Any] | None]) -> None:
        while (command := lane.get()) is not None:
            name = str(command.get("id", ""))
            answer = {"t": "done", "id": name, **self._done(command)}
            with self._lock:
                self._answers[name] = answer
            self._answer(answer)

    def _done(self, command: dict[str, Any]) -> Answer:
        try:
            return _ACTS[command["act"]](self._run, command)
        except InvalidValue as refusal:
            if refusal.problems:
                return _problems(refusal.problems)
            return {"ok": False, "error": str(refusal)}
        except ReportRefused as refusal:
            return _sides(refusal)
        except FlowkitError as error:
            return {"ok": False, "error": str(error)}
        except Exception as error:
            _log.exception("the panel of run %s could not do %r", self._run.id, command.get("act"))
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}


def _problems(problems: Any) -> Answer:
    return {"ok": False, "problems": [{"path": p.path, "message": p.message} for p in problems]}


def _sides(refusal: ReportRefused) -> Answer:
    answer: Answer = {"ok": False, "error": str(refusal)}
    if isinstance(refusal, AlreadyCompleted) or refusal.recorded is not None:
        answer["recorded"] = preview(refusal.recorded, LONGEST_SIDE)
        answer["sent"] = preview(refusal.sent, LONGEST_SIDE)
    return answer


def _step(run: Any, command: dict[str, Any]) -> Answer:
    events = run.step(command.get("task") or None, echo=False)
    return {"ok": True} if events else {"ok": False, "error": events.note}


def _play(run: Any, command: dict[str, Any]) -> Answer:
    run.play()
    return {"ok": True}


def _verb(name: str, *taken: str) -> Callable[[Any, dict[str, Any]], Answer]:
    def do(run: Any, command: dict[str, Any]) -> Answer:
        getattr(run, name)(*(command[key] for key in taken))
        return {"ok": True, "receipt": run.note}

    return do


def _complete(run: Any, command: dict[str, Any]) -> Answer:
    typed = command.get("data") or {}
    offer = _offer(run, command)
    value, problems = read_form(schema_of_offer(offer), typed.get("value"))
    if problems:
        return _problems(problems)
    receipt = run.complete(offer, value, note=typed.get("note") or None)
    return {"ok": True, "receipt": receipt.words}


def _fail(run: Any, command: dict[str, Any]) -> Answer:
    typed = command.get("data") or {}
    text = str(typed.get("error", "")).strip()
    if not text:
        return {"ok": False, "error": "Say in a few words what went wrong: it becomes the failure's message."}
    receipt = run.fail(_offer(run, command), text, note=typed.get("note") or None)
    return {"ok": True, "receipt": receipt.words}


def _offer(run: Any, command: dict[str, Any]) -> Any:
    """The very attempt or question that the form was for: an answer must never go to a later one that nobody saw."""
    task, attempt, kind = command["task"], command.get("attempt"), command.get("kind", "do")
    offer = run.offer(task, kind)
    if kind not in QUESTIONS and attempt != offer.attempt:
        raise UsageError(
            f"This form was for attempt {attempt} of {task}; attempt {offer.attempt} counts now. "
            "Nothing was recorded."
        )
    offer.attempt = attempt
    return offer


def _rerun(run: Any, command: dict[str, Any]) -> Answer:
    run.rerun(command["task"], items=command.get("items", "all"))
    return {"ok": True, "receipt": run.note}


_ACTS: dict[str, Callable[[Any, dict[str, Any]], Answer]] = {
    "step": _step,
    "run": _play,
    "complete": _complete,
    "fail": _fail,
    "rerun": _rerun,
    **{name: _verb(name) for name in ("pause", "resume", "cancel", "revert")},
    **{name: _verb(name, "task") for name in ("skip", "break_before", "clear_break")},
}
