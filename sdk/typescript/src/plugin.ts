/**
 * What a plugin is: where it wants to be asked, and what it does there, in one place. The manifest is made of this, so code
 * and manifest cannot drift apart.
 */
import type { Operation } from "./contract.ts";
import type { Change } from "./change.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Event } from "./event.ts";
import type { Fields } from "./fields.ts";
import type { Given } from "./values.ts";

/** What becomes of a save whose plugin broke: it fails too, or goes on. A refusal is never skipped. */
export type OnFault = "refuse" | "skip";

/** A say in what happens to records of one object. */
export interface Hook<On extends Operation> {
  /** For which operations. */
  on: readonly On[];
  /** What becomes of a save where it breaks; `refuse` where nothing is said. */
  onFault?: OnFault;
  /** Called for each record. A `Refusal` that is thrown is of this record. */
  each?(change: Change): void;
  /** Called with all records of one save, 200 at most, in the place of `each`. A `Refusal` that is thrown refuses all. */
  all?(changes: Change[]): void;
}

/** A field that is made of other fields of its record. */
export interface Computed {
  /** Fields and relations it is made of. */
  from: readonly string[];
  /** Called for a record of which one of these differs. It has those fields and no others. What is thrown leaves the field empty. */
  value(record: Fields): Given;
}

/** What an action takes or gives, by its type. */
export type Word = "text" | "integer" | "decimal" | "boolean" | "date" | "datetime" | "id" | "json";

/** A value of an action: its type, whether it is a list (`many`), whether it must be given (`required`). */
export type Param = Word | `${Word} many` | `${Word} required` | `${Word} many required`;

/** Values of an action by name. */
export type Params = Readonly<Record<string, Param>>;

type Plain<W> = W extends "integer" ? number : W extends "boolean" ? boolean : W extends "json" ? unknown : string;
type Held<P> = P extends `${infer W} many${string}` ? Plain<W>[] : P extends `${infer W} required` ? Plain<W> : Plain<P>;
type Required<P extends Params> = { [K in keyof P]: P[K] extends `${string}required` ? K : never }[keyof P];

/** The input of an action, as declared. */
export type InputOf<P extends Params> = { [K in Required<P>]: Held<P[K]> } & { [K in Exclude<keyof P, Required<P>>]?: Held<P[K]> };

/** The output of an action, as declared: `null` and what is left out are nothing. */
export type OutputOf<P extends Params> = { [K in Required<P>]: Held<P[K]> } & {
  [K in Exclude<keyof P, Required<P>>]?: Held<P[K]> | null;
};

/** What people may call: a mutation of the data API, named after package and action. Made by `action`. */
export interface Action {
  input: Params;
  output: Params;
  act(input: never): object;
}

/**
 * An action. What goes in has been checked; what comes out must be what is declared.
 *
 * ```ts
 * const claim = action({
 *   input: { deal: "id required", note: "text" },
 *   output: { left: "integer" },
 *   act({ deal, note }) {
 *     records.update("opportunity", deal, { next_step: note ?? null });
 *     return { left: 2 };
 *   },
 * });
 * ```
 */
export function action<const I extends Params, const O extends Params>(about: {
  input: I;
  output: O;
  act(input: InputOf<I>): OutputOf<O>;
}): Action {
  return about as unknown as Action;
}

/** What people may ask: a field of the data API's queries, named after package and query. Made by `query`. */
export interface Query {
  input: Params;
  output: Params;
  resolve(input: never): object;
}

/**
 * A query. It may read, and nothing else. What goes in has been checked; what comes out must be what is declared.
 *
 * ```ts
 * const greeting = query({
 *   input: { account: "id required" },
 *   output: { words: "text" },
 *   resolve: ({ account }) => ({ words: `hello ${records.get("account", account)?.text("name") ?? ""}` }),
 * });
 * ```
 */
export function query<const I extends Params, const O extends Params>(about: {
  input: I;
  output: O;
  resolve(input: InputOf<I>): OutputOf<O>;
}): Query {
  return about as unknown as Query;
}

/** What a step of a job came to: nothing, something (kept as JSON), or more to do from a cursor on. Made by `goesOn`. */
export class GoesOn {
  /** Where the next step begins. */
  readonly cursor: string;
  /** Use `goesOn`. */
  constructor(cursor: string) {
    this.cursor = cursor;
  }
}

/**
 * There is more to do: another step begins from this cursor, with limits of its own.
 *
 * ```ts
 * run(input, cursor) {
 *   const step = Number(cursor ?? 0);
 *   if (step < 3) return goesOn(`${step + 1}`);
 * }
 * ```
 */
export function goesOn(cursor: string): GoesOn {
  return new GoesOn(cursor);
}

/** Work that is left for later by `jobs.start`, or started by the calendar. */
export interface Job {
  /** Times of the calendar by the wall clock of the tenant's zone: minute, hour, day of month, month, day of week. */
  cron?: string;
  /** Called for each step, with the job's input and where the step before has come to. May be asynchronous. */
  run(input: unknown, cursor: string | undefined): unknown;
}

/** Hearing of what was saved, after it was. */
export interface Listener {
  /** Of which operations. */
  on: readonly Operation[];
  /** Called for each event, in a transaction of its own, as your package itself. May be asynchronous. */
  heard(event: Event): unknown;
}

/** What a plugin does when its package comes, grows and goes: as the package itself, in the transaction of that. */
export interface Lifecycle {
  /** The package is installed where it is not. What is thrown leaves nothing installed. */
  install?(): void;
  /** This version takes the place of an older one: its data is moved. `goesOn` leaves the rest to a job. */
  upgrade?(from: string, cursor: string | undefined): unknown;
  /** The package is taken out. It goes whatever is thrown. */
  uninstall?(): void;
}

/** Where a plugin wants to be asked; objects, actions and jobs by name. */
export interface Definition {
  /** Before records are saved, inside the transaction: set fields, refuse, read. */
  beforeSave?: Readonly<Record<string, Hook<"create" | "update" | "restore">>>;
  /** After records were written, inside the transaction: refuse, read, write. */
  afterSave?: Readonly<Record<string, Hook<"create" | "update" | "restore">>>;
  /** Before records go to the recycle bin, inside the transaction: refuse, read. */
  beforeDelete?: Readonly<Record<string, Hook<"delete">>>;
  /** After they went, inside the transaction: refuse, read, write. */
  afterDelete?: Readonly<Record<string, Hook<"delete">>>;
  /** Fields that are made of others, by object and field. */
  computed?: Readonly<Record<string, Readonly<Record<string, Computed>>>>;
  /** What people may call. */
  actions?: Readonly<Record<string, Action>>;
  /** What people may ask. */
  queries?: Readonly<Record<string, Query>>;
  /** What may be left for later. */
  jobs?: Readonly<Record<string, Job>>;
  /** What it hears of, by object. */
  events?: Readonly<Record<string, Listener>>;
  /** Where it is called from outside, by name. */
  endpoints?: Readonly<Record<string, Endpoint>>;
  /** What it does when its package comes, grows and goes. */
  lifecycle?: Lifecycle;
}

/**
 * A plugin; the default export of `src/plugin.ts`.
 *
 * ```ts
 * export default plugin({
 *   beforeSave: {
 *     opportunity: {
 *       on: ["create", "update"],
 *       each(change) {
 *         if (change.becomes("stage", "proposal") && change.isEmpty("next_step")) change.set("next_step", "follow up");
 *       },
 *     },
 *   },
 * });
 * ```
 */
export function plugin<const D extends Definition>(definition: D): D {
  return definition;
}
