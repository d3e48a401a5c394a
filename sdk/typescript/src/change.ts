/**
 * One record, before and after: what a hook looks at.
 */
import type { FieldValue, Operation, Verdict, WireChange, WireRefusal } from "./contract.ts";
import { Fields } from "./fields.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import { equal, type Given, isNothing, valueOf } from "./values.ts";

/** What a record holds as long as the change is not saved. */
class Old<Names extends string> extends Fields<Names> {}

/**
 * One record, before and after. Secrets and many-to-many relations are not in it.
 *
 * ```ts
 * if (change.becomes("stage", "won") && change.isEmpty("close_date")) {
 *   throw new Refusal("a won deal needs a close date", { field: "close_date" });
 * }
 * ```
 */
export class Change<Names extends string = string> extends Fields<Names> {
  /** API name of the object. */
  readonly object: string;
  /** What happens to the record. */
  readonly operation: Operation;
  /** The record's id; also a new record has one already. */
  readonly id: string;
  /** As it is stored; none for a new record. `change.old?.text("city")`. */
  readonly old: Fields<Names> | undefined;
  #changed: string[];
  #patches = new Map<string, FieldValue>();
  #refusals: WireRefusal[] = [];

  /** The host makes these; in tests `@tenon/sdk/testing` does. */
  constructor(object: string, operation: Operation, change: WireChange) {
    super(change.new);
    this.object = object;
    this.operation = operation;
    this.id = change.id;
    this.old = change.old && new Old(change.old);
    this.#changed = change.changed;
  }

  /** True where a field or relation will hold nothing; blank text is nothing: `change.isEmpty("city")`. */
  isEmpty(name: Names): boolean {
    return isNothing(this.get(name));
  }

  /**
   * True where the caller changes a field or relation, or a plugin has; of a new record, where it holds something:
   * `change.changes("city")`.
   */
  changes(name: Names): boolean {
    return this.#patches.has(name) || this.#changed.includes(name);
  }

  /** True where a choice (or text) gets this value now and did not have it before: `change.becomes("stage", "won")`. */
  becomes(name: Names, code: string): boolean {
    return this.text(name) === code && this.old?.text(name) !== code;
  }

  /**
   * Sets a field, in `beforeSave`. It is checked as if the caller had written it; setting what it holds already does nothing.
   *
   * ```ts
   * change.set("name", change.text("name")?.trim() ?? null);
   * ```
   */
  set(name: Names, given: Given): void {
    const value = valueOf(given);
    if (equal(this.get(name) ?? { tag: "null" }, value)) return;
    this.put(name, value);
    this.#patches.set(name, { name, value });
  }

  /** Empties a field: `change.clear("next_step")`. */
  clear(name: Names): void {
    this.set(name, null);
  }

  /**
   * Refuses the record without throwing. May be called several times, so that people read all that is wrong at once.
   *
   * ```ts
   * change.refuse(new Refusal("we only sell in Bonn", { field: "city" }));
   * ```
   */
  refuse(refusal: Refusal): void {
    const words = refusalOf(refusal);
    if (words) this.#refusals.push(words);
  }

  /** What is said of it, as it travels. */
  verdict(): Verdict {
    if (this.#refusals.length > 0) return { tag: "refuse", val: this.#refusals };
    return this.#patches.size > 0 ? { tag: "patch", val: [...this.#patches.values()] } : { tag: "keep" };
  }
}
