//! `tenon key …` and `tenon user …`: through the data directory, or over HTTP where an address is given.

use anyhow::Context as _;
use serde_json::json;
use tenon_server::Command;
use tenon_value::Json;

use super::local::{ask, lines};
use crate::args::{Args, KeyVerb, UserVerb};
use crate::client::Client;
use crate::output::{Exit, Output, Usage};

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// Whether the verb goes over HTTP: an address is given, and no data directory.
const fn is_remote(args: &Args) -> bool {
    args.url.is_some() && args.data.is_none()
}

fn tenant(args: &Args) -> anyhow::Result<String> {
    Ok(args.tenant.clone().ok_or(Usage("name the tenant: --tenant NAME or TENON_TENANT"))?)
}

/// `tenon key …`.
pub(crate) async fn key(args: &Args, output: &Output, verb: &KeyVerb) -> anyhow::Result<Exit> {
    match verb {
        KeyVerb::Create { roles, service, display, expires } => {
            let days = expires.as_deref().map(days).transpose()?;
            let key = if is_remote(args) {
                let end = days.map(moment_in).transpose()?;
                let kind = if *service { "service" } else { "api_key" };
                let wanted = json!({ "display": display, "roles": roles, "kind": kind, "expiresAt": end });
                Client::new(args)?.send("POST", "keys", Some(&wanted))?
            } else {
                let command =
                    Command::KeyCreate { tenant: tenant(args)?, display: display.clone(), days, roles: roles.clone(), service: *service };
                ask(args, command).await?
            };
            output.result(&key, text(&key, "apiKey"));
        }
        KeyVerb::List => {
            let keys = if is_remote(args) {
                listed(&Client::new(args)?.json("keys")?, "keys")
            } else {
                ask(args, Command::KeyList { tenant: tenant(args)? }).await?
            };
            output.result(&keys, lines(&keys, &["id", "kind", "display", "createdAt", "expiresAt"]));
        }
        KeyVerb::Revoke { id } => {
            let revoked = if is_remote(args) {
                Client::new(args)?.send("DELETE", &format!("keys/{}", segment(id)), None)?;
                json!({ "revoked": id })
            } else {
                ask(args, Command::KeyRevoke { tenant: tenant(args)?, id: id.clone() }).await?
            };
            output.result(&revoked, format!("key `{id}` is revoked"));
        }
    }
    Ok(Exit::Done)
}

/// `tenon user …`.
pub(crate) async fn user(args: &Args, output: &Output, verb: &UserVerb) -> anyhow::Result<Exit> {
    match verb {
        UserVerb::Invite { email, roles, name } => {
            let invited = if is_remote(args) {
                Client::new(args)?.send("POST", "invitations", Some(&json!({ "email": email, "roles": roles, "name": name })))?
            } else {
                let command = Command::UserInvite { tenant: tenant(args)?, email: email.clone(), name: name.clone(), roles: roles.clone() };
                ask(args, command).await?
            };
            let link = invited.get("link").and_then(Json::as_str);
            let words =
                link.map_or_else(|| format!("an invitation is on its way to {email}"), |link| format!("hand over this link:\n{link}"));
            output.result(&invited, words);
        }
        UserVerb::List => {
            let members = if is_remote(args) {
                listed(&Client::new(args)?.json("members")?, "members")
            } else {
                ask(args, Command::UserList { tenant: tenant(args)? }).await?
            };
            output.result(&members, lines(&members, &["user", "login", "state", "lastSignInAt"]));
        }
        UserVerb::Disable { login } => state(args, output, login, "disabled").await?,
        UserVerb::Enable { login } => state(args, output, login, "active").await?,
        UserVerb::Reset { login } => {
            let reset = if is_remote(args) {
                let client = Client::new(args)?;
                client.send("POST", &format!("members/{}/reset", found(&client, login)?), Some(&json!({})))?
            } else {
                ask(args, Command::UserReset { tenant: tenant(args)?, login: login.clone() }).await?
            };
            output.result(&reset, format!("hand over this link:\n{}", text(&reset, "link")));
        }
    }
    Ok(Exit::Done)
}

async fn state(args: &Args, output: &Output, login: &str, state: &str) -> anyhow::Result<()> {
    let member = if is_remote(args) {
        let client = Client::new(args)?;
        client.send("PATCH", &format!("members/{}", found(&client, login)?), Some(&json!({ "state": state })))?
    } else {
        ask(args, Command::UserState { tenant: tenant(args)?, login: login.to_owned(), state: state.to_owned() }).await?
    };
    output.result(&member, format!("`{login}` is {}", text(&member, "state")));
    Ok(())
}

/// The id of the member with a login.
fn found(client: &Client, login: &str) -> anyhow::Result<String> {
    let members = listed(&client.json("members")?, "members");
    let is_him = |member: &&Json| member.get("login").and_then(Json::as_str).is_some_and(|own| own.eq_ignore_ascii_case(login.trim()));
    let member = members.as_array().into_iter().flatten().find(is_him).with_context(|| format!("there is no member `{login}`"))?;
    Ok(text(member, "user").to_owned())
}

pub(super) fn listed(answer: &Json, name: &str) -> Json {
    answer.get(name).cloned().unwrap_or_default()
}

pub(super) fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// An id as a part of a path: whatever else it holds cannot lead elsewhere.
pub(super) fn segment(id: &str) -> String {
    id.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_')).collect()
}

/// So many days from now, by this machine's clock.
#[expect(clippy::disallowed_methods, reason = "the command line is asked for days and sends a moment; there is no context here")]
fn moment_in(days: u32) -> anyhow::Result<String> {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).context("this machine's clock is wrong")?;
    let now = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    Ok(tenon_value::DateTime::from_millis(now.saturating_add(i64::from(days) * DAY)).to_string())
}

fn days(text: &str) -> anyhow::Result<u32> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    days.with_context(|| format!("`{text}` is no length of time; write days, such as `90d`"))
}
