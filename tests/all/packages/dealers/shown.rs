//! What a front end is told of the package: views, layouts, where to begin, words in both languages; to each role what is his.

use serde_json::{Value, json};
use tenon_tests::Tenant;

/// An engineer knows of no price, whichever way he asks; a manager does.
pub(super) async fn prices(engineer: &Tenant, manager: &Tenant) -> anyhow::Result<()> {
    let asking = "{ dealerMachines(filter: { serial: { eq: \"X-1\" } }) { nodes { serial price { amount currency } account { name dealerTier } } } }";
    let seen = manager.data(asking, json!({})).await?;
    let price = json!({ "amount": "120000.00", "currency": "CNY" });
    let account = json!({ "name": "Harbour Works", "dealerTier": "GOLD" });
    assert_eq!(seen["dealerMachines"]["nodes"], json!([{ "serial": "X-1", "price": price, "account": account }]));
    for document in [
        asking,
        "{ dealerMachines(filter: { price: { isNull: false } }) { nodes { id } } }",
        "{ dealerMachines(orderBy: [{ price: DESC }]) { nodes { id } } }",
        "{ dealerMachinesAggregate { sum { price { amount } } } }",
    ] {
        let answer = engineer.post("graphql", &json!({ "query": document }), &[]).await?.json()?;
        assert_eq!(answer["errors"][0]["extensions"]["rule"], "graphql/validation", "{document}: {answer}");
    }
    let account = engineer.data("{ accounts { nodes { name dealerTier } } }", json!({})).await?;
    assert_eq!(account["accounts"]["nodes"][0], json!({ "name": "Harbour Works", "dealerTier": "GOLD" }));
    Ok(())
}

async fn described(caller: &Tenant, locale: &str) -> anyhow::Result<Value> {
    let document = "{ describe { me { landing } actions { name graphql { field input output } input { name type required } }
        objects { name package label pluralLabel about fields { name package label about options { name label } }
            relations { name package label inverse { label } } views { name package label definition } layouts { name package definition } } } }";
    let headers = [("accept-language".to_owned(), locale.to_owned())];
    let answer = caller.post("metadata", &json!({ "query": document }), &headers).await?.json()?;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    Ok(answer["data"]["describe"].clone())
}

fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    list.as_array().into_iter().flatten().find(|one| one["name"] == name).unwrap_or(&Value::Null)
}

/// The blocks of a machine's page, and where each role begins.
pub(super) async fn blocks(engineer: &Tenant, manager: &Tenant) -> anyhow::Result<()> {
    let (low, high) = (described(engineer, "en").await?, described(manager, "en").await?);
    assert_eq!((&low["me"]["landing"], &high["me"]["landing"]), (&json!("dealer_visit.planned"), &json!("dealer_machine.due")));
    let page = |told: &Value| named(&named(&told["objects"], "dealer_machine")["layouts"], "record")["definition"].clone();
    let (low_page, high_page) = (page(&low), page(&high));
    assert_eq!(low_page["header"], json!({ "highlights": ["account", "service_due", "warranty_until"], "path": "condition" }));
    assert_eq!(high_page["header"]["highlights"], json!(["account", "service_due", "warranty_until", "price"]));
    assert_eq!(low_page["tabs"]["visits"]["widgets"]["visits"]["list"], "visits");
    let views = |told: &Value, object: &str| {
        let views = named(&told["objects"], object)["views"].as_array().cloned().unwrap_or_default();
        views.iter().filter(|view| view["package"] == "dealer").map(|view| view["name"].clone()).collect::<Value>()
    };
    assert_eq!(views(&low, "dealer_machine"), json!(["due", "standing", "board", "calendar"]));
    assert_eq!(views(&low, "account"), json!(["dealer_by_tier"]));
    let action = named(&low["actions"], "dealer.schedule_service");
    assert_eq!(action["graphql"]["field"], "dealerScheduleService");
    assert_eq!(action["input"], json!([{ "name": "machine", "type": "ID", "required": true }]));
    Ok(())
}

/// Every text under `label` and `about` of what the package brings, with where it stands.
fn texts(told: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match told {
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                let name = item["name"].as_str().map_or_else(|| place.to_string(), str::to_owned);
                texts(item, &format!("{at}.{name}"), found);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if matches!(key.as_str(), "label" | "pluralLabel") => {
                        found.push((format!("{at}.{key}"), text.clone()));
                    }
                    Value::Null if matches!(key.as_str(), "label" | "pluralLabel") => found.push((format!("{at}.{key}"), String::new())),
                    Value::String(text) if key == "about" => found.push((format!("{at}.{key}"), text.clone())),
                    _ => texts(value, &format!("{at}.{key}"), found),
                }
            }
        }
        _ => {}
    }
}

/// What the package brings to an object: all of its own, of another's what bears its name.
fn brought(object: &Value) -> Value {
    if object["package"] == "dealer" {
        return object.clone();
    }
    let own = |list: &Value| -> Value { list.as_array().into_iter().flatten().filter(|one| one["package"] == "dealer").cloned().collect() };
    json!({ "name": object["name"], "fields": own(&object["fields"]), "relations": own(&object["relations"]), "views": own(&object["views"]) })
}

/// Nothing that people read is said in one language only.
pub(super) async fn in_both_languages(tenant: &Tenant) -> anyhow::Result<()> {
    let roles =
        "{ roles(names: [\"dealer_engineer\", \"dealer_manager\"]) { name label about } packages { name label settings { name label } } }";
    for (locale, fits) in
        [("en", str::is_ascii as fn(&str) -> bool), ("zh", |text: &str| text.chars().any(|letter| ('一'..='鿿').contains(&letter)))]
    {
        let told = described(tenant, locale).await?;
        let objects: Value = told["objects"].as_array().into_iter().flatten().map(brought).collect();
        let mut found = Vec::new();
        // Layouts bring both languages themselves.
        let mut layouts = Vec::new();
        for object in objects.as_array().into_iter().flatten() {
            for layout in object["layouts"].as_array().into_iter().flatten() {
                localized(&layout["definition"], locale, &mut layouts);
            }
        }
        texts(&objects, locale, &mut found);
        let headers = [("accept-language".to_owned(), locale.to_owned())];
        let answer = tenant.post("metadata", &json!({ "query": roles }), &headers).await?.json()?;
        texts(&answer["data"]["roles"], "roles", &mut found);
        texts(named(&answer["data"]["packages"], "dealer"), "package", &mut found);
        assert!(found.len() > 50 && layouts.len() > 10, "{} and {}: {found:?}", found.len(), layouts.len());
        for (at, text) in found {
            assert!(!text.is_empty() && fits(&text), "{at}: {text:?}");
        }
        for text in layouts {
            assert!(!text.is_empty() && fits(&text), "a layout: {text:?}");
        }
    }
    Ok(())
}

/// The labels in a layout in a language.
fn localized(part: &Value, locale: &str, found: &mut Vec<String>) {
    for (key, value) in part.as_object().into_iter().flatten() {
        match key.as_str() {
            "label" => found.push(value[locale].as_str().unwrap_or_default().to_owned()),
            _ => localized(value, locale, found),
        }
    }
}
