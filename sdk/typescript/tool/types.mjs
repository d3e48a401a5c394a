/** Checks the types of a plugin; what is wrong is printed by the compiler itself. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** Fails where the types are wrong; a plugin without `tsconfig.json` has none. */
export function types(folder) {
  if (!existsSync(join(folder, "tsconfig.json"))) return;
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const run = spawnSync(process.execPath, [compiler, "--noEmit", "-p", folder], { stdio: ["ignore", "inherit", "inherit"] });
  if (run.status !== 0) throw new Error("the types are wrong");
}
