/**
 * Lines for the people who run the plugin; `console` writes them, too. What records hold does not belong here.
 */
import * as host from "tenon:plugin/log@1.0.0";

/** `log.debug("looked")`. */
export function debug(message: string): void {
  host.write("debug", message);
}

/** `log.info("10 deals")`. */
export function info(message: string): void {
  host.write("info", message);
}

/** `log.warn("no rate")`. */
export function warn(message: string): void {
  host.write("warn", message);
}

/** `log.error("a foreign cursor")`. */
export function error(message: string): void {
  host.write("error", message);
}
