//! A package that has a life: it seeds a record when it is installed, moves its data when it is upgraded, says farewell when it
//! goes. The setting `mode` says what it does wrong. A fixture of `tests/all/packages`.
//!
//! A thing's `hours` become `minutes`, a portion of 100 in each step.

use tenon_sdk::prelude::*;

struct Mover;

fn mode() -> Result<String, Error> {
    Ok(config::get("mode")?.text().unwrap_or_default().to_owned())
}

fn refused(words: &str) -> Error {
    Refusal::new(words).rule("MOVER").into()
}

fn hold(name: &str) -> Result<(), Error> {
    records::create("mover_thing", &[("name", name.into())])?;
    Ok(())
}

/// The next things without minutes, and whether there are more.
fn portion() -> Result<(Vec<(String, i64)>, bool), Error> {
    let document = "{ moverThings(first: 100, filter: { minutes: { isNull: true } }, orderBy: [{ name: ASC }]) {
        nodes { id hours } pageInfo { hasNextPage } } }";
    let data = records::query(document, "{}")?;
    let page = data.at("moverThings");
    let thing = |node: &Json| {
        let hours = node.at("hours");
        let hours = hours.integer().or_else(|| hours.text()?.split('.').next()?.parse().ok()).unwrap_or_default();
        (node.at("id").text().unwrap_or_default().to_owned(), hours)
    };
    let things = page.at("nodes").items().iter().map(thing).collect();
    Ok((things, page.at("pageInfo").at("hasNextPage").boolean() == Some(true)))
}

impl Hooks for Mover {
    fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
        // Asked about what the move itself writes, too.
        change.set("seen", clock::now());
        Ok(())
    }

    fn install(&self) -> Result<(), Error> {
        hold("seed")?;
        kv::set("installed", "yes")?;
        match mode()?.as_str() {
            "refuse_install" => Err(refused("not on a Sunday")),
            "break_install" => panic!("it cannot be installed"),
            "call_out" => {
                http::Request::get("shop", "/v1/rates").send()?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn upgrade(&self, _from: &str, cursor: Option<&str>) -> Result<Outcome, Error> {
        let step: i64 = cursor.map_or(Ok(0), str::parse).map_err(|_| Error::Failed("a foreign cursor".to_owned()))?;
        let (things, more) = portion()?;
        let moved = |(id, hours): &'_ (String, i64)| (id.clone(), vec![("minutes", Value::from(hours * 60))]);
        let changes: Vec<(String, Vec<(&str, Value)>)> = things.iter().map(moved).collect();
        let changes: Vec<(&str, Vec<(&str, Value)>)> = changes.iter().map(|(id, values)| (id.as_str(), values.clone())).collect();
        records::update_many("mover_thing", &changes)?;
        match mode()?.as_str() {
            "refuse_upgrade" => return Err(refused("the old data is not in order")),
            "break_upgrade" => panic!("it cannot be moved"),
            "refuse_later" if step > 0 => return Err(refused("the second portion is not in order")),
            _ => {}
        }
        Ok(if more { Outcome::GoesOn((step + 1).to_string()) } else { Outcome::done() })
    }

    fn uninstall(&self) -> Result<(), Error> {
        hold("farewell")?;
        match mode()?.as_str() {
            "stay" => Err(refused("do not leave me")),
            _ => Ok(()),
        }
    }
}

tenon_sdk::export! {
    Mover,
    before_save: mover_thing [create, update],
    lifecycle: [install, upgrade, uninstall],
}
