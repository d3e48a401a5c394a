//! The root field of a subscription: what is listened to, and what is told of each change.

use tenon_access::Place;
use tenon_automation::Interest;
use tenon_diagnostics::{InputPath, Problem, Problems};
use tenon_model::{Object, ObjectIx};
use tenon_query::Action;
use tenon_value::{RecordId, Uuid};

use super::roots::Planned;
use super::{Lower, Shared, scalars};
use crate::collect::Collected;
use crate::limits;
use crate::schema::changed_of;
use crate::shape::{RecordShape, Sub};
use crate::syntax::ast::{Field, Operation, Value as Input};

/// A subscription, planned on one model.
pub(crate) struct Listening<'a> {
    pub(crate) key: &'a str,
    pub(crate) to: Source<'a>,
    /// Where it goes on, as the argument says.
    pub(crate) after: Option<String>,
}

/// What is listened to.
pub(crate) enum Source<'a> {
    /// Records of some objects; response keys with what each is.
    Changes(Vec<Heard<'a>>),
    /// The model; response keys of its version.
    Metadata(Vec<(&'a str, bool)>),
    /// One job, and what of it is told.
    Job(Uuid, Vec<Sub<'a>>),
}

/// One object that is listened to.
pub(crate) struct Heard<'a> {
    pub(crate) object: &'a Object,
    pub(crate) interest: Interest,
    pub(crate) parts: Vec<(&'a str, ChangePart<'a>)>,
    /// Reads the records by their ids, for the shapes of `node`.
    pub(crate) nodes: Option<Planned>,
    /// Reads the users who did it.
    pub(crate) users: Option<Planned>,
}

/// One response key of a change.
pub(crate) enum ChangePart<'a> {
    TypeName(String),
    Kind,
    Object,
    Id,
    Node(RecordShape<'a>),
    ChangedFields,
    Version,
    By(Vec<(&'a str, ByPart<'a>)>),
    At,
    Cursor,
}

/// One response key of who did it.
pub(crate) enum ByPart<'a> {
    TypeName,
    Kind,
    Id,
    Display,
    User(RecordShape<'a>),
}

/// Plans a subscription.
///
/// # Errors
/// What is wrong with its arguments.
pub(crate) fn listening<'a>(shared: Shared<'a>, operation: &'a Operation) -> Result<Listening<'a>, Problems> {
    let collected = shared.collector.collect(&operation.selection, |condition| condition == "Subscription");
    let nothing = || Problem::invalid("graphql/validation", "a subscription asks for one field", "订阅必须且只能选择一个字段");
    let [root] = collected.as_slice() else { return Err(nothing().into()) };
    let Some(field) = root.first() else { return Err(nothing().into()) };
    let mut lower = Lower::new(shared);
    let after = shared.collector.argument(field, "after").and_then(Input::as_text).map(str::to_owned);
    let to = lower.source(root, field);
    lower.problems.into_result()?;
    let to = to.ok_or_else(nothing)?;
    Ok(Listening { key: root.key, to, after })
}

impl<'a> Lower<'a> {
    fn source(&mut self, root: &Collected<'a>, field: &'a Field) -> Option<Source<'a>> {
        match &*field.name.text {
            "metadataChanged" => {
                let parts = self.collector.collect_below(&root.fields, |_| true);
                let is_version = |part: &Collected<'a>| part.first().is_some_and(|field| &*field.name.text == "version");
                Some(Source::Metadata(parts.iter().map(|part| (part.key, is_version(part))).collect()))
            }
            "jobChanged" => match self.collector.argument(field, "id").map(scalars::id)? {
                Ok(id) => Some(Source::Job(id, self.subs(&root.fields))),
                Err(problem) => {
                    self.wrong(&InputPath::default().key("id"), problem);
                    None
                }
            },
            "recordsChanged" => self.several(root, field),
            name => {
                let object = changed_of(&self.view, name)?;
                let filter = self.collector.input(field, "filter").filter(|filter| !filter.is_null());
                let filter = filter.as_deref().map(|input| self.filter(object, input, &InputPath::default().key("filter")));
                let id = match self.collector.argument(field, "id").filter(|id| !id.is_null()).map(scalars::id) {
                    Some(Ok(id)) => Some(RecordId(id)),
                    Some(Err(problem)) => {
                        self.wrong(&InputPath::default().key("id"), problem);
                        None
                    }
                    None => None,
                };
                let params = std::mem::take(&mut self.params);
                let heard = self.heard(object, root, &format!("{}Change", object.graphql.type_name))?;
                let interest = Interest { filter, params, id, ..heard.interest };
                Some(Source::Changes(vec![Heard { interest, ..heard }]))
            }
        }
    }

    /// Objects that are not seen are not heard of either.
    fn several(&mut self, root: &Collected<'a>, field: &'a Field) -> Option<Source<'a>> {
        let names = self.collector.input(field, "objects")?;
        if names.elements().len() as u64 > limits::IN_VALUES {
            let problem = Problem::exhausted("in_values", limits::IN_VALUES, names.elements().len() as u64);
            self.wrong(&InputPath::default().key("objects"), problem);
            return None;
        }
        let mut known: Vec<ObjectIx> = Vec::new();
        let mut heard = Vec::new();
        for name in names.elements().iter().filter_map(|name| name.as_text().map(str::to_owned)) {
            let object = self.view.model.object_named(&name).and_then(|object| self.view.object(object.ix));
            let Some(object) = object.filter(|object| !known.contains(&object.ix)) else { continue };
            known.push(object.ix);
            heard.push(self.heard(object, root, "RecordChange")?);
        }
        Some(Source::Changes(heard))
    }

    fn heard(&mut self, object: &'a Object, root: &Collected<'a>, type_name: &str) -> Option<Heard<'a>> {
        let interest = Interest::all(self.table(object.ix, Action::Read, Place::Live)?);
        let collected = self.collector.collect_below(&root.fields, |condition| condition == type_name);
        let (mut nodes, mut users) = (Nodes::default(), Nodes::default());
        let mut parts = Vec::with_capacity(collected.len());
        for part in &collected {
            let field = part.first()?;
            let made = match &*field.name.text {
                "kind" => ChangePart::Kind,
                "object" => ChangePart::Object,
                "id" => ChangePart::Id,
                "changedFields" => ChangePart::ChangedFields,
                "version" => ChangePart::Version,
                "at" => ChangePart::At,
                "cursor" => ChangePart::Cursor,
                "node" => {
                    nodes.selections.push((parts.len(), 0, part.fields.clone()));
                    ChangePart::Cursor
                }
                "by" => ChangePart::By(self.by(part, parts.len(), &mut users)),
                _ => ChangePart::TypeName(type_name.to_owned()),
            };
            parts.push((part.key, made));
        }
        let nodes = self.nodes(object, nodes, &mut parts)?;
        let user = self.view.model.object_named("user").and_then(|user| self.view.object(user.ix));
        let users = match user {
            Some(user) => self.nodes(user, users, &mut parts)?,
            None => None,
        };
        Some(Heard { object, interest, parts, nodes, users })
    }

    fn by(&mut self, part: &Collected<'a>, place: usize, users: &mut Nodes<'a>) -> Vec<(&'a str, ByPart<'a>)> {
        let collected = self.collector.collect_below(&part.fields, |condition| condition == "Actor");
        let mut parts = Vec::with_capacity(collected.len());
        for part in &collected {
            let made = match part.first().map(|field| &*field.name.text) {
                Some("kind") => ByPart::Kind,
                Some("id") => ByPart::Id,
                Some("display") => ByPart::Display,
                Some("user") => {
                    users.selections.push((place, parts.len() + 1, part.fields.clone()));
                    ByPart::Id
                }
                _ => ByPart::TypeName,
            };
            parts.push((part.key, made));
        }
        parts
    }

    /// One read for all selections of a kind; their shapes take their places.
    fn nodes(&mut self, object: &'a Object, nodes: Nodes<'a>, parts: &mut [(&'a str, ChangePart<'a>)]) -> Option<Option<Planned>> {
        if nodes.selections.is_empty() {
            return Some(None);
        }
        let fields: Vec<Vec<&'a Field>> = nodes.selections.iter().map(|(.., fields)| fields.clone()).collect();
        let (planned, shapes) = self.by_ids_live(object, &fields)?;
        for ((place, inner, _), shape) in nodes.selections.into_iter().zip(shapes) {
            match parts.get_mut(place) {
                Some((_, ChangePart::By(below))) => {
                    if let Some((_, slot)) = inner.checked_sub(1).and_then(|inner| below.get_mut(inner)) {
                        *slot = ByPart::User(shape);
                    }
                }
                Some((_, slot)) => *slot = ChangePart::Node(shape),
                None => {}
            }
        }
        Some(Some(planned))
    }
}

/// Selections on records that one read serves: the part, the part within it (from 1), the fields.
#[derive(Default)]
struct Nodes<'a> {
    selections: Vec<(usize, usize, Vec<&'a Field>)>,
}
