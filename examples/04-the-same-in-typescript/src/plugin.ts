/** A deal that is lost says why, and nobody counts on it any longer. */
import { plugin, Refusal } from "@tenon/sdk";

export default plugin({
  beforeSave: {
    opportunity: {
      on: ["create", "update"],
      each(change) {
        if (change.becomes("stage", "lost")) {
          if (change.isEmpty("loss_category")) {
            throw new Refusal("say why the deal is lost", { field: "loss_category", rule: "LOSS_CATEGORY_MISSING" });
          }
          change.set("forecast", "omitted");
        }
      },
    },
  },
});
