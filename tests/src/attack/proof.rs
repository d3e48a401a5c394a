//! The suite is worth something: a place of the weave that forgets its rows is caught, each by itself.
//!
//! Each place is switched off in the running server, which debug builds can do, and a part of the attacks is run until
//! one of them sees the difference. Plans are kept by their document, so each place gets documents of its own.

use std::collections::BTreeMap;

use tenon_access::Place;

use super::case::Case;
use super::doors;
use super::records;
use super::report::Report;
use super::slot::Sort;
use super::world::World;

/// Cases of each kind of door and sort that are tried.
const EACH: usize = 12;

/// Switches off one after another.
pub(super) async fn run(world: &World) -> anyhow::Result<Vec<(&'static str, Option<String>)>> {
    let cases = some(records::cases(world, (1, 0), &mut Report::default()));
    // What is found while all places remember proves nothing of any of them.
    let mut known = Report::default();
    records::run(world, &cases, &mut known).await?;
    doors::run(world, &mut known).await?;
    let mut caught = Vec::new();
    for place in Place::ALL {
        Place::switch_off(Some(place));
        let found = one(&world.marked(place.word()), &cases, &known).await;
        Place::switch_off(None);
        caught.push((place.word(), found?));
    }
    Ok(caught)
}

async fn one(world: &World, cases: &[Case], known: &Report) -> anyhow::Result<Option<String>> {
    let mut report = Report::default();
    for some in cases.chunks(64) {
        records::run(world, some, &mut report).await?;
        if let Some(found) = report.beyond(known) {
            return Ok(Some(found));
        }
    }
    doors::run(world, &mut report).await?;
    Ok(report.beyond(known))
}

/// Some of each kind, taken evenly, and no kind before another.
fn some(cases: Vec<Case>) -> Vec<Case> {
    let mut by_kind: BTreeMap<(String, bool), Vec<Case>> = BTreeMap::new();
    for case in cases {
        let is_id = case.slot.sort == Sort::Id;
        by_kind.entry((case.door.kind.clone(), is_id)).or_default().push(case);
    }
    let picked: Vec<Vec<Case>> =
        by_kind.into_values().map(|cases| cases.iter().step_by(cases.len().div_ceil(EACH).max(1)).cloned().collect()).collect();
    (0..EACH).flat_map(|round| picked.iter().filter_map(move |cases| cases.get(round).cloned())).collect()
}
