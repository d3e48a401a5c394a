//! Links between tenants: what one offers and the other accepts is mirrored, followed, read-only, and gone when it is revoked.
//!
//! With the least roles that do it on both sides, a clerk who only reads, and a third tenant that learns nothing.

use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tenon_tests::{Database, Setting, Tenant, TestServer};

use crate::both::{on_as, on_both};

async fn on(database: Database, test: impl AsyncFnOnce(&TestServer) -> anyhow::Result<()>) {
    on_as(database, |_| {}, test).await;
}

on_both! { on:
    mirrored => records_are_mirrored_and_followed_on_sqlite, records_are_mirrored_and_followed_on_postgres;
    agreed => a_link_needs_both_sides_on_sqlite, a_link_needs_both_sides_on_postgres;
    kept => a_mirror_that_is_kept_becomes_ones_own_on_sqlite, a_mirror_that_is_kept_becomes_ones_own_on_postgres;
}

/// How long is waited for what goes on behind everybody's back: a bound for what never comes, not a measure.
const LOOKS: usize = 3_000;

const MIRROR: &str = "{ parts { nodes { name size kind price { amount currency } note createdBy { kind display } } } }";

/// The giving tenant: items, of which a feed reads those that are not secret.
async fn giver(server: &TestServer) -> anyhow::Result<Tenant> {
    let tenant = server.tenant(None, None, None).await?;
    let object = "format: tenon/v1\nobject: item\nplural: items\nlabel: { en: Item, zh: 物品 }\nfields:\n  title: { type: text, required: true, label: { en: Title, zh: 标题 } }\n  weight: { type: decimal, scale: 2, label: { en: Weight, zh: 重量 } }\n  kind: { type: choice, options: [new, used], label: { en: Kind, zh: 种类 } }\n  price: { type: money, label: { en: Price, zh: 价格 } }\n  cost: { type: money, label: { en: Cost, zh: 成本 } }\n";
    let access = "format: tenon/v1\nobject: item\nroles:\n  feed: { can: [read], rows: { read: \"title != 'secret'\" }, fields: { \"*\": read, cost: none } }\n";
    tenant
        .apply(&[
            ("objects/item/object.yaml".to_owned(), object.to_owned()),
            ("objects/item/access.yaml".to_owned(), access.to_owned()),
            role("feed"),
        ])
        .await?;
    Ok(tenant)
}

/// The taking tenant: parts, which the link writes and a clerk reads.
async fn taker(server: &TestServer) -> anyhow::Result<Tenant> {
    let tenant = server.tenant(None, None, None).await?;
    let object = "format: tenon/v1\nobject: part\nplural: parts\nlabel: { en: Part, zh: 部件 }\nfields:\n  name: { type: text, required: true, label: { en: Name, zh: 名称 } }\n  size: { type: decimal, scale: 2, label: { en: Size, zh: 尺寸 } }\n  kind: { type: choice, options: [new, used], label: { en: Kind, zh: 种类 } }\n  price: { type: money, label: { en: Price, zh: 价格 } }\n  note: { type: text, label: { en: Note, zh: 备注 } }\n";
    let access = "format: tenon/v1\nobject: part\nroles:\n  mirror: { can: [read, create, update, destroy], rows: { update: \"name != ''\" }, fields: { \"*\": none, name: write, size: write, kind: write, price: write } }\n  clerk: { can: [read], fields: { \"*\": read } }\n  keeper: { can: [read, create, update, delete, destroy], rows: { update: \"name != ''\" }, fields: { \"*\": write } }\n";
    tenant
        .apply(&[
            ("objects/part/object.yaml".to_owned(), object.to_owned()),
            ("objects/part/access.yaml".to_owned(), access.to_owned()),
            role("mirror"),
            role("clerk"),
            role("keeper"),
        ])
        .await?;
    Ok(tenant)
}

fn role(name: &str) -> (String, String) {
    (format!("roles/{name}.yaml"), format!("format: tenon/v1\nrole: {name}\nlabel: {{ en: A role, zh: 角色 }}\n"))
}

fn offer(to: &Tenant) -> Value {
    json!({
        "name": "items", "to": to.name, "object": "item", "fields": ["title", "weight", "kind", "price"],
        "filter": { "weight": { "lt": "100" } }, "role": "feed",
    })
}

fn mapping() -> Value {
    json!({ "object": "part", "role": "mirror", "fields": { "title": "name", "weight": "size", "kind": "kind", "price": "price" } })
}

/// Offered by one and accepted by the other: the link's id.
async fn linked(giver: &Tenant, taker: &Tenant, offer: &Value) -> anyhow::Result<String> {
    let offered = giver.by_key("POST", "links", offer).await?;
    let said = offered.json()?;
    assert_eq!(offered.status, 201, "{said}");
    let accepted = taker.by_key("POST", "links/accept", &json!({ "token": said["token"], "mapping": mapping() })).await?;
    let link = accepted.json()?;
    assert_eq!((accepted.status, &link["link"]["state"]), (200, &json!("active")), "{link}");
    Ok(link["link"]["id"].as_str().context("no id")?.to_owned())
}

async fn make(giver: &Tenant, title: &str, weight: &str) -> anyhow::Result<String> {
    let create = "mutation ($input: CreateItemInput!) { createItem(input: $input) { id } }";
    let input = json!({ "title": title, "weight": weight, "kind": "USED", "price": { "amount": "1.50", "currency": "EUR" }, "cost": { "amount": "9", "currency": "EUR" } });
    let made = giver.data(create, json!({ "input": input })).await?;
    Ok(made["createItem"]["id"].as_str().context("no id")?.to_owned())
}

async fn change(giver: &Tenant, id: &str, input: Value) -> anyhow::Result<()> {
    let update = "mutation ($id: ID!, $input: UpdateItemInput!) { updateItem(id: $id, input: $input) { id } }";
    giver.data(update, json!({ "id": id, "input": input })).await.map(drop)
}

async fn names(who: &Tenant) -> anyhow::Result<Vec<String>> {
    let found = who.data("{ parts(first: 2000, orderBy: [{ name: ASC }]) { nodes { name } } }", json!({})).await?;
    let nodes = found["parts"]["nodes"].as_array().context("no list")?;
    Ok(nodes.iter().map(|node| node["name"].as_str().unwrap_or_default().to_owned()).collect())
}

/// Looks until these are mirrored, and nothing else.
async fn until(who: &Tenant, wanted: &[&str]) -> anyhow::Result<()> {
    let mut found = Vec::new();
    for _ in 0..LOOKS {
        found = names(who).await?;
        if found == wanted {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("mirrored are {found:?}, not {wanted:?}")
}

/// Looks until a link of a tenant says this.
async fn until_link(who: &Tenant, id: &str, pointer: &str, wanted: &Value) -> anyhow::Result<Value> {
    let mut link = Value::Null;
    for _ in 0..LOOKS {
        link = who.request("GET", &format!("links/{id}")).send(who.address).await?.json()?;
        if link.pointer(pointer) == Some(wanted) {
            return Ok(link);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("{pointer} of the link is not {wanted}: {link}")
}

/// What a request that must fail says.
async fn refused(who: &Tenant, query: &str, variables: Value) -> anyhow::Result<Value> {
    let answer = who.post("graphql", &json!({ "query": query, "variables": variables }), &[]).await?.json()?;
    let said = answer["errors"][0]["extensions"].clone();
    assert!(said.is_object(), "it is not refused: {answer}");
    Ok(said)
}

async fn mirrored(server: &TestServer) -> anyhow::Result<()> {
    let (giver, taker) = (giver(server).await?, taker(server).await?);
    let third = server.tenant(None, None, None).await?;
    let (_, cursor) = third.changes("limit=500").await?;
    let clerk = taker.with_roles(&["clerk"]).await?;
    let keeper = taker.with_roles(&["keeper"]).await?;
    let light = make(&giver, "light", "1.25").await?;
    let heavy = make(&giver, "heavy", "100").await?;
    make(&giver, "secret", "1").await?;
    let many = "mutation ($inputs: [CreateItemInput!]!) { createItems(inputs: $inputs) { created } }";
    let inputs: Vec<Value> = (0..450).map(|at| json!({ "title": format!("m{at:03}"), "weight": "2" })).collect();
    giver.data(many, json!({ "inputs": inputs })).await?;
    let link = linked(&giver, &taker, &offer(&taker)).await?;

    let mut all: Vec<String> = (0..450).map(|at| format!("m{at:03}")).collect();
    all.insert(0, "light".to_owned());
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    until(&clerk, &all).await?;
    let one = clerk.data(&MIRROR.replace("parts {", "parts(filter: { name: { eq: \"light\" } }) {"), json!({})).await?;
    let wanted = json!({
        "name": "light", "size": "1.25", "kind": "USED", "price": { "amount": "1.50", "currency": "EUR" }, "note": null,
        "createdBy": { "kind": "LINK", "display": "items" },
    });
    assert_eq!(one["parts"]["nodes"], json!([wanted]));

    let drop_many = "mutation { deleteItems(filter: { title: { startsWith: \"m\" } }) { affected } }";
    giver.data(drop_many, json!({})).await?;
    until(&clerk, &["light"]).await?;
    change(&giver, &light, json!({ "title": "lighter" })).await?;
    until(&clerk, &["lighter"]).await?;
    change(&giver, &heavy, json!({ "weight": "99.99" })).await?;
    until(&clerk, &["heavy", "lighter"]).await?;
    change(&giver, &heavy, json!({ "title": "secret" })).await?;
    until(&clerk, &["lighter"]).await?;
    giver.data("mutation ($id: ID!) { deleteItem(id: $id) { id } }", json!({ "id": light })).await?;
    until(&clerk, &[]).await?;
    giver.data("mutation ($id: ID!) { restoreItem(id: $id) { id } }", json!({ "id": light })).await?;
    until(&clerk, &["lighter"]).await?;

    read_only(&taker, &keeper).await?;
    let shown = until_link(&taker, &link, "/mirror/mirrored", &json!(1)).await?;
    assert_eq!((&shown["mirror"]["failed"], &shown["mirror"]["phase"]), (&json!(0), &json!("follow")), "{shown}");

    // Revoked by who gives: nothing more comes, and what came goes.
    let revoked = giver.request("DELETE", &format!("links/{link}")).send(giver.address).await?;
    assert_eq!(revoked.status, 204);
    until(&clerk, &[]).await?;
    make(&giver, "after", "1").await?;
    until_link(&taker, &link, "/state", &json!("revoked")).await?;
    until_link(&taker, &link, "/mirror/phase", &json!("ended")).await?;
    assert!(names(&clerk).await?.is_empty());

    let (lines, _) = third.changes(&format!("limit=500&after={cursor}")).await?;
    assert!(lines.is_empty(), "a third tenant has changed: {lines:?}");
    for (tenant, kinds) in
        [(&giver, ["link_revoked", "link_accepted", "link_offered"].as_slice()), (&taker, &["link_revoked", "link_accepted"])]
    {
        trail(tenant, kinds).await?;
    }
    Ok(())
}

/// What of links stands in the trail, the newest first.
async fn trail(tenant: &Tenant, wanted: &[&str]) -> anyhow::Result<()> {
    let query = "{ audit(filter: { kinds: [\"link_offered\", \"link_accepted\", \"link_revoked\"] }) { nodes { kind } } }";
    let mut found = Vec::new();
    for _ in 0..LOOKS {
        let page = tenant.metadata(query, json!({})).await?;
        found = page["audit"]["nodes"].as_array().context("no list")?.iter().map(|node| node["kind"].clone()).collect();
        if found.len() >= wanted.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(found, wanted);
    Ok(())
}

/// Nobody but the link changes what it has written, whatever his role.
async fn read_only(admin: &Tenant, keeper: &Tenant) -> anyhow::Result<()> {
    let found = keeper.data("{ parts { nodes { id can { update delete destroy write } } } }", json!({})).await?;
    let node = &found["parts"]["nodes"][0];
    assert_eq!(node["can"], json!({ "update": false, "delete": false, "destroy": false, "write": [] }));
    for who in [admin, keeper] {
        for query in [
            "mutation ($id: ID!) { updatePart(id: $id, input: { note: \"mine\" }) { id } }",
            "mutation ($id: ID!) { deletePart(id: $id) { id } }",
            "mutation ($id: ID!) { destroyPart(id: $id) { id } }",
        ] {
            let said = refused(who, query, json!({ "id": node["id"] })).await?;
            assert_eq!((&said["code"], &said["rule"]), (&json!("FORBIDDEN"), &json!("mirrored")), "{query}: {said}");
        }
    }
    let made = keeper.data("mutation { createPart(input: { name: \"zz own\" }) { id can { update write } } }", json!({})).await?;
    assert_eq!(made["createPart"]["can"]["update"], true, "what is not mirrored is as before");
    admin.data("mutation ($id: ID!) { destroyPart(id: $id) { id } }", json!({ "id": made["createPart"]["id"] })).await?;
    Ok(())
}

async fn agreed(server: &TestServer) -> anyhow::Result<()> {
    let (giver, taker) = (giver(server).await?, taker(server).await?);
    let third = self::taker(server).await?;
    let clerk = taker.with_roles(&["clerk"]).await?;
    for (door, body) in [("links", offer(&taker)), ("links/accept", json!({ "token": "nothing" }))] {
        assert_eq!(clerk.by_key("POST", door, &body).await?.status, 403, "{door} is for administrators");
    }
    for (name, value) in [
        ("fields", json!(["title", "luck"])),
        ("fields", json!(["title", "cost"])),
        ("fields", json!([])),
        ("object", json!("luck")),
        ("role", json!("administrator")),
        ("role", json!("luck")),
        ("filter", json!({ "cost": { "isNull": true } })),
        ("filter", json!({ "luck": 7 })),
        ("name", json!("")),
    ] {
        let mut wrong = offer(&taker);
        wrong[name] = value;
        let answer = giver.by_key("POST", "links", &wrong).await?;
        assert_eq!(answer.status, 400, "{wrong}: {:?}", answer.json());
    }
    let offered = giver.by_key("POST", "links", &offer(&taker)).await?.json()?;
    let token = offered["token"].as_str().context("no token")?.to_owned();
    let accept =
        |mapping: Option<Value>| mapping.map_or_else(|| json!({ "token": token }), |mapping| json!({ "token": token, "mapping": mapping }));
    assert_eq!(third.by_key("POST", "links/accept", &accept(Some(mapping()))).await?.status, 404, "it was not offered to a third");
    let damaged = token.replacen("tenon_link_", "tenon_link_A", 1);
    assert_eq!(taker.by_key("POST", "links/accept", &json!({ "token": damaged })).await?.status, 404);
    let look = taker.by_key("POST", "links/accept", &accept(None)).await?.json()?;
    assert_eq!(
        look["offer"]["agreement"]["fields"],
        json!([["title", "text"], ["weight", "decimal"], ["kind", "choice"], ["price", "money"]])
    );
    assert_eq!((&look["offer"]["agreement"]["from"], look["offer"].get("token")), (&json!(giver.name), None));
    for (pointer, value) in [
        ("/fields", json!({ "cost": "price" })),
        ("/fields", json!({ "title": "size" })),
        ("/fields", json!({ "title": "note" })),
        ("/fields", json!({ "weight": "size" })),
        ("/fields", json!({ "title": "name", "weight": "luck" })),
        ("/role", json!("clerk")),
        ("/object", json!("luck")),
    ] {
        let mut wrong = mapping();
        *wrong.pointer_mut(pointer).context("no such member")? = value;
        let answer = taker.by_key("POST", "links/accept", &accept(Some(wrong.clone()))).await?;
        assert_eq!(answer.status, 400, "{wrong}: {:?}", answer.json());
    }
    make(&giver, "first", "1").await?;
    assert!(names(&clerk).await?.is_empty(), "nothing is mirrored before both agree");
    let accepted = taker.by_key("POST", "links/accept", &accept(Some(mapping()))).await?;
    assert_eq!(accepted.status, 200, "{:?}", accepted.json());
    until(&clerk, &["first"]).await?;
    let link = offered["link"]["id"].as_str().context("no id")?;
    let there = third.request("GET", &format!("links/{link}")).send(third.address).await?;
    assert_eq!((there.status, third.request("GET", "links").send(third.address).await?.json()?), (404, json!({ "links": [] })));
    let sees = giver.request("GET", &format!("links/{link}")).send(giver.address).await?.json()?;
    assert_eq!((&sees["state"], &sees["other"]), (&json!("active"), &json!(taker.name)), "{sees}");
    Ok(())
}

async fn kept(server: &TestServer) -> anyhow::Result<()> {
    let (giver, taker) = (giver(server).await?, taker(server).await?);
    make(&giver, "stays", "1").await?;
    let mut offer = offer(&taker);
    offer["onRevoke"] = json!("keep");
    let link = linked(&giver, &taker, &offer).await?;
    until(&taker, &["stays"]).await?;
    // Revoked by who takes.
    let revoked = taker.request("DELETE", &format!("links/{link}")).send(taker.address).await?;
    assert_eq!(revoked.status, 204);
    until_link(&taker, &link, "/mirror/phase", &json!("ended")).await?;
    make(&giver, "too late", "1").await?;
    let update = "mutation ($id: ID!) { updatePart(id: $id, input: { note: \"mine\" }) { note can { update } } }";
    let found = taker.data("{ parts { nodes { id } } }", json!({})).await?;
    let own = taker.data(update, json!({ "id": found["parts"]["nodes"][0]["id"] })).await?;
    assert_eq!(own["updatePart"], json!({ "note": "mine", "can": { "update": true } }));
    assert_eq!(names(&taker).await?, ["stays"]);
    Ok(())
}

async fn restarted(database: Database) -> anyhow::Result<()> {
    let Some(mut server) = TestServer::start_as(database, &Setting::read(), |_| {}).await? else { return Ok(()) };
    let (mut giver, mut taker) = (giver(&server).await?, taker(&server).await?);
    let many = "mutation ($inputs: [CreateItemInput!]!) { createItems(inputs: $inputs) { created } }";
    let mut wanted: Vec<String> = Vec::new();
    let mut link = String::new();
    for round in 0..4 {
        let titles: Vec<String> = (0..450).map(|at| format!("r{round}m{at:03}")).collect();
        let inputs: Vec<Value> = titles.iter().map(|title| json!({ "title": title, "weight": "2" })).collect();
        giver.data(many, json!({ "inputs": inputs })).await?;
        wanted.extend(titles);
        if round == 0 {
            link = linked(&giver, &taker, &offer(&taker)).await?;
        }
        // Whatever it is doing now, it goes on with afterwards.
        server = server.restart(&[], |_| {}).await?;
        (giver, taker) = (server.serve(&giver), server.serve(&taker));
    }
    until(&taker, &wanted.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    let shown = until_link(&taker, &link, "/mirror/mirrored", &json!(1_800)).await?;
    assert_eq!(shown["mirror"]["failed"], 0, "{shown}");
    let found = taker.data("{ parts(first: 2000) { nodes { version } } }", json!({})).await?;
    let nodes = found["parts"]["nodes"].as_array().context("no list")?;
    assert!(nodes.iter().all(|node| node["version"] == 1), "nothing was written twice");
    server.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirror_goes_on_after_restarts_on_sqlite() {
    restarted(Database::Sqlite).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirror_goes_on_after_restarts_on_postgres() {
    restarted(Database::Postgres).await.unwrap();
}
