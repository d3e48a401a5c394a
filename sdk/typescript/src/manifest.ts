/**
 * What a component says of itself: where its plugin wants to be asked, and what it offers, read off the plugin.
 */
import type { Endpoint } from "./endpoint.ts";
import type { Definition, Params } from "./plugin.ts";

/** A fault of the definition, which no type could catch. */
function must(holds: boolean, words: string): asserts holds {
  if (!holds) throw new TypeError(words);
}

/** The contents of the section `tenon:hooks`; `sdk/rust` writes the same. */
export function manifest(plugin: Definition, name: string, version: string): object {
  must(typeof plugin === "object" && plugin !== null, "src/plugin.ts has no `export default plugin({ … })`");
  const phases = [
    ["before_save", plugin.beforeSave],
    ["after_save", plugin.afterSave],
    ["before_delete", plugin.beforeDelete],
    ["after_delete", plugin.afterDelete],
  ] as const;
  const hooks: object[] = [];
  for (const [phase, of] of phases) {
    for (const [object, hook] of Object.entries(of ?? {})) {
      must(Boolean(hook.each) !== Boolean(hook.all), `${phase} of ${object}: write either \`each\` or \`all\``);
      must(hook.on.length > 0, `${phase} of ${object}: \`on\` names no operation`);
      hooks.push({ phase, object, operations: [...hook.on], ...(hook.onFault && { on_fault: hook.onFault }) });
    }
  }
  for (const [object, listener] of Object.entries(plugin.events ?? {})) {
    must(listener.on.length > 0, `event of ${object}: \`on\` names no operation`);
    hooks.push({ phase: "event", object, operations: [...listener.on] });
  }
  const called = (of: Readonly<Record<string, { input: Params; output: Params }>> = {}) =>
    Object.entries(of).map(([name, { input, output }]) => ({ name, input: params(input), output: params(output) }));
  const [actions, queries] = [called(plugin.actions), called(plugin.queries)];
  const jobs = Object.entries(plugin.jobs ?? {}).map(([job, { cron }]) => ({ name: job, ...(cron !== undefined && { cron }) }));
  const computed = Object.entries(plugin.computed ?? {}).flatMap(([object, fields]) =>
    Object.entries(fields).map(([field, { from }]) => ({ object, field, from: [...from] })),
  );
  const endpoints = Object.entries(plugin.endpoints ?? {}).map(([endpoint, about]) => ({ name: endpoint, ...door(about) }));
  const lifecycle = (["install", "upgrade", "uninstall"] as const).filter((moment) => plugin.lifecycle?.[moment] !== undefined);
  return { format: 1, package: name, version, contract: "tenon:plugin@1.0.0", size: "large", hooks, actions, jobs, queries, endpoints, computed, lifecycle };
}

function door({ at, auth }: Endpoint): object {
  const [method, path] = at.split(" ");
  if (typeof auth === "string") return { method, path, auth };
  if ("webhook" in auth) return { method, path, auth: "webhook", secret: auth.webhook };
  return { method, path, auth: "hmac", secret: auth.hmac, header: auth.header };
}

function params(of: Params): object[] {
  return Object.entries(of).map(([name, words]) => {
    const [type, ...rest] = words.split(" ");
    return { name, type, ...(rest.includes("many") && { many: true }), ...(rest.includes("required") && { required: true }) };
  });
}
