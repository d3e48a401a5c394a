/** Computed fields: one that is made as it should be, one that does what its record's name says. */
import { records } from "@tenon/sdk";
import type { Computed } from "@tenon/sdk";

/** How large an account is. */
export const size: Computed = {
  from: ["employee_count"],
  value(account) {
    const count = account.integer("employee_count");
    if (count === undefined) return null;
    return count > 100 ? "large" : "small";
  },
};

/** Made of the other one; or everything that a computed field may not. */
export const odd: Computed = {
  from: ["name", "courier_size", "website"],
  value(account) {
    switch (account.text("name")) {
      case "panic":
      case "decline":
        throw new Error("not today");
      case "read":
        records.get("account", "0198c1d2-7a3e-7f00-8000-000000000001");
        break;
      case "write":
        records.create("tag", { name: "never" });
        break;
      case "misfit":
        return 7;
      case "loop":
        for (;;);
    }
    return `${account.text("courier_size") ?? "no size"}, ${account.text("website") ?? "nowhere"}`;
  },
};
