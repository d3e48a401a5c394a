/**
 * A plugin in TypeScript → a component: described, bundled, and joined with its engine. No WASI anywhere: what it imports of the
 * host is what its code uses, and nothing else.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { componentize } from "@bytecodealliance/componentize-js";
import { bundleComponent, bundleForNode } from "./bundle.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const SDK = join(HERE, "../src");
/** The contract: beside the SDK in a package's `vendor/`, inside it on npm. */
const CONTRACTS = [join(HERE, "../wit"), join(HERE, "../../wit")];
/** All of them: the engine's own ways out. */
const SWITCHED_OFF = ["random", "stdio", "clocks", "http", "fetch-event"];
/** Interfaces that a plugin may export: what they answer, and what of a manifest asks for them. */
const EXPORTS = {
  "record-hooks": { needs: ({ phases }) => phases.has("before_save"), code: "{ beforeSave: hooks(plugin.beforeSave) }" },
  "after-hooks": { needs: ({ phases }) => phases.has("after_save"), code: "{ afterSave: hooks(plugin.afterSave) }" },
  "delete-hooks": {
    needs: ({ phases }) => phases.has("before_delete") || phases.has("after_delete"),
    code: "{ beforeDelete: hooks(plugin.beforeDelete), afterDelete: hooks(plugin.afterDelete) }",
  },
  "action-hooks": { needs: ({ actions }) => actions.length > 0, code: "{ act: actions(plugin.actions) }" },
  "computed-hooks": { needs: ({ computed }) => computed.length > 0, code: "{ compute: computed(plugin.computed) }" },
  "query-hooks": { needs: ({ queries }) => queries.length > 0, code: "{ resolve: queries(plugin.queries) }" },
  "job-hooks": { needs: ({ jobs }) => jobs.length > 0, code: "{ run: jobs(plugin.jobs) }" },
  "event-hooks": { needs: ({ phases }) => phases.has("event"), code: "{ handle: events(plugin.events) }" },
  "endpoint-hooks": { needs: ({ endpoints }) => endpoints.length > 0, code: "{ answer: endpoints(plugin.endpoints) }" },
  "lifecycle-hooks": { needs: ({ lifecycle }) => lifecycle.length > 0, code: "lifecycle(plugin.lifecycle)" },
  "warm-hooks": { needs: () => true, code: "{ warm }" },
};

/** Makes the component of the plugin in `folder`. */
export async function component(folder, out) {
  const source = ["src/plugin.ts", "src/plugin.js"].map((name) => join(folder, name)).find((file) => existsSync(file));
  if (!source) throw new Error(`there is no src/plugin.ts in ${folder}`);
  const work = join(folder, "target/component");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const manifest = await described(folder, source, work);
  const about = { ...manifest, phases: new Set(manifest.hooks.map(({ phase }) => phase)) };
  const exported = Object.entries(EXPORTS).filter(([, { needs }]) => needs(about));
  const { code, imports } = await bundleComponent(entryOf(source, exported));
  const sourcePath = join(work, "plugin.mjs");
  writeFileSync(sourcePath, code);
  // Joining takes seconds, and what it is made of says whether it was done before.
  const world = [...imports.map((name) => `import ${name};`), ...exported.map(([name]) => `export ${name};`)];
  const made = await componentize({ sourcePath, witPath: contract(work, world), worldName: "made", disableFeatures: SWITCHED_OFF });
  writeFileSync(out, Buffer.concat([made.component, section("tenon:hooks", JSON.stringify(manifest))]));
}

/** What the host calls, answered by the plugin. What is forbidden before a call is forbidden while the plugin's modules run. */
function entryOf(source, exported) {
  const lines = exported.map(([name, { code }]) => `export const ${camel(name)} = ${code};`);
  return `import "@tenon/sdk/sealed";
import plugin from ${JSON.stringify(source)};
import { actions, computed, endpoints, events, hooks, jobs, lifecycle, queries, warm } from "@tenon/sdk/guest";
${lines.join("\n")}\n`;
}

/** What the plugin says of itself: it is run here, in a process of its own, and asked. */
async function described(folder, source, work) {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = join(work, "described.mjs");
  const entry = `import "@tenon/sdk/sealed";
import plugin from ${JSON.stringify(source)};
import { manifest } from "@tenon/sdk/manifest";
process.stdout.write(JSON.stringify(manifest(plugin, ${JSON.stringify(name.replaceAll("-", "_"))}, ${JSON.stringify(version)})));\n`;
  await bundleForNode(entry, file);
  const run = spawnSync(process.execPath, [file], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`src/plugin.ts does not run:\n${run.stderr.trim()}`);
  return JSON.parse(run.stdout);
}

/** The contract with a world of what this plugin imports and exports. */
function contract(work, lines) {
  const from = CONTRACTS.find((folder) => existsSync(folder));
  if (!from) throw new Error("the contract (`wit`) does not lie beside the SDK");
  const folder = join(work, "wit");
  cpSync(from, folder, { recursive: true });
  writeFileSync(join(folder, "made.wit"), `package tenon:plugin@1.0.0;\n\nworld made {\n${lines.map((line) => `  ${line}\n`).join("")}}\n`);
  return folder;
}

/** A custom section of a component. */
function section(name, text) {
  const [called, contents] = [Buffer.from(name), Buffer.from(text)];
  const body = Buffer.concat([length(called.length), called, contents]);
  return Buffer.concat([Buffer.from([0]), length(body.length), body]);
}

/** An unsigned LEB128 number. */
function length(number) {
  const bytes = [];
  for (let rest = number; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function camel(name) {
  return name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
}
