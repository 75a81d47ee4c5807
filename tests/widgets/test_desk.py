"""Commands from the page: each done once, answered once, and refused with what is recorded."""

import threading

from flowkit import Flow


def kinds(run):
    return [event.kind for event in run.events]


def test_step_runs_the_task_that_it_named(page, run):
    assert page.do("step", task="inspect")["ok"]
    assert run.states["inspect"] == "succeeded"
    assert page.states()["quote"] == "ready"


def test_a_command_sent_three_times_is_done_once_and_answered_each_time(page, run):
    name = page.ask("step", task="inspect")
    for _ in range(2):
        page.send(t="do", id=name, act="step", task="inspect")
    page.answer(name)
    page.send(t="do", id=name, act="step", task="inspect")
    page.wait_for(lambda m: sum(g["t"] == "done" and g["id"] == name for g in page.got) >= 2)
    assert kinds(run).count("AttemptClaimed") == 1


def test_the_answer_comes_after_what_it_changed(page):
    name = page.ask("step", task="inspect")
    done = page.answer(name)
    told = page.got[: page.got.index(done)]
    assert any("head" in m and m["head"]["step"]["key"] == "quote" for m in told)


def test_a_step_that_is_not_ready_any_more_says_so(page, run):
    run.step()
    answer = page.do("step", task="inspect")
    assert not answer["ok"]
    assert "inspect" in answer["error"]
    assert kinds(run).count("AttemptClaimed") == 1


def test_run_drives_in_the_background_until_a_person_is_needed(page, run):
    assert page.do("run")["ok"]
    page.wait_for(lambda m: m.get("head", {}).get("focus") == "agree")
    assert run.states["quote"] == "succeeded"
    page.typed("complete", "agree", {"choice": 0})
    page.wait_for(lambda m: m.get("head", {}).get("run") == "succeeded")


def test_pause_does_not_wait_for_a_step_that_is_at_work(page_on):
    flow = Flow("slow")
    begun, go = threading.Event(), threading.Event()

    @flow.task
    def slow() -> int:
        begun.set()
        assert go.wait(20)
        return 1

    @flow.task
    def after(slow: int) -> int:
        return slow

    run = flow.start()
    page = page_on(run)
    page.open()
    name = page.ask("step", task="slow")
    assert begun.wait(20)
    assert page.do("pause")["ok"]
    assert run.state == "pausing"
    go.set()
    assert page.answer(name)["ok"]
    assert run.state == "paused"
    assert page.do("resume")["ok"]
    assert run.state == "running"


def test_a_right_answer_is_accepted_with_a_receipt_and_a_note(page, run):
    run.run()
    seen = run.seq
    answer = page.typed("complete", "agree", {"choice": 0}, note="by telephone")
    assert answer["ok"]
    assert answer["receipt"] == f"agree: accepted as event {seen + 1}"
    assert run["agree"] is True
    assert run.events[seen].data["note"] == "by telephone"


def test_a_wrong_answer_is_told_at_its_field_and_nothing_is_recorded(page, run):
    run.run()
    seen = run.seq
    answer = page.typed("complete", "agree", {"choice": None})
    assert not answer["ok"]
    assert [problem["path"] for problem in answer["problems"]] == [""]
    assert run.seq == seen


def test_a_failure_needs_words_and_becomes_the_task_s_failure(page, run):
    run.run()
    assert "what went wrong" in page.typed("fail", "agree", None, error="  ")["error"]
    assert page.typed("fail", "agree", None, error="no answer", note="three calls")["ok"]
    assert run.task("agree").failure.message == "no answer"


def test_a_second_answer_shows_what_is_recorded_beside_what_was_sent(page, run):
    run.run()
    run.complete("agree", True)
    answer = page.typed("complete", "agree", {"choice": 1})
    assert not answer["ok"]
    assert (answer["recorded"], answer["sent"]) == ("True", "False")
    assert run["agree"] is True


def test_the_same_answer_again_is_fine(page, run):
    run.run()
    run.complete("agree", True)
    assert page.typed("complete", "agree", {"choice": 0})["ok"]


def test_a_form_of_an_earlier_attempt_is_not_taken_for_the_one_that_counts(page, run):
    run.run()
    seen = run.seq
    answer = page.typed("complete", "agree", {"choice": 0}, attempt=7)
    assert "attempt 7" in answer["error"]
    assert run.seq == seen


def test_cancel_ends_the_run_and_later_commands_say_that_it_has_ended(page, run):
    assert page.do("cancel")["ok"]
    assert run.state == "cancelled"
    late = page.typed("complete", "agree", {"choice": 0})
    assert not late["ok"]


def test_what_a_stepped_task_prints_stays_with_it(page, run, capsys):
    page.do("step", task="inspect")
    assert "looking" in run.task("inspect").output
    assert capsys.readouterr().out == ""


def test_a_command_that_is_not_known_gets_an_answer_too(page):
    assert not page.do("dance")["ok"]


def test_the_handler_returns_while_everything_is_held_up(page, run):
    """It may be called on any thread, also one that must not wait: so it must not need the engine."""
    held, go = threading.Event(), threading.Event()

    def hold():
        with run._door.house.lock:
            held.set()
            assert go.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(20)
    name = page.ask("pause")
    page.send(t="look", key="quote")
    assert not any(m["t"] == "done" for m in page.got)
    go.set()
    holder.join()
    assert page.answer(name)["ok"]
