// Rules of the panel's script that need no page. Run by test_panel.py with node's own test runner.
import assert from "node:assert/strict";
import test from "node:test";
import panel, { pythonText, pythonValue, tone, towards, unpackStates, visible } from "./panel.mjs";

test("the module has what a front end calls", () => assert.equal(typeof panel.render, "function"));

test("hidden characters are shown", () => {
  assert.equal(visible("a\u0000b\n\u202ec\u200b"), "a\\x00b\\n\\u202ec\\u200b");
  assert.equal(visible("<b>&amp;</b> ünïcode 日本 🚲"), "<b>&amp;</b> ünïcode 日本 🚲");
});

test("values are written as Python would", () => {
  assert.equal(pythonValue(JSON.parse('{"a": [1, true, null, "x"], "b": {"c": 1.5}}')), '{"a": [1, True, None, "x"], "b": {"c": 1.5}}');
  assert.equal(pythonText('say "hi"\n'), '"say \\"hi\\"\\n"');
  assert.equal(pythonText("zero\u200bwidth"), '"zero\\u200bwidth"');
});

test("events fall into four families", () => {
  const families = ["RunStarted", "TaskSucceeded", "TaskFailed", "RunFailing", "RunPaused", "ReportRefused", "AttemptReleased", "TaskLost"];
  assert.deepEqual(families.map(tone), ["run", "task", "bad", "bad", "hand", "bad", "hand", "bad"]);
});

test("states are packed one letter each", () => assert.deepEqual(unpackStates(".0c"), [[0, -1], [1, 0], [2, 12]]));

test("arrows walk along links first", () => {
  const boxes = [[0, 0, 100, 40], [0, 80, 100, 40], [200, 80, 100, 40], [0, 160, 100, 40]];
  assert.equal(towards(boxes, new Set([2]), 0, 0, 1), 2);
  assert.equal(towards(boxes, new Set([1, 2]), 0, 0, 1), 1);
  assert.equal(towards(boxes, new Set(), 0, 0, 1), 1);
  assert.equal(towards(boxes, new Set(), 1, 1, 0), 2);
  assert.equal(towards(boxes, new Set([1]), 0, 0, -1), -1);
});
