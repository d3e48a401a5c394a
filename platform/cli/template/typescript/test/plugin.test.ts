/** The rules, natively: no host, no component. */
import assert from "node:assert/strict";
import test from "node:test";
import { date } from "@tenon/sdk";
import { ask, update } from "@tenon/sdk/testing";
import rules from "../src/plugin.ts";

const won = () => update("opportunity").before("stage", "proposal").after("stage", "won");

test("a won deal needs a close date", () => {
  const hook = rules.beforeSave.opportunity;
  assert.throws(() => ask(hook, won()), { name: "Refusal", field: "close_date" });
  assert.deepEqual(ask(hook, won().after("close_date", date("2026-03-01"))).patches, {});
});
