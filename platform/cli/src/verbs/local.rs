//! Verbs on a data directory: through the running server's control socket, else on the files themselves.

use std::io::{BufRead, IsTerminal, Write as _};

use tenon_server::{Answer, Command, Engine, ServeConfig};
use tenon_value::Json;

use crate::args::Args;
use crate::client::Refused;
use crate::output::{Exit, Output, Usage};

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
            let config = ServeConfig { database: args.database.clone(), cells: args.cells.clone(), ..ServeConfig::new(data) };
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
    let cell = |value: Option<&Json>| match value {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Number(number)) => number.to_string(),
        _ => "-".to_owned(),
    };
    let line = |row: &Json| columns.iter().map(|column| cell(row.get(column))).collect::<Vec<_>>().join("  ");
    list.as_array().into_iter().flatten().map(line).collect::<Vec<_>>().join("\n")
}

pub(super) fn pretty(json: &Json) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}
