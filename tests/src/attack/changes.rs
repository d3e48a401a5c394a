//! Attacks on the feed of changes: whatever happened to what is out of sight, nothing of it is told.

use super::judge::Judge;
use super::report::Report;
use super::world::World;

/// Reads all that is kept. What left the attacker's sight was his once: of that the feed may say that it left.
pub(super) async fn run(world: &World, judge: &Judge, report: &mut Report) -> anyhow::Result<()> {
    let mut after = String::new();
    loop {
        let (lines, next) = world.target.changes(&format!("limit=1000&after={after}")).await?;
        report.tried("changes", 1);
        for line in lines.iter().filter(|line| !line["type"].as_str().is_some_and(|kind| kind.ends_with(".left"))) {
            if let Some(found) = Judge::leak(&judge.even(line, &[]).to_string()) {
                report.finds("GET changes", &found);
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        after = next;
    }
}
