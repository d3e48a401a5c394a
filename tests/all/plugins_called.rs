//! What plugins offer to be called: actions in a document's transaction, jobs with their steps, timers by key, times of the
//! calendar, texts by key. On both databases, as the lowest role too, with a second tenant beside that must not notice.

use serde_json::{Value, json};
use tenon_tests::{Database, Setting, Tenant, TestServer};

use crate::both::{on_as, on_both};

async fn with_clerk(database: Database, test: impl AsyncFnOnce(&TestServer) -> anyhow::Result<()>) {
    let setting = Setting::read();
    let component = setting.component("clerk").unwrap();
    let configure = |config: &mut tenon_server::ServeConfig| {
        config.plugins = vec![component];
        let budgets = &mut config.plugin_budgets;
        // The machine may be busy, and one plugin faults here more often than any breaker allows.
        budgets.faults_per_minute = usize::MAX;
        budgets.action.wall = std::time::Duration::from_secs(30);
        budgets.job.wall = std::time::Duration::from_secs(30);
    };
    on_as(database, configure, test).await;
}

on_both! { with_clerk:
    an_action_stands_or_falls_with_its_document => documents_on_sqlite, documents_on_postgres;
    an_action_does_what_its_caller_may => callers_on_sqlite, callers_on_postgres;
    an_action_that_goes_astray_leaves_nothing => astray_on_sqlite, astray_on_postgres;
    of_many_who_claim_one_deal_one_has_it => claims_on_sqlite, claims_on_postgres;
    a_job_goes_on_from_step_to_step => steps_on_sqlite, steps_on_postgres;
    a_clock_that_is_moved_runs_what_is_due_in_its_order => clocks_on_sqlite, clocks_on_postgres;
    what_was_saved_is_heard_of_once_and_in_order => heard_on_sqlite, heard_on_postgres;
    a_job_that_goes_astray_is_told_of => astray_jobs_on_sqlite, astray_jobs_on_postgres;
}

/// An answer, whatever it says.
async fn ask(tenant: &Tenant, query: &str, variables: Value) -> anyhow::Result<Value> {
    tenant.post("graphql", &json!({ "query": query, "variables": variables }), &[]).await?.json()
}

async fn deal(tenant: &Tenant, name: &str) -> anyhow::Result<String> {
    let made = tenant.data("mutation($name: String) { createOpportunity(input: { name: $name }) { id } }", json!({ "name": name })).await?;
    Ok(made["createOpportunity"]["id"].as_str().unwrap_or_default().to_owned())
}

const CLAIM: &str =
    "mutation($deal: ID, $note: String) { clerkClaim(input: { deal: $deal, note: $note }) { left until words __typename } }";

async fn next_steps(tenant: &Tenant) -> anyhow::Result<Value> {
    let data = tenant.data("{ opportunities(orderBy: { name: ASC }) { nodes { nextStep } } }", json!({})).await?;
    Ok(data["opportunities"]["nodes"].as_array().into_iter().flatten().map(|node| node["nextStep"].clone()).collect())
}

async fn tags(tenant: &Tenant) -> anyhow::Result<Value> {
    let data = tenant.data("{ tags(orderBy: { name: ASC }) { nodes { name } } }", json!({})).await?;
    Ok(data["tags"]["nodes"].as_array().into_iter().flatten().map(|node| node["name"].clone()).collect())
}

async fn an_action_stands_or_falls_with_its_document(server: &TestServer) -> anyhow::Result<()> {
    let (tenant, beside) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    let (one, two) = (deal(&tenant, "a").await?, deal(&tenant, "b").await?);
    let data = tenant.data(CLAIM, json!({ "deal": one, "note": "by phone" })).await?;
    let claimed = &data["clerkClaim"];
    assert_eq!((&claimed["left"], &claimed["words"]), (&json!(2), &json!(["by", "phone"])), "{data}");
    assert_eq!(claimed["__typename"], json!("ClerkClaimResult"));

    // What is wrong with the input is told by field, before anything is called.
    let answer = ask(&tenant, CLAIM, json!({ "note": "no deal" })).await?;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!((&extensions["rule"], &extensions["inputPath"]), (&json!("required"), &json!(["input", "deal"])), "{answer}");
    let answer = ask(&tenant, CLAIM, json!({ "deal": "7" })).await?;
    assert_eq!(answer["errors"][0]["extensions"]["rule"], json!("id"), "{answer}");

    // One document is one transaction: the second claim fails, so the first is not kept, nor what it counted.
    let both =
        "mutation($two: ID, $one: ID) { a: clerkClaim(input: { deal: $two }) { left } b: clerkClaim(input: { deal: $one }) { left } }";
    let answer = ask(&tenant, both, json!({ "one": one, "two": two })).await?;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!((&extensions["code"], &extensions["rule"]), (&json!("REFUSED"), &json!("ALREADY_OWNED")), "{answer}");
    assert_eq!((&extensions["package"], &answer["errors"][0]["path"]), (&json!("clerk"), &json!(["b"])), "{answer}");
    assert_eq!(next_steps(&tenant).await?, json!(["claimed", null]));

    // A dry run leaves nothing either.
    let dry = json!({ "query": CLAIM, "variables": { "deal": two }, "extensions": { "dryRun": true } });
    let answer = tenant.post("graphql", &dry, &[]).await?.json()?;
    assert_eq!(answer["data"]["clerkClaim"]["left"], json!(1), "{answer}");
    let data = tenant.data(CLAIM, json!({ "deal": two })).await?;
    assert_eq!(data["clerkClaim"]["left"], json!(1), "{data}");

    // Writes of a plugin are told apart in the history; who claimed is its author.
    let history = "{ opportunities(filter: { name: { eq: \"a\" } }) { nodes { history { nodes { version via } } } } }";
    let data = tenant.data(history, json!({})).await?;
    let versions = &data["opportunities"]["nodes"][0]["history"]["nodes"];
    assert_eq!(*versions, json!([{ "version": 2, "via": "plugin" }, { "version": 1, "via": "graphql" }]), "{data}");

    // What a package keeps, it keeps for each tenant.
    let mine = deal(&beside, "mine").await?;
    let data = beside.data(CLAIM, json!({ "deal": mine })).await?;
    assert_eq!(data["clerkClaim"]["left"], json!(2), "{data}");
    let answer = ask(&beside, CLAIM, json!({ "deal": two })).await?;
    assert_eq!(answer["errors"][0]["extensions"]["rule"], json!("NO_DEAL"), "another tenant's deal is not there: {answer}");
    let data = beside.data("mutation { clerkPing { done } }", json!({})).await?;
    assert_eq!(data, json!({ "clerkPing": { "done": true } }));
    Ok(())
}

/// The lowest role: what it may not do, no plugin does for it.
async fn an_action_does_what_its_caller_may(server: &TestServer) -> anyhow::Result<()> {
    let admin = server.tenant(None, None, None).await?;
    let theirs = deal(&admin, "theirs").await?;
    let seller = admin.with_roles(&["sales_rep"]).await?;
    let answer = ask(&seller, CLAIM, json!({ "deal": theirs })).await?;
    assert_eq!(answer["errors"][0]["extensions"]["rule"], json!("NO_DEAL"), "a deal he does not see is not there: {answer}");
    let visitor = admin.with_roles(&["employee"]).await?;
    let answer = ask(&visitor, "mutation { clerkMisbehave(input: { how: \"problems\" }) { words } }", json!({})).await?;
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        json!("PLUGIN_FAULT"),
        "he writes no tags, and the plugin did not expect it: {answer}"
    );
    assert_eq!((next_steps(&admin).await?, tags(&admin).await?), (json!([null]), json!([])));
    // The claims of those who failed were not counted.
    let data = admin.data(CLAIM, json!({ "deal": theirs })).await?;
    assert_eq!(data["clerkClaim"]["left"], json!(2), "{data}");
    Ok(())
}

/// What an action does, and the limit that it crosses (none: a fault without one).
const ASTRAY: [(&str, Option<&str>); 9] = [
    ("undeclared", None),
    ("wrong type", None),
    ("no object", None),
    ("output", Some("output")),
    ("panic", None),
    ("fail", None),
    ("loop", Some("fuel")),
    ("write flood", Some("writes")),
    ("read flood", Some("queries")),
];

async fn an_action_that_goes_astray_leaves_nothing(server: &TestServer) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let misbehave = "mutation($how: String) { clerkMisbehave(input: { how: $how }) { words number } }";
    for (how, limit) in ASTRAY {
        let answer = ask(&tenant, misbehave, json!({ "how": how })).await?;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!((&extensions["code"], extensions["limit"].as_str()), (&json!("PLUGIN_FAULT"), limit), "{how}: {answer}");
        assert_eq!(extensions["package"], json!("clerk@1.0.0"), "{how}: {answer}");
        assert!(!answer.to_string().contains("secret"), "{how}: {answer}");
    }
    let answer = ask(&tenant, misbehave, json!({ "how": "x".repeat(1 << 20) })).await?;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!((&extensions["code"], &extensions["limit"]), (&json!("PLUGIN_FAULT"), &json!("input")), "more than a call is given");
    let answer = ask(&tenant, misbehave, json!({ "how": "refuse" })).await?;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!((&extensions["code"], &extensions["rule"]), (&json!("REFUSED"), &json!("NOT_LIKE_THIS")), "{answer}");
    assert_eq!(tags(&tenant).await?, json!([]));
    let data = tenant.data(misbehave, json!({ "how": "problems" })).await?;
    let told = "INVALID INVALID EXHAUSTED INVALID INVALID NOT_FOUND INVALID EXHAUSTED INVALID INVALID";
    assert_eq!(data["clerkMisbehave"], json!({ "words": told, "number": null }), "{data}");
    assert_eq!(tags(&tenant).await?, json!(["astray problems"]));
    Ok(())
}

async fn of_many_who_claim_one_deal_one_has_it(server: &TestServer) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let wanted = deal(&tenant, "wanted").await?;
    let mut claims = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (tenant, wanted) = (tenant.clone(), wanted.clone());
        claims.spawn(async move { ask(&tenant, CLAIM, json!({ "deal": wanted })).await });
    }
    let mut words: Vec<String> = Vec::new();
    for answer in claims.join_all().await {
        let answer = answer?;
        words.push(answer["errors"][0]["extensions"]["rule"].as_str().map_or_else(|| answer["data"].to_string(), str::to_owned));
    }
    words.sort_unstable();
    let refused = words.iter().filter(|word| *word == "ALREADY_OWNED").count();
    assert_eq!((refused, words.len()), (19, 20), "{words:?}");
    Ok(())
}

const LEAVE: &str = "mutation($job: String, $input: JSON, $days: Int, $key: String) {
    clerkLeave(input: { job: $job, input: $input, inDays: $days, key: $key }) { id gone } }";

/// Moves the clock so many milliseconds on; where it stands then, and how many jobs ran.
async fn advance(tenant: &Tenant, millis: i64) -> anyhow::Result<(String, u64)> {
    let data = tenant.metadata("{ describe { tenant { now } } }", json!({})).await?;
    let now: tenon_value::DateTime = data["describe"]["tenant"]["now"].as_str().unwrap_or_default().parse()?;
    let to = tenon_value::DateTime::from_millis(now.millis() + millis).to_string();
    let data = tenant.metadata("mutation($to: DateTime!) { advanceClock(to: $to) { now ran } }", json!({ "to": to })).await?;
    let run = &data["advanceClock"];
    assert_eq!(run["now"], json!(to));
    Ok((to, run["ran"].as_u64().unwrap_or_default()))
}

const DAY: i64 = 86_400_000;

async fn a_job_goes_on_from_step_to_step(server: &TestServer) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let data = tenant.data(LEAVE, json!({ "job": "count", "input": { "steps": 3 } })).await?;
    let id = data["clerkLeave"]["id"].clone();
    advance(&tenant, 0).await?;
    let job = "query($id: ID!) { job(id: $id) { kind state total done error { code } } }";
    let data = tenant.data(job, json!({ "id": id })).await?;
    assert_eq!(data["job"], json!({ "kind": "plugin", "state": "DONE", "total": 3, "done": 3, "error": null }), "{data}");
    // The steps of the first job were three transactions; the second goes on counting.
    tenant.data(LEAVE, json!({ "job": "count", "input": { "steps": 2 } })).await?;
    advance(&tenant, 0).await?;
    // A job is left with the document, or not at all.
    let failing = "mutation { clerkLeave(input: { job: \"count\" }) { id } clerkMisbehave(input: { how: \"panic\" }) { words } }";
    ask(&tenant, failing, json!({})).await?;
    let data = tenant.data("{ jobs(kinds: [\"plugin\"], states: [DONE]) { nodes { state done } } }", json!({})).await?;
    assert_eq!(data["jobs"]["nodes"], json!([{ "state": "DONE", "done": 2 }, { "state": "DONE", "done": 3 }]), "{data}");
    Ok(())
}

async fn a_clock_that_is_moved_runs_what_is_due_in_its_order(server: &TestServer) -> anyhow::Result<()> {
    let (tenant, beside) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    let wanted = deal(&tenant, "wanted").await?;
    let claimed = tenant.data(CLAIM, json!({ "deal": wanted })).await?;
    let due = claimed["clerkClaim"]["until"].as_str().unwrap_or_default().to_owned();

    // The calendar has one night a day, at two o'clock in Shanghai; a claim is reminded of after a day.
    let (_, ran) = advance(&tenant, DAY - 1).await?;
    assert_eq!((ran, next_steps(&tenant).await?), (1, json!(["claimed"])), "a night, and no day yet");
    advance(&tenant, 1).await?;
    assert_eq!(next_steps(&tenant).await?, json!([format!("reminded at {due}")]), "the clock stood at the time it was due");
    let (to, ran) = advance(&tenant, 7 * DAY).await?;
    assert_eq!(ran, 7, "a week has seven nights");
    assert_eq!(tags(&tenant).await?.as_array().map(Vec::len), Some(8), "each on its day");

    // What the calendar starts acts as the package itself.
    let by = "{ tags(orderBy: { name: ASC }, first: 1) { nodes { createdBy { kind display } createdAt } } }";
    let data = tenant.data(by, json!({})).await?;
    assert_eq!(data["tags"]["nodes"][0]["createdBy"], json!({ "kind": "PLUGIN", "display": "clerk" }), "{data}");

    // A key is a timer: what is left under it later takes its place, and it can be taken back.
    for days in [1, 3] {
        tenant.data(LEAVE, json!({ "job": "count", "input": {}, "days": days, "key": "timer" })).await?;
    }
    let (_, ran) = advance(&tenant, 2 * DAY).await?;
    assert_eq!(ran, 2, "two nights, and no timer");
    let data = tenant.data(LEAVE, json!({ "key": "timer" })).await?;
    assert_eq!(data["clerkLeave"]["gone"], json!(true), "{data}");
    let data = tenant.data(LEAVE, json!({ "key": "timer" })).await?;
    assert_eq!(data["clerkLeave"]["gone"], json!(false), "{data}");

    // Clocks do not go back, and only those who may change metadata move them.
    let back = json!({ "query": "mutation($to: DateTime!) { advanceClock(to: $to) { now } }", "variables": { "to": to } });
    let answer = tenant.post("metadata", &back, &[]).await?.json()?;
    assert_eq!(answer["errors"][0]["extensions"]["rule"], json!("backwards"), "{answer}");
    let seller = tenant.with_roles(&["sales_rep"]).await?;
    let answer = seller.post("metadata", &back, &[]).await?.json()?;
    assert_eq!(answer["errors"][0]["extensions"]["code"], json!("FORBIDDEN"), "{answer}");
    assert_eq!(tags(&beside).await?, json!([]), "another tenant's nights are its own");
    Ok(())
}

async fn a_job_that_goes_astray_is_told_of(server: &TestServer) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let job = "query($id: ID!) { job(id: $id) { state error { code rule limit package message } } }";
    // What breaks is tried again; what refuses has ended.
    let again: &[&str] = &["WAITING", "RUNNING"];
    for (how, states, code) in [
        ("refuse", &["FAILED"] as &[&str], "REFUSED"),
        ("panic", again, "PLUGIN_FAULT"),
        ("no json", again, "PLUGIN_FAULT"),
        ("long cursor", again, "PLUGIN_FAULT"),
    ] {
        let data = tenant.data(LEAVE, json!({ "job": "astray", "input": { "how": how } })).await?;
        let id = data["clerkLeave"]["id"].clone();
        advance(&tenant, 0).await?;
        let data = tenant.data(job, json!({ "id": id })).await?;
        assert_eq!(data["job"]["error"]["code"], json!(code), "{how}: {data}");
        assert!(data["job"]["state"].as_str().is_some_and(|state| states.contains(&state)), "{how}: {data}");
        assert!(!data.to_string().contains("secret"), "{how}: {data}");
        assert_eq!(tags(&tenant).await?, json!([]), "{how}");
    }
    Ok(())
}

async fn account(tenant: &Tenant, name: &str) -> anyhow::Result<String> {
    let made = tenant.data("mutation($name: String) { createAccount(input: { name: $name }) { id } }", json!({ "name": name })).await?;
    Ok(made["createAccount"]["id"].as_str().unwrap_or_default().to_owned())
}

/// Waits until a tenant's tags are these: hearing is a matter of its own time.
async fn tagged(tenant: &Tenant, expected: &Value) -> anyhow::Result<()> {
    let began = std::time::Instant::now();
    loop {
        let found = tags(tenant).await?;
        if found == *expected {
            return Ok(());
        }
        anyhow::ensure!(began.elapsed() < tenon_tests::TOLD_MAX, "{found} instead of {expected}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn what_was_saved_is_heard_of_once_and_in_order(server: &TestServer) -> anyhow::Result<()> {
    let (tenant, beside) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    let first = account(&tenant, "a").await?;
    tagged(&tenant, &json!(["a 1"])).await?;
    // One that stumbles holds up nobody behind it.
    account(&tenant, "stumble").await?;
    tenant.data("mutation($id: ID!) { updateAccount(id: $id, input: { name: \"b\" }) { id } }", json!({ "id": first })).await?;
    tagged(&tenant, &json!(["a 1", "b 3"])).await?;
    // A save that failed was none.
    let failing = "mutation { createAccount(input: { name: \"never\" }) { id } clerkMisbehave(input: { how: \"panic\" }) { words } }";
    ask(&tenant, failing, json!({})).await?;
    account(&tenant, "c").await?;
    tagged(&tenant, &json!(["a 1", "b 3", "c 1"])).await?;
    let late = "{ jobs(kinds: [\"plugin\"], states: [WAITING, RUNNING]) { nodes { error { code } } } }";
    let data = tenant.data(late, json!({})).await?;
    let errors = data["jobs"]["nodes"].as_array().into_iter().flatten().filter(|job| job["error"]["code"] == "PLUGIN_FAULT").count();
    assert!(errors <= 1 && !data.to_string().contains("secret"), "{data}");
    assert_eq!(tags(&beside).await?, json!([]), "another tenant's accounts are its own");
    Ok(())
}
