/** Calls to a host outside, as the job is told to make them; what came of it becomes a tag. */
import { config, http, log, Problem, records } from "@tenon/sdk";
import "@tenon/sdk/fetch";

/** An answer, or the rule of what was in its way. */
function told(grant: string, path: string, request: http.Request = {}): string {
  return orRule(() => {
    const answer = http.send(grant, path, request);
    return `${answer.status} ${answer.text()}`;
  });
}

function orRule(code: () => string): string {
  try {
    return code();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return `${error.code} ${error.rule ?? ""}`;
  }
}

const get = (path: string): string => told("shop", path);
const key = http.secret("api_key");

/** What a job says, by what it is told to do. */
const HOW: Record<string, () => string | Promise<string>> = {
  // The host says back what it was sent; the plugin would tell everybody.
  echo() {
    const answer = told("shop", "/v1/echo", { query: { q: "a&b" }, headers: { authorization: ["Bearer ", key] }, body: "hello" });
    log.info(answer);
    return answer;
  },
  slow: () => get("/v1/slow"),
  moved: () => get("/v1/moved"),
  much: () => get("/v1/much"),
  nowhere: () => told("closed", "/v1/echo"),
  "other path": () => get("/v2/echo"),
  "other method": () => told("shop", "/v1/echo", { method: "DELETE" }),
  "other host": () => told("unknown", "/v1/echo"),
  "steps back": () => get("/v1/../v2/echo"),
  "secret elsewhere": () => told("shop", "/v1/echo", { headers: { "x-echo": [key] } }),
  "secret to another": () => told("closed", "/v1/echo", { headers: { authorization: [key] } }),
  "own header": () => told("shop", "/v1/echo", { headers: { host: "evil.example" } }),
  // Writes before, between and after: each is there once.
  "write and call"() {
    records.create("tag", { name: "before" });
    const first = told("shop", "/v1/count", { method: "POST", body: "1" });
    records.create("tag", { name: "between" });
    const second = told("shop", "/v1/count", { method: "POST", body: "2" });
    return `${first}, ${second}`;
  },
  flood() {
    for (let times = 0; times < 30; times += 1) http.send("shop", "/v1/count");
    return "never";
  },
  "fail after"() {
    http.send("shop", "/v1/count", { method: "POST", body: "3" });
    throw new Error("and then it broke");
  },
  // As code that knows nothing of Tenon would: by the address of a granted host, which a setting says here.
  async fetch() {
    const at = config.get<string>("address") ?? "";
    const answer = await fetch(`https://${at}/v1/count?q=a%26b`, { method: "POST", body: "4" });
    return `${answer.status} ${await answer.text()}`;
  },
  async "fetch elsewhere"() {
    try {
      await fetch("https://evil.example/v1/echo");
    } catch (error) {
      if (error instanceof Problem) return `${error.code} ${error.rule ?? ""}`;
    }
    return "it came through";
  },
};

/** Does as it is told; the tag that it leaves. */
export async function obey(how: string): Promise<void> {
  const said = await HOW[how]?.();
  records.create("tag", { name: `${how}: ${said ?? how}` });
}
