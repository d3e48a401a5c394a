//! Our own side: departments, teams, territories, people, tags, currencies, the calendar.

use serde_json::{Value, json};

use super::load::{World, connect, kind};
use super::words::{GIVEN_EN, GIVEN_ZH, SURNAMES_EN, SURNAMES_ZH};

/// How many people sell.
const SELLERS: usize = 18;

/// Territories: code, Chinese, English.
const TERRITORIES: [(&str, &str); 5] =
    [("east", "华东区"), ("north", "华北区"), ("south", "华南区"), ("west", "西部区"), ("abroad", "海外 Overseas")];

const TAGS: [(&str, &str); 10] = [
    ("重点客户 Key", "RED"),
    ("招投标 Tender", "PURPLE"),
    ("续约 Renewal", "TEAL"),
    ("样板客户 Reference", "GREEN"),
    ("价格敏感 Price-sensitive", "YELLOW"),
    ("账期长 Slow payer", "ORANGE"),
    ("出口 Export", "BLUE"),
    ("国企 State-owned", "GRAY"),
    ("展会 Fair", "BLUE"),
    ("战略合作 Strategic", "RED"),
];

/// Rates from the day of the first to today: code, name, symbol, the rate two years ago in 0.0001.
const CURRENCIES: [(&str, &str, &str, i64); 3] =
    [("CNY", "人民币", "¥", 10_000), ("USD", "US dollar", "$", 71_200), ("EUR", "Euro", "€", 77_600)];

/// The people and places everything else is handed to.
pub(super) struct Staff {
    /// Ids of those who sell.
    pub(super) sellers: Vec<String>,
    /// Code and id.
    pub(super) territories: Vec<(&'static str, String)>,
    /// Ids of the tags.
    pub(super) tags: Vec<String>,
}

impl Staff {
    /// The id of a territory.
    pub(super) fn territory(&self, code: &str) -> &str {
        let found = self.territories.iter().find(|(own, _)| *own == code);
        found.map(|(_, id)| id.as_str()).expect("the words name territories of this list only")
    }
}

/// Makes them.
pub(super) fn fill(world: &mut World) -> anyhow::Result<Staff> {
    currencies(world)?;
    let departments = departments(world)?;
    let teams = teams(world)?;
    let sellers = users(world, &departments, &teams)?;
    let rows = TERRITORIES.map(|(code, name)| json!({ "name": name, "code": code, "type": "REGION" }));
    let ids = world.create(&kind("Territory", "Territories"), &rows)?;
    let territories = TERRITORIES.iter().map(|(code, _)| *code).zip(ids);
    let tags = TAGS.map(|(name, color)| json!({ "name": name, "color": color }));
    let tags = world.create(&kind("Tag", "Tags"), &tags)?;
    let calendar = json!({
        "name": "中国大陆标准工作日", "isDefault": true,
        "weeklyHours": { "mon": [["09:00", "12:00"], ["13:00", "18:00"]], "fri": [["09:00", "12:00"], ["13:00", "17:30"]] },
    });
    world.create(&kind("BusinessCalendar", "BusinessCalendars"), &[calendar])?;
    Ok(Staff { sellers, territories: territories.collect(), tags })
}

fn currencies(world: &mut World) -> anyhow::Result<()> {
    let rows: Vec<Value> =
        CURRENCIES.iter().map(|(code, name, symbol, _)| json!({ "code": code, "name": name, "symbol": symbol })).collect();
    let ids = world.create(&kind("Currency", "Currencies"), &rows)?;
    let mut rates = Vec::new();
    for ((_, _, _, start), id) in CURRENCIES.iter().zip(&ids).skip(1) {
        let mut rate = *start;
        for month in (0..=26).rev() {
            rate += world.chance.between(-600, 620);
            rates.push(json!({
                "currency": connect(id), "date": world.today.plus(-30 * month).date(), "source": "CENTRAL_BANK",
                "rate": format!("{}.{:04}", rate / 10_000, rate % 10_000),
            }));
        }
    }
    world.create(&kind("ExchangeRate", "ExchangeRates"), &rates)?;
    Ok(())
}

fn departments(world: &mut World) -> anyhow::Result<Vec<String>> {
    let top = world.create(&kind("Department", "Departments"), &[json!({ "name": "榫卯科技 Mortise Ltd", "code": "D00" })])?;
    let parent = top.first().map(connect);
    let names = ["销售部 Sales", "市场部 Marketing", "客户服务部 Service", "财务部 Finance"];
    let row = |(index, name): (usize, &&str)| json!({ "name": name, "code": format!("D{:02}", index + 1), "parent": parent });
    let rows: Vec<Value> = names.iter().enumerate().map(row).collect();
    world.create(&kind("Department", "Departments"), &rows)
}

fn teams(world: &mut World) -> anyhow::Result<Vec<String>> {
    let names = ["华东一组", "华东二组", "华北组", "华南组", "西部组", "Overseas"];
    let rows: Vec<Value> = names.iter().map(|name| json!({ "name": name, "kind": "SALES" })).collect();
    world.create(&kind("Team", "Teams"), &rows)
}

/// A manager per team first, then those who report to them.
fn users(world: &mut World, departments: &[String], teams: &[String]) -> anyhow::Result<Vec<String>> {
    let mut managers: Vec<String> = Vec::new();
    let mut sellers = Vec::new();
    for (title, count) in [("销售经理", teams.len()), ("客户经理", SELLERS)] {
        let mut rows = Vec::new();
        for index in 0..count {
            let number = sellers.len() + rows.len() + 1;
            let team = teams.get(index % teams.len()).expect("an index within the teams");
            let abroad = (index + 1) % teams.len() == 0;
            let name = name(world, abroad);
            let mut row = json!({
                "name": name, "login": format!("user{number:02}"), "email": format!("user{number:02}@mortise.example"),
                "title": title, "employeeNumber": format!("E{number:04}"), "locale": if abroad { "EN" } else { "ZH" },
                "team": connect(team), "capacity": 40, "joinedOn": world.today.plus(-400 - 37 * i64::try_from(number)?).date(),
            });
            if let Some(department) = departments.first() {
                set(&mut row, "department", connect(department));
            }
            if let Some(manager) = managers.get(index % teams.len()) {
                set(&mut row, "manager", connect(manager));
            }
            rows.push(row);
        }
        let ids = world.create(&kind("User", "Users"), &rows)?;
        if managers.is_empty() {
            managers.clone_from(&ids);
        }
        sellers.extend(ids);
    }
    Ok(sellers)
}

fn name(world: &mut World, abroad: bool) -> String {
    if abroad {
        format!("{} {}", world.chance.pick(&GIVEN_EN), world.chance.pick(&SURNAMES_EN))
    } else {
        format!("{}{}", world.chance.pick(&SURNAMES_ZH), world.chance.pick(&GIVEN_ZH))
    }
}

/// Adds one field to a row.
pub(super) fn set(row: &mut Value, field: &str, value: Value) {
    if let Some(row) = row.as_object_mut() {
        row.insert(field.to_owned(), value);
    }
}
