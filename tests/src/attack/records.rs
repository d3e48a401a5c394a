//! Attacks on every slot of the data API: a bait of each sort must be answered like one that does not exist.
//!
//! Four askings of each: nobody's, a hidden and a foreign bait in the target, nobody's in the twin. All four answers are
//! the same, and in the target the same statements were run. Questions are packed into documents; where one of a pack
//! is refused as a whole, the pack is taken apart.

use std::collections::BTreeMap;

use serde_json::Value;

use super::case::{Case, Shot};
use super::judge::Judge;
use super::report::Report;
use super::slot::{Slot, Sort, Walked, doors};
use super::world::{Whose, World};
use crate::{Statements, Tenant};

/// Questions in one document.
const PACK: usize = 16;

/// Packs under way at once.
const AT_ONCE: usize = 4;

/// The cases of a run: `ids` baits at each kind of door, but every slot at least once.
pub(super) fn cases(world: &World, (ids, seed): (usize, usize), report: &mut Report) -> Vec<Case> {
    let doors = doors(&world.schema);
    let mut walked = Walked::of(&doors);
    let mut by_kind: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for door in doors {
        let slots = walked.slots(&world.schema, &door);
        report.meets(&door.name(), !slots.is_empty() || door.field.arguments.is_empty());
        let slots = if door.field.arguments.is_empty() { vec![Slot::none(door.about.clone())] } else { slots };
        let kind = by_kind.entry(door.kind.clone()).or_default();
        let is_told = |slot: &Slot| match slot.sort {
            Sort::Cursor => false,
            // What is written is no question: a number or a choice of the attacker's own tells him nothing.
            Sort::Plain => door.operation == "Query" || slot.path.len() < 2,
            Sort::Id | Sort::Text => true,
        };
        kind.extend(slots.into_iter().filter(is_told).map(|slot| Case { door: door.clone(), slot, number: 0, text: None }));
    }
    let mut all = Vec::new();
    for cases in by_kind.into_values() {
        // An upsert is attacked through the keys it matches by.
        let is_key = |case: &Case| case.door.kind.starts_with("upsert") && case.slot.sort == Sort::Text;
        // A search names no object: it is asked for words of one after another.
        let is_sought = |case: &Case| case.door.kind == "search" && case.slot.sort == Sort::Text;
        let is_baited = |case: &Case| (case.slot.sort == Sort::Id || is_key(case) || is_sought(case)) && !case.slot.of.is_list();
        let baited = cases.iter().filter(|case| is_baited(case)).count();
        let rounds = if baited == 0 { 1 } else { ids.div_ceil(baited * 2).max(1) };
        for case in cases {
            let rounds = if is_baited(&case) { rounds } else { 1 };
            let among = if is_sought(&case) { world.baits * world.objects.len() } else { world.baits };
            all.extend((0..rounds).map(|round| Case { number: (seed + round) % among, ..case.clone() }));
        }
    }
    all
}

/// Runs cases: queries in packs, mutations one by one.
pub(super) async fn run(world: &World, cases: &[Case], report: &mut Report) -> anyhow::Result<()> {
    let (queries, mutations): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.door.operation == "Query");
    let (baited, plain): (Vec<&Case>, Vec<&Case>) = queries.into_iter().partition(|case| case.has_bait());
    report.counts(baited.len() + plain.len(), mutations.len());
    let mut packs: Vec<Vec<&Case>> = baited.chunks(PACK).chain(plain.chunks(PACK)).map(<[&Case]>::to_vec).collect();
    packs.extend(mutations.into_iter().map(|case| vec![case]));
    let judge = Judge::of(world)?;
    while !packs.is_empty() {
        let now = packs.split_off(packs.len().saturating_sub(AT_ONCE));
        let asked = futures::future::join_all(now.iter().map(|pack| Asked::ask(world, &judge, pack))).await;
        for (pack, asked) in now.iter().zip(asked) {
            let asked = asked?;
            if asked.is_refused() && pack.len() > 1 {
                let (left, right) = pack.split_at(pack.len() / 2);
                packs.extend([left.to_vec(), right.to_vec()]);
                continue;
            }
            asked.judge(pack, report);
        }
    }
    Ok(())
}

/// An answer with what it cost.
struct Told {
    whose: Whose,
    is_twin: bool,
    even: Value,
    statements: Vec<String>,
}

/// The answers to one pack.
struct Asked(Vec<Told>);

impl Asked {
    async fn ask(world: &World, judge: &Judge, pack: &[&Case]) -> anyhow::Result<Self> {
        let mut told = Vec::new();
        let has_bait = pack.iter().any(|case| case.has_bait());
        for (whose, is_twin) in [(Whose::Missing, false), (Whose::Missing, true), (Whose::Foreign, false), (Whose::Hidden, false)] {
            // A bait is asked for in the target; whether rows unseen add anything, the twin tells.
            let is_write = pack.iter().any(|case| case.door.operation == "Mutation");
            let is_idle = if is_twin { is_write && has_bait } else { whose != Whose::Missing && !has_bait };
            if is_idle {
                continue;
            }
            let shot = Case::shot(world, pack, whose);
            let (even, statements) = fire(if is_twin { &world.twin } else { &world.target }, &shot, judge).await?;
            told.push(Told { whose, is_twin, even, statements });
            let (Some(base), Some(last)) = (told.first(), told.last()) else { continue };
            if !is_twin && last.even == base.even && last.statements != base.statements {
                // A save that met another ran twice: only what is different every time tells anything.
                let (_, base) = fire(&world.target, &Case::shot(world, pack, Whose::Missing), judge).await?;
                let (even, statements) = fire(&world.target, &shot, judge).await?;
                let again = Told { whose, is_twin, even, statements };
                if again.statements == base
                    && let (Some(first), Some(last)) = (told.first().map(|first| first.statements.clone()), told.last_mut())
                {
                    *last = Told { statements: first, even: last.even.clone(), ..again };
                }
            }
        }
        Ok(Self(told))
    }

    /// Whether an answer has no data for each question by itself.
    fn is_refused(&self) -> bool {
        self.0.iter().any(|told| told.even.get("errors").is_some())
    }

    fn judge(&self, pack: &[&Case], report: &mut Report) {
        let Some(base) = self.0.first() else { return };
        let name = || pack.iter().map(|case| case.name()).collect::<Vec<_>>().join(", ");
        for case in pack {
            report.tried(&case.door.kind, if case.has_bait() { 2 } else { 0 });
        }
        if let Some(wrong) = unanswered(&base.even) {
            report.unanswered(&name(), &wrong);
        }
        for told in &self.0 {
            if let Some(leak) = Judge::leak(&told.even.to_string()) {
                report.finds(&name(), &format!("{} shows {leak}", told.place()));
            }
            if told.even == base.even {
                if !told.is_twin && told.statements != base.statements {
                    report
                        .finds(&name(), &format!("{} runs other statements:\n{}", told.place(), other(&base.statements, &told.statements)));
                }
                continue;
            }
            if told.whose == Whose::Hidden && pack.iter().all(|case| is_unique_write(case)) && says_only_taken(&base.even, &told.even) {
                report.tells_taken(&name());
                continue;
            }
            let culprit = pack.iter().enumerate().find_map(|(place, case)| {
                let alias = format!("/data/a{place}");
                (base.even.pointer(&alias) != told.even.pointer(&alias)).then(|| case.name())
            });
            report.finds(&culprit.unwrap_or_else(name), &format!("{} differs: {}", told.place(), difference(&base.even, &told.even)));
        }
    }
}

impl Told {
    fn place(&self) -> String {
        format!("{:?} bait in the {}", self.whose, if self.is_twin { "twin" } else { "target" })
    }
}

/// Sends one document and waits for its statements.
pub(super) async fn fire(tenant: &Tenant, shot: &Shot, judge: &Judge) -> anyhow::Result<(Value, Vec<String>)> {
    fire_at(tenant, "graphql", shot, judge).await
}

/// The same at another door.
pub(super) async fn fire_at(tenant: &Tenant, door: &str, shot: &Shot, judge: &Judge) -> anyhow::Result<(Value, Vec<String>)> {
    let request = Statements::next_request();
    let headers = [("tenon-cost".to_owned(), "full".to_owned()), ("x-request-id".to_owned(), request.clone())];
    let answer = tenant.post(door, &shot.body, &headers).await?;
    let mut even = judge.even(&answer.json()?, &shot.sent);
    even["status"] = Value::from(answer.status);
    Ok((even, Statements::of(&request)))
}

/// A question that never got past the door attacks nothing.
fn unanswered(even: &Value) -> Option<String> {
    let errors = even.get("errors")?.as_array()?;
    let wrong = errors.iter().find(|error| {
        let rule = error["extensions"]["rule"].as_str().unwrap_or_default();
        rule.starts_with("graphql/") || matches!(error["extensions"]["code"].as_str(), Some("INTERNAL" | "EXHAUSTED" | "UNAVAILABLE"))
    })?;
    Some(wrong.to_string())
}

/// A unique value or id that is written may be taken by a record unseen.
fn is_unique_write(case: &Case) -> bool {
    case.door.operation == "Mutation" && case.slot.path.iter().any(|step| matches!(step.as_str(), "input" | "inputs" | "create"))
}

/// CONFLICT on a unique key, and nothing of the record that has it.
fn says_only_taken(base: &Value, even: &Value) -> bool {
    let before = base.get("errors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let errors = even.get("errors").and_then(Value::as_array);
    let is_taken = |error: &Value| {
        let extensions = &error["extensions"];
        extensions["code"] == "CONFLICT" && extensions["existing"].is_null() && extensions["currentVersion"].is_null()
    };
    errors.is_some_and(|errors| errors.iter().any(is_taken) && errors.iter().all(|error| is_taken(error) || before.contains(error)))
}

/// The first member in which two answers differ.
pub(super) fn difference(left: &Value, right: &Value) -> String {
    fn walk(path: &str, left: &Value, right: &Value) -> Option<String> {
        match (left, right) {
            _ if left == right => None,
            (Value::Object(one), Value::Object(two)) => {
                let keys = one.keys().chain(two.keys());
                keys.into_iter().find_map(|key| walk(&format!("{path}.{key}"), &left[key.as_str()], &right[key.as_str()]))
            }
            (Value::Array(one), Value::Array(two)) if one.len() == two.len() => {
                one.iter().zip(two).enumerate().find_map(|(place, (one, two))| walk(&format!("{path}[{place}]"), one, two))
            }
            _ => Some(format!("at `{path}`: {left:.300} ≠ {right:.300}")),
        }
    }
    walk("", left, right).unwrap_or_default()
}

fn other(base: &[String], told: &[String]) -> String {
    let at = base.iter().zip(told).take_while(|(one, two)| one == two).count();
    let show = |list: &[String]| list.get(at).cloned().unwrap_or_else(|| "nothing".to_owned());
    format!("  {} and {} statements; the first that differs:\n  {}\n  {}", base.len(), told.len(), show(base), show(told))
}
