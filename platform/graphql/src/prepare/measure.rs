//! How much a document asks for: aliases, root fields, relation depth, and rows × fields.
//!
//! Each fragment is measured once; numbers saturate. Runs after validation, so there are no cycles.

use std::collections::HashMap;

use tenon_diagnostics::{Problem, Problems};

use super::operations::root_type;
use crate::collect::Collector;
use crate::limits;
use crate::schema::{Schema, TypeDef, TypeKind};
use crate::syntax::ast::{Field, Operation, Selection, Value};

/// What an operation asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// Rows × fields, at most.
    pub(crate) cost: u64,
    /// Relation hops.
    pub(crate) depth: u64,
}

/// Of a selection set: fields once, fields per row of the enclosing page, relation hops below, root fields.
#[derive(Clone, Copy, Default)]
struct Sum {
    once: u64,
    per_row: u64,
    hops: u64,
    count: u64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.once = self.once.saturating_add(other.once);
        self.per_row = self.per_row.saturating_add(other.per_row);
        self.hops = self.hops.max(other.hops);
        self.count = self.count.saturating_add(other.count);
    }
}

struct Meter<'a> {
    schema: &'a Schema,
    collector: &'a Collector<'a>,
    fragments: HashMap<&'a str, (Sum, Vec<&'a str>)>,
    introspection: Option<&'a Field>,
    introspected: u32,
}

/// Selections an introspection may unfold to.
const INTROSPECTED_MAX: u32 = 3_000;

fn aliases(selection: &[Selection]) -> usize {
    selection
        .iter()
        .map(|item| match item {
            Selection::Field(field) => usize::from(field.alias.is_some()) + aliases(field.selected()),
            Selection::Inline(inline) => aliases(&inline.selection),
            Selection::Spread(_) => 0,
        })
        .sum()
}

/// Measures an operation against the limits.
///
/// # Errors
/// Each limit that is passed.
pub(crate) fn measure(schema: &Schema, collector: &Collector<'_>, operation: &Operation) -> Result<Measured, Problems> {
    let mut problems = Problems::default();
    let document = collector.document;
    let aliased: usize = document.operations.iter().map(|operation| aliases(&operation.selection)).sum::<usize>()
        + document.fragments.iter().map(|fragment| aliases(&fragment.selection)).sum::<usize>();
    if aliased > limits::ALIASES {
        problems.push(Problem::exhausted("aliases", limits::ALIASES as u64, aliased as u64));
    }
    let mut meter = Meter { schema, collector, fragments: HashMap::new(), introspection: None, introspected: 0 };
    let sum = schema.ty(root_type(operation.kind)).map(|root| meter.selection(&operation.selection, root)).unwrap_or_default();
    if sum.count > limits::ROOT_FIELDS as u64 {
        problems.push(Problem::exhausted("root_fields", limits::ROOT_FIELDS as u64, sum.count));
    }
    let depth = sum.hops;
    if depth > limits::DEPTH {
        problems.push(Problem::exhausted("depth", limits::DEPTH, depth));
    }
    let cost = sum.once.saturating_add(sum.per_row);
    if cost > limits::COST {
        problems.push(Problem::exhausted("cost", limits::COST, cost));
    }
    if let Some(field) = meter.introspection {
        let pos = field.pos();
        problems.push(
            Problem::exhausted("introspection_depth", limits::INTROSPECTION_DEPTH, limits::INTROSPECTION_DEPTH + 1)
                .located(pos.line, pos.column),
        );
    }
    problems.into_result()?;
    Ok(Measured { cost, depth })
}

/// What each root field of an operation that was measured may cost, by response key.
pub(crate) fn measure_roots<'a>(schema: &'a Schema, collector: &'a Collector<'a>, operation: &'a Operation) -> Vec<(String, u64)> {
    let name = root_type(operation.kind);
    let Some(root) = schema.ty(name) else { return Vec::new() };
    let mut meter = Meter { schema, collector, fragments: HashMap::new(), introspection: None, introspected: 0 };
    let collected = collector.collect(&operation.selection, |condition| condition == name);
    let mut of_fields = |fields: &[&'a Field]| {
        let mut sum = Sum::default();
        for field in fields {
            sum.add(meter.field(field, root));
        }
        sum.once.saturating_add(sum.per_row)
    };
    collected.iter().map(|one| (one.key.to_owned(), of_fields(&one.fields))).collect()
}

impl<'a> Meter<'a> {
    /// A selection set, each fragment it reaches counted once: that is how often its fields are answered.
    fn selection(&mut self, selection: &'a [Selection], parent: &'a TypeDef) -> Sum {
        let mut spreads = Vec::new();
        let mut sum = self.own(selection, parent, &mut spreads);
        let mut next = 0;
        while let Some(name) = spreads.get(next).copied() {
            next += 1;
            let (own, further) = self.fragment(name);
            sum.add(own);
            for name in further {
                if !spreads.contains(&name) {
                    spreads.push(name);
                }
            }
        }
        sum
    }

    /// The fields written in a selection set itself, and the fragments it spreads.
    fn own(&mut self, selection: &'a [Selection], parent: &'a TypeDef, spreads: &mut Vec<&'a str>) -> Sum {
        let mut sum = Sum::default();
        for item in selection {
            match item {
                Selection::Field(field) => {
                    let part = self.field(field, parent);
                    sum.add(part);
                }
                Selection::Inline(inline) => {
                    let on = inline.on.as_ref().and_then(|on| self.schema.ty(&on.text)).unwrap_or(parent);
                    let part = self.own(&inline.selection, on, spreads);
                    sum.add(part);
                }
                Selection::Spread(spread) => {
                    if !spreads.contains(&&*spread.name.text) {
                        spreads.push(&spread.name.text);
                    }
                }
            }
        }
        sum
    }

    fn fragment(&mut self, name: &'a str) -> (Sum, Vec<&'a str>) {
        if let Some(known) = self.fragments.get(name) {
            return known.clone();
        }
        let mut spreads = Vec::new();
        let fragment = self.collector.document.fragment(name).and_then(|fragment| Some((fragment, self.schema.ty(&fragment.on.text)?)));
        let sum = fragment.map(|(fragment, on)| self.own(&fragment.selection, on, &mut spreads)).unwrap_or_default();
        self.fragments.insert(name, (sum, spreads.clone()));
        (sum, spreads)
    }

    fn field(&mut self, field: &'a Field, parent: &'a TypeDef) -> Sum {
        let Some(definition) = self.schema.field(parent, &field.name.text) else { return Sum::default() };
        let Some(ty) = self.schema.ty(definition.ty.name()) else { return Sum::default() };
        if ty.name.starts_with("__") {
            self.introspect(field, 0);
            return Sum { once: 1, count: 1, ..Sum::default() };
        }
        let below = if field.selection.is_some() { self.selection(field.selected(), ty) } else { Sum::default() };
        let is_connection = parent.name.ends_with("Connection") && parent.fields().iter().any(|field| &*field.name == "pageInfo");
        if is_connection && matches!(&*field.name.text, "edges" | "nodes") {
            return Sum { once: 1, per_row: below.once.saturating_add(below.per_row).saturating_add(1), hops: below.hops, count: 1 };
        }
        let rows = self.rows(field, parent, ty);
        let once = below.once.saturating_mul(rows.1).saturating_add(below.per_row.saturating_mul(rows.0)).saturating_add(1);
        let is_record = matches!(&ty.kind, TypeKind::Object { interfaces, .. } if !interfaces.is_empty())
            || matches!(ty.kind, TypeKind::Union(_) | TypeKind::Interface { .. });
        let from_record =
            matches!(&parent.kind, TypeKind::Object { interfaces, .. } if !interfaces.is_empty()) || &*parent.name == "Record";
        let is_page = definition.arguments.iter().any(|argument| &*argument.name == "orderBy");
        let hop = from_record && (is_record || is_page);
        Sum { once, per_row: 0, hops: below.hops + u64::from(hop), count: 1 }
    }

    fn introspect(&mut self, field: &'a Field, lists: u32) {
        let lists = lists + u32::from(matches!(&*field.name.text, "fields" | "interfaces" | "possibleTypes" | "inputFields"));
        self.introspected += 1;
        if lists > 3 || self.introspected > INTROSPECTED_MAX {
            self.introspection.get_or_insert(field);
            return;
        }
        self.introspect_all(field.selected(), lists);
    }

    fn introspect_all(&mut self, selection: &'a [Selection], lists: u32) {
        for item in selection {
            if self.introspection.is_some() {
                return;
            }
            match item {
                Selection::Field(field) => self.introspect(field, lists),
                Selection::Inline(inline) => self.introspect_all(&inline.selection, lists),
                Selection::Spread(spread) => {
                    self.introspected += 1;
                    if let Some(fragment) = self.collector.document.fragment(&spread.name.text)
                        && self.introspected <= INTROSPECTED_MAX
                    {
                        self.introspect_all(&fragment.selection, lists);
                    }
                }
            }
        }
    }

    /// Rows of a page (for its nodes), and of a plain list.
    fn rows(&self, field: &'a Field, parent: &TypeDef, ty: &TypeDef) -> (u64, u64) {
        let number = |name: &str| self.collector.argument(field, name).and_then(Value::as_int).and_then(|rows| u64::try_from(rows).ok());
        let length = |name: &str| self.collector.argument(field, name).map(|value| value.elements().len() as u64);
        let is_root = matches!(&*parent.name, "Query" | "Mutation" | "Subscription");
        let page = number("first").or_else(|| number("last"));
        if ty.name.ends_with("Connection") {
            let default = if is_root { limits::PAGE_DEFAULT } else { limits::PAGE_NESTED_DEFAULT };
            return (page.unwrap_or(default).min(limits::PAGE_SIZE), 1);
        }
        if is_root && ty.name.ends_with("Aggregate") {
            let groups = if length("groupBy").unwrap_or(0) == 0 { 1 } else { page.unwrap_or(limits::GROUPS).min(limits::GROUPS) };
            return (1, groups);
        }
        if is_root && ty.name.ends_with("Batch") {
            let rows = length("inputs").or_else(|| length("ids")).or_else(|| length("updates")).unwrap_or(limits::BATCH_SIZE);
            return (1, rows.clamp(1, limits::BATCH_SIZE));
        }
        match &*field.name.text {
            "search" if is_root => (1, page.unwrap_or(20).min(limits::SEARCH_HITS)),
            "records" if is_root => (1, length("refs").unwrap_or(0).max(1)),
            "ancestors" => (1, limits::PAGE_NESTED_DEFAULT),
            _ => (1, 1),
        }
    }
}
