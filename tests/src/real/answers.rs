//! The example's questions, asked by GraphQL, put into the shape of `expected.json`.
//!
//! Averages and medians are compared as numbers. The ratios that are no question of GraphQL (win rate, share of the
//! list price) are worked out here, in whole numbers, half up.

use anyhow::{Context, ensure};
use serde_json::{Map, Value, json};

use super::RealPipeline;
use crate::Tenant;

/// Asks everything.
pub(super) async fn check(tenant: &Tenant, pipeline: &RealPipeline, expected: &Value) -> anyhow::Result<()> {
    let ask = async |query: &str| -> anyhow::Result<Value> {
        let document = pipeline.read(&format!("queries/{query}.graphql"))?;
        tenant.data(&document, json!({})).await.with_context(|| query.to_owned())
    };
    equal("wonByManagerAndQuarter", expected, by_manager_and_quarter(&ask("won-by-manager-and-quarter").await?))?;
    equal("byProduct", expected, by_product(&ask("win-rate-and-price-by-product").await?)?)?;
    equal("medianDaysToClose", expected, median_days(&ask("median-days-to-close").await?))?;
    equal("subsidiaries", expected, subsidiaries(&ask("subsidiaries").await?))?;
    let stages = ask("stages-and-gaps").await?;
    equal("stages", expected, by_stage(&stages))?;
    equal("gaps", expected, gaps(&stages["all"][0]))?;
    equal("busyAgents", expected, busy_agents(&ask("busy-agents").await?))
}

fn equal(part: &str, expected: &Value, found: Value) -> anyhow::Result<()> {
    let wanted = expected.get(part).with_context(|| format!("expected.json has no `{part}`"))?;
    let (wanted, found) = (normal(wanted.clone()), normal(found));
    let (wanted, found) =
        if matches!(part, "wonByManagerAndQuarter" | "byProduct") { (sorted(wanted), sorted(found)) } else { (wanted, found) };
    ensure!(wanted == found, "`{part}`:\n expected {wanted}\n got      {found}");
    Ok(())
}

fn rows(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn by_manager_and_quarter(data: &Value) -> Value {
    rows(&data["opportunitiesAggregate"])
        .map(|group| {
            json!({ "manager": group["key"]["owner"]["manager"]["record"]["name"], "quarter": group["key"]["closeDate"]["label"],
                    "count": group["count"], "value": group["sum"]["amount"]["amount"] })
        })
        .collect()
}

fn by_product(data: &Value) -> anyhow::Result<Value> {
    rows(&data["opportunitiesAggregate"])
        .map(|group| {
            let product = &group["key"]["product"]["record"];
            let (won, lost) = (group["won"].as_i64().context("won")?, group["lost"].as_i64().context("lost")?);
            let list = &product["listPrice"]["amount"];
            let price = &group["price"]["amount"]["amount"];
            Ok(json!({ "product": product["name"], "won": won, "lost": lost, "listPrice": list, "averageWonPrice": price,
                       "winRatePercent": percent(won.into(), (won + lost).into()),
                       "averageOfListPercent": percent(millionths(price)?, millionths(list)?) }))
        })
        .collect()
}

fn median_days(data: &Value) -> Value {
    let days = |group: &Value| {
        let median = &group["median"]["daysToClose"];
        median.as_str().map_or_else(|| median.to_string(), str::to_owned)
    };
    let overall = &data["overall"][0];
    let mut by_manager: Vec<Value> = rows(&data["byManager"])
        .map(|group| json!({ "manager": group["key"]["owner"]["manager"]["record"]["name"], "count": group["count"], "days": days(group) }))
        .collect();
    by_manager.sort_by_key(|group| group["manager"].to_string());
    json!({ "overall": { "count": overall["count"], "days": days(overall) }, "byManager": by_manager })
}

fn subsidiaries(data: &Value) -> Value {
    rows(&data["accounts"]["nodes"])
        .map(|account| {
            let names: Value = rows(&account["subsidiaries"]["nodes"]).map(|one| one["name"].clone()).collect();
            json!({ "parent": account["name"], "subsidiaries": names })
        })
        .collect()
}

fn by_stage(data: &Value) -> Value {
    let mut stages: Vec<(String, Value)> = rows(&data["stages"])
        .map(|group| (group["key"]["stage"].as_str().unwrap_or_default().to_owned(), group["count"].clone()))
        .collect();
    stages.sort_by(|left, right| left.0.cmp(&right.0));
    Value::Object(stages.into_iter().collect::<Map<String, Value>>())
}

fn gaps(all: &Value) -> Value {
    let mut gaps = json!({ "all": all["count"] });
    for part in ["withoutAccount", "withoutCloseDate", "withoutEngageDate", "withoutAmount"] {
        gaps[part] = all[part].clone();
    }
    gaps
}

fn busy_agents(data: &Value) -> Value {
    rows(&data["opportunitiesAggregate"])
        .map(|group| {
            let agent = &group["key"]["owner"]["record"];
            json!({ "agent": agent["name"], "manager": agent["manager"]["name"], "count": group["count"],
                    "value": group["sum"]["amount"]["amount"] })
        })
        .collect()
}

/// A list in the order of its texts.
fn sorted(list: Value) -> Value {
    let mut items = list.as_array().cloned().unwrap_or_default();
    items.sort_by_key(Value::to_string);
    Value::Array(items)
}

/// The same with decimals in their shortest writing.
fn normal(value: Value) -> Value {
    match value {
        Value::String(text) if text.parse::<f64>().is_ok() && text.contains('.') => {
            Value::String(text.trim_end_matches('0').trim_end_matches('.').to_owned())
        }
        Value::Array(items) => items.into_iter().map(normal).collect(),
        // Members in the order of their names, so that lists can be sorted by their text.
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().map(|(key, one)| (key, normal(one))).collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(members.into_iter().collect())
        }
        other => other,
    }
}

/// A decimal text as whole millionths.
fn millionths(value: &Value) -> anyhow::Result<i128> {
    let text = value.as_str().with_context(|| format!("{value} is no decimal"))?;
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    Ok(format!("{whole}{places:0<6}").parse()?)
}

/// `part / whole` as a percentage with two places, half up.
fn percent(part: i128, whole: i128) -> String {
    let hundredths = (part * 20_000 + whole) / (2 * whole);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{millionths, normal, percent};

    #[test]
    fn ratios_are_rounded_half_up_and_decimals_compared_by_value() {
        assert_eq!((percent(1, 3).as_str(), percent(1, 8).as_str(), percent(9977, 10000).as_str()), ("33.33", "12.50", "99.77"));
        assert_eq!(millionths(&json!("26707.466667")).unwrap(), 26_707_466_667);
        assert_eq!(normal(json!({ "b": "57.0000", "a": "50" })), json!({ "a": "50", "b": "57" }));
    }
}
