//! Which coordinates of the schema documents use, counted by key and day, and written in batches.
//!
//! Invariants: a request waits for no write of it; what waits to be written is bounded (`usage_waiting`), and what a document
//! or the variables of a request add to it as well (`coordinates`). People are counted together, by their kind.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tenon_context::{ActorKind, OpContext};
use tenon_store::{SchemaUse, Store};
use tenon_value::{Date, TenantId, Uuid};

use crate::collect::Variables;
use crate::limits::{COORDINATES, USAGE_WAITING};
use crate::prepare::{FormerUse, root_type};
use crate::schema::{Schema, TypeDef, TypeKind};
use crate::syntax::ast::{Argument, Document, Operation, Selection, TypeRef, Value, ValueKind};

/// A coordinate, and whether it is a name of before.
pub(crate) type Coordinate = (String, bool);

/// The coordinates of a document that is valid and has the names of now, after the former names it had.
pub(crate) fn coordinates(schema: &Schema, document: &Document, former: &[FormerUse]) -> Arc<[Coordinate]> {
    let mut walk = Walk { schema, found: BTreeSet::new() };
    for operation in &document.operations {
        walk.selection(&operation.selection, schema.ty(root_type(operation.kind)));
    }
    for fragment in &document.fragments {
        walk.selection(&fragment.selection, schema.ty(&fragment.on.text));
    }
    let old = former.iter().map(|used| (used.coordinate.clone(), true));
    old.chain(walk.told()).take(COORDINATES).collect()
}

/// The members of inputs that the variables of a request name, after former names among them.
pub(crate) fn members(schema: &Schema, operation: &Operation, variables: &Variables, former: &[FormerUse]) -> Vec<Coordinate> {
    let mut walk = Walk { schema, found: BTreeSet::new() };
    for variable in &operation.variables {
        if let Some(value) = variables.get(&variable.name.text) {
            walk.value(value, &variable.ty);
        }
    }
    let old = former.iter().map(|used| (used.coordinate.clone(), true));
    old.chain(walk.told()).take(COORDINATES).collect()
}

struct Walk<'a> {
    schema: &'a Schema,
    found: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Walk<'a> {
    fn told(self) -> impl Iterator<Item = Coordinate> {
        self.found.into_iter().map(|(ty, member)| (format!("{ty}.{member}"), false))
    }

    fn put(&mut self, ty: &'a str, member: &'a str) {
        if self.found.len() < COORDINATES && !ty.starts_with("__") {
            self.found.insert((ty, member));
        }
    }

    fn selection(&mut self, selection: &'a [Selection], parent: Option<&'a TypeDef>) {
        for item in selection {
            match item {
                Selection::Field(field) => {
                    let Some((parent, definition)) = parent.and_then(|parent| Some((parent, self.schema.field(parent, &field.name.text)?)))
                    else {
                        continue;
                    };
                    if !definition.name.starts_with("__") {
                        self.put(&parent.name, &definition.name);
                    }
                    for Argument { name, value } in &field.arguments {
                        if let Some(argument) = definition.arguments.iter().find(|argument| argument.name == name.text) {
                            self.value(value, &argument.ty);
                        }
                    }
                    let below = self.schema.ty(definition.ty.name());
                    self.selection(field.selection.as_deref().unwrap_or_default(), below);
                }
                Selection::Inline(inline) => {
                    let on = inline.on.as_ref().and_then(|on| self.schema.ty(&on.text)).or(parent);
                    self.selection(&inline.selection, on);
                }
                Selection::Spread(_) => {}
            }
        }
    }

    fn value(&mut self, value: &Value, ty: &TypeRef) {
        match (ty, &value.kind) {
            (TypeRef::NonNull(inner), _) => self.value(value, inner),
            (TypeRef::List(inner), ValueKind::List(elements)) => elements.iter().for_each(|element| self.value(element, inner)),
            (TypeRef::List(inner), _) => self.value(value, inner),
            (TypeRef::Named(name), ValueKind::Object(members)) => {
                let Some(ty) = self.schema.ty(name) else { return };
                let TypeKind::Input { fields, .. } = &ty.kind else { return };
                for (key, member) in members {
                    if let Some(input) = fields.iter().find(|input| input.name == key.text) {
                        self.put(&ty.name, &input.name);
                        self.value(member, &input.ty);
                    }
                }
            }
            (TypeRef::Named(name), ValueKind::Enum(word)) => {
                if let Some(ty) = self.schema.ty(name)
                    && let TypeKind::Enum(values) = &ty.kind
                    && let Some(value) = values.iter().find(|value| value.name == *word)
                {
                    self.put(&ty.name, &value.name);
                }
            }
            (TypeRef::Named(_), _) => {}
        }
    }
}

/// Who used something on a day.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct By {
    tenant: TenantId,
    day: Date,
    kind: ActorKind,
    id: Uuid,
}

impl By {
    fn of(cx: &OpContext) -> (Self, &str) {
        let (kind, tenant) = (cx.principal.kind, cx.model.tenant);
        let day = cx.now.date_in(&cx.model.settings.zone);
        // Whoever asks through a program's key is the program; people are many, and who they are is nobody's business here.
        let (id, display) = match kind {
            ActorKind::ApiKey | ActorKind::Service | ActorKind::Plugin => (cx.principal.id, cx.principal.display.as_str()),
            _ => (Uuid::nil(), kind.word()),
        };
        (Self { tenant, day, kind, id }, display)
    }
}

/// Uses of one caller on one day.
#[derive(Debug, Default)]
struct Uses {
    display: String,
    /// By document, which is kept so that its address is its own.
    documents: HashMap<usize, (Arc<[Coordinate]>, u64)>,
    members: HashMap<Coordinate, u64>,
}

#[derive(Debug, Default)]
struct Waiting {
    by: HashMap<By, Uses>,
    entries: usize,
    dropped: u64,
}

/// What is used, until it is written. Cheap to clone; one per process.
#[derive(Clone, Debug, Default)]
pub struct SchemaUsage(Arc<Mutex<Waiting>>);

impl SchemaUsage {
    /// Counts a request.
    pub(crate) fn count(&self, cx: &OpContext, document: &Arc<[Coordinate]>, members: Vec<Coordinate>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.entries >= USAGE_WAITING {
            waiting.dropped += 1;
            return;
        }
        let (by, display) = By::of(cx);
        let uses = waiting.by.entry(by).or_insert_with(|| Uses { display: display.to_owned(), ..Uses::default() });
        let before = uses.documents.len() + uses.members.len();
        if !document.is_empty() {
            uses.documents.entry(document.as_ptr().addr()).or_insert_with(|| (Arc::clone(document), 0)).1 += 1;
        }
        for member in members {
            *uses.members.entry(member).or_default() += 1;
        }
        let added = uses.documents.len() + uses.members.len() - before;
        waiting.entries += added;
    }

    /// Writes what waits, a batch for each tenant. What cannot be written is let go: it is a count, not a record.
    pub async fn write(&self, store: &Store) {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if waiting.dropped > 0 {
            tracing::warn!(requests = waiting.dropped, "too much of the schema was used to count all of it");
        }
        let mut tenants: HashMap<TenantId, Vec<SchemaUse>> = HashMap::new();
        for (by, uses) in waiting.by {
            tenants.entry(by.tenant).or_default().extend(uses.told(&by));
        }
        for (tenant, uses) in tenants {
            match store.schema_used(tenant, &uses).await {
                Ok(true) => {}
                Ok(false) => tracing::warn!(%tenant, uses = uses.len(), "there is no room for more usage of the schema today"),
                Err(error) => tracing::debug!(%tenant, %error, "usage of the schema is not written"),
            }
        }
    }
}

impl Uses {
    fn told(self, by: &By) -> impl Iterator<Item = SchemaUse> {
        let mut all = self.members;
        for (document, uses) in self.documents.into_values() {
            for coordinate in document.iter() {
                *all.entry(coordinate.clone()).or_default() += uses;
            }
        }
        // A name may be both: what it was elsewhere, and what it is here.
        let mut sums: HashMap<String, (bool, u64)> = HashMap::new();
        for ((coordinate, former), uses) in all {
            let sum = sums.entry(coordinate).or_default();
            *sum = (sum.0 || former, sum.1 + uses);
        }
        let (kind, id, days, display) = (by.kind, by.id, (by.day, by.day), self.display);
        sums.into_iter().map(move |(coordinate, (former, uses))| SchemaUse {
            coordinate,
            former,
            kind,
            id,
            display: display.clone(),
            uses,
            days,
        })
    }
}
