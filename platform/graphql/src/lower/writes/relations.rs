//! Relations inside inputs: connect, create, update, disconnect, set, link.

use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Edge, EdgeKind, Object, Relation, RelationShape};
use tenon_query::{BatchMode, LinkWrite, ManyWrite, OneWrite, RecordInput, RecordKey, Target};
use tenon_value::{RecordId, Uuid};

use super::Writer;
use super::inputs::New;
use crate::limits;
use crate::lower::{keys, scalars};
use crate::syntax::ast::Value as Input;

impl<'a> Writer<'a, '_> {
    /// What is done with a to-one relation; null disconnects.
    pub(super) fn one(&mut self, relation: &'a Relation, value: &Input, (path, depth): (&InputPath, usize)) -> Option<OneWrite> {
        if value.is_null() {
            return Some(OneWrite::Disconnect);
        }
        let (key, value) = value.members().first()?;
        let word = &*key.text;
        let path = path.key(word.to_owned());
        if word == "disconnect" {
            return value.as_bool().unwrap_or(false).then_some(OneWrite::Disconnect);
        }
        if relation.shape == RelationShape::Any {
            return self.any(relation, (word, value), (&path, depth));
        }
        let target = self.lower.view.target(relation)?;
        match word {
            "connect" => Some(OneWrite::Connect(target.ix, self.lower.key(target, value, &path)?)),
            "create" => Some(OneWrite::Create(target.ix, Box::new(self.record_input(target, value, (&path, depth + 1), New::Yes)?))),
            "connectOrCreate" => {
                let (by, input) = self.connect_or_create(target, value, (&path, depth))?;
                Some(OneWrite::ConnectOrCreate(target.ix, by, Box::new(input)))
            }
            _ => Some(OneWrite::Update(Box::new(self.record_input(target, value, (&path, depth + 1), New::No)?))),
        }
    }

    fn any(&mut self, relation: &'a Relation, (word, value): (&str, &Input), (path, depth): (&InputPath, usize)) -> Option<OneWrite> {
        if word == "connect" {
            let path = path.key("id");
            let id = match scalars::id(value.get("id")?) {
                Ok(id) => id,
                Err(problem) => return self.wrong(&path, problem),
            };
            return Some(OneWrite::Connect(self.locate(relation, id)?, RecordKey::Id(RecordId(id))));
        }
        let target =
            self.lower.view.targets(relation).find(|target| word.strip_prefix("create") == Some(target.graphql.type_name.as_str()))?;
        Some(OneWrite::Create(target.ix, Box::new(self.record_input(target, value, (path, depth + 1), New::Yes)?)))
    }

    /// Which object an id is of: known, or to be found out before planning again.
    fn locate(&mut self, relation: &'a Relation, id: Uuid) -> Option<tenon_model::ObjectIx> {
        if let Some(found) = self.located.get(&id) {
            return Some(*found);
        }
        let targets: Vec<_> = self.lower.view.targets(relation).map(|target| target.ix).collect();
        let first = targets.first().copied();
        self.unlocated.push((targets, id));
        first
    }

    fn connect_or_create(
        &mut self,
        target: &'a Object,
        value: &Input,
        (path, depth): (&InputPath, usize),
    ) -> Option<(Target, RecordInput)> {
        let by = keys::target(target, value.get("by")?.as_text()?)?;
        Some((by, self.record_input(target, value.get("input")?, (&path.key("input"), depth + 1), New::No)?))
    }

    /// What is done with the list behind an edge.
    pub(super) fn many(&mut self, edge: &'a Edge, value: &Input, (path, depth): (&InputPath, usize)) -> Option<ManyWrite> {
        let target = self.lower.view.object(edge.target)?;
        let mut write = ManyWrite::default();
        if value.is_null() {
            // Null clears.
            write.set = Some(Vec::new());
            return Some(write);
        }
        let verbs = value.members().iter().filter(|(_, value)| !value.is_null());
        if value.get("set").is_some_and(|set| !set.is_null()) && verbs.clone().count() > 1 {
            return self
                .wrong(path, Problem::invalid("set_alone", "`set` stands alone, without other verbs", "`set` 不能与其他操作同时使用"));
        }
        for (key, list) in verbs {
            let word = &*key.text;
            let path = path.key(word.to_owned());
            let count = list.elements().len() as u64;
            if count > limits::BATCH_SIZE {
                self.lower.wrong(&path, Problem::exhausted("batch_size", limits::BATCH_SIZE, count));
                continue;
            }
            if word == "set" {
                write.set = Some(Vec::new());
            }
            for (at, element) in list.elements().iter().enumerate() {
                self.verb((edge, target), (word, element), (&path.index(at), depth), &mut write);
            }
        }
        Some(write)
    }

    fn verb(
        &mut self,
        (edge, target): (&'a Edge, &'a Object),
        (word, element): (&str, &Input),
        (path, depth): (&InputPath, usize),
        write: &mut ManyWrite,
    ) {
        match word {
            "create" => {
                let new = match edge.kind {
                    EdgeKind::Children { relation, .. } => New::Below(relation),
                    _ => New::Yes,
                };
                write.create.extend(self.record_input(target, element, (path, depth + 1), new));
            }
            "update" => write.update.extend(self.update(target, element, (path, depth + 1), BatchMode::Atomic)),
            "connect" => write.connect.extend(self.lower.key(target, element, path).map(|key| (key, path.clone()))),
            "connectOrCreate" => write.connect_or_create.extend(self.connect_or_create(target, element, (path, depth))),
            "set" => {
                let key = self.lower.key(target, element, path).map(|key| (key, path.clone()));
                write.set.get_or_insert_default().extend(key);
            }
            "link" => write.link.extend(self.link((edge, target), element, (path, depth))),
            _ => match scalars::id(element) {
                Ok(id) if word == "delete" => write.delete.push((RecordId(id), path.clone())),
                Ok(id) => write.disconnect.push((RecordId(id), path.clone())),
                Err(problem) => self.lower.wrong(path, problem),
            },
        }
    }

    fn link(&mut self, (edge, target): (&'a Edge, &'a Object), element: &Input, (path, depth): (&InputPath, usize)) -> Option<LinkWrite> {
        let EdgeKind::Linked { link, .. } = edge.kind else { return None };
        let link = self.lower.view.model.link(link)?;
        let given = |name: &str| element.get(name).filter(|value| !value.is_null());
        let to = match (given("to"), given("create")) {
            (Some(to), None) => Ok(self.lower.key(target, to, &path.key("to"))?),
            (None, Some(create)) => Err(Box::new(self.record_input(target, create, (&path.key("create"), depth + 1), New::Yes)?)),
            _ => {
                return self.wrong(
                    path,
                    Problem::invalid("required", "give exactly one of `to` and `create`", "`to` 和 `create` 必须且只能给一个"),
                );
            }
        };
        let mut attributes = Vec::new();
        for (key, value) in element.get("set").map(Input::members).unwrap_or_default() {
            let Some(field) = link.fields.iter().find(|field| *field.graphql == *key.text) else { continue };
            match self.field_value(field, value) {
                Ok(value) => attributes.push((field.ix, value)),
                Err(problem) => self.lower.wrong(&path.key("set").key(key.text.to_string()), problem),
            }
        }
        Some(LinkWrite { to, attributes, path: path.clone() })
    }
}
