//! Verbs on a data directory: through the running server's control socket, else on the files themselves.

use std::io::{BufRead, IsTerminal, Write as _};

use tenon_server::{Answer, CloneRequest, Command, Engine, ImportRequest, ServeConfig, TenantRequest};
use tenon_value::Json;

use crate::args::{Args, TenantVerb};
use crate::client::Refused;
use crate::output::{Exit, Output, Usage};

/// `tenon tenant …`.
pub(crate) async fn tenant(args: &Args, output: &Output, verb: &TenantVerb) -> anyhow::Result<Exit> {
    match verb {
        TenantVerb::Create { name, sandbox, zone, locale, currency } => {
            let request = TenantRequest {
                name: name.clone(),
                sandbox: *sandbox,
                zone: zone.clone(),
                locale: locale.clone(),
                currency: currency.clone(),
            };
            let created = ask(args, Command::TenantCreate(request)).await?;
            let text = |name: &str| created.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
            let words = format!(
                "tenant    {}\nAPI key   {}\nadmin     {}\npassword  {}\n\nKey and password are shown once.",
                text("tenant"),
                text("apiKey"),
                text("adminEmail"),
                text("adminPassword")
            );
            output.result(&created, words);
        }
        TenantVerb::List => {
            let tenants = ask(args, Command::TenantList).await?;
            output.result(&tenants, lines(&tenants, &["tenant", "createdAt"]));
        }
        TenantVerb::Show { name } => {
            let tenant = ask(args, Command::TenantShow { name: name.clone() }).await?;
            output.result(&tenant, pretty(&tenant));
        }
        TenantVerb::Clone { source, name, with_data, sandbox } => {
            let request = CloneRequest { source: source.clone(), name: name.clone(), data: *with_data, sandbox: *sandbox };
            let copied = ask(args, Command::TenantClone(request)).await?;
            output.result(&copied, pretty(&copied));
        }
        TenantVerb::Export { name, out, secrets } => {
            let secrets = secrets.as_deref().map(std::path::absolute).transpose()?;
            let command = Command::TenantExport { name: name.clone(), out: std::path::absolute(out)?, secrets };
            let exported = ask(args, command).await?;
            output.result(&exported, pretty(&exported));
        }
        TenantVerb::Import { file, name, anew, sandbox, secrets } => {
            let secrets = secrets.as_deref().map(std::path::absolute).transpose()?;
            let request = ImportRequest { file: std::path::absolute(file)?, name: name.clone(), anew: *anew, sandbox: *sandbox, secrets };
            let imported = ask(args, Command::TenantImport(request)).await?;
            output.result(&imported, pretty(&imported));
        }
        TenantVerb::Delete { name } => {
            if !args.yes && !confirmed(&format!("Remove tenant `{name}` with all its records?"))? {
                return Err(Refused::not_confirmed("nothing was removed; `--yes` says yes without a question").into());
            }
            let deleted = ask(args, Command::TenantDelete { name: name.clone() }).await?;
            output.result(&deleted, format!("tenant `{name}` is removed"));
        }
    }
    Ok(Exit::Done)
}

/// `tenon doctor`. Exit 1 where something is wrong and not mended.
pub(crate) async fn doctor(args: &Args, output: &Output, fix: bool) -> anyhow::Result<Exit> {
    let reports = ask(args, Command::Doctor { tenant: args.tenant.clone(), fix }).await?;
    let mut words = String::new();
    let mut findings = 0;
    for report in reports.as_array().into_iter().flatten() {
        let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let found = report.get("findings").and_then(Json::as_array).cloned().unwrap_or_default();
        findings += found.len();
        words += &format!(
            "{}: {}, {}\n",
            text(report, "tenant"),
            if found.is_empty() { "well".to_owned() } else { format!("{} findings", found.len()) },
            home(report.get("home"))
        );
        for finding in &found {
            words += &format!("  {}: {}\n    help: {}\n", text(finding, "code"), text(finding, "message"), text(finding, "help"));
        }
    }
    output.result(&reports, words.trim_end());
    Ok(if findings == 0 || fix { Exit::Done } else { Exit::Failed })
}

/// Where a tenant's home stood when it was asked about.
fn home(said: Option<&Json>) -> String {
    let number = |name: &str| said.and_then(|home| home.get(name)).and_then(Json::as_u64).unwrap_or_default();
    match (number("version"), number("current")) {
        (version, current) if version < current => format!("home brought up from {version} to {current}"),
        (version, current) if version > current => format!("home {version}, of a newer Tenon (this one makes {current})"),
        (version, _) => format!("home {version}"),
    }
}

/// Has a command carried out, by the running server or here.
pub(super) async fn ask(args: &Args, command: Command) -> anyhow::Result<Json> {
    let data = args.data.clone().ok_or(Usage("name the data directory: --data DIR or TENON_DATA"))?;
    let answer = match tenon_server::send(&data, &command).await? {
        Some(answer) => answer,
        None => {
            let config = ServeConfig { database: args.database.clone(), ..ServeConfig::new(data) };
            Engine::open(&config).await?.command(&command).await
        }
    };
    match answer {
        Answer::Done(result) => Ok(result),
        Answer::Failed(declined) => Err(Refused { error: serde_json::to_value(declined)? }.into()),
    }
}

/// Asks a question on a terminal; without one the answer is no.
pub(super) fn confirmed(question: &str) -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(false);
    }
    eprint!("{question} [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}

pub(super) fn lines(list: &Json, columns: &[&str]) -> String {
    let line = |row: &Json| {
        columns.iter().map(|column| row.get(column).and_then(Json::as_str).unwrap_or("-").to_owned()).collect::<Vec<_>>().join("  ")
    };
    list.as_array().into_iter().flatten().map(line).collect::<Vec<_>>().join("\n")
}

fn pretty(json: &Json) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}
