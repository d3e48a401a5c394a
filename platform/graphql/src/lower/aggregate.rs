//! `…Aggregate`: groups, what is computed of them, and where each response key finds it.

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{FieldKind, Object, Part};
use tenon_query::{Action, Aggregate, ColumnRef, Deleted, Func, Measure, Predicate, Read};
use tenon_value::{Decimal, Value};

use super::roots::{Planned, Work};
use super::{Lower, scalars};
use crate::collect::Collected;
use crate::members;
use crate::shape::{GroupPart, GroupShape, KeyPart, KeyTerm, MeasurePart, SpecOf};
use crate::syntax::ast::{Field, Value as Input};

/// The measures of an aggregate; equal unfiltered ones are computed once.
#[derive(Default)]
pub(super) struct Measures(Vec<Measure>);

impl Measures {
    pub(super) fn place(&mut self, measure: Measure) -> usize {
        let same = |known: &Measure| {
            known.filter.is_none() && known.func == measure.func && known.column == measure.column && known.relation == measure.relation
        };
        if measure.filter.is_none()
            && let Some(at) = self.0.iter().position(same)
        {
            return at;
        }
        self.0.push(measure);
        self.0.len() - 1
    }
}

/// In what money is measured: in the base currency, or each group in its own where that is what it is grouped by; with the place
/// of that key.
pub(super) fn money_part(field: &tenon_model::Field, specs: &[SpecOf<'_>]) -> (Option<usize>, Part) {
    let by_currency = |spec: &SpecOf<'_>| matches!(spec.term, KeyTerm::Currency(by) if by.ix == field.ix) && spec.path.len() == 1;
    let currency = specs.iter().position(by_currency);
    (currency, if currency.is_some() { Part::Amount } else { Part::Base })
}

impl<'a> Lower<'a> {
    pub(super) fn aggregate(&mut self, object: &'a Object, collected: &Collected<'a>) -> Option<Work<'a>> {
        let field = collected.first()?;
        let (collector, root) = (self.collector, InputPath::default());
        let given = |name: &str| collector.input(field, name).filter(|value| !value.is_null());
        let place = if given("having").is_some() { Place::Having } else { Place::Aggregate };
        let table = self.table(object.ix, Action::Read, place)?;
        let filter_input = collector.input(field, "filter").filter(|filter| !filter.is_null());
        let filter = filter_input.as_deref().map(|input| self.filter(object, input, &root.key("filter")));
        let (filter, _) = self.searching(object, field, filter);
        self.search = None;
        let (mut keys, mut specs) = (Vec::new(), Vec::new());
        for (at, input) in given("groupBy").as_deref().map(Input::elements).unwrap_or_default().iter().enumerate() {
            let (key, spec) = self.group_key(object, input, &root.key("groupBy").index(at))?;
            keys.push(key);
            specs.push(spec);
        }
        let mut measures = Measures::default();
        let mut shape =
            GroupShape { object, parts: Vec::new(), specs, filter: filter_input.map(|input| input.to_json()), records: Vec::new() };
        self.group_parts(&mut shape, &collected.fields, &mut measures);
        let having = given("having").map(|input| self.having(object, (&input, &root.key("having")), &shape.specs, &mut measures));
        let mut order = Vec::new();
        for (at, term) in given("orderBy").as_deref().map(Input::elements).unwrap_or_default().iter().enumerate() {
            match self.group_order(object, term, (&shape.specs, &mut measures)) {
                Some(term) => order.push(term),
                None => {
                    let problem = Problem::invalid(
                        "type",
                        "groups are ordered only by what they are grouped by, or by a measure",
                        "只能按分组字段或度量排序",
                    );
                    self.wrong(&root.key("orderBy").index(at), problem);
                }
            }
        }
        let first = match collector.argument(field, "first").filter(|first| !first.is_null()).and_then(Input::as_int) {
            Some(first) => {
                let size = self.size(first, &root.key("first"))?;
                Some(self.param(Value::Int(size)))
            }
            None => None,
        };
        let deleted = self.deleted_argument(collected);
        let aggregate = Aggregate { table, filter, deleted, keys, measures: measures.0, having, order, first };
        let planned = Planned { read: Read::Aggregate(aggregate), params: std::mem::take(&mut self.params) };
        Some(Work::Groups(planned, Box::new(shape)))
    }

    fn group_parts(&mut self, shape: &mut GroupShape<'a>, fields: &[&'a Field], measures: &mut Measures) {
        let object = shape.object;
        for collected in self.collector.collect_below(fields, |_| true) {
            let Some(field) = collected.first() else { continue };
            let name = &*field.name.text;
            let part = match name {
                "key" => {
                    let parts = self.key_parts(object, &collected.fields, &mut Vec::new(), shape);
                    GroupPart::Key(format!("{}GroupKey", object.graphql.type_name), parts)
                }
                "drillDown" => GroupPart::DrillDown,
                "count" => {
                    let filter = self.measure_filter(object, field);
                    GroupPart::Count(measures.place(Measure { func: Func::Count, column: None, relation: None, filter }))
                }
                "__typename" => GroupPart::TypeName,
                _ => self.measures(shape, &collected, measures),
            };
            shape.parts.push((collected.key, part));
        }
    }

    fn measure_filter(&mut self, object: &'a Object, field: &'a Field) -> Option<Predicate> {
        let input = self.collector.input(field, "filter").filter(|filter| !filter.is_null())?;
        Some(self.filter(object, &input, &InputPath::default().key(field.key().to_owned()).key("filter")))
    }

    fn key_parts(
        &mut self,
        object: &'a Object,
        fields: &[&'a Field],
        path: &mut Vec<String>,
        shape: &mut GroupShape<'a>,
    ) -> Vec<(&'a str, KeyPart<'a>)> {
        let mut parts = Vec::new();
        for collected in self.collector.collect_below(fields, |_| true) {
            let Some(field) = collected.first() else { continue };
            let name = &*field.name.text;
            path.push(name.to_owned());
            let place = shape.specs.iter().position(|spec| spec.path == *path);
            let part = if name == "__typename" {
                KeyPart::TypeName
            } else if name == "record" {
                KeyPart::Record(place.and_then(|at| self.key_record(at, &collected.fields, shape)))
            } else if members::field(object, name).is_some() {
                KeyPart::Value(place, self.subs(&collected.fields))
            } else {
                let target = members::relation(object, name).and_then(|relation| self.view.target(relation));
                match target {
                    Some(target) => {
                        let below = self.key_parts(target, &collected.fields, path, shape);
                        KeyPart::Below(format!("{}GroupKey", target.graphql.type_name), below)
                    }
                    None => KeyPart::TypeName,
                }
            };
            path.pop();
            parts.push((collected.key, part));
        }
        parts
    }

    /// The read of the records a key names, by ids still to come.
    fn key_record(&mut self, at: usize, fields: &[&'a Field], shape: &mut GroupShape<'a>) -> Option<usize> {
        let KeyTerm::Record(target) = shape.specs.get(at).map(|spec| &spec.term)? else { return None };
        let (planned, record) = self.by_ids(target, fields, Vec::new(), (Deleted::Include, Place::Group))?;
        shape.records.push((at, planned, record));
        Some(shape.records.len() - 1)
    }

    fn measures(&mut self, shape: &GroupShape<'a>, collected: &Collected<'a>, measures: &mut Measures) -> GroupPart<'a> {
        let object = shape.object;
        let Some(field) = collected.first() else { return GroupPart::TypeName };
        let func = match &*field.name.text {
            "sum" => Func::Sum,
            "avg" => Func::Avg,
            "median" => Func::Median,
            "min" => Func::Min,
            "max" => Func::Max,
            "percentile" => Func::Percentile(self.share(field)),
            _ => Func::CountDistinct,
        };
        let filter = self.measure_filter(object, field);
        let mut parts = Vec::new();
        for collected in self.collector.collect_below(&collected.fields, |_| true) {
            let Some(field) = collected.first() else { continue };
            parts.push((collected.key, self.measure(shape, func, &filter, (field, &collected.fields), measures)));
        }
        let type_name =
            self.schema.ty(&format!("{}Aggregate", object.graphql.type_name)).and_then(|ty| self.schema.field(ty, &field.name.text));
        GroupPart::Measures(type_name.map(|field| field.ty.name().to_owned()).unwrap_or_default(), parts)
    }

    /// `percentile(p: "95")`: a share of a hundred.
    fn share(&mut self, field: &'a Field) -> Decimal {
        let hundred = Decimal::from(100);
        let share =
            self.collector.argument(field, "p").and_then(|p| scalars::decimal(p).ok()).filter(|p| *p >= Decimal::ZERO && *p <= hundred);
        match share.and_then(|p| p.divide(hundred, 8).ok()) {
            Some(share) => share,
            None => {
                self.wrong(
                    &InputPath::default().key("p"),
                    Problem::invalid("range", "`p` lies between 0 and 100", "`p` 应在 0 到 100 之间"),
                );
                Decimal::ZERO
            }
        }
    }

    /// What is not visible is not counted among the different records a relation points to.
    fn counted(&mut self, object: &'a Object, name: &str, filter: Option<Predicate>) -> Option<Predicate> {
        let relation = members::relation(object, name).filter(|_| members::field(object, name).is_none());
        let table = relation.and_then(|relation| Some((relation, self.view.target(relation)?)));
        let table = table.and_then(|(relation, target)| Some((relation, self.table(target.ix, Action::Read, Place::Aggregate)?)));
        match table {
            Some((relation, table)) if table.rows().is_some() => {
                let seen = Predicate::ToOne { relation: relation.ix, table, holds: Box::new(Predicate::yes()) };
                Predicate::and(filter, Some(seen))
            }
            _ => filter,
        }
    }

    fn measure(
        &mut self,
        shape: &GroupShape<'a>,
        func: Func,
        filter: &Option<Predicate>,
        (selected, fields): (&'a Field, &[&'a Field]),
        measures: &mut Measures,
    ) -> MeasurePart<'a> {
        let name = &*selected.name.text;
        let filter = &self.counted(shape.object, name, filter.clone());
        let mut place = |column: Option<ColumnRef>, relation| measures.place(Measure { func, column, relation, filter: filter.clone() });
        let Some(field) = members::field(shape.object, name) else {
            return match members::relation(shape.object, name) {
                Some(relation) => MeasurePart::Count(place(None, Some(relation.ix))),
                None => MeasurePart::TypeName,
            };
        };
        let whole = ColumnRef::whole(field.ix);
        let is_mean = matches!(func, Func::Avg | Func::Median | Func::Percentile(_));
        match field.kind {
            _ if func == Func::CountDistinct => MeasurePart::Count(place(Some(whole), None)),
            FieldKind::Money { scale, .. } => {
                let (currency, part) = money_part(field, &shape.specs);
                let subs = self.subs(fields);
                let measure = place(Some(ColumnRef { field: field.ix, part }), None);
                // The base value is computed only where it is asked for: it may be missing where the amount is not.
                let wants_base = currency.is_some() && subs.iter().any(|sub| sub.name == "base");
                let base = if wants_base { place(Some(ColumnRef { field: field.ix, part: Part::Base }), None) } else { measure };
                MeasurePart::Money { measure, currency, base, scale: (!is_mean).then_some(scale), subs }
            }
            _ if is_mean => MeasurePart::Decimal(place(Some(whole), None)),
            FieldKind::Integer { .. } if func == Func::Sum => MeasurePart::Long(place(Some(whole), None)),
            _ => MeasurePart::Leaf(place(Some(whole), None), field),
        }
    }
}
