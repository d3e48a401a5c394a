//! Campaigns and opportunities: two years of decided deals, and half a year of open ones.

use serde_json::{Value, json};

use super::chance::Chance;
use super::companies::{Company, currency};
use super::load::{World, connect, kind, money};
use super::organisation::{Staff, set};
use super::people::Person;
use super::products::Good;
use super::words::SOURCES;

const OPPORTUNITIES: usize = 900;

/// Campaigns: name, type, days since it began.
const CAMPAIGNS: [(&str, &str, i64); 8] = [
    ("春季工业展 Spring fair", "TRADE_FAIR", 640),
    ("云平台线上发布会", "WEBINAR", 520),
    ("老客户回访月", "EMAIL", 430),
    ("渠道伙伴大会 Partner day", "CONFERENCE", 300),
    ("搜索投放 Q2", "ADVERTISING", 210),
    ("Overseas roadshow", "CONFERENCE", 150),
    ("公众号专题", "SOCIAL_MEDIA", 60),
    ("年终促销", "TELEMARKETING", 10),
];

/// Subjects of a deal: Chinese and English.
const SUBJECTS: [(&str, &str); 6] = [
    ("产线联网改造", "line retrofit"),
    ("能耗监测项目", "energy monitoring"),
    ("设备预测维护", "predictive maintenance"),
    ("二期扩容", "phase two"),
    ("云平台续费", "cloud renewal"),
    ("备件年度框架", "spare parts frame"),
];

/// Open stages with the usual probability.
const OPEN_STAGES: [(&str, i64); 4] = [("PROSPECTING", 35), ("NEEDS_CONFIRMED", 30), ("PROPOSAL", 22), ("NEGOTIATION", 13)];

/// What a deal is made from.
pub(super) struct Sales<'a> {
    /// What is sold.
    pub(super) goods: &'a [Good],
    /// Who buys.
    pub(super) accounts: &'a [Company],
    /// Whom we talk to.
    pub(super) contacts: &'a [Person],
    /// What brought them.
    pub(super) campaigns: &'a [String],
}

/// A deal others refer to.
pub(super) struct Deal {
    /// Its id.
    pub(super) id: String,
    /// The place of its account in the list of companies.
    pub(super) company: usize,
}

/// Makes the campaigns.
pub(super) fn campaigns(world: &mut World, staff: &Staff) -> anyhow::Result<Vec<String>> {
    let mut rows = Vec::new();
    for (name, campaign_type, age) in CAMPAIGNS {
        let budget = world.chance.between(20, 300) * 1_000;
        rows.push(json!({
            "name": name, "type": campaign_type, "status": if age > 60 { "COMPLETED" } else { "ACTIVE" },
            "startDate": world.today.plus(-age).date(), "endDate": world.today.plus(45 - age).date(),
            "budget": money(budget, "CNY"), "cost": money(budget * 9 / 10, "CNY"), "expectedRevenue": money(budget * 8, "CNY"),
            "owner": connect(world.chance.pick(&staff.sellers)),
        }));
    }
    world.create(&kind("Campaign", "Campaigns"), &rows)
}

/// Makes the opportunities with their lines.
pub(super) fn fill(world: &mut World, sales: &Sales<'_>) -> anyhow::Result<Vec<Deal>> {
    let last = i64::try_from(sales.accounts.len())? - 1;
    let mut rows = Vec::new();
    let mut places = Vec::new();
    for _ in 0..OPPORTUNITIES {
        let place = usize::try_from(world.chance.between(0, last))?;
        let company = sales.accounts.get(place).expect("a place within the list");
        rows.push(opportunity(world, sales, place, company));
        places.push(place);
    }
    let ids = world.create(&kind("Opportunity", "Opportunities"), &rows)?;
    Ok(ids.into_iter().zip(places).map(|(id, company)| Deal { id, company }).collect())
}

fn opportunity(world: &mut World, sales: &Sales<'_>, place: usize, company: &Company) -> Value {
    let (zh, en) = world.chance.pick(&SUBJECTS);
    let name = if company.abroad { format!("{} {en}", company.short_name) } else { format!("{}{zh}", company.short_name) };
    let close = world.chance.between(-720, 180);
    let stage = stage(&mut world.chance, close);
    let (lines, total) = lines(world, sales.goods, currency(company));
    let mut row = json!({
        "name": name, "stage": stage, "probability": probability(stage), "amount": money(total, currency(company)),
        "account": connect(&company.id), "owner": connect(&company.owner), "source": world.chance.weighted(&SOURCES),
        "type": world.chance.weighted(&[("NEW_BUSINESS", 50), ("EXPANSION", 25), ("RENEWAL", 18), ("REPLACEMENT", 7)]),
        "forecast": forecast(stage), "isKey": total > 400_000, "lines": { "create": lines },
        "closeDate": world.today.plus(close).date(),
    });
    if let Some(person) = sales.contacts.iter().find(|person| person.company == place) {
        set(&mut row, "primaryContact", connect(&person.id));
    }
    if world.chance.percent(25) {
        set(&mut row, "campaign", connect(world.chance.pick(sales.campaigns)));
    }
    if stage == "LOST" {
        let causes = [("PRICE", 35), ("PRODUCT_FIT", 20), ("COMPETITOR", 25), ("NO_BUDGET", 12), ("NO_DECISION", 8)];
        set(&mut row, "lossCategory", json!(world.chance.weighted(&causes)));
        set(&mut row, "lossReason", json!(if company.abroad { "Chose another supplier." } else { "客户选择了其他供应商。" }));
    } else if stage != "WON" {
        set(&mut row, "nextStep", json!(if company.abroad { "Send the offer" } else { "提交报价并约回访" }));
        set(&mut row, "nextContactAt", json!(world.today.plus(world.chance.between(1, 20)).at(world.chance.between(54, 100) * 10)));
    }
    row
}

/// What lies behind us is decided; what lies ahead is open.
fn stage(chance: &mut Chance, close: i64) -> &'static str {
    if close < -10 {
        return if chance.percent(57) { "WON" } else { "LOST" };
    }
    let open = chance.weighted(&OPEN_STAGES);
    OPEN_STAGES.iter().map(|(stage, _)| *stage).find(|stage| *stage == open).unwrap_or("PROSPECTING")
}

fn probability(stage: &str) -> &'static str {
    match stage {
        "WON" => "100",
        "LOST" => "0",
        "NEGOTIATION" => "75",
        "PROPOSAL" => "50",
        "NEEDS_CONFIRMED" => "30",
        _ => "10",
    }
}

fn forecast(stage: &str) -> &'static str {
    match stage {
        "WON" | "NEGOTIATION" => "COMMIT",
        "PROPOSAL" => "BEST_CASE",
        "LOST" => "OMITTED",
        _ => "PIPELINE",
    }
}

/// One to four lines, and what they add up to in whole units.
fn lines(world: &mut World, goods: &[Good], currency: &str) -> (Vec<Value>, i64) {
    // Abroad the same price list is read in the other currency, at about a seventh.
    let divisor = if currency == "CNY" { 1 } else { 7 };
    let mut rows = Vec::new();
    let mut sum = 0;
    for position in 1..=world.chance.between(1, 4) {
        let good = world.chance.pick(goods);
        let quantity = world.chance.between(1, 40);
        let price = (good.price / divisor).max(1);
        sum += price * quantity;
        rows.push(json!({
            "product": connect(&good.id), "position": position, "quantity": format!("{quantity}.000"),
            "unitPrice": money(price, currency), "total": money(price * quantity, currency),
        }));
    }
    (rows, sum)
}
