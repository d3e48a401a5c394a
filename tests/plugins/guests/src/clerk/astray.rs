//! What actions and jobs should not do.

use tenon_sdk::prelude::*;

/// An action that goes astray.
pub(crate) fn act(how: &str) -> Result<Json, Error> {
    // Whatever it is, it has written before.
    records::create("tag", &[("name", format!("astray {how}").into())])?;
    kv::set("astray", how)?;
    match how {
        "undeclared" => Ok(Json::object([("secret", "the plugin's own secret".into())])),
        "wrong type" => Ok(Json::object([("number", "seven".into())])),
        "no object" => Ok(Json::from("the plugin's own secret")),
        "output" => Ok(Json::object([("words", "x".repeat(2 << 20).into())])),
        "panic" => panic!("the plugin's own secret"),
        "fail" => Err(Error::Failed("the plugin's own secret".to_owned())),
        "loop" => loop {
            std::hint::black_box(());
        },
        "write flood" => (0..1_000).try_for_each(|turn| kv::set("one", &turn.to_string())).map(|()| Json::Null).map_err(Error::from),
        "read flood" => (0..1_000).try_for_each(|_| kv::get("one").map(drop)).map(|()| Json::Null).map_err(Error::from),
        "refuse" => Err(Refusal::new("not like this").rule("NOT_LIKE_THIS").into()),
        "problems" => Ok(Json::object([("words", problems().into())])),
        other => Err(Error::Failed(format!("there is no {other}"))),
    }
}

/// Requests that are declined, by their codes; the transaction goes on.
fn problems() -> String {
    let told = [
        kv::set("", "no key").unwrap_err().code,
        kv::set(&"k".repeat(201), "a long key").unwrap_err().code,
        kv::set("large", &"x".repeat((64 << 10) + 1)).unwrap_err().code,
        kv::set("nul", "\0").unwrap_err().code,
        kv::add("astray", 1).unwrap_err().code,
        jobs::start("nobody", "{}", None, None).unwrap_err().code,
        jobs::start("count", "{", None, None).unwrap_err().code,
        jobs::start("count", &Json::from("x".repeat(65 << 10)).to_string(), None, None).unwrap_err().code,
        jobs::start("count", "{}", Some(DateTime::from_millis(i64::MAX)), None).unwrap_err().code,
        jobs::start("count", "{}", None, Some("")).unwrap_err().code,
    ];
    told.join(" ")
}

/// A job that goes astray.
pub(crate) fn run(how: &str) -> Result<Outcome, Error> {
    records::create("tag", &[("name", format!("astray {how}").into())])?;
    match how {
        "panic" => panic!("the plugin's own secret"),
        "refuse" => Err(Refusal::new("not like this").rule("NOT_LIKE_THIS").into()),
        "no json" => Ok(Outcome::Done("{".to_owned())),
        "long cursor" => Ok(Outcome::GoesOn("x".repeat(5_000))),
        other => Err(Error::Failed(format!("there is no {other}"))),
    }
}
