/**
 * Makes one file of a plugin and the SDK: for a component, with the host's functions left to the host; for Node, with those of
 * `@tenon/sdk/testing` in their place.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const SDK = join(dirname(fileURLToPath(import.meta.url)), "../src");
const HOST = /^tenon:plugin\/([a-z-]+)@/;
/** What each interface of the host has; names as JavaScript has them. */
const FUNCTIONS = {
  acting: ["asItself"],
  clock: ["now", "today"],
  config: ["get"],
  crypto: ["sha256", "hmacSha256"],
  http: ["send"],
  jobs: ["start", "cancel"],
  kv: ["get", "scan", "set", "delete", "add", "swap"],
  limits: ["remaining"],
  log: ["write"],
  random: ["bytes"],
  "records-bulk": ["createMany", "updateMany"],
  "records-read": ["get", "query"],
  "records-write": ["getForUpdate", "lock", "create", "update", "updateWhere", "createOrGet", "delete", "nextNumber"],
  secrets: ["isSet", "hmac", "verify", "sign", "encrypt", "decrypt"],
};

/** The SDK is the one this tool belongs to, whatever else lies about. */
const sdk = {
  name: "tenon-sdk",
  resolveId(source) {
    if (source === "@tenon/sdk") return join(SDK, "index.ts");
    if (source.startsWith("@tenon/sdk/")) return join(SDK, `${source.slice("@tenon/sdk/".length)}.ts`);
    return undefined;
  },
};

const left = {
  name: "left-to-the-host",
  resolveId: (source) => (HOST.test(source) ? { id: source, external: true, moduleSideEffects: false } : undefined),
};

const mocked = {
  name: "answered-by-the-tests",
  resolveId: (source) => (HOST.test(source) ? { id: `\0${source}`, moduleSideEffects: false } : undefined),
  load(id) {
    const name = id.startsWith("\0") ? HOST.exec(id.slice(1))?.[1] : undefined;
    if (!name) return undefined;
    const lines = FUNCTIONS[name].map((called, at) => `const f${at} = (...given) => contract["${name}"].${called}(...given);\nexport { f${at} as ${called} };`);
    return `import { contract } from "@tenon/sdk/testing";\n${lines.join("\n")}\n`;
  },
};

const entry = (text) => ({
  name: "entry",
  resolveId: (source) => (source === "tenon:entry" ? "\0tenon:entry" : undefined),
  load: (id) => (id === "\0tenon:entry" ? text : undefined),
});

async function bundle(input, plugins, platform) {
  const built = await rolldown({
    input,
    platform,
    plugins: [...plugins, sdk],
    external: platform === "node" ? [/^node:/] : [],
    treeshake: true,
    logLevel: "warn",
  });
  return built;
}

/** The bundle of a component, from the text of its entry: its code, and the interfaces of the host that it imports. */
export async function bundleComponent(text) {
  const built = await bundle({ plugin: "tenon:entry" }, [entry(text), left], "neutral");
  const { output } = await built.generate({ format: "esm", codeSplitting: false });
  await built.close();
  const [chunk] = output;
  const foreign = chunk.imports.filter((source) => !HOST.test(source));
  if (foreign.length > 0) throw new Error(`a plugin has nothing of Node: it imports ${foreign.map((name) => `\`${name}\``).join(", ")}`);
  return { code: chunk.code, imports: chunk.imports.map((source) => HOST.exec(source)[1]) };
}

/** The same for Node, in a file. */
export async function bundleForNode(text, file) {
  const built = await bundle({ plugin: "tenon:entry" }, [entry(text), mocked], "node");
  await built.write({ format: "esm", file, codeSplitting: false });
  await built.close();
}

/** Every `test/*.test.ts`, for Node; the files. */
export async function bundleTests(folder) {
  const tests = join(folder, "test");
  const found = existsSync(tests) ? readdirSync(tests).filter((name) => /\.test\.[cm]?[jt]s$/.test(name)) : [];
  if (found.length === 0) throw new Error("there is no test/*.test.ts");
  const out = join(folder, "target/test");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const files = [];
  for (const name of found.sort()) {
    const file = join(out, name.replace(/\.[cm]?[jt]s$/, ".mjs"));
    const built = await bundle(join(tests, name), [mocked], "node");
    await built.write({ format: "esm", file, codeSplitting: false, sourcemap: true });
    await built.close();
    files.push(file);
  }
  return files;
}
