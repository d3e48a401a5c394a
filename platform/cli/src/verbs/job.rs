//! `tenon job …`: work that goes on after its request.

use std::time::Duration;

use tenon_value::Json;

use crate::args::{Args, JobVerb};
use crate::client::Client;
use crate::output::{Exit, Output};

/// How often a job is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// `tenon job …`.
pub(crate) fn job(args: &Args, output: &Output, verb: &JobVerb) -> anyhow::Result<Exit> {
    let client = Client::new(args)?;
    match verb {
        JobVerb::List { state, kind } => list(&client, output, state.as_deref(), kind.as_deref()),
        JobVerb::Show { id } => shown(output, &client.json(&format!("jobs/{id}"))?),
        JobVerb::Pause { id } => wish(&client, output, id, "pause"),
        JobVerb::Resume { id } => wish(&client, output, id, "resume"),
        JobVerb::Cancel { id } => wish(&client, output, id, "cancel"),
        JobVerb::Retry { id } => wish(&client, output, id, "retry"),
        JobVerb::Logs { id, follow } => logs(&client, output, id, *follow),
    }
}

fn list(client: &Client, output: &Output, state: Option<&str>, kind: Option<&str>) -> anyhow::Result<Exit> {
    let query: String =
        [("state", state), ("kind", kind)].into_iter().filter_map(|(name, value)| value.map(|value| format!("&{name}={value}"))).collect();
    let jobs = client.json(&format!("jobs?first=200{query}"))?;
    let lines: Vec<String> = jobs.get("jobs").and_then(Json::as_array).into_iter().flatten().map(line).collect();
    output.result(&jobs, lines.join("\n"));
    Ok(Exit::Done)
}

fn wish(client: &Client, output: &Output, id: &str, wish: &str) -> anyhow::Result<Exit> {
    shown(output, &client.send("POST", &format!("jobs/{id}/{wish}"), None)?)
}

fn shown(output: &Output, job: &Json) -> anyhow::Result<Exit> {
    let mut words = line(job);
    if let Some(message) = job.pointer("/error/message").and_then(Json::as_str) {
        words += &format!("\n{message}");
    }
    output.result(job, words);
    Ok(Exit::Done)
}

/// One job on one line.
fn line(job: &Json) -> String {
    let text = |name: &str| job.get(name).and_then(Json::as_str).unwrap_or_default();
    let number = |name: &str| job.get(name).and_then(Json::as_i64);
    let of = number("total").map_or_else(String::new, |total| format!(" of {total}"));
    let failed = number("failed").filter(|failed| *failed > 0).map_or_else(String::new, |failed| format!(", {failed} failed"));
    format!("{}  {}  {}  {}{of} done{failed}", text("id"), text("kind"), text("state"), number("done").unwrap_or_default())
}

/// Prints what is said of rows that failed, and with `follow` what comes to it until the job ends.
fn logs(client: &Client, output: &Output, id: &str, follow: bool) -> anyhow::Result<Exit> {
    let mut printed = 0;
    loop {
        let job = client.json(&format!("jobs/{id}"))?;
        let text = client.text(&format!("jobs/{id}/errors.csv"))?;
        if let Some(fresh) = text.get(printed..).filter(|fresh| !fresh.is_empty()) {
            output.result(&Json::from(fresh), fresh.trim_end().to_owned());
            printed = text.len();
        }
        let goes_on = matches!(job.get("state").and_then(Json::as_str), Some("WAITING" | "RUNNING" | "PAUSED"));
        if !(follow && goes_on) {
            output.say(line(&job));
            return Ok(Exit::Done);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
