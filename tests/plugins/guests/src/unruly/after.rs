//! What it does after a save, inside the transaction.

use tenon_sdk::prelude::*;

use crate::before::spin;

fn tag(name: &str) -> Result<String, Error> {
    Ok(records::create("tag", &[("name", name.into())])?.id)
}

fn note(change: &Change, words: impl Into<String>) -> Result<(), Error> {
    records::update(change.object(), change.id(), None, &[("next_step", words.into().into())])?;
    Ok(())
}

fn tags() -> Result<usize, Error> {
    Ok(records::query("{ tags { nodes { id } } }", "")?.at("tags.nodes").items().len())
}

/// Does what the name says.
pub(crate) fn obey(wish: &str, change: &Change) -> Result<(), Error> {
    let first = change.changes("name");
    match wish {
        "after write" if first => {
            tag("made by unruly")?;
            note(change, format!("tags: {}", tags()?))?;
        }
        "after refuse" if first => {
            tag("never to be seen")?;
            return Err(Refusal::new("not like this").rule("NOT_LIKE_THIS").into());
        }
        "after panic" => {
            tag("made by unruly")?;
            panic!("the plugin's own secret");
        }
        "after loop" => spin(u64::MAX),
        "after fail" => return Err(Error::Failed("the plugin's own secret".to_owned())),
        "after ping" => note(change, format!("{}!", change.text("next_step").unwrap_or_default()))?,
        // The other half of it is the plugin `clerk`.
        "after pong" if first || change.changes("competitor") => note(change, format!("{}!", change.text("next_step").unwrap_or_default()))?,
        "after breed" => {
            records::create("opportunity", &[("name", "after breed".into())])?;
        }
        "after queries" => (0..1_000).for_each(|_| {
            std::hint::black_box(tags().is_ok());
        }),
        "after writes" => (0..1_000).for_each(|_| {
            std::hint::black_box(records::lock("a").is_ok());
        }),
        "after told" if first => {
            let wrong = records::create("tag", &[("name", Value::Null)]).unwrap_err();
            let missing = records::create("nobody", &[]).unwrap_err();
            let taken = (tag("twice"), records::create("tag", &[("name", "twice".into())]).unwrap_err());
            note(change, format!("{} {} {} {}", wrong.code, missing.code, taken.1.code, tags()?))?;
        }
        "after words" if first => words(change)?,
        "after conflict" if first => {
            let conflict = records::update("opportunity", change.id(), Some(77), &[("next_step", "no".into())]).unwrap_err();
            note(change, conflict.code)?;
        }
        _ => {}
    }
    Ok(())
}

/// Everything of the contract once.
fn words(change: &Change) -> Result<(), Error> {
    records::lock("a")?;
    let (one, two) = (records::next_number("voucher")?, records::next_number("voucher")?);
    let made = records::create_or_get("tag", "name", &[("name", "vip".into())])?;
    let found = records::create_or_get("tag", "name", &[("name", "vip".into())])?;
    let locked = records::get_for_update("tag", &made.id)?.and_then(|tag| tag.text("name").map(str::to_owned));
    tag("old")?;
    let filter = r#"{"name":{"eq":"old"}}"#;
    let changed = records::update_where("tag", filter, &[("name", "new".into())], 10)?;
    let renamed = records::update_where("tag", filter, &[("name", "newer".into())], 10)?;
    records::delete("tag", &made.id, Some(found.version))?;
    let gone = records::get("tag", &made.id)?.is_none();
    let locked = locked.unwrap_or_default();
    note(change, format!("{one} {two} {} {} {locked} {changed} {renamed} {gone} {}", made.created, found.created, tags()?))
}
