#!/usr/bin/env node
/**
 * `tenon-sdk component DIR OUT` makes a component of a plugin; `tenon-sdk test DIR [PATTERN]` runs its tests natively. `tenon plugin
 * build` and `test` call this.
 */
import { join, resolve } from "node:path";
import { spawnSync } from "node:child_process";
import { component } from "./component.mjs";
import { bundleTests } from "./bundle.mjs";
import { types } from "./types.mjs";

const [verb, folder = ".", ...rest] = process.argv.slice(2);

try {
  if (verb === "component") {
    types(folder);
    await component(resolve(folder), resolve(rest[0] ?? join(folder, "plugin.wasm")));
  } else if (verb === "test") {
    types(folder);
    const files = await bundleTests(resolve(folder));
    const pattern = rest[0] ? [`--test-name-pattern=${rest[0]}`] : [];
    const run = spawnSync(process.execPath, ["--test", "--test-reporter=spec", "--enable-source-maps", ...pattern, ...files], { stdio: "inherit" });
    process.exitCode = run.status ?? 1;
  } else {
    console.error("usage: tenon-sdk component DIR OUT | tenon-sdk test DIR [PATTERN]");
    process.exitCode = 2;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
