//! `tenon clock …`: the business time of a tenant, and of a sandbox where to move it.

use serde_json::json;
use tenon_value::Json;

use crate::args::{Args, ClockVerb};
use crate::client::Client;
use crate::output::{Exit, Output};

const SHOW: &str = "{ describe { tenant { now zone sandbox } } }";
const ADVANCE: &str = "mutation ($to: DateTime!) { advanceClock(to: $to) { now ran } }";

/// `tenon clock …`.
pub(crate) fn clock(args: &Args, output: &Output, verb: &ClockVerb) -> anyhow::Result<Exit> {
    let client = Client::new(args)?;
    let text = |told: &Json, name: &str| told.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    match verb {
        ClockVerb::Show => {
            let told = client.data("metadata", SHOW, &json!({}))?.pointer("/describe/tenant").cloned().unwrap_or_default();
            let kind = if told.get("sandbox").and_then(Json::as_bool).unwrap_or_default() { "sandbox, stands still" } else { "runs" };
            output.result(&told, format!("{} (zone {}, {kind})", text(&told, "now"), text(&told, "zone")));
        }
        ClockVerb::Advance { to } => {
            let told = client.data("metadata", ADVANCE, &json!({ "to": to }))?.get("advanceClock").cloned().unwrap_or_default();
            let ran = told.get("ran").and_then(Json::as_u64).unwrap_or_default();
            output.result(&told, format!("{}, {ran} jobs ran on the way", text(&told, "now")));
        }
    }
    Ok(Exit::Done)
}
