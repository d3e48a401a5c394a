//! Computed fields: one that is made as it should be, one that does what its record's name says.

use tenon_sdk::prelude::*;

/// How large an account is.
pub(crate) fn size(account: &Record) -> Value {
    match account.integer("employee_count") {
        Some(count) if count > 100 => "large".into(),
        Some(_) => "small".into(),
        None => Value::Null,
    }
}

/// Made of the other one; or everything that a computed field may not.
pub(crate) fn odd(account: &Record) -> Result<Value, Error> {
    match account.text("name").unwrap_or_default() {
        "panic" => panic!("the plugin's own secret"),
        "read" => drop(records::get("account", &account.id)?),
        "write" => drop(records::create("tag", &[("name", "never".into())])?),
        "misfit" => return Ok(7.into()),
        "decline" => return Err(Error::Failed("not today".to_owned())),
        "loop" => loop {
            std::hint::black_box(account);
        },
        _ => {}
    }
    let (size, website) = (account.text("courier_size").unwrap_or("no size"), account.text("website").unwrap_or("nowhere"));
    Ok(format!("{size}, {website}").into())
}
