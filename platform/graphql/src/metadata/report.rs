//! What a row rule comes to: the columns it compares, whether an index serves it, and how many records it selects for
//! some of the people it is for.
//!
//! Invariant: nothing is counted while the document has changed how records are kept: their tables are locked until it ends.

use std::sync::Arc;

use async_graphql::SimpleObject;
use tenon_access::{compared, counted, is_served};
use tenon_context::{OpContext, Principal};
use tenon_diagnostics::Classify;
use tenon_model::{Leaf, Model, ObjectIx, Path, RoleIx, Rule};
use tenon_query::{Answer, Params, Read};
use tenon_store::StoreError;
use tenon_value::Value;

use super::door::{Door, Failure};
use super::scalars::Long;
use super::sight::Sight;

/// People for whom a rule is counted.
const SAMPLES_MAX: usize = 3;

/// What a rule comes to.
#[derive(SimpleObject)]
pub(super) struct RuleReport {
    /// `read`, `update`, …; `rows` of a sharing rule.
    key: String,
    rule: String,
    /// Whether it is answered without looking at every record.
    served: bool,
    compares: Vec<Compared>,
    /// Empty where nobody holds the role, or where the document changes how records are kept.
    samples: Vec<Sample>,
}

/// Something of the record that a rule compares.
#[derive(SimpleObject)]
struct Compared {
    path: String,
    indexed: bool,
}

/// How many records a rule selects for somebody.
#[derive(SimpleObject)]
struct Sample {
    user: async_graphql::ID,
    display: String,
    /// None: something the rule needs is not known of this person, so that it denies.
    rows: Option<Long>,
}

/// Works out what a rule comes to.
pub(super) async fn of_rule(
    door: &Door,
    (sight, object): (&Arc<Sight>, ObjectIx),
    (key, rule): (&str, &Arc<Rule>),
    roles: &[RoleIx],
) -> Result<RuleReport, Failure> {
    let model = &sight.model;
    let told = |one: tenon_access::Compared| Compared { path: words(model, object, &one.path), indexed: one.indexed };
    let samples = if door.has_shaped() { Vec::new() } else { samples(door, model, (object, rule), roles).await? };
    Ok(RuleReport {
        key: key.to_owned(),
        rule: rule.source.clone(),
        served: is_served(model, rule),
        compares: compared(model, rule).into_iter().map(told).collect(),
        samples,
    })
}

async fn samples(door: &Door, model: &Arc<Model>, (object, rule): (ObjectIx, &Rule), roles: &[RoleIx]) -> Result<Vec<Sample>, Failure> {
    let mut samples = Vec::new();
    for principal in door.holders(model, roles, SAMPLES_MAX).await? {
        let rows = count(door, model, (object, rule), &principal).await?;
        samples.push(Sample { user: principal.id.to_string().into(), display: principal.display.clone(), rows: rows.map(Long) });
    }
    Ok(samples)
}

async fn count(door: &Door, model: &Arc<Model>, (object, rule): (ObjectIx, &Rule), principal: &Principal) -> Result<Option<u64>, Failure> {
    let Some(read) = counted(model, object, rule, &principal.standing) else { return Ok(None) };
    let failed = |error: StoreError| Failure::from(error.problem());
    let prepared = door.store.prepare(model, Read::Aggregate(read)).map_err(failed)?;
    let mut cx: OpContext = door.cx.clone();
    (cx.model, cx.principal) = (Arc::clone(model), principal.clone());
    let Answer::Groups(groups) = door.store.read(&cx, &prepared, &Params::default()).await.map_err(failed)? else { return Ok(None) };
    Ok(match groups.first().and_then(|group| group.measures.first()) {
        Some(Value::Int(count)) => u64::try_from(*count).ok(),
        _ => Some(0),
    })
}

/// A path as a rule writes it.
fn words(model: &Model, object: ObjectIx, path: &Path) -> String {
    let mut words: Vec<String> = Vec::new();
    for (object, relation) in &path.hops {
        words.extend(model.object(*object).and_then(|object| object.relation(*relation)).map(|relation| relation.name.to_string()));
    }
    let end = model.object(path.object).or_else(|| model.object(object));
    words.extend(match path.leaf {
        Leaf::Field(field, _) => end.and_then(|object| object.field(field)).map(|field| field.name.to_string()),
        Leaf::Relation(relation) => end.and_then(|object| object.relation(relation)).map(|relation| relation.name.to_string()),
    });
    words.join(".")
}
