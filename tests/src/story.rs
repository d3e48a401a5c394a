//! Stories: Markdown files that are test, documentation and review artefact in one.
//!
//! Each story gets a tenant of its own, a sandbox with the base CRM. Its fenced blocks are worked from top to bottom:
//! `yaml tenant` (zone, currency, locale) · `yaml FILE` (metadata, applied before the next request) · `graphql`, `graphql get`,
//! `graphql metadata` (a request), followed by `json variables`, `json extensions`, `headers` as needed and by `json`, the
//! expected answer (`json 405`: with this status), and `response headers` · `yaml mapping` with `csv OBJECT` or `jsonl OBJECT`
//! (an import; `dry-run`, `gbk` may follow), then `json`, the report, and `csv errors`, the error file.
//! `"$today"`, `"$yesterday"`, `"$tomorrow"`, `"$six_days_ago"`, `"$seven_days_ago"` are days of the tenant, whose clock stands still.
//! A request without an expected answer must succeed. Blocks in other languages are prose.

mod block;
mod days;
mod moves;
mod parse;
mod play;
mod update;

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::{Bystander, Setting, TestServer};

pub use moves::run_moved;
pub use parse::Story;

/// How the stories went on one database.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many were played to their end.
    pub passed: usize,
    /// What went wrong, each with the story's path.
    pub failures: Vec<String>,
}

/// Plays every story below these folders; after each the bystander must be as it was before.
///
/// # Errors
/// When a folder cannot be read or the server is gone. What is wrong with a story stands in the outcome.
pub async fn run_all(server: &TestServer, setting: &Setting, folders: &[PathBuf]) -> anyhow::Result<Outcome> {
    let bystander = Bystander::create(server).await.context("the second tenant")?;
    let before = bystander.look(server).await?;
    let mut outcome = Outcome::default();
    for path in files(folders)? {
        let shown = path.strip_prefix(Setting::repository()).unwrap_or(&path).display().to_string();
        if setting.story.as_ref().is_some_and(|part| !shown.contains(part.as_str())) {
            continue;
        }
        let result = one(server, setting, &path).await;
        let after = bystander.look(server).await?;
        match result {
            Err(error) => outcome.failures.push(format!("{shown}:{error:#}")),
            Ok(()) if after != before => {
                outcome.failures.push(format!("{shown}: the second tenant noticed: {}", before.difference(&after)));
            }
            Ok(()) => outcome.passed += 1,
        }
    }
    Ok(outcome)
}

async fn one(server: &TestServer, setting: &Setting, path: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path)?;
    let story = Story::parse(&text).context("cannot be read")?;
    let answers = play::play(server, &story, setting.update).await?.rewrites;
    if setting.update {
        let updated = update::rewrite(&text, &answers);
        if updated != text {
            std::fs::write(path, updated)?;
        }
    }
    Ok(())
}

/// Every story, in the order of their paths.
fn files(folders: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.to_vec();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
