//! `tenon package …`: the packages of a tenant, through its server.

mod values;

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tenon_value::Json;

use crate::args::{Agreed, Args, PackageVerb};
use crate::client::{Client, Refused};
use crate::output::{Exit, Output};

/// What is sent.
const MEDIA: &str = "application/vnd.tenon.package";
const PLAN: &str = "mutation ($package: String!, $version: String) { planPackage(package: $package, version: $version) {
    hash package from to signedBy grants { key says new } givenBack { key } requires
    metadata { risk operations { path op risk api text } diagnostics { code severity message file line help } } } }";
const INSTALL: &str =
    "mutation ($package: String!, $version: String!, $plan: String!, $grants: [String!]!, $confirm: [String!]!, $runTests: Boolean!, $canary: Int) {
    installPackage(package: $package, version: $version, plan: $plan, grants: $grants, confirm: $confirm, runTests: $runTests, canary: $canary) {
        package version moves tests { path name fuel } } }";
const ROLLBACK: &str = "mutation ($package: String!, $grants: [String!]!, $confirm: [String!]!) {
    done: rollbackPackage(package: $package, grants: $grants, confirm: $confirm) { package version } }";
const LIST: &str = "{ packages { name version state publisher previous label health { state message } grants { key says }
    versions { version digest bytes signedBy uploadedBy uploadedAt } requires usage { calls faults rows fuel millis memory }
    canary { percent versions { version health { state message } usage { calls faults rows fuel millis memory } } }
    failures { id at version phase about operation limit message } } }";

const LOGS: &str = "{ packages { name logs { number at level message version request } } }";
/// The server's words for what nobody has agreed to.
const UNGRANTED: &str = "package/grants";
const UNCONFIRMED: &str = "confirm";
/// How often lines that come are asked for.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);
/// A package of so many bytes brings an engine of its own, which a server compiles for some time.
const LARGE: usize = 1024 * 1024;

/// Does what was asked.
pub(crate) fn package(args: &Args, output: &Output, verb: &PackageVerb) -> anyhow::Result<Exit> {
    let client = Client::new(args)?;
    match verb {
        PackageVerb::Install { file, no_tests, canary, agreed } => {
            let bytes = std::fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
            let done = install(&client, output, bytes, (agreed, !no_tests, *canary))?;
            output.result(&done, format!("{}@{} is installed", text(&done, "package"), text(&done, "version")));
        }
        PackageVerb::Rollback { package, agreed } => {
            rollback(&client, output, package, agreed)?;
        }
        PackageVerb::Promote { package } => {
            let document = "mutation ($package: String!) { done: promotePackage(package: $package) { package version } }";
            changed(&client, output, document, &json!({ "package": package }), &format!("`{package}` is in force for all"))?;
        }
        PackageVerb::Disable { package } => switch(&client, output, package, "disable")?,
        PackageVerb::Enable { package } => switch(&client, output, package, "enable")?,
        PackageVerb::Uninstall { package, purge, confirm } => {
            let document = "mutation ($package: String!, $purge: Boolean!, $confirm: [String!]!) {
                done: uninstallPackage(package: $package, purge: $purge, confirm: $confirm) { package version } }";
            let variables = json!({ "package": package, "purge": purge, "confirm": confirm });
            let kept = if *purge { "its metadata is retired" } else { "its records and metadata stay" };
            let words = format!("`{package}` is uninstalled, {kept}");
            changed(&client, output, document, &variables, &words).map_err(advised)?;
        }
        PackageVerb::List => {
            let all = listed(&client)?;
            let line = |one: &Json| {
                let health = one.pointer("/health/state").and_then(Json::as_str).unwrap_or_default();
                format!("{}  {}  {}  {health}", text(one, "name"), text(one, "version"), text(one, "state"))
            };
            let lines: Vec<String> = all.as_array().into_iter().flatten().map(line).collect();
            output.result(&all, lines.join("\n"));
        }
        PackageVerb::Set { package, values } => values::set(&client, output, package, values)?,
        PackageVerb::Secret { package, name, file, forget } => {
            values::secret(&client, output, (package, name.as_deref()), (file.as_deref(), *forget))?;
        }
        PackageVerb::Logs { package, follow } => logs(&client, output, package, *follow)?,
        PackageVerb::Show { package } => {
            let all = listed(&client)?;
            let found = all.as_array().into_iter().flatten().find(|one| text(one, "name") == package).cloned();
            let found = found.with_context(|| format!("there is no package `{package}`"))?;
            output.result(&found, serde_json::to_string_pretty(&found)?);
        }
    }
    Ok(Exit::Done)
}

/// Uploads a file and installs it, after its own tests if these are wanted; what is not agreed to is told and refused.
pub(super) fn install(
    client: &Client,
    output: &Output,
    file: Vec<u8>,
    (agreed, tests, canary): (&Agreed, bool, Option<u8>),
) -> anyhow::Result<Json> {
    if file.len() > LARGE {
        output.say("the server compiles the plugin: with an engine of its own that takes up to a minute, the first time");
    }
    let uploaded = client.upload("packages", MEDIA, &file)?;
    let named = json!({ "package": uploaded.get("package"), "version": uploaded.get("version") });
    let plan = client.data("metadata", PLAN, &named)?.get("planPackage").cloned().context("the server answers no plan")?;
    tell(output, &plan);
    let new = items(plan.get("grants")).filter(|line| line.get("new").and_then(Json::as_bool).unwrap_or_default());
    let new: Vec<&str> = new.map(|line| text(line, "key")).collect();
    let grants: Vec<&str> = if agreed.grant_all { new } else { agreed.grants.iter().map(String::as_str).collect() };
    let steps = items(plan.pointer("/metadata/operations")).map(|step| text(step, "path"));
    let confirm: Vec<&str> = if agreed.confirm_all { steps.collect() } else { agreed.confirm.iter().map(String::as_str).collect() };
    let variables = json!({
        "package": uploaded.get("package"), "version": uploaded.get("version"),
        "plan": plan.get("hash"), "grants": grants, "confirm": confirm, "runTests": tests, "canary": canary,
    });
    let done = client.data("metadata", INSTALL, &variables).map_err(advised)?;
    for test in items(done.pointer("/installPackage/tests")) {
        output.say(format!("  {:<12} {}: {}", "passed", text(test, "path"), text(test, "name")));
    }
    let moves = done.pointer("/installPackage/moves").and_then(Json::as_str);
    if let Some(job) = moves {
        output.say(format!("its plugin goes on moving data, by the job {job}: `tenon job show {job}`"));
    }
    Ok(json!({ "package": uploaded.get("package"), "version": uploaded.get("version"), "moves": moves }))
}

/// Goes back. What the version before asks for and nobody agrees to any more is agreed to again where all is.
fn rollback(client: &Client, output: &Output, package: &str, agreed: &Agreed) -> anyhow::Result<()> {
    let words = format!("`{package}` is rolled back");
    let mut grants = agreed.grants.clone();
    let asked = |grants: &[String]| {
        let wish = json!({ "package": package, "grants": grants, "confirm": agreed.confirm });
        changed(client, output, ROLLBACK, &wish, &words)
    };
    match asked(&grants) {
        Err(refused) if agreed.grant_all && !open_grants(&refused).is_empty() => {
            grants.extend(open_grants(&refused));
            asked(&grants).map_err(advised)
        }
        done => done.map_err(advised),
    }
}

/// The keys of what nobody has agreed to, where that is why the server refused.
fn open_grants(error: &anyhow::Error) -> Vec<String> {
    let refused = error.downcast_ref::<Refused>().filter(|refused| text(&refused.error, "rule") == UNGRANTED);
    items(refused.and_then(|refused| refused.error.get("grants"))).filter_map(Json::as_str).map(str::to_owned).collect()
}

/// A refusal that an agreement would turn into a yes, with how to give it.
fn advised(error: anyhow::Error) -> anyhow::Error {
    let mut refused = match error.downcast::<Refused>() {
        Ok(refused) => refused,
        Err(error) => return error,
    };
    let each = |option: &str, name: &str| {
        let named: Vec<String> = items(refused.error.get(name)).filter_map(Json::as_str).map(|one| format!("{option} {one}")).collect();
        named.join(" ")
    };
    let help = match text(&refused.error, "rule") {
        UNGRANTED => format!("agree to all of it by --grant-all, or line by line: {}", each("--grant", "grants")),
        UNCONFIRMED => format!("confirm by {}", each("--confirm", "paths")),
        _ => return refused.into(),
    };
    if let Some(members) = refused.error.as_object_mut() {
        members.insert("help".to_owned(), Json::from(help));
    }
    refused.into()
}

/// What the plan would do, for whoever has to agree.
fn tell(output: &Output, plan: &Json) {
    let from = plan.get("from").and_then(Json::as_str).map_or_else(String::new, |from| format!("{from} → "));
    output.say(format!("{} {from}{}", text(plan, "package"), text(plan, "to")));
    for step in items(plan.pointer("/metadata/operations")) {
        output.say(format!("  {:<12} {}", text(step, "risk"), text(step, "text")));
    }
    for line in items(plan.get("grants")) {
        let new = if line.get("new").and_then(Json::as_bool).unwrap_or_default() { "asks for" } else { "has" };
        output.say(format!("  {new:<12} {} ({})", text(line, "key"), text(line, "says")));
    }
    for line in items(plan.get("givenBack")) {
        output.say(format!("  {:<12} {}", "gives back", text(line, "key")));
    }
    for found in items(plan.pointer("/metadata/diagnostics")) {
        output.say(format!("  {:<12} {} [{}]", text(found, "severity"), text(found, "message"), text(found, "code")));
    }
}

fn switch(client: &Client, output: &Output, package: &str, verb: &str) -> anyhow::Result<()> {
    let document = format!("mutation ($package: String!) {{ done: {verb}Package(package: $package) {{ package version }} }}");
    changed(client, output, &document, &json!({ "package": package }), &format!("`{package}` is {verb}d"))
}

fn changed(client: &Client, output: &Output, document: &str, variables: &Json, words: &str) -> anyhow::Result<()> {
    let answer = client.data("metadata", document, variables)?;
    output.result(answer.get("done").unwrap_or(&Json::Null), words);
    Ok(())
}

/// Prints lines: those there, and with `follow` those that come, until it is stopped.
pub(super) fn logs(client: &Client, output: &Output, package: &str, follow: bool) -> anyhow::Result<()> {
    let mut last = 0;
    loop {
        let new = lines(client, package, &mut last)?;
        if new.is_empty() && last == 0 && !follow {
            output.say(format!("`{package}` has logged nothing since this node began"));
        }
        for line in new {
            output.result(&line, told(&line));
        }
        if !follow {
            return Ok(());
        }
        std::thread::sleep(FOLLOW_EVERY);
    }
}

/// The lines of a package after one, which then is the last of these.
pub(super) fn lines(client: &Client, package: &str, last: &mut u64) -> anyhow::Result<Vec<Json>> {
    let all = client.data("metadata", LOGS, &json!({}))?.get("packages").cloned().unwrap_or_default();
    let found = items(Some(&all)).find(|one| text(one, "name") == package).cloned();
    let found = found.with_context(|| format!("there is no package `{package}`"))?;
    let number = |line: &Json| line.get("number").and_then(Json::as_u64).unwrap_or_default();
    let new: Vec<Json> = items(found.get("logs")).filter(|line| number(line) > *last).cloned().collect();
    *last = new.last().map_or(*last, number);
    Ok(new)
}

/// A line for people.
pub(super) fn told(line: &Json) -> String {
    format!("{}  {:<5}  {}", text(line, "at"), text(line, "level"), text(line, "message"))
}

fn listed(client: &Client) -> anyhow::Result<Json> {
    client.data("metadata", LIST, &json!({}))?.get("packages").cloned().context("the server answers no packages")
}

fn items(list: Option<&Json>) -> impl Iterator<Item = &Json> {
    list.and_then(Json::as_array).into_iter().flatten()
}

fn text<'j>(json: &'j Json, name: &str) -> &'j str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// Something about a package that a person must mend.
pub(super) fn refused(rule: &str, message: &str) -> Refused {
    Refused { error: json!({ "code": "INVALID", "rule": rule, "message": message }) }
}

/// A file's bytes, or which one is missing.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))
}
