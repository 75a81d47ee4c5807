"""A run as a test file: what `run.to_pytest()` writes is green for the flow it came from, and red for another one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import flowkit
from flowkit.errors import UsageError

ORDERS = '''
from flowkit import Flow, Retry, failed

flow = Flow("order", on_failure="continue")


@flow.task
def quote(item):
    raise AssertionError("no function is called")


@flow.task(retry=Retry(3, delay=60, on=(OSError,)))
def charge(quote):
    raise AssertionError("no function is called")


@charge.revert
def refund(charge):
    raise AssertionError("no function is called")


@flow.manual
def approve(quote) -> bool:
    """Is this price all right?"""


@flow.task(when=lambda approve, charge: approve and charge)
def ship(charge, approve):
    raise AssertionError("no function is called")


@flow.task(each="parcels")
def weigh(parcels, item):
    raise AssertionError("no function is called")


@flow.task(after=failed("ship"))
def complain(ship):
    raise AssertionError("no function is called")
'''


def orders() -> flowkit.Flow:
    known: dict[str, Any] = {"__name__": "orders"}
    exec(compile(ORDERS, "<orders>", "exec"), known)
    return known["flow"]


def told() -> flowkit.Run:
    """A run in which much happened: a retry, a question, items, a pause, a rerun and an undo."""
    run = flowkit.Engine(clock="virtual").start(orders(), {"item": b"book", "parcels": [1, 2]})
    run.complete("quote", 3.5)
    run.fail("charge", ConnectionResetError("cut off"))
    run.pause()
    run.complete("approve", True)
    run.resume()
    run.tick("next")
    run.complete("charge", {"paid": 3.5})
    (asked,) = [offer for offer in run.ready() if offer.kind == "when"]
    run.complete(asked, True)
    run.complete("weigh[1]", frozenset({1}))
    run.skip("weigh[0]", note="too light")
    run.fail("ship", "lost at sea", type="ShipError")
    run.complete("complain", "sent")
    run.rerun("approve")
    run.complete("approve", False)
    (asked,) = [offer for offer in run.ready() if offer.kind == "when"]
    run.complete(asked, False)
    run.revert()
    run.complete("charge", None)
    assert run.state == "reverted"
    return run


def outcome(folder: Path, flow: str, test: str) -> subprocess.CompletedProcess[str]:
    """Run a test file beside a module `orders` with that flow."""
    (folder / "orders.py").write_text(flow)
    (folder / "test_order.py").write_text(test)
    call = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
        str(folder),
    ]
    return subprocess.run(call, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_the_test_is_green_for_its_flow_and_red_for_another(tmp_path: Path) -> None:
    text = told().to_pytest("orders:flow")
    assert "tests." not in text
    done = outcome(tmp_path, ORDERS, text)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    for old, new in (
        ("Retry(3, delay=60, on=(OSError,))", "Retry(3, on=(ValueError,))"),
        ("when=lambda approve, charge: approve and charge", ""),
        ('after=failed("ship")', 'after="ship"'),
        ("def quote(item)", "def quote(item, approve)"),
        ('each="parcels"', ""),
        ("@charge.revert\n", ""),
    ):
        assert old in ORDERS
        done = outcome(tmp_path, ORDERS.replace(old, new), text)
        assert done.returncode == 1, f"{old} → {new}\n{done.stdout}"


def test_a_fixture_is_left_to_be_filled_in_where_nobody_says_which_flow(tmp_path: Path) -> None:
    text = told().to_pytest()
    assert "NotImplementedError" in outcome(tmp_path, ORDERS, text).stdout
    filled = text.replace(
        'raise NotImplementedError("say here where the flow is: from orders import flow; return flow")',
        "from orders import flow; return flow",
    )
    assert filled != text
    assert outcome(tmp_path, ORDERS, filled).returncode == 0


def test_it_says_what_cant_be_told_again() -> None:
    flow = flowkit.Flow("live")

    @flow.task
    def connect() -> object:
        return object()

    with pytest.raises(UsageError, match="connect is kept in the memory"):
        flow.start().run().to_pytest()
    with pytest.raises(UsageError, match="is no place of a flow"):
        told().to_pytest("my orders")


def test_who_was_at_work_when_the_run_failed_is_told_before() -> None:
    flow = flowkit.Flow("two")

    @flow.task
    def a() -> None:
        run.fail("b", "no")

    @flow.manual
    def b() -> None: ...

    run = flow.start()
    run.run()
    assert run.states == {"a": "succeeded", "b": "failed"}
    known: dict[str, Any] = {}
    exec(compile(run.to_pytest(), "<test>", "exec"), known)
    known["test_two"](flow)


def test_a_subflow_whose_end_was_left_out_can_be_told_again() -> None:
    child, flow = flowkit.Flow("child"), flowkit.Flow("outer")
    child.task(lambda: 1, name="work", when=lambda: False)
    flow.add(child)
    run = flow.start().run()
    assert run.states == {"child": "succeeded", "child.work": "skipped"}
    known: dict[str, Any] = {}
    exec(compile(run.to_pytest(), "<test>", "exec"), known)
    known["test_outer"](flow)
