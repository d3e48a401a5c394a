//! What is fetched of each row: columns of the statement, and how they are read back into a row.

use std::sync::Arc;

use tenon_model::{FieldKind, Part, Relation, RelationShape};
use tenon_query::{AuthorizedTable, Output, Slot};

use super::keyset::Term;
use super::many::{HistoryPlan, ManyPlan};
use super::{Lower, Lowered, Scope};
use crate::StoreError;
use crate::db::{Arg, Shape};

/// The columns of a statement under construction.
#[derive(Default)]
pub(crate) struct Columns {
    pub(crate) expressions: Vec<String>,
    pub(crate) shapes: Vec<Shape>,
}

impl Columns {
    /// Adds a column; its place. What is there already is not fetched twice.
    pub(crate) fn add(&mut self, expression: String, shape: Shape) -> usize {
        let known =
            self.expressions.iter().zip(&self.shapes).position(|(known, known_shape)| *known == expression && *known_shape == shape);
        known.unwrap_or_else(|| {
            self.expressions.push(expression);
            self.shapes.push(shape);
            self.expressions.len() - 1
        })
    }
}

/// How one value is put together from cells.
#[derive(Clone, Debug)]
pub(crate) enum Reader {
    Cell(usize),
    /// A cell that nobody else reads: it is taken, not copied.
    Own(usize),
    Money {
        amount: usize,
        currency: usize,
        base: Option<usize>,
    },
    Geo {
        lat: usize,
        lng: usize,
    },
    /// Country, region, city, district, street, postal code, latitude, longitude.
    Address([Option<usize>; 8]),
    /// A secret, as whether it is set.
    IsSet(usize),
    /// A file: its id, and what the index tells of it.
    File {
        id: usize,
        facts: usize,
    },
    /// Kind and id; kinds of objects are stored as tables and named by API names.
    Ref {
        kind: usize,
        id: usize,
        names: Arc<Vec<(String, String)>>,
    },
    /// A JSON list of pairs.
    Pairs(usize),
}

/// How a row is read, and what is fetched beside it.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) id: usize,
    pub(crate) slots: Vec<Reader>,
    pub(crate) ones: Vec<Node>,
    pub(crate) manys: Vec<ManyPlan>,
    pub(crate) histories: Vec<HistoryPlan>,
    /// Columns that say whether a predicate holds.
    pub(crate) holds: Vec<usize>,
}

impl Node {
    /// How often each cell is read, here and in what is joined.
    fn count(&self, uses: &mut [u8]) {
        let mut used = |place: usize| {
            if let Some(uses) = uses.get_mut(place) {
                *uses = uses.saturating_add(1);
            }
        };
        used(self.id);
        self.slots.iter().for_each(|slot| slot.places(&mut used));
        self.holds.iter().for_each(|place| used(*place));
        self.ones.iter().for_each(|one| one.count(uses));
    }

    fn take(&mut self, uses: &[u8]) {
        for slot in &mut self.slots {
            if let Reader::Cell(place) = slot
                && uses.get(*place) == Some(&1)
            {
                *slot = Reader::Own(*place);
            }
        }
        self.ones.iter_mut().for_each(|one| one.take(uses));
    }

    /// Cells that one reader alone reads are his; those of `also` are read by others.
    pub(crate) fn owning(mut self, cells: usize, also: Option<usize>) -> Self {
        let mut uses = vec![0; cells];
        if let Some(uses) = also.and_then(|place| uses.get_mut(place)) {
            *uses = 1;
        }
        self.count(&mut uses);
        self.take(&uses);
        self
    }
}

impl Reader {
    /// The cells it reads.
    fn places(&self, used: &mut dyn FnMut(usize)) {
        match self {
            Self::Cell(place) | Self::Own(place) | Self::IsSet(place) | Self::Pairs(place) => used(*place),
            Self::Money { amount, currency, base } => [Some(*amount), Some(*currency), *base].into_iter().flatten().for_each(used),
            Self::Geo { lat, lng } => [*lat, *lng].into_iter().for_each(used),
            Self::File { id, facts } => [*id, *facts].into_iter().for_each(used),
            Self::Address(places) => places.iter().flatten().copied().for_each(used),
            Self::Ref { kind, id, .. } => [*kind, *id].into_iter().for_each(used),
        }
    }
}

/// Where an output stands: the row's table, the link it was reached by, the terms of its order.
pub(crate) struct Place<'a, 'm> {
    pub(crate) table: &'a AuthorizedTable,
    pub(crate) scope: &'a Scope<'m>,
    pub(crate) link: Option<&'a Scope<'m>>,
    pub(crate) terms: &'a [Term],
}

impl<'m> Lower<'m> {
    /// Adds what an output needs to the statement's columns and joins.
    pub(crate) fn output(&mut self, place: &Place<'_, 'm>, output: &Output, columns: &mut Columns, joins: &mut String) -> Lowered<Node> {
        let scope = place.scope;
        let id = columns.add(scope.column("id"), Shape::Id);
        let slots = output.slots.iter().map(|slot| self.slot(place, *slot, columns)).collect::<Lowered<_>>()?;
        let mut ones = Vec::new();
        for one in &output.ones {
            let target = self.left_join(scope, one.relation, &one.table, joins)?;
            ones.push(self.output(&Place { table: &one.table, scope: &target, link: None, terms: &[] }, &one.output, columns, joins)?);
        }
        let object = scope.object()?;
        let manys = output.manys.iter().map(|many| self.many(object, many)).collect::<Lowered<_>>()?;
        let histories = output.histories.iter().map(|history| self.history(object, history)).collect::<Lowered<_>>()?;
        let mut holds = Vec::with_capacity(output.holds.len());
        for predicate in &output.holds {
            let condition = self.predicate(scope, predicate)?;
            holds.push(columns.add(format!("(({condition}) is true)"), Shape::Bool));
        }
        Ok(Node { id, slots, ones, manys, histories, holds })
    }

    fn slot(&mut self, place: &Place<'_, 'm>, slot: Slot, columns: &mut Columns) -> Lowered<Reader> {
        let scope = place.scope;
        Ok(match slot {
            Slot::Field(field) => {
                let field = scope.field(field)?;
                match (&field.kind, field.column(Part::SetAt)) {
                    (FieldKind::Secret, Some(set_at)) => Reader::Cell(columns.add(scope.column(&set_at.name), Shape::DateTime)),
                    _ => self.whole_field(scope, field, columns)?,
                }
            }
            Slot::File(field) => {
                let column = scope.field(field)?.columns.first().ok_or(StoreError::Plan("the field has no column"))?;
                let id = scope.column(&column.name);
                let facts = self.file_facts(&id);
                Reader::File { id: columns.add(id, Shape::Id), facts: columns.add(facts, Shape::Json) }
            }
            Slot::Relation(relation) => self.whole_relation(scope, scope.relation(relation)?, columns),
            Slot::ActorDisplay(relation) => {
                let relation = scope.relation(relation)?;
                let kind = relation.kind_column.as_deref().ok_or(StoreError::Plan("the relation names no actor"))?;
                let (kind, id) = (scope.column(kind), scope.column(&relation.column));
                let actors = self.fixture("actor");
                Reader::Cell(
                    columns.add(
                        format!("(select n.\"display\" from {actors} as n where n.\"kind\" = {kind} and n.\"id\" = {id})"),
                        Shape::Text,
                    ),
                )
            }
            Slot::LinkField(field) => {
                let link = place.link.ok_or(StoreError::Plan("no link here"))?;
                self.whole_field(link, link.field(field)?, columns)?
            }
            Slot::LinkCreatedAt => {
                let link = place.link.ok_or(StoreError::Plan("no link here"))?;
                Reader::Cell(columns.add(link.column("created_at"), Shape::DateTime))
            }
            Slot::TreeDepth => {
                let object = scope.object()?;
                let parent = object.tree.and_then(|tree| object.relation(tree)).ok_or(StoreError::Plan("no tree"))?;
                let depth = self.depth_of(place.table, &parent.column, &scope.column("id"))?;
                Reader::Cell(columns.add(depth, Shape::Int))
            }
            Slot::ExternalIds => Reader::Pairs(columns.add(self.external_pairs(scope)?, Shape::Json)),
            Slot::OrderTerm(term) => {
                let term = place.terms.get(usize::from(term)).ok_or(StoreError::Plan("no such order term"))?;
                Reader::Cell(columns.add(term.expression.clone(), term.shape))
            }
        })
    }

    fn external_pairs(&mut self, scope: &Scope<'m>) -> Lowered<String> {
        let table = self.fixture("external_id");
        let object = self.fixed(Arg::text(scope.object()?.table.clone()));
        let rows = format!(
            "from {table} as x where x.\"object\" = {object} and x.\"record\" = {} order by x.\"system\", x.\"key\"",
            scope.column("id")
        );
        Ok(match self.dialect {
            crate::Dialect::Postgres => {
                format!("(select json_agg(json_build_array(y.s, y.k)) from (select x.\"system\" as s, x.\"key\" as k {rows}) as y)")
            }
            crate::Dialect::Sqlite => {
                format!("(select json_group_array(json_array(y.s, y.k)) from (select x.\"system\" as s, x.\"key\" as k {rows}) as y)")
            }
        })
    }

    /// A whole field, put together from its columns.
    pub(crate) fn whole_field(&self, scope: &Scope<'m>, field: &'m tenon_model::Field, columns: &mut Columns) -> Lowered<Reader> {
        let mut part = |part: Part| field.column(part).map(|column| columns.add(scope.column(&column.name), Shape::from(column.kind)));
        let missing = StoreError::Plan("the field has no column");
        Ok(match &field.kind {
            FieldKind::Money { .. } => {
                let (amount, currency) =
                    (part(Part::Amount).ok_or(missing)?, part(Part::Currency).ok_or(StoreError::Plan("money without currency"))?);
                Reader::Money { amount, currency, base: part(Part::Base) }
            }
            FieldKind::Geo => Reader::Geo {
                lat: part(Part::Lat).ok_or(missing)?,
                lng: part(Part::Lng).ok_or(StoreError::Plan("a place without longitude"))?,
            },
            FieldKind::Address => Reader::Address(
                [Part::Country, Part::Region, Part::City, Part::District, Part::Street, Part::PostalCode, Part::Lat, Part::Lng].map(part),
            ),
            FieldKind::Secret => {
                let sealed = field.columns.first().ok_or(missing)?;
                Reader::IsSet(columns.add(format!("({} is not null)", scope.column(&sealed.name)), Shape::Bool))
            }
            _ => {
                let column = field.column(Part::Whole).or_else(|| field.columns.first()).ok_or(missing)?;
                Reader::Cell(columns.add(scope.column(&column.name), Shape::from(column.kind)))
            }
        })
    }

    /// A whole reference.
    pub(crate) fn whole_relation(&self, scope: &Scope<'m>, relation: &Relation, columns: &mut Columns) -> Reader {
        let id = columns.add(scope.column(&relation.column), Shape::Id);
        let Some(kind) = relation.kind_column.as_deref() else { return Reader::Cell(id) };
        let targets = relation.targets.iter().filter_map(|target| self.model.object(*target));
        let names = match relation.shape {
            RelationShape::Any => targets.map(|object| (object.table.clone(), object.name.to_string())).collect(),
            _ => Vec::new(),
        };
        Reader::Ref { kind: columns.add(scope.column(kind), Shape::Text), id, names: Arc::new(names) }
    }
}
