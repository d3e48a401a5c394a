/**
 * Reading fields by their type. Fields are kept as they travelled and looked at only where they are asked for.
 */
import type { Address, FieldValue, Geo, Money, Reference, Value } from "./contract.ts";
import { dayOf } from "./values.ts";

/** What a value of each kind holds. */
type Held = { [V in Exclude<Value, { tag: "null" }> as V["tag"]]: V["val"] };

/** Something with fields. `Names` are the names of its fields and relations, where you want them checked. */
export class Fields<Names extends string = string> {
  #fields: FieldValue[];
  #byName: Map<string, Value> | undefined;

  constructor(fields: FieldValue[]) {
    this.#fields = fields;
  }

  /**
   * What a field or relation holds, as it travels; mostly one of the others says it better.
   *
   * ```ts
   * change.get("stage"); // { tag: "text", val: "won" }
   * ```
   */
  get(name: Names): Value | undefined {
    const value = this.#values().get(name);
    return value?.tag === "null" ? undefined : value;
  }

  /** A text, or the code of a choice: `change.text("city")`. */
  text(name: Names): string | undefined {
    return this.#as(name, "text");
  }

  /** The code of a choice: `change.choice("stage") === "won"`. */
  choice(name: Names): string | undefined {
    return this.#as(name, "text");
  }

  /** The codes of a choices field: `change.choices("interests")`. */
  choices(name: Names): string[] | undefined {
    return this.#as(name, "choices");
  }

  /** Yes or no: `change.boolean("is_key")`. */
  boolean(name: Names): boolean | undefined {
    return this.#as(name, "boolean");
  }

  /** A whole number: `change.integer("employees")`. */
  integer(name: Names): number | undefined {
    const value = this.#as(name, "integer");
    return value === undefined ? undefined : Number(value);
  }

  /** A decimal or a percentage, exact, as text: `change.decimal("probability") === "30"`. */
  decimal(name: Names): string | undefined {
    return this.#as(name, "decimal");
  }

  /** An amount of money: `change.money("amount")?.currency`. */
  money(name: Names): Money | undefined {
    return this.#as(name, "money");
  }

  /** A day: `change.date("close_date") === "2026-01-31"`. */
  date(name: Names): string | undefined {
    const days = this.#as(name, "date");
    return days === undefined ? undefined : dayOf(days);
  }

  /** A moment: `change.datetime("starts_at")?.getTime()`. */
  datetime(name: Names): Date | undefined {
    const at = this.#as(name, "datetime");
    return at === undefined ? undefined : new Date(Number(at));
  }

  /** A length of time, in milliseconds: `change.duration("call_length")`. */
  duration(name: Names): number | undefined {
    const length = this.#as(name, "duration");
    return length === undefined ? undefined : Number(length);
  }

  /** What a to-one relation points to: `change.reference("account")?.id`. */
  reference(name: Names): Reference | undefined {
    return this.#as(name, "reference");
  }

  /** A point on earth: `change.geo("place")?.lat`. */
  geo(name: Names): Geo | undefined {
    return this.#as(name, "geo");
  }

  /** A postal address: `change.address("billing_address")?.city`. */
  address(name: Names): Address | undefined {
    return this.#as(name, "address");
  }

  /** What a `json` field holds: `change.json("answers")`. */
  json(name: Names): unknown {
    const text = this.#as(name, "json");
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Puts a value in the place of another. */
  protected put(name: Names, value: Value): void {
    this.#values().set(name, value);
  }

  #values(): Map<string, Value> {
    return (this.#byName ??= new Map(this.#fields.map((field) => [field.name, field.value])));
  }

  #as<Tag extends keyof Held>(name: Names, tag: Tag): Held[Tag] | undefined {
    const value = this.#values().get(name);
    return value?.tag === tag ? (value as unknown as { val: Held[Tag] }).val : undefined;
  }
}
