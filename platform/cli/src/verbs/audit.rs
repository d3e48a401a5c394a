//! `tenon audit …`: the chain of a tenant's audit trail verified, its entries taken out.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use tenon_server::Command;
use tenon_value::Json;

use super::local::ask;
use crate::args::{Args, AuditVerb};
use crate::output::{Exit, Output, Usage};

/// `tenon audit …`.
pub(crate) async fn audit(args: &Args, output: &Output, verb: &AuditVerb) -> anyhow::Result<Exit> {
    let tenant = args.tenant.clone().ok_or(Usage("name the tenant: --tenant NAME or TENON_TENANT"))?;
    match verb {
        AuditVerb::Verify { head } => verify(args, output, tenant, head.clone()).await,
        AuditVerb::Export { from, to, format: _, out } => {
            let slice = (from.clone(), to.clone());
            let written = match out {
                Some(path) => into_file(args, path, tenant, slice).await?,
                None => take_out(args, &mut std::io::stdout(), tenant, slice).await?,
            };
            output.say(format!("{written} entries"));
            Ok(Exit::Done)
        }
    }
}

/// Exit 1 where the chain is broken.
async fn verify(args: &Args, output: &Output, tenant: String, head: Option<String>) -> anyhow::Result<Exit> {
    let report = ask(args, Command::AuditVerify { tenant, head }).await?;
    let number = |name: &str| report.get(name).and_then(Json::as_u64).unwrap_or_default();
    let mut words = format!("{} batches, {} entries, {} digests computed again", number("batches"), number("entries"), number("checked"));
    words += &format!("\n{} erased, {} expired", number("erased"), number("expired"));
    if let Some(head) = report.get("head").and_then(Json::as_str) {
        words += &format!("\nhead {head}");
    }
    let broken = report.get("broken").filter(|broken| !broken.is_null());
    match broken {
        None => words += "\nthe chain is whole",
        Some(place) => {
            let at = place.get("entry").and_then(Json::as_i64).map_or_else(String::new, |entry| format!(", entry {entry}"));
            let batch = place.get("batch").and_then(Json::as_i64).unwrap_or_default();
            let what = place.get("what").and_then(Json::as_str).unwrap_or_default();
            words += &format!("\nBROKEN at batch {batch}{at}: {what}");
        }
    }
    output.result(&report, words);
    Ok(if broken.is_some() { Exit::Failed } else { Exit::Done })
}

async fn into_file(args: &Args, path: &Path, tenant: String, slice: (Option<String>, Option<String>)) -> anyhow::Result<u64> {
    let file = std::fs::File::create(path).with_context(|| format!("cannot write `{}`", path.display()))?;
    let mut file = std::io::BufWriter::new(file);
    let written = take_out(args, &mut file, tenant, slice).await?;
    file.flush()?;
    Ok(written)
}

/// One line per entry, piece by piece: a trail has any length.
async fn take_out(args: &Args, out: &mut dyn Write, tenant: String, (from, to): (Option<String>, Option<String>)) -> anyhow::Result<u64> {
    let (mut after, mut written) = (0, 0);
    loop {
        let command = Command::AuditExport { tenant: tenant.clone(), from: from.clone(), to: to.clone(), after };
        let piece = ask(args, command).await?;
        for entry in piece.get("entries").and_then(Json::as_array).into_iter().flatten() {
            writeln!(out, "{entry}")?;
            written += 1;
        }
        match piece.get("next").and_then(Json::as_i64) {
            Some(next) => after = next,
            None => return Ok(written),
        }
    }
}
