//! Plays a story in a tenant of its own.

use std::collections::HashMap;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::days;
use super::moves::Question;
use super::parse::{Asked, Brought, Deed, Door, Expected, Fetched, Imported, Joining, Story};
use super::update::Rewrite;
use crate::http::Answer;
use crate::matching::{match_answer, match_part};
use crate::server::ZONE;
use crate::{Names, Tenant, TestServer};

/// A story that was played.
pub(super) struct Played {
    pub(super) tenant: Tenant,
    pub(super) rewrites: Vec<Rewrite>,
    /// Everything that was asked.
    pub(super) questions: Vec<Question>,
}

/// Plays all steps; with `update`, differences become rewrites instead of errors.
pub(super) async fn play(server: &TestServer, story: &Story, update: bool) -> anyhow::Result<Played> {
    let wanted = &story.wanted;
    let tenant = server.tenant(wanted.zone.as_deref(), wanted.locale.as_deref(), wanted.currency.as_deref()).await?;
    let mut names = days::names(&tenant, wanted.zone.as_deref().unwrap_or(ZONE)).await.context("the tenant's day")?;
    let mut rewrites = Vec::new();
    let mut people = People::new();
    let mut questions = Vec::new();
    for step in &story.steps {
        let rewrite = match &step.deed {
            Deed::Files(files) => tenant.apply(files).await.map(|()| None),
            Deed::Member(joining) => join(&tenant, joining, &mut names, &mut people).await.map(|()| None),
            Deed::Ask(asked) => match acting(&tenant, asked.member.as_deref(), &people) {
                Ok(tenant) => {
                    let question = question(&tenant, asked, &names);
                    let answered = ask(&question, asked, &mut names, update).await;
                    questions.push(question);
                    answered
                }
                Err(error) => Err(error),
            },
            Deed::Import(imported) => match acting(&tenant, imported.member.as_deref(), &people) {
                Ok(tenant) => import(&tenant, imported, &mut names, update).await,
                Err(error) => Err(error),
            },
            Deed::Bring(brought) => match acting(&tenant, brought.member.as_deref(), &people) {
                Ok(tenant) => bring(&tenant, brought, &mut names).await.map(|()| None),
                Err(error) => Err(error),
            },
            Deed::Fetch(fetched) => match acting(&tenant, fetched.member.as_deref(), &people) {
                Ok(tenant) => fetch(&tenant, fetched, &names).await.map(|question| {
                    questions.push(question);
                    None
                }),
                Err(error) => Err(error),
            },
        };
        rewrites.extend(rewrite.with_context(|| step.line.to_string())?);
    }
    Ok(Played { tenant, rewrites, questions })
}

/// Members by their names in the story: the tenant as each of them asks it.
type People = HashMap<String, Tenant>;

/// Somebody becomes a member, and signs in; the story's name stands for the user's id.
async fn join(tenant: &Tenant, joining: &Joining, names: &mut Names, people: &mut People) -> anyhow::Result<()> {
    let login = format!("{}@example.com", joining.name);
    let roles: Vec<&str> = joining.roles.iter().map(String::as_str).collect();
    let member = match &joining.belongs {
        None => tenant.member(&login, &roles).await?,
        Some((what, id)) => {
            let id = names.fill(&Value::from(id.as_str()));
            tenant.portal_member(&login, &roles, (what, id.as_str().unwrap_or_default())).await?
        }
    };
    names.put(&joining.name, Value::String(member.user.clone()));
    people.insert(joining.name.clone(), Tenant { cookie: Some(member.cookie), ..tenant.clone() });
    Ok(())
}

/// A text that is a name, as what it stands for.
fn filled(names: &Names, text: &str) -> String {
    match names.fill(&Value::String(text.to_owned())) {
        Value::String(known) => known,
        other => other.to_string(),
    }
}

fn acting(tenant: &Tenant, who: Option<&str>, people: &People) -> anyhow::Result<Tenant> {
    match who {
        None => Ok(tenant.clone()),
        Some(name) => people.get(name).cloned().with_context(|| format!("nobody called `{name}` became a member")),
    }
}

fn question(tenant: &Tenant, asked: &Asked, names: &Names) -> Question {
    let document = names.fill_text(&asked.document);
    let mut body = serde_json::Map::new();
    body.insert("query".to_owned(), Value::String(document));
    if let Some(variables) = &asked.variables {
        body.insert("variables".to_owned(), names.fill(variables));
    }
    if let Some(extensions) = &asked.extensions {
        body.insert("extensions".to_owned(), names.fill(extensions));
    }
    let headers = asked.headers.iter().map(|(name, value)| (name.clone(), filled(names, value))).collect();
    Question { who: tenant.clone(), door: asked.door, body, headers }
}

async fn ask(question: &Question, asked: &Asked, names: &mut Names, update: bool) -> anyhow::Result<Option<Rewrite>> {
    let Question { who, door, body, headers } = question;
    let answer = match door {
        Door::Data => who.post("graphql", &Value::Object(body.clone()), headers).await?,
        Door::Metadata => who.post("metadata", &Value::Object(body.clone()), headers).await?,
        Door::DataByGet => who.get(body, headers).await?,
        Door::File => anyhow::bail!("a file is fetched, not asked"),
    };
    for (name, value) in &asked.response_headers {
        let own = answer.header(name);
        ensure!(own == Some(value.as_str()) || (value == "*" && own.is_some()), "header `{name}`: expected `{value}`, got {own:?}");
    }
    judge(&answer, asked.expected.as_ref(), names, update)
}

fn judge(answer: &Answer, expected: Option<&Expected>, names: &mut Names, update: bool) -> anyhow::Result<Option<Rewrite>> {
    let actual = answer.json()?;
    let Some(expected) = expected else {
        ensure!(answer.status == 200 && actual.get("errors").is_none(), "status {}: {actual}", answer.status);
        return Ok(None);
    };
    let usual = if expected.value.get("data").is_some() { 200 } else { 400 };
    let status = expected.status.unwrap_or(usual);
    let mut tried = names.clone();
    let difference = match_answer(&expected.value, &actual, &mut tried);
    if update && difference.is_err() {
        return Ok(Some(Rewrite::of_answer(expected, &actual, answer.status, names)));
    }
    difference.map_err(|mismatch| anyhow::anyhow!("{mismatch}\n    whole answer: {actual}"))?;
    ensure!(answer.status == status, "expected status {status}, got {}: {actual}", answer.status);
    *names = tried;
    Ok(None)
}

/// A file is brought; the story's name stands for its id.
async fn bring(tenant: &Tenant, brought: &Brought, names: &mut Names) -> anyhow::Result<()> {
    let disposition = format!("attachment; filename=\"{}\"", brought.called);
    let request = tenant.request("POST", "files").header("content-type", &brought.media).header("content-disposition", disposition);
    let answer = request.body(brought.text.as_bytes()).send(tenant.address).await?;
    let file = answer.json()?;
    ensure!(answer.status == 201, "status {}: {file}", answer.status);
    names.put(&brought.name, file.get("id").cloned().unwrap_or_default());
    Ok(())
}

/// A file is fetched, and is what the story says.
async fn fetch(tenant: &Tenant, fetched: &Fetched, names: &Names) -> anyhow::Result<Question> {
    let id = names.get(&fetched.name).cloned().with_context(|| format!("nobody brought `{}`", fetched.name))?;
    let body = serde_json::Map::from_iter([("id".to_owned(), id)]);
    let question = Question { who: tenant.clone(), door: Door::File, body, headers: Vec::new() };
    let answer = question.file(tenant, &[]).await?;
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(answer.status == fetched.status, "expected status {}, got {}: {text}", fetched.status, answer.status);
    ensure!(answer.status != 200 || text == fetched.text, "the file is `{text}`");
    Ok(question)
}

async fn import(tenant: &Tenant, imported: &Imported, names: &mut Names, update: bool) -> anyhow::Result<Option<Rewrite>> {
    let data = if imported.gbk { gbk(&imported.data) } else { imported.data.clone().into_bytes() };
    let (report, errors) = tenant.import(&imported.object, &imported.mapping, (imported.file, &data), imported.dry_run).await?;
    if let Some(wanted) = &imported.errors {
        ensure!(wanted.trim_end() == errors.replace("\r\n", "\n").trim_end(), "error file:\n{errors}");
    }
    let Some(expected) = &imported.expected else { return Ok(None) };
    let difference = match_part(&expected.value, &report, names);
    if update && difference.is_err() {
        return Ok(Some(Rewrite::of_report(expected, &report)));
    }
    difference.map_err(|mismatch| anyhow::anyhow!("{mismatch}\n    whole report: {report}\n    error file: {errors}"))?;
    Ok(None)
}

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}
