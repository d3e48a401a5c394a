//! `tenon login`, `tenon profile`: who a person is to this program, so that he need not say it each time.

use std::io::{BufRead as _, IsTerminal as _};
use std::process::Command;

use anyhow::Context as _;
use serde_json::json;
use tenon_value::Json;

use crate::args::{Args, ProfileVerb};
use crate::client::{Client, Refused, given_key};
use crate::output::{Exit, Output, Usage};
use crate::profiles::{Profile, Profiles, USUAL};

/// Keeps a profile, if the server takes the key.
pub(crate) fn login(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let url = args.url.as_deref().ok_or(Usage("name the server: --url URL or TENON_URL"))?.trim_end_matches('/');
    let tenant = args.tenant.as_deref().ok_or(Usage("name the tenant: --tenant NAME or TENON_TENANT"))?;
    let key = match given_key(args)? {
        Some(key) => key,
        None => asked_key(output)?,
    };
    let me = Client::at(args, url, tenant, key.clone()).data("graphql", "{ me { display } }", &json!({}))?;
    let display = me.pointer("/me/display").and_then(Json::as_str).unwrap_or_default().to_owned();
    let name = args.profile.as_deref().unwrap_or(USUAL);
    // Read again by now: another login may have written meanwhile.
    let mut profiles = Profiles::read()?;
    profiles.put(name, Profile { url: url.to_owned(), tenant: tenant.to_owned(), key });
    let path = profiles.write()?;
    output.say(format!("kept in {}", path.display()));
    output.result(
        &json!({ "profile": name, "url": url, "tenant": tenant, "display": display }),
        format!("profile `{name}`: {display} at {url}, tenant {tenant}"),
    );
    Ok(Exit::Done)
}

/// Asks for the key: on a terminal without showing it; else it is the first line that comes.
fn asked_key(output: &Output) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    let is_terminal = stdin.is_terminal();
    let echo = |flag: &str| is_terminal && Command::new("stty").arg(flag).status().is_ok_and(|status| status.success());
    if is_terminal {
        output.say("API key (not shown):");
    }
    let hidden = echo("-echo");
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    if hidden {
        echo("echo");
    }
    read.context("cannot read the key")?;
    let key = line.trim().to_owned();
    if key.is_empty() { Err(Usage("give an API key: --key KEY, --key-file FILE, TENON_KEY, or on stdin").into()) } else { Ok(key) }
}

/// Lists, chooses, forgets.
pub(crate) fn profile(output: &Output, verb: &ProfileVerb) -> anyhow::Result<Exit> {
    let mut profiles = Profiles::read()?;
    let unknown = |name: &str| Refused { error: json!({ "code": "NOT_FOUND", "message": format!("there is no profile `{name}`") }) };
    match verb {
        ProfileVerb::List => {
            let used = |name: &str| profiles.used.as_deref() == Some(name);
            let json: Vec<Json> = (profiles.all.iter())
                .map(|(name, one)| json!({ "profile": name, "url": one.url, "tenant": one.tenant, "used": used(name) }))
                .collect();
            let words: Vec<String> = (profiles.all.iter())
                .map(|(name, one)| format!("{} {name:<16} {} {}", if used(name) { '*' } else { ' ' }, one.tenant, one.url))
                .collect();
            output.result(&json!({ "profiles": json }), if words.is_empty() { "no profiles".to_owned() } else { words.join("\n") });
        }
        ProfileVerb::Use { name } => {
            if profiles.get(name).is_none() {
                return Err(unknown(name).into());
            }
            profiles.used = Some(name.clone());
            profiles.write()?;
            output.result(&json!({ "used": name }), format!("using `{name}`"));
        }
        ProfileVerb::Delete { name } => {
            if !profiles.forget(name) {
                return Err(unknown(name).into());
            }
            profiles.write()?;
            output.result(&json!({ "deleted": name }), format!("forgot `{name}`"));
        }
    }
    Ok(Exit::Done)
}
