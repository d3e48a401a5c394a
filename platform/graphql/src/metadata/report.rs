//! What a row rule comes to: the columns it compares, whether an index serves it, and how many records it selects for
//! some of the people it is for.
//!
//! Invariants: nothing is counted while the document has changed how records are kept, be it by a rule that has ends of
//! references kept: their tables are locked until it ends. A rule is counted in the model that is live, so only where both
//! models have the same objects and fields.

use std::sync::Arc;

use async_graphql::SimpleObject;
use tenon_access::{compared, counted, is_served};
use tenon_context::{OpContext, Principal};
use tenon_diagnostics::Classify;
use tenon_model::{ElementPath, Grant, Leaf, Model, Object, ObjectIx, Path, RoleIx, Rule};
use tenon_query::{Answer, Params, Read};
use tenon_store::StoreError;
use tenon_value::Value;

use super::door::{Door, Failure};
use super::scalars::Long;
use super::sight::{Extent, Sight};

/// People for whom a rule is counted.
const SAMPLES_MAX: usize = 3;
/// Rules of a document that are counted at most (`rules_counted`).
pub(super) const RULES_COUNTED_MAX: usize = 60;

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
    let live = &door.cx.model;
    let may_count = !door.has_shaped()
        && is_same_ground(live, model)
        && has_same_ends(live, door.model().await.as_ref())
        && door.counts_one_more(RULES_COUNTED_MAX);
    let samples = if may_count { samples(door, model, (object, rule), roles).await? } else { Vec::new() };
    Ok(RuleReport {
        key: key.to_owned(),
        rule: rule.source.clone(),
        served: is_served(model, rule),
        compares: compared(model, rule).into_iter().map(told).collect(),
        samples,
    })
}

/// What the rules come to that a step of a plan brings; `after` is the model with the step.
pub(super) async fn of_step(door: &Door, path: &ElementPath, after: &Arc<Model>) -> Result<Vec<RuleReport>, Failure> {
    let mut words = path.0.split('.');
    let object = words.next().and_then(|name| after.object_named(name));
    let (Some(object), Some(concern), Some(name)) = (object, words.next(), words.next()) else { return Ok(Vec::new()) };
    let sight = Sight::new(Arc::clone(after), door.cx.principal.clone(), Extent::Kept);
    let mut reports = Vec::new();
    if concern == "access" {
        let is_meant = |grant: &&Grant| after.role(grant.role).is_some_and(|role| role.name.as_str() == name);
        for grant in object.grants().filter(is_meant) {
            for (key, rule) in grant.rows.named() {
                reports.push(of_rule(door, (&sight, object.ix), (key, rule), &[grant.role]).await?);
            }
        }
    } else if concern == "sharing" {
        for rule in object.shared().filter(|rule| rule.name.as_str() == name) {
            reports.push(of_rule(door, (&sight, object.ix), ("rows", &rule.rows), &rule.roles).await?);
        }
    }
    Ok(reports)
}

/// Whether objects, fields and relations are the same in both, at the same places.
fn is_same_ground(one: &Model, other: &Model) -> bool {
    let same = |one: &Object, other: &Object| {
        one.id == other.id
            && one.state == other.state
            && one.fields.iter().map(|field| field.id).eq(other.fields.iter().map(|field| field.id))
            && one.relations.iter().map(|relation| relation.id).eq(other.relations.iter().map(|relation| relation.id))
    };
    one.objects.len() == other.objects.len() && one.objects.iter().zip(&other.objects).all(|(one, other)| same(one, other))
}

/// Whether the same ends of references are kept in both.
fn has_same_ends(one: &Model, other: &Model) -> bool {
    one.objects.iter().map(|object| &object.reaches).eq(other.objects.iter().map(|object| &object.reaches))
}

async fn samples(door: &Door, model: &Arc<Model>, (object, rule): (ObjectIx, &Rule), roles: &[RoleIx]) -> Result<Vec<Sample>, Failure> {
    let mut samples = Vec::new();
    for principal in door.holders(model, roles, SAMPLES_MAX).await? {
        let rows = count(door, (object, rule), &principal).await?;
        samples.push(Sample { user: principal.id.to_string().into(), display: principal.display.clone(), rows: rows.map(Long) });
    }
    Ok(samples)
}

async fn count(door: &Door, (object, rule): (ObjectIx, &Rule), principal: &Principal) -> Result<Option<u64>, Failure> {
    // The model after has columns that are not there yet.
    let model = &door.cx.model;
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
