/**
 * The other side of the contract: what the host calls, answered by a plugin. `tool/` makes components of it.
 */
import { Change } from "./change.ts";
import type { Operation, Value, Verdict, WireChange, WireEvent, WireOutcome, WireRequest, WireResponse, WireRow } from "./contract.ts";
import { Incoming, wireOf } from "./endpoint.ts";
import { eventOf } from "./event.ts";
import { Fields } from "./fields.ts";
import { wake } from "./globals.ts";
import { type Definition, GoesOn, type Hook } from "./plugin.ts";
import { errorOf, Refusal, refusalOf } from "./refusal.ts";
import { valueOf } from "./values.ts";

type Computed = { tag: "ok"; val: Value } | { tag: "err"; val: string };
type Hooks = Readonly<Record<string, Hook<Operation>>> | undefined;
type Asked = (object: string, operation: Operation, changes: WireChange[]) => Verdict[];

/** Runs an author's code: what it throws travels, what it should not give is a fault. */
function run<T>(code: () => T): T {
  wake();
  try {
    const given = code();
    if (given instanceof Promise) throw new TypeError("it is asynchronous: hooks give their answer at once");
    return given;
  } catch (error) {
    throw errorOf(error);
  }
}

/** The same for code that may call out, and so may be asynchronous: the engine goes on until it has an answer. */
function runLater<T, W>(code: () => T | Promise<T>, wire: (given: T) => W): W | Promise<W> {
  wake();
  const failed = (error: unknown): never => {
    throw errorOf(error);
  };
  try {
    const given = code();
    return given instanceof Promise ? given.then(wire).catch(failed) : wire(given);
  } catch (error) {
    return failed(error);
  }
}

/** Answers about records, by the object's hook. */
export function hooks(of: Hooks): Asked {
  return (object, operation, wire) =>
    run(() => {
      const hook = of?.[object];
      const changes = wire.map((change) => new Change(object, operation, change));
      if (hook?.all) nothing(hook.all(changes));
      else if (hook?.each) for (const change of changes) one(hook, change);
      return changes.map((change) => change.verdict());
    });
}

/** One record: a refusal is its own, everything else ends the call. */
function one(hook: Hook<Operation>, change: Change): void {
  try {
    nothing(hook.each?.(change));
  } catch (error) {
    const words = refusalOf(error);
    if (!words) throw error;
    change.refuse(new Refusal(words.message, words));
  }
}

function nothing(given: unknown): void {
  if (given instanceof Promise) throw new TypeError("it is asynchronous: hooks give their answer at once");
}

/** Computes fields: what is thrown about one record is of that record. */
export function computed(of: Definition["computed"]): (object: string, field: string, rows: WireRow[]) => Computed[] {
  return (object, field, rows) => {
    wake();
    const about = of?.[object]?.[field];
    if (!about) throw new Error(`there is no computed field \`${object}.${field}\``);
    return rows.map((row) => {
      try {
        return { tag: "ok", val: valueOf(about.value(new Fields(row.fields))) };
      } catch (error) {
        return { tag: "err", val: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
      }
    });
  };
}

/** Carries out actions. */
export function actions(of: Definition["actions"]): (name: string, input: string) => string {
  return (name, input) =>
    run(() => {
      const action = of?.[name];
      if (!action) throw new Error(`there is no action \`${name}\``);
      const output = action.act(JSON.parse(input) as never);
      nothing(output);
      return JSON.stringify(output ?? {});
    });
}

/** Answers queries. */
export function queries(of: Definition["queries"]): (name: string, input: string) => string {
  return (name, input) =>
    run(() => {
      const query = of?.[name];
      if (!query) throw new Error(`there is no query \`${name}\``);
      const output = query.resolve(JSON.parse(input) as never);
      nothing(output);
      return JSON.stringify(output ?? {});
    });
}

/** Carries out steps of jobs. */
export function jobs(of: Definition["jobs"]): (name: string, input: string, cursor: string | undefined) => WireOutcome | Promise<WireOutcome> {
  return (name, input, cursor) =>
    runLater<unknown, WireOutcome>(
      () => {
        const job = of?.[name];
        if (!job) throw new Error(`there is no job \`${name}\``);
        return job.run(JSON.parse(input), cursor);
      },
      wireOutcome,
    );
}

function wireOutcome(outcome: unknown): WireOutcome {
  return outcome instanceof GoesOn ? { tag: "goes-on", val: outcome.cursor } : { tag: "done", val: JSON.stringify(outcome ?? null) };
}

/** Is told that its package comes, grows or goes. */
export function lifecycle(of: Definition["lifecycle"]): {
  install(): void;
  upgrade(from: string, cursor: string | undefined): WireOutcome;
  uninstall(): void;
} {
  const at = <T>(code: () => T): T =>
    run(() => {
      const given = code();
      nothing(given);
      return given;
    });
  return {
    install: () => void at(() => of?.install?.()),
    upgrade: (from, cursor) => wireOutcome(at(() => of?.upgrade?.(from, cursor))),
    uninstall: () => void at(() => of?.uninstall?.()),
  };
}

/** Hears events. */
export function events(of: Definition["events"]): (event: WireEvent) => void | Promise<void> {
  return (event) =>
    runLater<unknown, void>(
      () => of?.[event.object]?.heard(eventOf(event)),
      () => undefined,
    );
}

/** Answers requests at endpoints. */
export function endpoints(of: Definition["endpoints"]): (name: string, request: WireRequest) => WireResponse | Promise<WireResponse> {
  return (name, request) =>
    runLater(() => {
      const endpoint = of?.[name];
      if (!endpoint) throw new Error(`there is no endpoint \`${name}\``);
      return endpoint.answer(new Incoming(request));
    }, wireOf);
}

/** Runs through what every call needs, before there is one, so that the first does not wait for it. */
export function warm(): void {
  const value = { tag: "text", val: "warm" } as const;
  const change = new Change("", "create", { id: "", new: [{ name: "field", value }], changed: ["field"] });
  change.set("field", change.becomes("field", "warm") ? "warmer" : "cold");
  JSON.parse(JSON.stringify(change.verdict()));
}
