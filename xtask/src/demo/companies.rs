//! Accounts: Chinese companies, companies abroad, and the groups some of them belong to.

use serde_json::{Value, json};

use super::load::{World, connect, connect_all, kind, money};
use super::organisation::{Staff, set};
use super::words::{BRAND_BEGIN, BRAND_END, BRAND_FIRST, BRAND_SECOND, CITIES_EN, CITIES_ZH, INDUSTRIES, SOURCES};

/// Independent companies, and the subsidiaries founded after them.
const COMPANIES: usize = 300;
const SUBSIDIARIES: usize = 60;

/// What a credit code is made of.
const CODE_LETTERS: [&str; 31] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "Q", "R", "T",
    "U", "W", "X", "Y",
];

/// An account others refer to.
pub(super) struct Company {
    /// Its id.
    pub(super) id: String,
    /// Who looks after it.
    pub(super) owner: String,
    /// What people call it.
    pub(super) short_name: String,
    /// The word in its addresses on the net.
    pub(super) domain: String,
    /// Whether it is abroad, and pays in another currency.
    pub(super) abroad: bool,
}

/// Makes them.
pub(super) fn fill(world: &mut World, staff: &Staff) -> anyhow::Result<Vec<Company>> {
    let mut companies = Vec::new();
    found(world, staff, COMPANIES, &mut companies)?;
    found(world, staff, SUBSIDIARIES, &mut companies)?;
    Ok(companies)
}

/// Founds so many; where there are companies already, each newcomer belongs to one of them.
fn found(world: &mut World, staff: &Staff, count: usize, companies: &mut Vec<Company>) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    let mut fresh = Vec::new();
    for index in 0..count {
        let abroad = world.chance.percent(35);
        let (mut row, mut company) = if abroad { overseas(world) } else { domestic(world, staff) };
        company.owner.clone_from(world.chance.pick(&staff.sellers));
        company.domain = format!("{}{}", company.domain, companies.len() + index);
        if abroad {
            set(&mut row, "territory", connect(staff.territory("abroad")));
        }
        if !companies.is_empty() {
            set(&mut row, "parent", connect(&world.chance.pick(companies).id));
        }
        if world.chance.percent(30) {
            set(&mut row, "tags", connect_all(&[world.chance.pick(&staff.tags)]));
        }
        relationship(world, &mut row, &company);
        rows.push(row);
        fresh.push(company);
    }
    let ids = world.create(&kind("Account", "Accounts"), &rows)?;
    for (id, company) in ids.into_iter().zip(fresh) {
        companies.push(Company { id, ..company });
    }
    Ok(())
}

fn domestic(world: &mut World, staff: &Staff) -> (Value, Company) {
    let (city, region, territory) = world.chance.pick(&CITIES_ZH);
    let (industry, word, _) = world.chance.pick(&INDUSTRIES);
    let brand = format!("{}{}", world.chance.pick(&BRAND_FIRST), world.chance.pick(&BRAND_SECOND));
    let code: String = (0..16).map(|_| *world.chance.pick(&CODE_LETTERS)).collect();
    let row = json!({
        "name": format!("{city}{brand}{word}有限公司"), "shortName": brand, "kind": "COMPANY", "creditCode": format!("91{code}"),
        "industry": industry.to_uppercase(), "territory": connect(staff.territory(territory)),
        "address": { "country": "CN", "region": region, "city": city, "street": format!("创新路 {} 号", world.chance.between(1, 300)) },
        "phone": format!("+86100{:08}", world.chance.between(0, 99_999_999)),
    });
    (row, company(brand, "co".to_owned(), false))
}

fn overseas(world: &mut World) -> (Value, Company) {
    let (city, country) = world.chance.pick(&CITIES_EN);
    let (industry, _, word) = world.chance.pick(&INDUSTRIES);
    let brand = format!("{}{}", world.chance.pick(&BRAND_BEGIN), world.chance.pick(&BRAND_END));
    let row = json!({
        "name": format!("{brand} {word} Ltd"), "shortName": brand, "kind": "COMPANY", "industry": industry.to_uppercase(),
        "address": { "country": country, "city": city, "street": format!("{} Mill Road", world.chance.between(1, 300)) },
        "phone": format!("+1202555{:04}", world.chance.between(100, 199)),
    });
    let domain = brand.to_lowercase();
    (row, company(brand, domain, true))
}

fn company(short_name: String, domain: String, abroad: bool) -> Company {
    Company { id: String::new(), owner: String::new(), short_name, domain, abroad }
}

/// How the company and we stand, and how big it is.
fn relationship(world: &mut World, row: &mut Value, company: &Company) {
    let employees = world.chance.between(4, 60).pow(2);
    let size = match employees {
        0..20 => "MICRO",
        20..300 => "SMALL",
        300..1_000 => "MEDIUM",
        _ => "LARGE",
    };
    let status = world.chance.weighted(&[("POTENTIAL", 30), ("NEED", 20), ("INTENT", 20), ("SIGNED", 30)]);
    set(row, "owner", connect(&company.owner));
    set(row, "website", json!(format!("https://{}.example", company.domain)));
    set(row, "email", json!(format!("info@{}.example", company.domain)));
    set(row, "employeeCount", json!(employees));
    set(row, "size", json!(size));
    set(row, "annualRevenue", money(employees * world.chance.between(90, 700) * 1_000, currency(company)));
    set(row, "foundedYear", json!(world.chance.between(1952, 2023)));
    set(row, "status", json!(status));
    set(row, "source", json!(world.chance.weighted(&SOURCES)));
    set(row, "valueClass", json!(world.chance.weighted(&[("A", 15), ("B", 35), ("C", 50)])));
    if status == "SIGNED" {
        set(row, "phase", json!(world.chance.weighted(&[("NEW", 20), ("ACTIVE", 50), ("DORMANT", 18), ("LOST", 7), ("WON_BACK", 5)])));
    }
}

/// What the company pays in.
pub(super) fn currency(company: &Company) -> &'static str {
    match (company.abroad, company.domain.len() % 2) {
        (false, _) => "CNY",
        (true, 0) => "EUR",
        (true, _) => "USD",
    }
}
