//! Attacks on the doors beside the data API: names of what is out of sight, credentials, imports, cursors, replays, bombs.
//!
//! As everywhere in the suite a good answer is the one for what does not exist: a name nobody has, a key nobody made.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::case::Shot;
use super::judge::Judge;
use super::records::{difference, fire};
use super::report::Report;
use super::world::{MARKER, SEEN, Whose, World, id};
use super::{exports, handing, listening};
use crate::{Request, Tenant};

/// Members made to leave: each needs a login of his own.
static LEAVERS: AtomicU64 = AtomicU64::new(0);

/// Runs them all.
pub(super) async fn run(world: &World, report: &mut Report) -> anyhow::Result<()> {
    woven(world, report).await?;
    exports::run(world, &Judge::new()?, report).await?;
    replays(world, &Judge::new()?, report).await?;
    bombs(world, report).await
}

/// Those that ask about rows and names, and so would see a place of the weave that forgets.
pub(super) async fn woven(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let judge = Judge::new()?;
    names(world, &judge, report).await?;
    whole_texts(world, &judge, report).await?;
    removals(world, &judge, report).await?;
    handing::run(world, report).await?;
    cursors(world, &judge, report).await?;
    super::changes::run(world, &judge, report).await?;
    listening::run(world, &judge, report).await?;
    exports::one(world, (&judge, "account"), report).await?;
    imports(world, &judge, report).await
}

/// Removing a record that rows unseen refer to is answered as if there were none, but for the plain word that it is in use.
async fn removals(world: &World, judge: &Judge, report: &mut Report) -> anyhow::Result<()> {
    for (place, object) in world.objects.iter().enumerate().filter(|(_, object)| !object.name.contains(MARKER)) {
        let record = id(Whose::Seen, place, 0);
        let document = format!("mutation ($id: ID!) {{ delete{}(id: $id) {{ id }} }}", object.kind);
        let body = json!({ "query": document, "variables": { "id": record }, "extensions": { "dryRun": true } });
        let shot = Shot { body, sent: vec![record] };
        let (here, _) = fire(&world.target, &shot, judge).await?;
        let (there, _) = fire(&world.twin, &shot, judge).await?;
        report.tried("removals", 1);
        let what = format!("removing a record of {}", object.name);
        // `restrict` holds whoever refers; how many of them the attacker sees is all he is told.
        let is_held = |even: &Value| even["errors"][0]["extensions"]["rule"] == "in_use";
        if !(is_held(&here) && here["errors"][0]["extensions"]["count"] == 0) {
            compare(report, &what, &[there, here]);
        }
    }
    let counts = json!({ "query": "{ objects { name recordCount } }" });
    let mut answers = Vec::new();
    for tenant in [&world.target, &world.twin] {
        answers.push(judge.even(&tenant.post("metadata", &counts, &[]).await?.json()?, &[]));
    }
    compare(report, "how many records there are", &answers);
    Ok(())
}

/// Documents with `@` where a name comes in; the name out of sight and one that nobody has are answered alike.
const NAMES: [(&str, &str, &str, &str); 22] = [
    ("graphql", "{ @s { nodes { id } } }", "zqxVault", "zqjVault"),
    ("graphql", "{ @(id: \"0198c1d2-7a3e-7100-8000-000000000001\") { id } }", "zqxVault", "zqjVault"),
    ("graphql", "{ @sAggregate { count } }", "zqxVault", "zqjVault"),
    ("graphql", "mutation { create@(input: {}) { id } }", "ZqxVault", "ZqjVault"),
    ("graphql", "mutation { delete@s(ids: []) { affected } }", "ZqxVault", "ZqjVault"),
    ("graphql", "{ accounts { nodes { @ } } }", "zqxSecret", "zqjSecret"),
    ("graphql", "{ accounts { nodes { @ { id } } } }", "zqxVault", "zqjVault"),
    ("graphql", "{ accounts { nodes { @ { nodes { id } } } } }", "zqxVaults", "zqjVaults"),
    ("graphql", "{ accounts(filter: { @: { eq: \"a\" } }) { nodes { id } } }", "zqxSecret", "zqjSecret"),
    ("graphql", "{ accounts(filter: { @: { some: {} } }) { nodes { id } } }", "zqxVaults", "zqjVaults"),
    ("graphql", "{ accounts(orderBy: [{ @: ASC }]) { nodes { id } } }", "zqxSecret", "zqjSecret"),
    ("graphql", "{ accountsAggregate(groupBy: [{ @: true }]) { count } }", "zqxSecret", "zqjSecret"),
    ("graphql", "{ accountsAggregate(having: { sum: { @: { gt: \"1\" } } }) { count } }", "zqxAmount", "zqjAmount"),
    ("graphql", "{ accountsAggregate { sum { @ { amount } } } }", "zqxAmount", "zqjAmount"),
    ("graphql", "{ accountsAggregate { countDistinct { @ } } }", "zqxSecret", "zqjSecret"),
    ("graphql", "mutation { createAccount(input: { @: \"a\" }) { id } }", "zqxSecret", "zqjSecret"),
    ("graphql", "{ record(object: \"@\", id: \"0198c1d2-7a3e-7100-8000-000000000001\") { id } }", "zqx_vault", "zqj_vault"),
    ("graphql", "{ __type(name: \"@\") { name fields { name } } }", "ZqxVault", "ZqjVault"),
    ("metadata", "{ object(name: \"@\") { name recordCount fields { name } } }", "zqx_vault", "zqj_vault"),
    ("metadata", "{ objects(names: [\"@\"]) { name } }", "zqx_vault", "zqj_vault"),
    ("metadata", "{ pull(paths: [\"objects/@/object.yaml\"]) { path } }", "zqx_vault", "zqj_vault"),
    ("metadata", "mutation { retireField(object: \"account\", field: \"@\") { name } }", "zqx_secret", "zqj_secret"),
];

async fn names(world: &World, judge: &Judge, report: &mut Report) -> anyhow::Result<()> {
    for (door, document, hidden, nobodys) in NAMES {
        let mut answers = Vec::new();
        for name in [hidden, nobodys] {
            let body = json!({ "query": document.replace('@', name) });
            let answer = world.target.post(door, &body, &[]).await?;
            let mut even = judge.even(&answer.json()?, &[name.to_owned()]);
            even["status"] = Value::from(answer.status);
            answers.push(even);
        }
        report.tried("names", 1);
        compare(report, &format!("name {hidden} in {door} `{document}`"), &answers);
    }
    Ok(())
}

/// What is given out whole: no word of what is out of sight.
async fn whole_texts(world: &World, judge: &Judge, report: &mut Report) -> anyhow::Result<()> {
    let mark = world.mark;
    let types = format!(
        "query {mark} {{ __schema {{ types {{ name description fields {{ name description args {{ name }} }} inputFields {{ name }} enumValues {{ name }} }} }} }}"
    );
    let describe = "{ describe { objects { name fields { name } relations { name } views { name } } } }";
    let objects = "{ objects { name fields { name } relations { name to inverse } } }";
    let texts = [
        ("schema.graphql", None),
        ("metadata/schema.graphql", None),
        ("limits", None),
        ("graphql", Some(types.as_str())),
        ("graphql", Some("{ me { id display roles rights } }")),
        ("metadata", Some(describe)),
        ("metadata", Some(objects)),
        ("metadata", Some("{ pull(layer: \"tenant\") { path text } }")),
        ("metadata", Some("{ pull(layer: \"crm\") { path text } }")),
        ("metadata", Some("{ packages { name } model { version } }")),
        ("metadata", Some("{ plans(first: 10) { hash operations { path text before after } } }")),
    ];
    for (door, document) in texts {
        let mut answers = Vec::new();
        for tenant in [&world.target, &world.twin] {
            let answer = match document {
                Some(document) => tenant.post(door, &json!({ "query": document }), &[]).await?,
                None => tenant.request("GET", door).send(tenant.address).await?,
            };
            answers.push(Value::from(judge.text(&String::from_utf8_lossy(&answer.body), std::slice::from_ref(&tenant.name))));
        }
        report.tried("whole texts", 0);
        if let Some(leak) = answers.first().and_then(|text| Judge::leak(text.as_str().unwrap_or_default())) {
            report.finds(&format!("{door} {}", document.unwrap_or_default()), &format!("shows {leak}"));
        }
    }
    Ok(())
}

/// Cursors of a stranger, of another list, damaged ones: refused in the same words, whatever they hold.
async fn cursors(world: &World, judge: &Judge, report: &mut Report) -> anyhow::Result<()> {
    let ask = format!("query {}($after: String) {{ accounts(after: $after, first: 2) {{ nodes {{ id }} }} }}", world.mark);
    let cursor = async |tenant: &Tenant, list: &str| -> anyhow::Result<String> {
        let data = tenant.data(&format!("{{ {list}(first: 1) {{ edges {{ cursor }} }} }}"), json!({})).await?;
        Ok(data[list]["edges"][0]["cursor"].as_str().unwrap_or_default().to_owned())
    };
    let own = cursor(&world.target, "accounts").await?;
    let mut damaged = own.clone();
    let last = damaged.pop().unwrap_or('A');
    damaged.push(if last == 'A' { 'B' } else { 'A' });
    let wrong = [
        ("junk", "bm8gY3Vyc29y".to_owned()),
        ("a stranger's", cursor(&world.stranger, "accounts").await?),
        ("the twin's", cursor(&world.twin, "accounts").await?),
        ("another list's", cursor(&world.target, "contacts").await?),
        ("a damaged one", damaged),
        ("one cut short", own.get(..own.len() / 2).unwrap_or_default().to_owned()),
        ("two in one", format!("{own}{own}")),
    ];
    let mut answers = Vec::new();
    for (which, after) in &wrong {
        let shot = Shot { body: json!({ "query": ask, "variables": { "after": after } }), sent: vec![after.clone()] };
        answers.push(fire(&world.target, &shot, judge).await?.0);
        report.tried("cursors", 1);
        compare(
            report,
            &format!("cursor: {which}"),
            &[answers.first().cloned().unwrap_or_default(), answers.last().cloned().unwrap_or_default()],
        );
    }
    if answers.first().is_none_or(|junk| junk["errors"][0]["extensions"]["rule"] != "cursor") {
        report.finds("cursor: junk", &format!("is not refused as one: {:?}", answers.first()));
    }
    // The administrator's cursor at each record: the page after it holds the attacker's own records and nothing else.
    let all = world.admin.data("{ accounts(first: 50) { edges { cursor } } }", json!({})).await?;
    for edge in super::schema::items(&all["accounts"]["edges"]) {
        let after = edge["cursor"].as_str().unwrap_or_default().to_owned();
        let shot = Shot { body: json!({ "query": ask, "variables": { "after": after } }), sent: vec![after] };
        let (even, _) = fire(&world.target, &shot, judge).await?;
        report.tried("cursors", 1);
        if let Some(leak) = Judge::leak(&even.to_string()) {
            report.finds("cursor: the administrator's", &format!("shows {leak}"));
        }
    }
    Ok(())
}

/// An idempotency key of somebody else brings back nothing of his.
async fn replays(world: &World, judge: &Judge, report: &mut Report) -> anyhow::Result<()> {
    let body = json!({ "query": "mutation { createTag(input: { name: \"ZQX replay\" }) { id name } }", "extensions": {} });
    let key = [("idempotency-key".to_owned(), "the-same-key".to_owned())];
    world.admin.post("graphql", &body, &key).await?;
    let other = json!({ "query": "{ me { id } }" });
    world.admin.post("graphql", &other, &key).await?;
    let mutation = json!({ "query": "mutation { createTag(input: { name: \"mine\" }) { id name } }", "extensions": { "dryRun": true } });
    let mut answers = Vec::new();
    for key in ["the-same-key", "a-key-nobody-used"] {
        let answer = world.target.post("graphql", &mutation, &[("idempotency-key".to_owned(), key.to_owned())]).await?;
        if answer.header("idempotency-replayed").is_some() {
            report.finds("idempotency key of another", "is replayed");
        }
        answers.push(judge.even(&answer.json()?, &[key.to_owned()]));
    }
    report.tried("idempotency keys", 1);
    compare(report, "idempotency key of another", &answers);
    Ok(())
}

/// Credentials that are none, and how each is called.
pub(super) async fn wrong_credentials(
    world: &World,
    report: &mut Report,
) -> anyhow::Result<Vec<(&'static str, Vec<(&'static str, String)>)>> {
    let revoked = world.admin.with_roles(&[super::world::ROLE]).await?;
    let keys = world.admin.request("GET", "keys").send(world.admin.address).await?.json()?;
    let newest =
        super::schema::items(keys.get("keys").unwrap_or(&keys)).iter().filter_map(|key| key["id"].as_str()).max().unwrap_or_default();
    let gone = world.admin.request("DELETE", &format!("keys/{newest}")).send(world.admin.address).await?;
    if gone.status >= 300 {
        report.finds("revoking a key", &format!("status {}", gone.status));
    }
    let login = format!("leaver{}@mail.example", LEAVERS.fetch_add(1, Ordering::Relaxed));
    let member = world.admin.member(&login, &[super::world::ROLE]).await?;
    member.ask("DELETE", "session").await?;
    let flipped: String = world.target.key.chars().rev().collect();
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.";
    let signed = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiIsInJvbGVzIjpbImFkbWluaXN0cmF0b3IiXX0.c2lnbmF0dXJl";
    Ok(vec![
        ("none", vec![]),
        ("an empty one", vec![("authorization", "Bearer ".to_owned())]),
        ("a forged key", vec![("authorization", format!("Bearer tenon_{}", "A".repeat(43)))]),
        ("a key backwards", vec![("authorization", format!("Bearer {flipped}"))]),
        ("a key cut short", vec![("authorization", format!("Bearer {}", world.target.key.get(..20).unwrap_or_default()))]),
        ("a stranger's key", vec![("authorization", format!("Bearer {}", world.stranger.key))]),
        ("a key revoked a moment ago", vec![("authorization", format!("Bearer {}", revoked.key))]),
        ("a session ended a moment ago", vec![("cookie", member.cookie.clone())]),
        ("a key as a session", vec![("cookie", format!("tenon_session={}", world.target.key))]),
        ("a token without algorithm", vec![("authorization", format!("Bearer {none}"))]),
        ("a token signed by anybody", vec![("authorization", format!("Bearer {signed}"))]),
        ("a password", vec![("authorization", "Basic YWRtaW46YWRtaW4=".to_owned())]),
        ("an injection", vec![("authorization", "Bearer ' or '1'='1".to_owned())]),
        ("a very long one", vec![("authorization", format!("Bearer tenon_{}", "A".repeat(6_000)))]),
    ])
}

/// Imports: matching by a key of a record out of sight, and tying to one, end in the same report as with nobody's.
async fn imports(world: &World, judge: &Judge, report: &mut Report) -> anyhow::Result<()> {
    let account = world.place("Account").unwrap_or_default();
    let tie = "format: tenon/v1\nmapping: contact\ncolumns:\n  name: last_name\n  account: { to: account, by: external_id.attack }\n";
    let by_id = "format: tenon/v1\nmapping: contact\ncolumns:\n  name: last_name\n  account: { to: account, by: id }\n";
    for (which, mapping, is_id) in [("a relation by key", tie, false), ("a relation by id", by_id, true)] {
        let mut answers = Vec::new();
        for whose in [Whose::Missing, Whose::Foreign, Whose::Hidden] {
            let baits: Vec<String> =
                (0..SEEN).map(|n| if is_id { id(whose, account, n) } else { super::recipe::text_of(whose, account, n) }).collect();
            let rows = baits.iter().enumerate().map(|(n, bait)| format!("Li {n},{bait}\n")).collect::<String>();
            let data = format!("name,account\n{rows}");
            let (told, errors) = world.target.import("contact", mapping, ("data.csv", data.as_bytes()), true).await?;
            let kept = json!({ "created": told["created"], "updated": told["updated"], "failed": told["failed"], "errors": errors, "told": told["errors"] });
            answers.push(judge.even(&kept, &baits));
            report.tried("imports", SEEN);
        }
        compare(report, &format!("import: {which}"), &answers);
    }
    let mut answers = Vec::new();
    for name in ["zqx_vault", "zqj_vault"] {
        let mapping = format!("format: tenon/v1\nmapping: {name}\ncolumns:\n  name: {name}\n");
        let (told, _) = world.target.import(name, &mapping, ("data.csv", b"name\na\n"), true).await?;
        answers.push(judge.even(&told, &[name.to_owned()]));
    }
    compare(report, "import: an object out of sight", &answers);
    Ok(())
}

/// What is too large is refused at the limit, in time, and the server goes on.
async fn bombs(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let zipped = std::fs::read(crate::Setting::repository().join("tests/fixtures/bomb.gz"))?;
    let json = |request: Request| request.header("content-type", "application/json");
    let bombs = [
        ("17 MiB", json(world.target.request("POST", "graphql")).body(vec![b' '; 17 * 1024 * 1024])),
        ("a gzip bomb", json(world.target.request("POST", "graphql")).header("content-encoding", "gzip").body(zipped)),
        ("a header of 300 KB", json(world.target.request("POST", "graphql")).header("x-bomb", "a".repeat(300_000)).body("{}")),
        ("10,000 brackets", json(world.target.request("POST", "graphql")).body(format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)))),
        (
            "100,000 members",
            json(world.target.request("POST", "graphql")).body(format!(
                "{{\"query\":\"{{ __typename }}\",\"variables\":{{{}\"z\":1}}}}",
                (0..100_000).map(|n| format!("\"a{n}\":1,")).collect::<String>()
            )),
        ),
    ];
    for (which, bomb) in bombs {
        report.tried("bombs", 0);
        // A server that hangs up in the middle of a bomb has refused it as well as one that answers.
        if let Ok(answer) = bomb.send(world.target.address).await
            && answer.status >= 500
        {
            report.finds(&format!("bomb: {which}"), &format!("status {}", answer.status));
        }
        world.target.data("{ __typename }", json!({})).await?;
    }
    Ok(())
}

/// All answers are like the first, and none shows anything.
pub(super) fn compare(report: &mut Report, attack: &str, answers: &[Value]) {
    let Some(first) = answers.first() else { return };
    for answer in answers {
        if answer != first {
            report.finds(attack, &format!("differs: {}", difference(first, answer)));
        }
        if let Some(leak) = Judge::leak(&answer.to_string()) {
            report.finds(attack, &format!("shows {leak}"));
        }
    }
    debug_assert!(MARKER.len() > 2, "a marker is told from other words");
}
