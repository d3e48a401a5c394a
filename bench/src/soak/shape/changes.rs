//! The changes of shape, what each must have led to, and how they are asked for.

use anyhow::Context;
use serde_json::{Value, json};

use crate::wire::{Connection, Target};

/// A change of one field of an account.
pub(super) struct Change {
    /// What kind it is: `type`, `unique`, `required`, `default`, `index`, or back to what was.
    pub(super) kind: &'static str,
    field: String,
    input: Value,
    /// The field is new.
    adds: bool,
}

const PLAN: &str =
    "mutation ($operations: [OperationInput!]) { plan(operations: $operations) { hash operations { path } diagnostics { message } } }";
const APPLY: &str = "mutation ($plan: String!, $confirm: [String!]) { apply(plan: $plan, confirm: $confirm) { jobs { id } } }";
const FIELDS: &str = "{ object(name: \"account\") { fields { name type state required unique } } }";

/// The changes of a round, in turn; those that lead back are no jobs, or jobs as well.
pub(super) fn round(number: usize) -> Vec<Change> {
    let update = |kind, field: &str, input| Change { kind, field: field.to_owned(), input, adds: false };
    // Each round adds a field of its own.
    let letter = char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
    let extra = json!({ "name": format!("soak_extra_{letter}"), "type": "integer", "required": true, "default": 7,
        "label": { "en": "Extra", "zh": "附加" } });
    let extra = Change { kind: "default", field: format!("soak_extra_{letter}"), input: extra, adds: true };
    // A day is found by an index; a number of its own has a unique one.
    let day = json!({ "name": format!("soak_day_{letter}"), "type": "date", "label": { "en": "Day", "zh": "日" } });
    let day = Change { kind: "index", field: format!("soak_day_{letter}"), input: day, adds: true };
    let own = json!({ "name": format!("soak_own_{letter}"), "type": "text", "unique": true, "label": { "en": "Own", "zh": "独" } });
    let own = Change { kind: "new unique", field: format!("soak_own_{letter}"), input: own, adds: true };
    vec![
        update("type", "soak_size", json!({ "type": "decimal", "scale": 2 })),
        update("unique", "soak_code", json!({ "unique": true })),
        update("required", "soak_code", json!({ "required": true })),
        extra,
        day,
        own,
        update("type", "soak_size", json!({ "scale": 4 })),
        update("back", "soak_code", json!({ "unique": false, "required": false })),
        update("required", "soak_size", json!({ "required": true })),
        update("back", "soak_size", json!({ "required": false })),
        update("type", "soak_size", json!({ "type": "integer", "scale": null })),
    ]
}

impl Change {
    /// The path of its element.
    fn path(&self) -> String {
        format!("account.fields.{}", self.field)
    }

    /// The field as the data API calls it.
    pub(super) fn api_name(&self) -> String {
        let mut name = String::new();
        let mut begins = false;
        for letter in self.field.chars() {
            match letter {
                '_' => begins = true,
                letter => name.push(if std::mem::take(&mut begins) { letter.to_ascii_uppercase() } else { letter }),
            }
        }
        name
    }

    /// Whether it is a new field, which every record has got.
    pub(super) fn fills(&self) -> bool {
        self.adds && self.input.get("default").is_some()
    }

    /// Applies it; the job it was left to, if any.
    pub(super) async fn apply(&self, target: &Target) -> anyhow::Result<Option<String>> {
        let mut metadata = door(target).await?;
        let operation = if self.adds {
            json!({ "addField": { "object": "account", "input": self.input } })
        } else {
            json!({ "updateField": { "object": "account", "field": self.field, "input": self.input } })
        };
        let plan = metadata.run(PLAN, &json!({ "operations": [operation] })).await?;
        let hash = plan.pointer("/plan/hash").cloned().unwrap_or_default();
        let applied = metadata.run(APPLY, &json!({ "plan": hash, "confirm": [self.path()] })).await;
        let applied = applied.with_context(|| format!("{self}: {plan}"))?;
        Ok(applied.pointer("/apply/jobs/0/id").and_then(Value::as_str).map(str::to_owned))
    }

    /// What is wrong with the field, if the change should be in force.
    pub(super) async fn in_force(&self, target: &Target) -> anyhow::Result<Option<String>> {
        let found = door(target).await?.run(FIELDS, &json!({})).await?;
        let fields = found.pointer("/object/fields").and_then(Value::as_array).into_iter().flatten();
        let Some(field) = fields.into_iter().find(|one| one.get("name").is_some_and(|name| *name == self.field)) else {
            return Ok(Some(format!("{self}: there is no such field")));
        };
        let mut wished = ["type", "required", "unique"].into_iter().filter_map(|key| Some((key, self.input.get(key)?)));
        let differs = wished.any(|(key, value)| field.get(key) != Some(value));
        let rests = field.get("state").is_some_and(|state| state == "active");
        Ok((differs || !rests).then(|| format!("{self}: it is {field}")))
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.field, self.input)
    }
}

/// The metadata API of a tenant.
pub(super) async fn door(target: &Target) -> anyhow::Result<Connection> {
    Connection::open(&Target { path: target.path.replace("/graphql", "/metadata"), ..target.clone() }).await
}
