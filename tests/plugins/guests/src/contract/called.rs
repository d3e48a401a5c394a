//! What a plugin may call, all of it: in one action, but for what a query or a job is for.

use tenon_sdk::bindings::tenon::plugin::crypto;
use tenon_sdk::prelude::*;

/// One line for each interface.
pub(crate) fn everything(note: &str) -> Result<Vec<String>, Error> {
    Ok(vec![around(note), texts()?, read()?, written()?, many()?, itself()?, later()?, kept(note)?, declined()])
}

/// `clock`, `crypto`, `limits`, `log`, `random`.
fn around(note: &str) -> String {
    for line in [log::debug, log::info, log::warn, log::error] {
        line(note);
    }
    let (digest, sealed) = (hex(&crypto::sha256(note.as_bytes())), hex(&crypto::hmac_sha256(b"key", note.as_bytes())));
    let left = limits::remaining();
    let (queries, writes) = (left.queries, left.writes);
    let drawn = (random::bytes(16) != random::bytes(16), random::number() != random::number());
    format!("{} {} {digest} {sealed} {queries} {writes} {} {drawn:?}", clock::now(), clock::today(), left.depth)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `kv`.
fn texts() -> Result<String, Error> {
    kv::set("a/1", "one")?;
    kv::set("a/2", "two")?;
    let (sum, swapped, kept) = (kv::add("count", 5)?, kv::swap("a/1", Some("one"), Some("eins"))?, kv::swap("a/2", None, None)?);
    let found = kv::scan("a/", None, 10)?;
    kv::delete("a/2")?;
    Ok(format!("{sum} {swapped} {kept} {found:?} {:?} {:?}", kv::get("a/1")?, kv::get("a/2")?))
}

/// `records-read`.
fn read() -> Result<String, Error> {
    let account = records::create("account", &[("name", "Works".into()), ("employee_count", 7.into())])?;
    let got = records::get("account", &account.id)?;
    let got = got.map(|record| (record.version, record.text("name").map(str::to_owned))).unwrap_or_default();
    let data = records::query(
        "query ($name: String) { accounts(filter: { name: { eq: $name } }) { nodes { name employeeCount } } }",
        &Json::object([("name", "Works".into())]).to_string(),
    )?;
    records::delete("account", &account.id, Some(account.version))?;
    Ok(format!("{got:?} {data} {}", records::get("account", &account.id)?.is_none()))
}

/// `records-write`.
fn written() -> Result<String, Error> {
    records::lock("a name")?;
    let made = records::create_or_get("tag", "name", &[("name", "vip".into())])?;
    let again = records::create_or_get("tag", "name", &[("name", "vip".into())])?;
    let locked = records::get_for_update("tag", &made.id)?.is_some();
    let updated = records::update("tag", &made.id, Some(made.version), &[("name", "gold".into())])?;
    let changed = records::update_where("tag", r#"{"name":{"eq":"gold"}}"#, &[("name", "silver".into())], 10)?;
    let numbers = (records::next_number("voucher")?, records::next_number("voucher")?);
    let stale = records::update("tag", &made.id, Some(99), &[("name", "no".into())]).unwrap_err();
    Ok(format!("{} {} {locked} {} {changed} {numbers:?} {}", made.created, again.created, updated.version, stale.code))
}

/// `records-bulk`.
fn many() -> Result<String, Error> {
    let ids = records::create_many("tag", &[vec![("name", "one".into())], vec![("name", "two".into())]])?;
    let rows: Vec<(&str, Vec<(&str, Value)>)> =
        ids.iter().zip(["eins", "zwei"]).map(|(id, name)| (id.as_str(), vec![("name", name.into())])).collect();
    Ok(format!("{} {}", ids.len(), records::update_many("tag", &rows)?))
}

/// `acting`.
fn itself() -> Result<String, Error> {
    let saved = acting::as_itself(|| records::create("tag", &[("name", "by the package".into())]))?;
    Ok(format!("{} {}", saved.version, saved.created))
}

/// `jobs`.
fn later() -> Result<String, Error> {
    let of = |what: &str| Json::object([("of", what.into())]).to_string();
    let in_a_day = DateTime::from_millis(clock::now().millis() + 86_400_000);
    let ids = [jobs::start("steps", &of("now"), None, None)?, jobs::start("steps", &of("tomorrow"), Some(in_a_day), Some("key"))?];
    jobs::start("steps", &of("never"), Some(in_a_day), Some("other"))?;
    jobs::start("reach", "{}", None, None)?;
    Ok(format!("{:?} {} {}", ids.map(|id| id.len()), jobs::cancel("other")?, jobs::cancel("nobody")?))
}

/// `config`, `secrets`.
fn kept(note: &str) -> Result<String, Error> {
    let data = note.as_bytes();
    let mac = secrets::hmac("shop_key", data)?;
    let verified = (secrets::verify("shop_key", data, &mac)?, secrets::verify("shop_key", b"other", &mac)?);
    let sealed = secrets::encrypt("seal", data)?;
    let opened = (secrets::decrypt("seal", &sealed)?.as_deref() == Some(data), secrets::decrypt("seal", b"nothing of ours")?);
    let set = (secrets::is_set("shop_key")?, secrets::is_set("nobody_set_it")?);
    let signature = hex(&secrets::sign("pen", data)?);
    Ok(format!("{} {} {set:?} {} {verified:?} {signature} {opened:?}", config::get("greeting")?, config::get("mood")?, hex(&mac)))
}

/// `http`, in a job: outside of every transaction.
pub(crate) fn reached() -> Result<[String; 2], Error> {
    let request = http::Request::post("shop", "/v1/echo").query("q", ["&".into()]).header("authorization", ["Bearer ".into(), http::secret("api_key")]);
    let answer = request.json(&Json::object([("n", 1.into())])).send()?;
    let beyond = http::Request::get("shop", "/v2/echo").send().unwrap_err();
    Ok([format!("reached {} {}", answer.status, answer.text()), format!("not beyond {}", beyond.code)])
}

/// `records-read`, in a query.
pub(crate) fn told(starts: &str) -> Result<Json, Error> {
    let document = "query ($starts: String) { tags(filter: { name: { startsWith: $starts } }, orderBy: { name: ASC }) { nodes { name } } }";
    let data = records::query(document, &Json::object([("starts", starts.into())]).to_string())?;
    let names: Vec<Json> = data.at("tags.nodes").items().iter().map(|node| node.at("name").clone()).collect();
    Ok(Json::object([("names", Json::List(names))]))
}

/// What is declined, by its code.
fn declined() -> String {
    let told = [
        records::create("nobody", &[]).unwrap_err().code,
        records::create("tag", &[("name", Value::Null)]).unwrap_err().code,
        records::create("tag", &[("name", "gold".into()), ("none", 1.into())]).unwrap_err().code,
        records::query("{ nobody }", "").unwrap_err().code,
        kv::set("", "no key").unwrap_err().code,
        jobs::start("nobody", "{}", None, None).unwrap_err().code,
        config::get("nobody").unwrap_err().code,
        secrets::hmac("nobody_set_it", b"").unwrap_err().code,
        secrets::sign("shop_key", b"").unwrap_err().code,
    ];
    told.join(" ")
}
