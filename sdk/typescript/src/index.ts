/**
 * Write Tenon plugins in TypeScript: hooks with a say in saves, actions, queries, jobs, events and endpoints.
 *
 * `docs/isv.md` of Tenon leads from an empty folder to an installed package; each function here has an example.
 */
export * as acting from "./acting.ts";
export * as clock from "./clock.ts";
export * as config from "./config.ts";
export * as digests from "./digests.ts";
export * as http from "./http.ts";
export * as jobs from "./jobs.ts";
export * as kv from "./kv.ts";
export * as limits from "./limits.ts";
export * as log from "./log.ts";
export * as random from "./random.ts";
export * as records from "./records.ts";
export * as secrets from "./secrets.ts";

export { Change } from "./change.ts";
export type { Address, Budget, Geo, Money, Operation, Reference, Value } from "./contract.ts";
export type { Answer, Auth, Endpoint, Incoming } from "./endpoint.ts";
export type { Event } from "./event.ts";
export { Fields } from "./fields.ts";
export { action, goesOn, plugin, query } from "./plugin.ts";
export type { Action, Computed, Definition, GoesOn, Hook, InputOf, Job, Lifecycle, Listener, OnFault, OutputOf, Param, Params, Query, Word } from "./plugin.ts";
export type { Expecting, Saved, StoredRecord } from "./records.ts";
export { Problem, Refusal } from "./refusal.ts";
export { address, date, decimal, duration, geo, json, money, reference } from "./values.ts";
export type { Given, Values } from "./values.ts";
