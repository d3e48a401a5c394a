//! Activities: what was done about the deals, and what is still to do.

use serde_json::json;

use super::deals::{Deal, Sales};
use super::load::{World, connect, kind};
use super::organisation::set;

const ACTIVITIES: usize = 1_500;

/// Kinds: code, Chinese and English subject, minutes it takes.
const KINDS: [(&str, &str, &str, i64); 6] = [
    ("CALL", "电话回访", "Follow-up call", 15),
    ("VISIT", "上门拜访", "Visit on site", 120),
    ("MEETING", "方案评审会", "Review of the offer", 60),
    ("TASK", "准备报价", "Prepare the offer", 0),
    ("MAIL", "发送资料", "Send documents", 0),
    ("NOTE", "客户反馈", "Customer feedback", 0),
];

/// Makes them.
pub(super) fn fill(world: &mut World, sales: &Sales<'_>, deals: &[Deal]) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for _ in 0..ACTIVITIES {
        let deal = world.chance.pick(deals);
        let company = sales.accounts.get(deal.company).expect("a deal's place is within the list");
        let (code, zh, en, minutes) = world.chance.pick(&KINDS);
        let offset = world.chance.between(-360, 30);
        let minute = world.chance.between(54, 102) * 10;
        let day = world.today.plus(offset);
        let subject = if company.abroad { format!("{en}: {}", company.short_name) } else { format!("{zh}：{}", company.short_name) };
        let mut row = json!({
            "subject": subject, "kind": code, "regarding": connect(&deal.id), "account": connect(&company.id),
            "owner": connect(&company.owner), "dueAt": day.at(minute), "status": if offset < 0 { "DONE" } else { "OPEN" },
            "priority": world.chance.weighted(&[("NORMAL", 75), ("HIGH", 15), ("LOW", 10)]),
        });
        if offset < 0 {
            set(&mut row, "doneAt", json!(day.at(minute + minutes)));
            set(
                &mut row,
                "outcome",
                json!(world.chance.weighted(&[("POSITIVE", 45), ("NEUTRAL", 35), ("NEGATIVE", 12), ("NOT_REACHED", 8)])),
            );
            if *minutes > 0 {
                set(&mut row, "startsAt", json!(day.at(minute)));
                set(&mut row, "duration", json!(format!("PT{minutes}M")));
            }
        }
        rows.push(row);
    }
    world.create(&kind("Activity", "Activities"), &rows)?;
    Ok(())
}
