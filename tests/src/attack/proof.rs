//! The suite is worth something: a place of the weave that forgets its rows is caught, each by itself.
//!
//! Each place is switched off in the running server, which debug builds can do, and a part of the attacks is run until
//! one of them sees the difference. Plans are kept by their document, so each place gets documents of its own.

use tenon_access::Place;

use super::case::Case;
use super::doors;
use super::records;
use super::report::Report;
use super::world::World;

/// Cases that are tried for a place at most.
const CASES_MAX: usize = 160;

/// Cases that are tried before looking whether something was caught.
const CHUNK: usize = 32;

/// Switches off one after another.
pub(super) async fn run(world: &World) -> anyhow::Result<Vec<(&'static str, Option<String>)>> {
    let cases = records::cases(world, (1, 0), &mut Report::default());
    // What is found at the doors while all places remember proves nothing of any of them.
    let mut known = Report::default();
    doors::woven(world, &mut known).await?;
    let mut caught = Vec::new();
    for place in Place::ALL {
        caught.push((place.word(), one(world, place, &some(&cases, place, world.objects.len()), &mut known).await?));
    }
    Ok(caught)
}

async fn one(world: &World, place: Place, cases: &[Case], known: &mut Report) -> anyhow::Result<Option<String>> {
    let marked = world.marked(place.word());
    let mut report = Report::default();
    for some in cases.chunks(CHUNK) {
        records::run(world, some, known).await?;
        Place::switch_off(Some(place));
        let done = records::run(&marked, some, &mut report).await;
        Place::switch_off(None);
        done?;
        if let Some(found) = report.beyond(known) {
            return Ok(Some(found));
        }
    }
    Place::switch_off(Some(place));
    let done = doors::woven(&marked, &mut report).await;
    Place::switch_off(None);
    done?;
    Ok(report.beyond(known))
}

/// The kinds of doors behind which a place is met, and a word their slots have, if only some of them come to it.
const fn aim(place: Place) -> (&'static [&'static str], &'static str) {
    match place {
        Place::Root => (&["single", "list", "record"], ""),
        Place::Nested => (&["nested"], ""),
        Place::Filter => (&["list"], "is"),
        Place::Order => (&["list"], "orderBy"),
        Place::Group => (&["aggregate"], "groupBy"),
        Place::Having => (&["aggregate"], "having"),
        Place::Count => (&["output.totalCount"], ""),
        Place::Aggregate => (&["aggregate", "output.count"], ""),
        Place::Write => (&["update", "delete"], "id"),
        Place::Batch => (&["update many", "delete many"], "filter"),
        Place::NestedWrite => (&["create", "update", "upsert"], "disconnect"),
        Place::Connect => (&["create", "update"], "connect"),
        Place::Upsert => (&["upsert", "upsert many"], "externalIds"),
        Place::Unique => (&["create", "update", "upsert"], "externalIds"),
        Place::History => (&["nested"], "first"),
        Place::Share => (&["share", "unshare"], ""),
        Place::Merge => (&["merge"], ""),
        Place::Search => (&["search"], "text"),
        // Doors of their own, see `doors::woven`.
        _ => (&[], ""),
    }
}

/// Cases that come to a place, taken evenly.
fn some(cases: &[Case], place: Place, objects: usize) -> Vec<Case> {
    let (kinds, word) = aim(place);
    let is_meant =
        |case: &&Case| kinds.contains(&case.door.kind.as_str()) && (word.is_empty() || case.slot.path.iter().any(|step| step == word));
    let meant: Vec<&Case> = cases.iter().filter(is_meant).collect();
    if place == Place::Search {
        // One case for each object whose words are looked for.
        return meant.into_iter().flat_map(|case| (0..objects).map(|number| Case { number, ..case.clone() })).collect();
    }
    let step = meant.len().div_ceil(CASES_MAX).max(1);
    meant.into_iter().step_by(step).cloned().collect()
}
