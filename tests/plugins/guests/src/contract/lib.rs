//! A plugin that uses every interface of the contract, and every function of it, and says what came of it: `tests/fixtures/sdk-1.0.wasm`
//! is this one, compiled when the contract was 1.0 and kept as it is. Hosts to come must answer it word for word. (`warm-hooks` is for
//! whoever brings an engine of his own: `waking` has it.)
//!
//! What it says may depend on neither ids, chance nor the machine's clock.

mod called;

use tenon_sdk::prelude::*;

struct Contract;

impl Hooks for Contract {
    fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
        log::info("before a save");
        if change.text("name") == Some("refused") {
            return Err(Refusal::on("name", "not by this name").rule("NAME"));
        }
        let old = change.old("name").is_some();
        let amount = change.money("amount").map(|amount| format!("{} {}", amount.amount, amount.currency)).unwrap_or_default();
        change.set("next_step", format!("{} {:?} old {old} amount {amount} on {}", change.object(), change.operation(), clock::today()));
        change.set("close_date", Date::from_days(20_512));
        change.clear("competitor");
        Ok(())
    }

    fn after_save(&self, change: &Change) -> Result<(), Error> {
        tag(&format!("after save of {}", change.text("name").unwrap_or_default()))
    }

    fn before_delete(&self, change: &Change) -> Result<(), Refusal> {
        if change.text("name") == Some("kept") {
            return Err(Refusal::new("it stays").rule("KEPT"));
        }
        Ok(())
    }

    fn after_delete(&self, change: &Change) -> Result<(), Error> {
        tag(&format!("after delete of {}", change.text("name").unwrap_or_default()))
    }

    fn heard(&self, event: &Event) -> Result<(), Error> {
        // A tag's name is short.
        let operation = if event.operation == Operation::Create { "C" } else { "?" };
        tag(&format!("{operation}{} {} {}", event.records.len(), event.object, event.changed.join(" ")))
    }

    fn act(&self, _: &str, input: &Json) -> Result<Json, Error> {
        let words = called::everything(input.at("note").text().unwrap_or_default())?;
        Ok(Json::object([("words", words.into())]))
    }

    fn compute(&self, _: &str, _: &str, record: &Record) -> Result<Value, Error> {
        Ok(record.integer("employee_count").map_or(Value::Null, |count| format!("{count} people").into()))
    }

    fn resolve(&self, _: &str, input: &Json) -> Result<Json, Error> {
        called::told(input.at("starts").text().unwrap_or_default())
    }

    fn answer(&self, endpoint: &str, request: &http::Incoming) -> Result<http::Response, Error> {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        tag(&format!("{endpoint} {} {}", request.method, request.parameter("page").unwrap_or_default()))?;
        Ok(http::Response::new(201).with_json(&Json::object([("body", body.into())])))
    }

    fn install(&self) -> Result<(), Error> {
        tag("installed")
    }

    fn upgrade(&self, from: &str, cursor: Option<&str>) -> Result<Outcome, Error> {
        tag(&format!("upgraded from {from} {}", cursor.unwrap_or("first")))?;
        Ok(if cursor.is_none() { Outcome::GoesOn("second".to_owned()) } else { Outcome::done() })
    }

    fn uninstall(&self) -> Result<(), Error> {
        tag("farewell")
    }

    fn run(&self, job: &str, input: &Json, cursor: Option<&str>) -> Result<Outcome, Error> {
        if job == "reach" {
            for said in called::reached()? {
                tag(&said)?;
            }
            return Ok(Outcome::done());
        }
        tag(&format!("step {} of {}", cursor.unwrap_or("first"), input.at("of").text().unwrap_or_default()))?;
        Ok(if cursor.is_none() { Outcome::GoesOn("second".to_owned()) } else { Outcome::Done("{\"steps\":2}".to_owned()) })
    }
}

fn tag(name: &str) -> Result<(), Error> {
    records::create("tag", &[("name", name.into())])?;
    Ok(())
}

tenon_sdk::export! {
    Contract,
    before_save: opportunity [create, update],
    after_save: opportunity [create],
    before_delete: opportunity [delete],
    after_delete: opportunity [delete],
    event: account [create],
    computed: account.contract_size from [employee_count],
    action: everything { note: text required } -> { words: text many },
    query: told { starts: text required } -> { names: text many },
    job: steps,
    job: nightly cron "0 2 * * *",
    job: reach,
    endpoint: knock POST "/knock" hmac(shop_key) in "x-sig",
    lifecycle: [install, upgrade, uninstall],
}
