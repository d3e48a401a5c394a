//! A plugin of actions and jobs: deals are claimed, three in all; jobs are left and carried out. And one action that does
//! what should not be done.

mod astray;

use tenon_sdk::prelude::*;

/// Claims there are in a tenant.
const CLAIMS: i64 = 3;
/// Milliseconds after which a claim is reminded of.
const DAY: i64 = 86_400_000;

struct Clerk;

impl Hooks for Clerk {
    /// The other half of what the plugin `unruly` does: each answers the other's write.
    fn after_save(&self, change: &Change) -> Result<(), Error> {
        if change.text("name") == Some("after pong") && change.changes("next_step") {
            let more = format!("{}?", change.text("competitor").unwrap_or_default());
            records::update("opportunity", change.id(), None, &[("competitor", more.into())])?;
        }
        Ok(())
    }

    /// Of each account that is made or changed, a tag; what it stumbles over is tried again later.
    fn heard(&self, event: &Event) -> Result<(), Error> {
        for (id, version) in &event.records {
            let account = records::get("account", id)?;
            let name = account.as_ref().and_then(|account| account.text("name")).unwrap_or_default().to_owned();
            if name == "stumble" {
                panic!("the plugin's own secret")
            }
            records::create("tag", &[("name", format!("{} {version}", name).into())])?;
            // It does not hear of this one.
            records::update("account", id, None, &[("website", "https://heard.example".into())])?;
        }
        Ok(())
    }

    fn act(&self, action: &str, input: &Json) -> Result<Json, Error> {
        match action {
            "claim" => claim(input),
            "leave" => leave(input),
            "misbehave" => astray::act(input.at("how").text().unwrap_or_default()),
            "ping" => Ok(Json::object([])),
            other => Err(Error::Failed(format!("there is no {other}"))),
        }
    }

    fn run(&self, job: &str, input: &Json, cursor: Option<&str>) -> Result<Outcome, Error> {
        match job {
            "remind" => {
                let deal = input.at("deal").text().unwrap_or_default();
                records::update("opportunity", deal, None, &[("next_step", format!("reminded at {}", clock::now()).into())])?;
                Ok(Outcome::done())
            }
            "count" => {
                let steps = kv::add("steps", 1)?;
                let most = input.at("steps").integer().unwrap_or(1);
                let cursor: i64 = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
                if cursor + 1 < most {
                    return Ok(Outcome::GoesOn((cursor + 1).to_string()));
                }
                Ok(Outcome::Done(Json::object([("steps", steps.into())]).to_string()))
            }
            "nightly" => {
                records::create("tag", &[("name", format!("night of {}", clock::today()).into())])?;
                Ok(Outcome::done())
            }
            "astray" => astray::run(input.at("how").text().unwrap_or_default()),
            other => Err(Error::Failed(format!("there is no {other}"))),
        }
    }
}

/// One claim of a deal: of two at once exactly one wins, and there are so many in all.
fn claim(input: &Json) -> Result<Json, Error> {
    let id = input.at("deal").text().unwrap_or_default();
    let Some(deal) = records::get_for_update("opportunity", id)? else {
        return Err(Refusal::new("there is no such deal").rule("NO_DEAL").into());
    };
    if deal.text("next_step") == Some("claimed") {
        return Err(Refusal::on("next_step", "somebody has it").rule("ALREADY_OWNED").into());
    }
    let claims = kv::add("claims", 1)?;
    if claims > CLAIMS {
        return Err(Refusal::new("enough for today").rule("DAILY_LIMIT").into());
    }
    records::update("opportunity", id, Some(deal.version), &[("next_step", "claimed".into())])?;
    let tomorrow = DateTime::from_millis(clock::now().millis() + DAY);
    jobs::start("remind", &Json::object([("deal", id.into())]).to_string(), Some(tomorrow), Some(id))?;
    let words: Vec<String> = input.at("note").text().unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    Ok(Json::object([("left", (CLAIMS - claims).into()), ("until", tomorrow.into()), ("words", words.into())]))
}

/// Leaves any job, or takes one back.
fn leave(input: &Json) -> Result<Json, Error> {
    let key = input.at("key").text();
    let Some(job) = input.at("job").text() else {
        return Ok(Json::object([("gone", jobs::cancel(key.unwrap_or_default())?.into())]));
    };
    let days = input.at("in_days").integer();
    let at = days.map(|days| DateTime::from_millis(clock::now().millis() + days * DAY));
    let id = jobs::start(job, &input.at("input").to_string(), at, key)?;
    Ok(Json::object([("id", id.into())]))
}

tenon_sdk::export! {
    Clerk,
    after_save: opportunity [update],
    event: account [create, update],
    action: claim { deal: id required, note: text } -> { left: integer, until: datetime, words: text many },
    action: leave { job: text, input: json, in_days: integer, key: text } -> { id: id, gone: boolean },
    action: misbehave { how: text required } -> { words: text, number: integer },
    action: ping {} -> {},
    job: remind,
    job: count,
    job: nightly cron "0 2 * * *",
    job: astray,
}
