//! Contacts: one to four people per account, with the roles they play when it buys.

use serde_json::json;

use super::companies::Company;
use super::load::{World, connect, kind};
use super::organisation::{Staff, set};
use super::words::{GIVEN_EN, GIVEN_ZH, SURNAMES_EN, SURNAMES_ZH, TITLES};

/// A contact others refer to.
pub(super) struct Person {
    /// Its id.
    pub(super) id: String,
    /// The place of the account in the list of companies.
    pub(super) company: usize,
}

/// Makes them.
pub(super) fn fill(world: &mut World, _staff: &Staff, companies: &[Company]) -> anyhow::Result<Vec<Person>> {
    let mut rows = Vec::new();
    let mut places = Vec::new();
    for (place, company) in companies.iter().enumerate() {
        for _ in 0..world.chance.between(1, 4) {
            let (title_zh, title_en, role) = world.chance.pick(&TITLES);
            let number = rows.len();
            let mut row = json!({
                "account": connect(&company.id), "owner": connect(&company.owner), "buyingRole": role.to_uppercase(),
                "email": format!("person{number}@{}.example", company.domain), "doNotCall": world.chance.percent(6),
                "hasLeft": world.chance.percent(4),
            });
            if company.abroad {
                set(&mut row, "lastName", json!(world.chance.pick(&SURNAMES_EN)));
                set(&mut row, "firstName", json!(world.chance.pick(&GIVEN_EN)));
                set(&mut row, "title", json!(title_en));
                set(&mut row, "preferredChannels", json!(["EMAIL"]));
            } else {
                set(&mut row, "lastName", json!(world.chance.pick(&SURNAMES_ZH)));
                set(&mut row, "firstName", json!(world.chance.pick(&GIVEN_ZH)));
                set(&mut row, "title", json!(title_zh));
                set(&mut row, "mobile", json!(format!("+86100{:08}", world.chance.between(0, 99_999_999))));
                set(&mut row, "preferredChannels", json!(["WECHAT", "PHONE"]));
            }
            rows.push(row);
            places.push(place);
        }
    }
    let ids = world.create(&kind("Contact", "Contacts"), &rows)?;
    Ok(ids.into_iter().zip(places).map(|(id, company)| Person { id, company }).collect())
}
