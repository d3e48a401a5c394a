/** Types made by `tenon plugin typegen`, as a plugin uses them. The file is what the program writes: its own tests say so. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Change } from "../src/index.ts";
import { update } from "../src/testing.ts";
import type { YachtBoat, YachtBoatType } from "./objects.ts";

test("a change is read and set by the names a package asks for", () => {
  const sail: YachtBoatType = "sail";
  const boat: Change<YachtBoat> = update("yacht_boat").before("type", sail).after("type", sail).build();
  // @ts-expect-error: the package did not ask for it.
  assert.equal(boat.text("secret_name"), undefined);
  boat.set("type", "motor" satisfies YachtBoatType);
  assert.equal(boat.choice("type"), "motor");
});
