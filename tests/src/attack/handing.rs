//! What becomes of a record that is written out of its writer's sight: refused, or answered with nothing but its id.

use serde_json::{Map, Value, json};

use super::recipe;
use super::report::Report;
use super::world::{HANDED, Whose, World, id};

/// Runs them all.
pub(super) async fn run(world: &World, report: &mut Report) -> anyhow::Result<()> {
    giving_away(world, report).await?;
    handing_over(world, report).await
}

/// Nobody makes a record, or makes one of his, into one that he could not write.
async fn giving_away(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let (account, user) = (world.place("Account").unwrap_or_default(), world.place("User").unwrap_or_default());
    let owner = json!({ "connect": { "id": id(Whose::Seen, user, 1) } });
    let update = "mutation ($id: ID!, $input: UpdateAccountInput!) { updateAccount(id: $id, input: $input) { id } }";
    let create = "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { id } }";
    for (document, variables) in [
        (update, json!({ "id": id(Whose::Seen, account, 1), "input": { "owner": owner } })),
        (create, json!({ "input": { "name": "given away", "owner": owner } })),
    ] {
        let body = json!({ "query": document, "variables": variables, "extensions": { "dryRun": true } });
        let answer = world.target.post("graphql", &body, &[]).await?.json()?;
        report.tried("giving away", 1);
        if answer["errors"][0]["extensions"]["code"] != "FORBIDDEN" {
            report.finds(&format!("giving away by `{document}`"), &format!("is not forbidden: {answer}"));
        }
    }
    Ok(())
}

/// Where the role may write what it then no longer sees, the answer of each kind of write has the id and nothing else:
/// neither of the record, nor of what hangs on it.
async fn handing_over(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let Some(object) = world.objects.iter().position(|object| object.name == HANDED) else {
        anyhow::bail!("no object `{HANDED}` to hand over");
    };
    let user = world.place("User").unwrap_or_default();
    let Some((kind, plural)) = world.objects.get(object).map(|one| (one.kind.as_str(), recipe::upper(&one.plural))) else {
        return Ok(());
    };
    let owner = json!({ "connect": { "id": id(Whose::Seen, user, 1) } });
    let own = id(Whose::Seen, object, 1);
    let new = handed(world, object, &owner);
    let mut matched = new.clone();
    matched.remove("id");
    matched.insert("externalIds".to_owned(), json!([{ "system": recipe::SYSTEM, "id": recipe::text_of(Whose::Seen, object, 1) }]));
    let shown = "{ id display version createdAt owner { id display } }";
    let mark = world.mark;
    let writes = [
        (
            "one",
            format!("mutation {mark}($id: ID!, $i: Update{kind}Input!) {{ update{kind}(id: $id, input: $i) {shown} }}"),
            json!({ "id": own, "i": { "owner": owner } }),
        ),
        ("new", format!("mutation {mark}($i: Create{kind}Input!) {{ create{kind}(input: $i) {shown} }}"), json!({ "i": new })),
        (
            "matched",
            format!("mutation {mark}($i: Update{kind}Input!) {{ upsert{kind}(by: EXTERNAL_ID, input: $i) {shown} }}"),
            json!({ "i": matched }),
        ),
        (
            "many",
            format!("mutation {mark}($ids: [ID!], $i: Update{kind}Input!) {{ update{plural}(ids: $ids, input: $i) {{ nodes {shown} }} }}"),
            json!({ "ids": [own], "i": { "owner": owner } }),
        ),
    ];
    for (which, document, variables) in writes {
        let body = json!({ "query": document, "variables": variables, "extensions": { "dryRun": true } });
        let answer = world.target.post("graphql", &body, &[]).await?.json()?;
        report.tried("handing over", 1);
        if !answer["errors"].is_null() {
            report.unanswered(&format!("handing over {which}"), &answer.to_string());
        }
        if shows_more_than_id(&answer["data"]) {
            report.finds(&format!("handing over {which}"), &format!("shows what is out of sight: {answer}"));
        }
    }
    Ok(())
}

/// A new record that its maker does not see, with whatever it needs made his own on the way.
fn handed(world: &World, object: usize, owner: &Value) -> Map<String, Value> {
    let user = world.place("User").unwrap_or_default();
    let mut new = recipe::owned(&world.objects, (object, Whose::Missing, 95_000), &id(Whose::Seen, user, 0));
    new.insert("owner".to_owned(), owner.clone());
    new
}

fn shows_more_than_id(value: &Value) -> bool {
    match value {
        // What has no name that may be shown is called by its id.
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name != "id" && !(name == "display" && members.get("id") == Some(value)) && shows_more_than_id(value)),
        Value::Array(items) => items.iter().any(shows_more_than_id),
        Value::Null => false,
        _ => true,
    }
}
