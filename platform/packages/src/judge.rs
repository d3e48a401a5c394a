//! What each step means for callers, and whether it can be done in one go: from the models before and after.

use std::collections::{HashMap, HashSet};

use tenon_model::{ElementPath, Field, FieldKind, Model, Object, Relation, RelationShape, State};
use tenon_value::{ElementId, Json, Name};

use crate::elements::is_law;
use crate::ends;
use crate::{ApiEffect, Op, Operation, Risk};

/// A question about stored records that decides over a step.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// How many records there are: information only.
    Rows,
    /// The step is blocked where there are any records.
    NoRows(&'static str),
    /// The step is blocked where records have nothing in this field.
    NoNulls(ElementId),
    /// The step is blocked where two records agree in this unique key of the model after.
    NoDuplicates(Name),
    /// Stored values become values of another type: a job, where there are any.
    Convert,
    /// Records get the default of a field that is new and required: a job, where there are any.
    Fill,
    /// How many records have something in this field or relation: information only.
    Filled(ElementId),
    /// In how many records these ends of references are filled in, since rules ask for them: information only.
    Ends(Vec<String>),
}

impl Question {
    /// Whether a job can answer it as well, while others write.
    pub(crate) const fn is_of_shape(&self) -> bool {
        matches!(self, Self::NoNulls(_) | Self::NoDuplicates(_))
    }
}

/// A step with what remains to be asked about it.
pub(crate) struct Judged {
    pub(crate) operation: Operation,
    /// The object whose records are asked, and the questions.
    pub(crate) object: Option<ElementId>,
    pub(crate) questions: Vec<Question>,
    /// It can be left to a job where there are many records.
    pub(crate) can_wait: bool,
}

const TYPE_CHANGE: &str =
    "values of the one type do not become values of the other: add a field of the new type, move the data, retire this one";
const TYPE_ASKED: &str = "rules on rows ask for it over a reference: take it out of those rules first";
const SHAPE_CHANGE: &str = "this version cannot change how stored records are kept: add a new element, move the data, retire this one";

/// Elements of a model by id.
struct Index<'m> {
    objects: HashMap<ElementId, &'m Object>,
    fields: HashMap<ElementId, (&'m Object, &'m Field)>,
    relations: HashMap<ElementId, (&'m Object, &'m Relation)>,
    paths: HashMap<String, ElementId>,
}

impl<'m> Index<'m> {
    fn new(model: &'m Model) -> Self {
        let mut index = Self { objects: HashMap::new(), fields: HashMap::new(), relations: HashMap::new(), paths: HashMap::new() };
        for object in &model.objects {
            index.paths.insert(object.name.as_str().to_owned(), object.id);
            index.objects.insert(object.id, object);
            for field in object.fields.iter().filter(|field| !field.system) {
                index.paths.insert(format!("{}.fields.{}", object.name, field.name), field.id);
                index.fields.insert(field.id, (object, field));
            }
            for relation in object.relations.iter().filter(|relation| !relation.system) {
                index.paths.insert(format!("{}.relations.{}", object.name, relation.name), relation.id);
                index.relations.insert(relation.id, (object, relation));
            }
        }
        index
    }
}

/// Judges the steps. Without a model after, the wish has errors and only the words of the steps are told.
pub(crate) fn judge(operations: Vec<Operation>, before: &Model, after: Option<&Model>) -> Vec<Judged> {
    let old = Index::new(before);
    let new = after.map(Index::new);
    let mut told = HashSet::new();
    let judged = operations.into_iter().map(|operation| {
        let judged = judge_one(operation, &old, new.as_ref());
        match after.and_then(|after| ends::brought(&judged.operation.path, (before, after), &mut told)) {
            Some((object, ends)) => Judged { object: Some(object), questions: vec![Question::Ends(ends)], ..judged },
            None => judged,
        }
    });
    judged.collect()
}

fn judge_one(operation: Operation, old: &Index<'_>, new: Option<&Index<'_>>) -> Judged {
    let path = operation.path.clone();
    // Rights change what one caller sees, not the API that callers are written against: given or taken in the apply.
    let served = !matches!(path.split('.').nth(1), Some("views" | "layouts")) && !is_law(&ElementPath(path.clone()));
    let operation = if served { api_of_op(operation) } else { operation };
    // What a job is to bring must stand in the layer meanwhile.
    let can_wait = matches!(operation.op, Op::Change | Op::Rename);
    let mut judged = Judged { operation, object: None, questions: Vec::new(), can_wait };
    let option = path.split_once(".options").map(|(field, _)| field.to_owned());
    let id = new.and_then(|new| new.paths.get(&path)).or_else(|| old.paths.get(&path)).copied();
    if option.is_some() || !served {
        return judged;
    }
    let Some(id) = id else { return judged };
    if let Some((object, field)) = new.and_then(|new| new.fields.get(&id)).or_else(|| old.fields.get(&id)) {
        judged.object = Some(object.id);
        judge_field(&mut judged, old.fields.get(&id).map(|(object, field)| (*object, *field)), field);
    } else if let Some((object, relation)) = new.and_then(|new| new.relations.get(&id)).or_else(|| old.relations.get(&id)) {
        judged.object = Some(object.id);
        judge_relation(&mut judged, old.relations.get(&id).map(|(_, relation)| *relation), relation);
    } else if let Some(object) = new.and_then(|new| new.objects.get(&id)).or_else(|| old.objects.get(&id)) {
        judged.object = Some(object.id);
        judge_object(&mut judged, old.objects.get(&id).copied(), object);
    }
    judged
}

/// What follows from the kind of step alone.
fn api_of_op(operation: Operation) -> Operation {
    let is_option = operation.path.contains(".options");
    match operation.op {
        Op::Add | Op::Restore => operation.api(ApiEffect::Additive),
        // Former names go on working for a while.
        Op::Rename => operation.api(ApiEffect::Deprecating),
        Op::Retire if is_option => operation.api(ApiEffect::Deprecating),
        Op::Retire => operation.api(ApiEffect::Breaking).risk(Risk::Destructive),
        Op::Change | Op::Reset => operation,
    }
}

fn judge_field(judged: &mut Judged, old: Option<(&Object, &Field)>, new: &Field) {
    if judged.operation.op == Op::Retire {
        judged.questions.push(Question::Filled(new.id));
        return;
    }
    let Some((object, old)) = old else {
        if new.required && new.default.is_null() {
            judged.questions.push(Question::NoRows("records would lack it: add it without `required`, fill it, then require it"));
        } else if new.required && !matches!(new.kind, FieldKind::Boolean) && judged.operation.op == Op::Add {
            (judged.can_wait, judged.questions) = (true, vec![Question::Fill]);
        }
        if new.unique && judged.operation.op == Op::Add {
            // Nothing stands in it yet, but its index is over all records.
            judged.can_wait = true;
            judged.questions.push(Question::NoDuplicates(new.name.clone()));
        }
        return;
    };
    if old.kind.word() != new.kind.word() {
        judged.operation.api = if old.kind.is_text() && new.kind.is_text() { ApiEffect::None } else { ApiEffect::Breaking };
    }
    let column_changed = |column: &tenon_model::Column| old.columns.iter().any(|one| one.name == column.name && one.kind != column.kind);
    let column_added = |column: &tenon_model::Column| !old.columns.iter().any(|one| one.name == column.name);
    let is_kept_otherwise = new.columns.iter().any(|column| column_changed(column) || column_added(column));
    if is_kept_otherwise || old.kind.word() != new.kind.word() {
        match refused_change(object, (old, new)) {
            Some(help) if old.kind.word() == new.kind.word() => judged.questions.push(Question::NoRows(help)),
            Some(help) => {
                judged.operation.blocked(help);
                return;
            }
            None if judged.can_wait => judged.questions.push(Question::Convert),
            None => judged.questions.push(Question::NoRows(SHAPE_CHANGE)),
        }
    }
    if new.required && !old.required {
        judged.questions.push(Question::NoNulls(new.id));
    }
    if new.unique && !old.unique {
        judged.operation.api = judged.operation.api.max(ApiEffect::Additive);
        judged.questions.push(Question::NoDuplicates(new.name.clone()));
    } else if old.unique && !new.unique {
        judged.operation.api = ApiEffect::Breaking;
    }
}

/// Why stored values cannot become values of the new type; none where they can, one by one.
fn refused_change(object: &Object, (old, new): (&Field, &Field)) -> Option<&'static str> {
    if !old.kind.becomes(&new.kind) {
        return Some(if old.kind.word() == new.kind.word() { SHAPE_CHANGE } else { TYPE_CHANGE });
    }
    let is_old = |name: &str| old.columns.iter().any(|column| column.name == name);
    object.reached.iter().any(|reached| is_old(&reached.from)).then_some(TYPE_ASKED)
}

fn judge_relation(judged: &mut Judged, old: Option<&Relation>, new: &Relation) {
    if judged.operation.op == Op::Retire {
        judged.questions.push(if matches!(new.shape, RelationShape::Many(_)) { Question::Rows } else { Question::Filled(new.id) });
        return;
    }
    let Some(old) = old else {
        if new.required {
            judged.questions.push(Question::NoRows("records would lack it: add it without `required`, fill it, then require it"));
        }
        return;
    };
    let kind = |shape: RelationShape| match shape {
        RelationShape::One => 0,
        RelationShape::Any => 1,
        RelationShape::Actor => 2,
        RelationShape::Many(_) => 3,
    };
    if kind(old.shape) != kind(new.shape) || judged.lost_target() {
        judged.operation.api = ApiEffect::Breaking;
        judged.operation.blocked(SHAPE_CHANGE);
        return;
    }
    if judged.changes("inverse") {
        judged.operation.api = judged.inverse_effect();
    }
    if judged.changes("link") {
        judged.operation.api = judged.operation.api.max(judged.mapping_effect("link"));
        if judged.operation.api == ApiEffect::Breaking {
            judged.operation.risk = Risk::Destructive;
        }
    }
    if new.required && !old.required {
        judged.questions.push(Question::NoNulls(new.id));
    }
}

fn judge_object(judged: &mut Judged, old: Option<&Object>, new: &Object) {
    if judged.operation.op == Op::Retire {
        judged.questions.push(Question::Rows);
        return;
    }
    let Some(old) = old.filter(|old| old.state == State::Active) else { return };
    if old.graphql.plural != new.graphql.plural && judged.operation.op == Op::Change {
        judged.operation.api = ApiEffect::Breaking;
    }
    if judged.changes("unique") {
        judged.operation.api = judged.operation.api.max(judged.mapping_effect("unique"));
        let added = new.unique.iter().filter(|key| !old.unique.iter().any(|one| one.name == key.name && one.parts == key.parts));
        judged.questions.extend(added.map(|key| Question::NoDuplicates(key.name.clone())));
    }
}

impl Judged {
    fn side(&self, before: bool, key: &str) -> Option<&Json> {
        let side = if before { &self.operation.before } else { &self.operation.after };
        side.as_ref()?.get(key)
    }

    fn changes(&self, key: &str) -> bool {
        matches!(self.operation.op, Op::Change | Op::Reset) && self.side(true, key) != self.side(false, key)
    }

    /// An object a relation could point to is no longer among its targets.
    fn lost_target(&self) -> bool {
        if !self.changes("to") {
            return false;
        }
        let list = |value: Option<&Json>| -> Vec<String> {
            match value {
                Some(Json::String(one)) => vec![one.clone()],
                Some(Json::Array(many)) => many.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
                _ => Vec::new(),
            }
        };
        let after = list(self.side(false, "to"));
        list(self.side(true, "to")).iter().any(|target| !after.contains(target))
    }

    fn inverse_effect(&self) -> ApiEffect {
        let name = |before: bool| self.side(before, "inverse").and_then(|inverse| inverse.get("name")).cloned();
        match (name(true), name(false)) {
            (old, new) if old == new => ApiEffect::None,
            (None, _) => ApiEffect::Additive,
            _ => ApiEffect::Breaking,
        }
    }

    /// A mapping of names whose keys are served: more is additive, less or other breaks.
    fn mapping_effect(&self, key: &str) -> ApiEffect {
        let empty = tenon_value::JsonMap::new();
        let side = |before| self.side(before, key).and_then(Json::as_object).unwrap_or(&empty);
        let (old, new) = (side(true), side(false));
        if old.keys().any(|name| !new.contains_key(name)) {
            ApiEffect::Breaking
        } else if old.len() < new.len() {
            ApiEffect::Additive
        } else {
            ApiEffect::None
        }
    }
}
