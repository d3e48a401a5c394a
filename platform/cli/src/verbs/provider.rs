//! `tenon provider …`: identity providers by which a tenant's people sign in. Over HTTP, with an administrator's key.
//!
//! Invariant: a client secret comes from a file, never from the command line, where others on the machine could read it.

use std::path::Path;

use anyhow::Context as _;
use tenon_value::Json;

use super::local::{confirmed, lines};
use super::members::{listed, segment, text};
use crate::args::{Args, ProviderSet, ProviderVerb};
use crate::client::{Client, Refused};
use crate::output::{Exit, Output, Usage};

/// Members of an answer that are no settings.
const ANSWERED: [&str; 3] = ["name", "hasSecret", "redirectUri"];

/// `tenon provider …`.
pub(crate) fn provider(args: &Args, output: &Output, verb: &ProviderVerb) -> anyhow::Result<Exit> {
    let client = Client::new(args)?;
    match verb {
        ProviderVerb::List => {
            let providers = listed(&client.json("providers")?, "providers");
            output.result(&providers, lines(&providers, &["name", "label", "issuer", "redirectUri"]));
        }
        ProviderVerb::Show { name } => {
            let provider = client.json(&door(name))?;
            output.result(&provider, serde_json::to_string_pretty(&provider)?);
        }
        ProviderVerb::Set(wanted) => set(&client, output, wanted)?,
        ProviderVerb::Remove { name } => {
            let question = format!("Remove `{name}`? Who signs in by it no longer can; members stay.");
            if !args.yes && !confirmed(&question)? {
                return Err(Refused::not_confirmed("nothing was removed; `--yes` says yes without a question").into());
            }
            client.send("DELETE", &door(name), None)?;
            output.result(&serde_json::json!({ "removed": name }), format!("provider `{name}` is removed"));
        }
    }
    Ok(Exit::Done)
}

fn door(name: &str) -> String {
    format!("providers/{}", segment(name))
}

/// Sets a provider up, or changes what is named of the one that is there.
fn set(client: &Client, output: &Output, wanted: &ProviderSet) -> anyhow::Result<()> {
    let providers = listed(&client.json("providers")?, "providers");
    let known = providers.as_array().into_iter().flatten().find(|one| text(one, "name") == wanted.name);
    let settings = settings(known, wanted)?;
    let provider = client.send("PUT", &door(&wanted.name), Some(&settings))?;
    output.result(&provider, format!("tell the provider to send people back to {}", text(&provider, "redirectUri")));
    Ok(())
}

/// The settings as a whole: those there are, then those of the file, then those of the command line.
fn settings(known: Option<&Json>, wanted: &ProviderSet) -> anyhow::Result<Json> {
    let mut settings = known.and_then(Json::as_object).cloned().unwrap_or_default();
    settings.retain(|name, _| !ANSWERED.contains(&name.as_str()));
    if let Some(file) = &wanted.settings {
        let file: Json = serde_json::from_str(&read(file)?).with_context(|| format!("`{}` is not JSON", file.display()))?;
        settings.extend(file.as_object().cloned().ok_or(Usage("the settings are a JSON object, as docs/operator.md has it"))?);
    }
    let named = [("issuer", &wanted.issuer), ("clientId", &wanted.client_id), ("label", &wanted.label)];
    settings.extend(named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Json::from(value.as_deref()?)))));
    if let Some(enabled) = wanted.enabled {
        settings.insert("enabled".to_owned(), Json::from(enabled));
    }
    if let Some(file) = &wanted.secret_file {
        settings.insert("clientSecret".to_owned(), Json::from(read(file)?.trim()));
    } else if wanted.public {
        settings.insert("clientSecret".to_owned(), Json::Null);
    }
    for name in ["issuer", "clientId"] {
        if settings.get(name).and_then(Json::as_str).is_none_or(str::is_empty) {
            return Err(Usage("a new provider needs --issuer and --client-id, or --settings with both").into());
        }
    }
    Ok(Json::Object(settings))
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted() -> ProviderSet {
        ProviderSet {
            name: "company".to_owned(),
            issuer: None,
            client_id: None,
            label: None,
            secret_file: None,
            public: false,
            settings: None,
            enabled: None,
        }
    }

    #[test]
    fn what_is_not_named_stays_and_the_secret_is_not_touched() {
        let known = json!({ "name": "company", "issuer": "https://a.example", "clientId": "c", "domains": ["a.example"], "enabled": true, "hasSecret": true, "redirectUri": "https://x" });
        let changed = settings(Some(&known), &ProviderSet { label: Some("Company".to_owned()), enabled: Some(false), ..wanted() }).unwrap();
        let expected =
            json!({ "issuer": "https://a.example", "clientId": "c", "domains": ["a.example"], "enabled": false, "label": "Company" });
        assert_eq!(changed, expected);
        let public = settings(Some(&known), &ProviderSet { public: true, ..wanted() }).unwrap();
        assert_eq!(public.get("clientSecret"), Some(&Json::Null));
    }

    #[test]
    fn the_command_line_wins_over_the_file_and_a_new_one_needs_an_issuer() {
        let dir = tempfile::tempdir().unwrap();
        let (file, secret) = (dir.path().join("p.json"), dir.path().join("secret"));
        std::fs::write(&file, r#"{"issuer": "https://f.example", "clientId": "f", "joining": "create"}"#).unwrap();
        std::fs::write(&secret, "s3\n").unwrap();
        let new = ProviderSet { client_id: Some("c".to_owned()), settings: Some(file), secret_file: Some(secret), ..wanted() };
        let expected = json!({ "issuer": "https://f.example", "clientId": "c", "joining": "create", "clientSecret": "s3" });
        assert_eq!(settings(None, &new).unwrap(), expected);
        assert!(settings(None, &ProviderSet { client_id: Some("c".to_owned()), ..wanted() }).is_err());
    }
}
