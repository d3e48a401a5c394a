/** The rule, natively: no host, no component. */
import assert from "node:assert/strict";
import test from "node:test";
import { ask, update } from "@tenon/sdk/testing";
import rules from "../src/plugin.ts";

const lost = () => update("opportunity").before("stage", "proposal").after("stage", "lost");

test("a lost deal says why and is not counted on", () => {
  const hook = rules.beforeSave.opportunity;
  assert.throws(() => ask(hook, lost()), { name: "Refusal", field: "loss_category", rule: "LOSS_CATEGORY_MISSING" });
  assert.deepEqual(ask(hook, lost().after("loss_category", "price")).change.text("forecast"), "omitted");
});
