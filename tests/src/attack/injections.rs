//! Texts that try to become SQL, CEL or a header, at every place where a text comes in.
//!
//! What is looked for, everywhere at once: no statement that the server runs may hold the token of these texts, since
//! every value travels beside its statement. Further: nothing fails from within, a question answers as with a text that
//! nobody has, and what is kept comes back letter by letter.

use serde_json::{Value, json};

use super::case::{Case, Shot};
use super::judge::Judge;
use super::records::{self, fire, fire_at};
use super::report::Report;
use super::routes::ways;
use super::schema::Schema;
use super::slot::Sort;
use super::world::{Whose, World};
use crate::statements::{INJECTED, Statements};
use crate::{Request, Tenant};

/// Questions in one document.
const PACK: usize = 16;

/// One text with all the tricks: it ends quotes of every kind, begins comments, names parameters, and looks like CEL.
const ALL_AT_ONCE: &str = "zinj7q'\"`\\'; DROP TABLE record; -- /* $1 ?1 :a @b %s %_ {0} ${7*7} {{7*7}} || true) OR '1'='1' #";

/// The tricks one by one. The first of them sort after every text that is seen, so that comparing with them says nothing;
/// the last is no text at all for one of the databases.
const TRICKS: [&str; 12] = [
    ALL_AT_ONCE,
    "zinj7q' OR '1'='1",
    "zinj7q\" OR \"\"=\"",
    "zinj7q'; DELETE FROM \"law\"; --",
    "zinj7q') UNION SELECT 1, 2, 3 --",
    "zinj7q\\",
    "zinj7q%",
    "zinj7q' == '' || owner != me || 'a' in ['a",
    "zinj7q\r\nset-cookie: zinj7q=1\r\n\r\n",
    "zinj7q\u{0}",
    "=zinj7q+cmd|' /C calc'!A0",
    "<script>zinj7q</script>",
];

/// How many of them sort after every text that is seen.
const LATE: usize = 10;

/// CEL that tries to get out of its rule. Checked when metadata is planned: each is refused there, or means what it says.
const RULES: [&str; 16] = [
    "name == 'zinj7q' OR '1'='1'",
    "name == \"zinj7q' OR '1'='1\"",
    "name == 'zinj7q\\' OR 1=1 --'",
    "zinj7q",
    "true || zinj7q == 1",
    "name.matches('(zinj7q+)+$')",
    "owner.login == me.password_hash",
    "record.zinj7q.constructor",
    "[1,2,3].map(zinj7q, zinj7q * zinj7q).size() > 0",
    "name in ['zinj7q', \"'); DROP TABLE record; --\"]",
    "size('zinj7q') > 0 && has(name.zinj7q)",
    "duration('zinj7q') > 0",
    "name == '''zinj7q''' /* */",
    "name == b'zinj7q'",
    "name == r'zinj7q\\'",
    "$1 == zinj7q; SELECT 1",
];

/// Headers that somebody reads.
const HEADERS: [&str; 16] = [
    "authorization",
    "cookie",
    "origin",
    "x-request-id",
    "idempotency-key",
    "tenon-view-as",
    "accept",
    "accept-language",
    "content-type",
    "tenon-cost",
    "if-none-match",
    "x-forwarded-for",
    "user-agent",
    "content-encoding",
    "tenon-zone",
    "traceparent",
];

/// Runs them all; the stranger is the victim, whose records are counted before and after.
pub(super) async fn run(world: &World, cases: &[Case], report: &mut Report) -> anyhow::Result<()> {
    Statements::spliced();
    let before = counts(world).await?;
    data(world, cases, report).await?;
    metadata(world, report).await?;
    rules(world, report).await?;
    texts_are_kept(world, report).await?;
    routes(world, report).await?;
    headers(world, report).await?;
    files(world, report).await?;
    let after = counts(world).await?;
    if before != after {
        report.finds("injections", &format!("records were there before and are not now, or the other way round: {before} ≠ {after}"));
    }
    for statement in Statements::spliced().into_iter().take(3) {
        report.finds("injections", &format!("a statement holds what was sent: {statement:.600}"));
    }
    Ok(())
}

/// How many records of each object the victim has; members that are invited on the way make users.
async fn counts(world: &World) -> anyhow::Result<Value> {
    let counted = world.objects.iter().filter(|object| object.name != "user");
    let named: Vec<String> = counted.map(|object| format!("{0}: {0}Aggregate {{ count }}", object.plural)).collect();
    world.stranger.data(&format!("{{ {} }}", named.join(" ")), json!({})).await
}

/// Every text of every argument of the data API, as the lowest role: all tricks at once, and another one by itself.
async fn data(world: &World, cases: &[Case], report: &mut Report) -> anyhow::Result<()> {
    let judge = Judge::new()?;
    let texts: Vec<Case> = cases.iter().filter(|case| case.slot.sort == Sort::Text && case.number == 0).cloned().collect();
    let (queries, mutations): (Vec<Case>, Vec<Case>) = texts.into_iter().partition(|case| case.door.operation == "Query");
    for (at, pack) in queries.chunks(PACK).enumerate() {
        let nobodys = shot(world, pack, None);
        let (base, _) = fire(&world.target, &nobodys, &judge).await?;
        for trick in [ALL_AT_ONCE, trick(at)] {
            let injected = shot(world, pack, Some(trick));
            let (told, _) = fire(&world.target, &injected, &judge).await?;
            judged(pack, &told, report);
            for (place, case) in pack.iter().enumerate() {
                let alias = format!("/data/a{place}");
                let (base, told) = (base.pointer(&alias), told.pointer(&alias));
                // What is refused tells nothing; what is answered is answered as for any text that nobody has.
                if let (Some(base), Some(told)) = (base, told)
                    && !base.is_null()
                    && !told.is_null()
                    && base != told
                {
                    report.finds(&format!("injection at {}", case.name()), &records::difference(base, told));
                }
            }
        }
    }
    let chunks: Vec<(usize, &Case)> = mutations.iter().enumerate().collect();
    for some in chunks.chunks(4) {
        let tricks = |at: usize| if at.is_multiple_of(4) { vec![ALL_AT_ONCE, trick(at / 4)] } else { vec![ALL_AT_ONCE] };
        let asked = some.iter().flat_map(|(at, case)| tricks(*at).into_iter().map(|trick| (*case, trick)));
        let asked = asked.map(|(case, trick)| {
            let injected = shot(world, std::slice::from_ref(case), Some(trick));
            let judge = &judge;
            async move { anyhow::Ok((case, fire(&world.target, &injected, judge).await?.0)) }
        });
        for (case, told) in futures::future::try_join_all(asked).await? {
            judged(std::slice::from_ref(case), &told, report);
        }
    }
    Ok(())
}

const fn trick(at: usize) -> &'static str {
    TRICKS[1 + at % (LATE - 1)]
}

fn shot(world: &World, pack: &[Case], text: Option<&'static str>) -> Shot {
    let cases: Vec<Case> = pack.iter().map(|case| Case { text, ..case.clone() }).collect();
    Case::shot(world, &cases.iter().collect::<Vec<_>>(), Whose::Missing)
}

/// Nothing fails from within.
fn judged(pack: &[Case], told: &Value, report: &mut Report) {
    let name = || pack.iter().map(Case::name).collect::<Vec<_>>().join(", ");
    for case in pack {
        report.tried(&format!("injections: {}", case.door.operation), 1);
    }
    if let Some(wrong) = broken(told) {
        report.finds(&format!("injection at {}", name()), &wrong);
    }
    if let Some(leak) = Judge::leak(&told.to_string()) {
        report.finds(&format!("injection at {}", name()), &format!("shows {leak}"));
    }
}

fn broken(told: &Value) -> Option<String> {
    let status = told["status"].as_u64().unwrap_or_default();
    let errors = told.get("errors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let internal = errors.iter().find(|error| matches!(error["extensions"]["code"].as_str(), Some("INTERNAL" | "UNAVAILABLE") | None));
    match internal {
        Some(error) => Some(error.to_string()),
        None => (status >= 500).then(|| format!("status {status}: {told}")),
    }
}

/// Every text of every argument of the metadata API, as the victim's administrator: a new name is refused, a label kept.
async fn metadata(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let judge = Judge::new()?;
    let schema = Schema::at(&world.stranger, "metadata").await?;
    let world = World { schema, mark: "injected", ..world.clone() };
    let cases = records::cases(&world, (1, 0), &mut Report::default());
    // Writes wait for each other: one after another.
    for (at, case) in cases.iter().filter(|case| case.slot.sort == Sort::Text).enumerate() {
        for trick in [ALL_AT_ONCE, trick(at)] {
            let injected = shot(&world, std::slice::from_ref(case), Some(trick));
            let (told, _) = fire_at(&world.stranger, "metadata", &injected, &judge).await?;
            if let Some(wrong) = broken(&told) {
                report.finds(&format!("injection at metadata {}", case.name()), &wrong);
            }
            // What has no good value beside the text is refused by the schema: then nothing came in.
            let rule = told["errors"][0]["extensions"]["rule"].as_str().unwrap_or_default();
            report.tried(if rule.starts_with("graphql/") { "injections: metadata, never got in" } else { "injections: metadata" }, 1);
        }
    }
    Ok(())
}

/// Sources of rules: refused with a place, or nothing but a comparison.
async fn rules(world: &World, report: &mut Report) -> anyhow::Result<()> {
    const ROLE: &str = "injected_rule";
    let role = json!({ "path": format!("roles/{ROLE}.yaml"), "text": format!("format: tenon/v1\nrole: {ROLE}\nlabel: {{ en: Injected, zh: 注入 }}\n") });
    for rule in RULES {
        let source = serde_json::to_string(rule)?;
        let access = format!(
            "format: tenon/v1\nobject: account\nroles:\n  {ROLE}:\n    can: [read]\n    rows: {{ read: {source} }}\n    fields: {{ '*': read }}\n"
        );
        let files = json!([role, { "path": "objects/account/access.yaml", "text": access }]);
        let document = "mutation ($files: [FileInput!]) { plan(files: $files) { hash diagnostics { code severity } } }";
        let answer = world.stranger.post("metadata", &json!({ "query": document, "variables": { "files": files } }), &[]).await?;
        let told = answer.json()?;
        report.tried("injections: rules", 1);
        let diagnostics = super::schema::items(&told["data"]["plan"]["diagnostics"]);
        let is_refused = diagnostics.iter().any(|one| one["severity"] == "error");
        if answer.status >= 500 || told["data"]["plan"].is_null() {
            report.finds(&format!("rule {rule}"), &told.to_string());
        } else if !is_refused {
            // It means what it says: nobody is called that.
            let hash = &told["data"]["plan"]["hash"];
            let apply = "mutation ($plan: String!) { apply(plan: $plan, confirm: [\"role:injected_rule\"]) { version } }";
            world.stranger.metadata(apply, json!({ "plan": hash })).await?;
            let asker = world.stranger.with_roles(&[ROLE]).await?;
            let seen = asker.data("{ accounts { nodes { id } } accountsAggregate { count } }", json!({})).await?;
            if !super::schema::items(&seen["accounts"]["nodes"]).is_empty() {
                report.finds(&format!("rule {rule}"), &format!("gives rows: {seen}"));
            }
        }
    }
    Ok(())
}

/// Labels, help, words of choices, defaults, names of roles' doings: kept and given back letter by letter.
async fn texts_are_kept(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let text = serde_json::to_string(ALL_AT_ONCE)?;
    let label = format!("{{ en: {text}, zh: {text} }}");
    let object = format!(
        "format: tenon/v1\nobject: probe\nplural: probes\nlabel: {label}\nabout: {label}\nfields:\n  \
         name: {{ type: text, max: 300, label: {label}, about: {label}, default: {text} }}\n  \
         state: {{ type: choice, label: {{ en: State, zh: 状态 }}, options: [{{ name: open, label: {label} }}] }}\n"
    );
    let role = format!("format: tenon/v1\nrole: probed\nlabel: {label}\nabout: {label}\n");
    let files = [("objects/probe/object.yaml".to_owned(), object), ("roles/probed.yaml".to_owned(), role)];
    world.stranger.apply(&files).await?;
    let made = world.stranger.data("mutation { createProbe(input: {}) { id name } }", json!({})).await?;
    let described = world.stranger.metadata("{ object(name: \"probe\") { label pluralLabel fields { name label } } }", json!({})).await?;
    report.tried("injections: texts kept", 5);
    let kept = [&made["createProbe"]["name"], &described["object"]["label"]];
    if kept.iter().any(|kept| **kept != ALL_AT_ONCE) {
        report.finds("texts of metadata", &format!("do not come back as they were: {kept:?}"));
    }
    let found = world.stranger.data("query ($t: String) { probes(filter: { name: { eq: $t } }) { nodes { name } } none: probes(filter: { name: { contains: \"' OR '1'='1\", ne: $t } }) { nodes { name } } }", json!({ "t": ALL_AT_ONCE })).await?;
    if super::schema::items(&found["probes"]["nodes"]).len() != 1 || !super::schema::items(&found["none"]["nodes"]).is_empty() {
        report.finds("texts of records", &format!("are not found by what they are: {found}"));
    }
    Ok(())
}

/// Every part of a path, every parameter and every text of a body at every door, as the victim's administrator.
async fn routes(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let victim = &world.stranger;
    let mut at = 0;
    for way in ways() {
        let plain = way.request(&victim.name, "0198c1d2-7a3e-7300-8000-000000000001");
        let mut requests = Vec::new();
        for (place, trick) in positions(way.query).into_iter().flat_map(|place| {
            at += 1;
            [(place.clone(), ALL_AT_ONCE), (place, trick(at))]
        }) {
            let query = way.query.replacen(&place, &crate::tenant::percent(trick), 1);
            let path = plain.path.split('?').next().unwrap_or_default();
            requests.push(Request { path: format!("{path}?{}", query.replace("{id}", "x")), ..plain.clone() });
        }
        for trick in [ALL_AT_ONCE, trick(at)] {
            let bait = crate::tenant::percent(trick);
            let injected = way.request(&victim.name, &bait);
            if injected.path != plain.path {
                requests.push(Request { body: plain.body.clone(), ..injected });
            }
        }
        if let Ok(body) = serde_json::from_slice::<Value>(&plain.body) {
            for place in leaves(&body) {
                at += 1;
                // A failed sign-in counts: there are not so many of them that the address is closed.
                for trick in [ALL_AT_ONCE, trick(at)] {
                    let mut injected = body.clone();
                    injected.pointer_mut(&place).into_iter().for_each(|leaf| *leaf = json!(trick));
                    requests.push(Request { body: injected.to_string().into_bytes(), ..plain.clone() });
                }
            }
        }
        for request in requests {
            let request = if way.is_open { request } else { request.header("authorization", format!("Bearer {}", victim.key)) };
            let answer = request.send(victim.address).await?;
            report.tried("injections: routes", 1);
            if answer.status >= 500 && way.path != "/resets" {
                report.finds(
                    &format!("injection at {}", way.name()),
                    &format!("status {}: {}", answer.status, String::from_utf8_lossy(&answer.body)),
                );
            }
            if answer.header("set-cookie").is_some_and(|cookie| cookie.starts_with(INJECTED)) {
                report.finds(&format!("injection at {}", way.name()), "sets a cookie");
            }
        }
    }
    Ok(())
}

/// The values of a query's parameters.
fn positions(query: &str) -> Vec<String> {
    query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value.to_owned()).filter(|value| !value.is_empty()).collect()
}

/// The ways to all texts of a JSON value.
fn leaves(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            members.iter().flat_map(|(name, one)| leaves(one).into_iter().map(move |rest| format!("/{name}{rest}"))).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(at, one)| leaves(one).into_iter().map(move |rest| format!("/{at}{rest}"))).collect()
        }
        Value::String(_) => vec![String::new()],
        _ => Vec::new(),
    }
}

/// Every header that somebody reads, at a door that reads and one that writes.
async fn headers(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let victim = &world.stranger;
    for (door, document) in [("graphql", "{ accounts(first: 1) { nodes { id } } }"), ("metadata", "{ objects { name } }")] {
        for header in HEADERS {
            for trick in TRICKS.into_iter().filter(|trick| !trick.contains(['\r', '\n', '\u{0}'])) {
                let value = match header {
                    "authorization" => format!("Bearer {trick}"),
                    "cookie" => format!("tenon_session={trick}"),
                    _ => trick.to_owned(),
                };
                let body = json!({ "query": document });
                let answer = victim.post(door, &body, &[(header.to_owned(), value)]).await?;
                report.tried("injections: headers", 1);
                if answer.status >= 500 {
                    report.finds(&format!("injection in the header {header}"), &format!("status {} at {door}", answer.status));
                }
            }
        }
    }
    Ok(())
}

/// Files that are imported: names of columns, cells, and every text of a mapping.
async fn files(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let victim: &Tenant = &world.stranger;
    let text = serde_json::to_string(ALL_AT_ONCE)?;
    let mappings = [
        format!("format: tenon/v1\nmapping: tag\ncolumns:\n  {text}: name\n"),
        format!("format: tenon/v1\nmapping: tag\ncolumns:\n  a: {text}\n"),
        format!("format: tenon/v1\nmapping: {text}\ncolumns:\n  a: name\n"),
        format!("format: tenon/v1\nmapping: tag\ncolumns:\n  a: {{ to: {text}, by: {text} }}\n"),
        format!("format: tenon/v1\nmapping: tag\nkey: {text}\ncolumns:\n  a: name\n"),
        "format: tenon/v1\nmapping: tag\ncolumns:\n  a: name\n".to_owned(),
    ];
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    for mapping in &mappings {
        for head in ["a".to_owned(), cell(ALL_AT_ONCE)] {
            let rows: String = TRICKS.iter().map(|trick| format!("{}\r\n", cell(trick))).collect();
            let file = format!("{head}\r\n{rows}");
            let (told, errors) = victim.import("tag", mapping, (ALL_AT_ONCE, file.as_bytes()), true).await?;
            report.tried("injections: imports", TRICKS.len());
            let wrong = format!("{told}{errors}");
            if wrong.contains("INTERNAL") || wrong.contains("UNAVAILABLE") {
                report.finds("injection in an import", &wrong);
            }
        }
    }
    Ok(())
}
