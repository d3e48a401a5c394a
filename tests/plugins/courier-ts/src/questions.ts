/** Queries: what may be read is read, what a query must not do is tried. */
import { http, jobs, kv, Problem, records, Refusal } from "@tenon/sdk";

/** The field of a record that shows who may see what: its name, nothing, or why not. */
export function peek({ object, id }: { object: string; id: string }): { said: string } {
  try {
    const record = records.get(object, id);
    return { said: record ? `${record.text("name") ?? ""} ${record.integer("employee_count") !== undefined}` : "nothing" };
  } catch (error) {
    if (error instanceof Problem) return { said: error.code };
    throw error;
  }
}

const TAGS = "query ($starts: String) { tags(filter: { name: { startsWith: $starts } }, orderBy: { name: ASC }) { nodes { name } } }";

/** The names of tags that begin so. */
export function tagged({ starts }: { starts?: string }): { names: string[]; total: number } {
  const data = records.query<{ tags: { nodes: { name: string }[] } }>(TAGS, { starts });
  const names = data.tags.nodes.map(({ name }) => name);
  return { names, total: names.length };
}

/** Everything that a query may not. */
const WRONG: Record<string, () => unknown> = {
  write: () => records.create("tag", { name: "never" }),
  lock: () => records.lock("a name"),
  keep: () => kv.set("a", "never"),
  leave: () => jobs.start("call", {}),
  call: () => http.send("shop", "/v1/echo"),
  refuse() {
    throw new Refusal("not today", { rule: "NOT_TODAY" });
  },
  panic() {
    throw new Error("the plugin's own secret");
  },
  loop() {
    for (;;);
  },
};

export function astray({ how }: { how: string }): { said: string } {
  if (how === "undeclared") return { secret: "never" } as unknown as { said: string };
  if (how === "misfit") return { said: 7 as unknown as string };
  WRONG[how]?.();
  return { said: how };
}
