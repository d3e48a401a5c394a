//! The steps of one test, one after the other; the first that goes wrong ends it.

use anyhow::{Context as _, ensure};
use serde_json::json;
use tenon_packages::{HostTest, StepAct, TestStep};
use tenon_value::Json;

use super::expected::{Kept, matches};
use super::stage::Stage;

/// A step that went wrong.
pub(super) struct Wrong {
    /// Which, from 1.
    pub(super) step: usize,
    /// Which and why, for people.
    pub(super) words: String,
}

/// Plays all.
pub(super) async fn steps(stage: &mut Stage, test: &HostTest) -> Result<(), Wrong> {
    let mut kept = Kept::default();
    for (at, step) in test.steps.iter().enumerate() {
        let played = one(stage, step, &mut kept).await;
        let words = || match stage.last_line() {
            Some(line) => format!("step {} (the plugin's last line is {line})", at + 1),
            None => format!("step {}", at + 1),
        };
        played.with_context(words).map_err(|error| Wrong { step: at + 1, words: format!("{error:#}") })?;
    }
    Ok(())
}

async fn one(stage: &mut Stage, step: &TestStep, kept: &mut Kept) -> anyhow::Result<()> {
    let before = stage.fuel();
    let role = step.role.as_deref();
    let answer = match &step.act {
        StepAct::Graphql { document, variables } => stage.graphql(role, document, &kept.put_into(variables)?).await?,
        StepAct::Endpoint { method, path, headers, body } => {
            let (path, body) = (kept.put_into_text(path)?, kept.put_into_text(body)?);
            let answered = stage.endpoint(role, (method, &path), headers, body).await?;
            let json: Json = serde_json::from_slice(&answered.body).unwrap_or_default();
            json!({ "status": answered.status, "text": String::from_utf8_lossy(&answered.body), "json": json })
        }
        StepAct::Advance(to) => {
            stage.advance(*to).await?;
            json!({})
        }
    };
    stage.settle().await?;
    let spent = stage.fuel().saturating_sub(before);
    judge(step, &answer, kept)?;
    for (name, pointer) in &step.keep {
        let value = answer.pointer(pointer).with_context(|| format!("nothing to keep at `{pointer}` of {answer}"))?;
        kept.keep(name, value.clone());
    }
    if let Some(most) = step.fuel_below {
        ensure!(spent < most, "it needed {spent} fuel, and should need less than {most}");
    }
    let calls = stage.calls();
    if let Some(expected) = &step.calls {
        let expected = expected.iter().map(|call| stage.call(call)).collect::<anyhow::Result<Vec<_>>>()?;
        let told = |calls: &[(tenon_outbound::Method, String)]| {
            calls.iter().map(|(method, url)| format!("{} {url}", method.word())).collect::<Vec<_>>().join(", ")
        };
        ensure!(calls == expected, "it called [{}], and should call [{}]", told(&calls), told(&expected));
    }
    Ok(())
}

/// Is this what was expected? Where nothing is said of errors, there is none.
fn judge(step: &TestStep, answer: &Json, kept: &Kept) -> anyhow::Result<()> {
    let says_errors = step.expect.as_ref().is_some_and(|expected| expected.get("errors").is_some());
    if matches!(step.act, StepAct::Graphql { .. }) && !says_errors {
        ensure!(answer.get("errors").is_none(), "it failed: {}", answer.get("errors").unwrap_or(&Json::Null));
    }
    if matches!(step.act, StepAct::Endpoint { .. }) && step.expect.is_none() {
        let status = answer.get("status").and_then(Json::as_u64).unwrap_or_default();
        ensure!((200..300).contains(&status), "it was answered {status}: {}", answer.get("text").unwrap_or(&Json::Null));
    }
    match &step.expect {
        Some(expected) => matches(expected, answer, kept),
        None => Ok(()),
    }
}
