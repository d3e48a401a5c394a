/** A deal that is won needs a close date. */
import { plugin, Refusal } from "@tenon/sdk";

export default plugin({
  beforeSave: {
    opportunity: {
      on: ["create", "update"],
      each(change) {
        if (change.becomes("stage", "won") && change.isEmpty("close_date")) {
          throw new Refusal("a won deal needs a close date", { field: "close_date", rule: "CLOSE_DATE_MISSING" });
        }
      },
    },
  },
});
