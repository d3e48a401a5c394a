//! `tenon tenant …`.

use std::path::absolute;

use tenon_server::{CloneRequest, Command, ImportRequest, RestoreRequest, TenantRequest};
use tenon_value::Json;

use super::local::{ask, confirmed, lines, pretty};
use crate::args::{Args, TenantVerb};
use crate::client::Refused;
use crate::output::{Exit, Output};

/// Does what was asked of tenants.
pub(crate) async fn tenant(args: &Args, output: &Output, verb: &TenantVerb) -> anyhow::Result<Exit> {
    if let TenantVerb::Delete { name } = verb
        && !args.yes
        && !confirmed(&format!("Remove tenant `{name}` with all its records?"))?
    {
        return Err(Refused::not_confirmed("nothing was removed; `--yes` says yes without a question").into());
    }
    let answer = ask(args, command(verb)?).await?;
    let words = match verb {
        TenantVerb::Create { .. } => created(&answer),
        TenantVerb::List => lines(&answer, &["tenant", "createdAt"]),
        TenantVerb::Quota { .. } => lines(&answer, &["quota", "used", "max"]),
        TenantVerb::Backups { .. } => lines(&answer, &["at"]),
        TenantVerb::Delete { name } => format!("tenant `{name}` is removed"),
        _ => pretty(&answer),
    };
    output.result(&answer, words);
    Ok(Exit::Done)
}

fn command(verb: &TenantVerb) -> anyhow::Result<Command> {
    Ok(match verb.clone() {
        TenantVerb::Create { name, sandbox, zone, locale, currency } => {
            Command::TenantCreate(TenantRequest { name, sandbox, zone, locale, currency })
        }
        TenantVerb::List => Command::TenantList,
        TenantVerb::Show { name } => Command::TenantShow { name },
        TenantVerb::Clone { source, name, with_data, sandbox } => {
            Command::TenantClone(CloneRequest { source, name, data: with_data, sandbox })
        }
        TenantVerb::Export { name, out, secrets } => {
            Command::TenantExport { name, out: absolute(out)?, secrets: secrets.map(absolute).transpose()? }
        }
        TenantVerb::Import { file, name, anew, sandbox, secrets } => {
            let secrets = secrets.map(absolute).transpose()?;
            Command::TenantImport(ImportRequest { file: absolute(file)?, name, anew, sandbox, secrets })
        }
        TenantVerb::Quota { name, set } => {
            Command::TenantQuota { name, set: set.into_iter().map(|(quota, max)| (quota.word().to_owned(), max)).collect() }
        }
        TenantVerb::Backup { name } => Command::TenantBackup { name },
        TenantVerb::Backups { name } => Command::TenantBackups { name },
        TenantVerb::Restore { name, at, new, sandbox } => Command::TenantRestore(RestoreRequest { source: name, at, name: new, sandbox }),
        TenantVerb::Move { name, cell } => Command::TenantMove { name, cell },
        TenantVerb::Delete { name } => Command::TenantDelete { name },
    })
}

fn created(answer: &Json) -> String {
    let text = |name: &str| answer.get(name).and_then(Json::as_str).unwrap_or_default();
    format!(
        "tenant    {}\nAPI key   {}\nadmin     {}\npassword  {}\n\nKey and password are shown once.",
        text("tenant"),
        text("apiKey"),
        text("adminEmail"),
        text("adminPassword")
    )
}
