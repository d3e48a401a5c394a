/** `tests/plugins/guests/src/courier` in TypeScript: it answers word for word as that one does, and `fetch` beside. */
import { action, config, http, jobs, plugin, Problem, query, records, Refusal, secrets } from "@tenon/sdk";
import type { Answer, Incoming } from "@tenon/sdk";
import { obey } from "./calls.ts";
import { odd, size } from "./made.ts";
import { astray, peek, tagged } from "./questions.ts";

/** Headers that let somebody in, which no plugin should see. */
const WITHHELD = ["authorization", "cookie"];

/** What the host says of a setting, or of something done with a secret: in words. */
function ask(what: string, name: string, data: string): string {
  switch (what) {
    case "setting":
      return JSON.stringify(config.get(name));
    case "is set":
      return `${secrets.isSet(name)}`;
    case "hmac":
      return [...secrets.hmac(name, data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    case "verify":
      return `${secrets.verify(name, data, secrets.hmac("shop_key", data))}`;
    case "sign":
      return `${secrets.sign(name, data).length}`;
    case "round trip": {
      const opened = secrets.decrypt(name, secrets.encrypt(name, data));
      return opened ? new TextDecoder().decode(opened) : "";
    }
    default:
      return what;
  }
}

function door(endpoint: string): (request: Incoming) => Answer {
  return (request) => {
    const shown = request.headers.map(([name]) => name).filter((name) => WITHHELD.includes(name));
    let said = "made";
    try {
      records.create("tag", { name: `${endpoint}: ${request.text()}` });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      said = error.code;
    }
    return { status: 200, json: { said, page: request.parameter("page") ?? "", shown: shown.join("") } };
  };
}

/** What an open door does wrong, by what it is asked. */
const WRONG: Record<string, () => Answer> = {
  refuse() {
    throw new Refusal("not like this", { rule: "NOT_LIKE_THIS" });
  },
  panic() {
    throw new Error("the plugin's own secret");
  },
  elsewhere: () => ({ status: 301 }),
  cookie: () => ({ status: 200, headers: { "set-cookie": "a=b" } }),
  gone: () => ({ status: 410 }),
};

export default plugin({
  actions: {
    ask: action({
      input: { what: "text required", name: "text", data: "text" },
      output: { said: "text" },
      act({ what, name = "", data = "" }) {
        try {
          return { said: ask(what, name, data) };
        } catch (error) {
          if (error instanceof Problem) return { said: error.code };
          throw error;
        }
      },
    }),
    send: action({ input: { how: "text required" }, output: { id: "id" }, act: ({ how }) => ({ id: jobs.start("call", { how }) }) }),
    // In a save nobody is waited for.
    rush: action({ input: {}, output: { status: "integer" }, act: () => ({ status: http.send("shop", "/v1/echo").status }) }),
  },
  computed: { account: { courier_size: size, courier_odd: odd } },
  queries: {
    peek: query({ input: { object: "text required", id: "id required" }, output: { said: "text" }, resolve: peek }),
    tagged: query({ input: { starts: "text" }, output: { names: "text many", total: "integer" }, resolve: tagged }),
    astray: query({ input: { how: "text required" }, output: { said: "text" }, resolve: astray }),
  },
  jobs: { call: { run: (input) => obey((input as { how: string }).how) } },
  endpoints: {
    signed: { at: "POST /signed", auth: { hmac: "shop_key", header: "x-sig" }, answer: door("signed") },
    events: { at: "POST /events", auth: { webhook: "shop_key" }, answer: door("events") },
    mine: { at: "POST /mine", auth: "key", answer: door("mine") },
    open: { at: "POST /open", auth: "none", answer: async (request) => WRONG[request.text()]?.() ?? door("open")(request) },
  },
});
