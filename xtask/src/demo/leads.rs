//! Leads: people who raised a hand, in every state of being followed up.

use serde_json::json;

use super::load::{World, connect, kind, money};
use super::organisation::{Staff, set};
use super::words::{BRAND_BEGIN, BRAND_END, BRAND_FIRST, BRAND_SECOND, GIVEN_EN, GIVEN_ZH, INDUSTRIES, SOURCES, SURNAMES_EN, SURNAMES_ZH};

const LEADS: usize = 400;

/// States, with how many of a hundred are in them.
const STATES: [(&str, i64); 7] =
    [("NEW", 22), ("CLEANED", 10), ("ASSIGNED", 15), ("FOLLOWING", 25), ("QUALIFIED", 12), ("INVALID", 12), ("RECYCLED", 4)];

/// Makes them.
pub(super) fn fill(world: &mut World, staff: &Staff, campaigns: &[String]) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for number in 0..LEADS {
        let abroad = world.chance.percent(30);
        let (industry, word_zh, word_en) = world.chance.pick(&INDUSTRIES);
        let status = world.chance.weighted(&STATES);
        let score = world.chance.between(5, 100);
        let (name, company, need) = if abroad {
            let brand = format!("{}{} {word_en}", world.chance.pick(&BRAND_BEGIN), world.chance.pick(&BRAND_END));
            (format!("{} {}", world.chance.pick(&GIVEN_EN), world.chance.pick(&SURNAMES_EN)), brand, "Asks for prices and delivery times.")
        } else {
            let brand = format!("{}{}{word_zh}", world.chance.pick(&BRAND_FIRST), world.chance.pick(&BRAND_SECOND));
            (format!("{}{}", world.chance.pick(&SURNAMES_ZH), world.chance.pick(&GIVEN_ZH)), brand, "想了解价格、交期和售后政策。")
        };
        let mut row = json!({
            "name": name, "company": company, "need": need, "industry": industry.to_uppercase(), "status": status, "score": score,
            "grade": match score { 70.. => "A", 40..70 => "B", _ => "C" }, "source": world.chance.weighted(&SOURCES),
            "email": format!("lead{number}@visitor.example"), "estimatedAmount": money(world.chance.between(1, 60) * 5_000, "CNY"),
        });
        if world.chance.percent(40) {
            set(&mut row, "campaign", connect(world.chance.pick(campaigns)));
        }
        if !matches!(status, "NEW" | "CLEANED") {
            let day = world.today.plus(-world.chance.between(1, 120));
            set(&mut row, "owner", connect(world.chance.pick(&staff.sellers)));
            set(&mut row, "assignedAt", json!(day.at(600)));
            set(&mut row, "lastActivityAt", json!(day.plus(2).at(900)));
        }
        if status == "INVALID" {
            set(&mut row, "invalidReason", json!(if abroad { "Not reachable" } else { "号码无效或无需求" }));
        }
        rows.push(row);
    }
    world.create(&kind("Lead", "Leads"), &rows)?;
    Ok(())
}
