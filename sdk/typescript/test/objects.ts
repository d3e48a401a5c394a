// Made by `tenon plugin typegen`. Do not edit: make it again.

/** 船 / Boat: fields and relations of `yacht_boat`. */
export type YachtBoat =
  /** 长度 / Length: decimal. */
  | "length"
  /** 类型 / Type: choice. */
  | "type"
  /** 配置 / Features: choices. */
  | "features"
  /** 价格 / Price: money. */
  | "price"
  /** 建造日期 / Built on: date. */
  | "built"
  /** 泊位 / Berth: reference. */
  | "berth";

/** Codes of `yacht_boat.type`. */
export type YachtBoatType =
  /** 帆船 / Sail. */
  | "sail"
  /** 机动船 / Motor. */
  | "motor";

/** Codes of `yacht_boat.features`. */
export type YachtBoatFeatures =
  /** 雷达 / Radar. */
  | "radar";
