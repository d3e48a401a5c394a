//! `groupBy`: names that lead over to-one relations to what rows are grouped by.

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Field, FieldKind, Object, Part, RelationIx};
use tenon_query::{Action, Bucket, BucketUnit, ColumnRef, GroupKey, GroupTerm, Hop};

use super::Lower;
use crate::calendar::is_zone;
use crate::limits;
use crate::members;
use crate::shape::{KeyTerm, SpecOf};
use crate::syntax::ast::Value as Input;

fn unit(word: &str) -> BucketUnit {
    match word {
        "HOUR" => BucketUnit::Hour,
        "DAY" => BucketUnit::Day,
        "WEEK" => BucketUnit::Week,
        "MONTH" => BucketUnit::Month,
        "QUARTER" => BucketUnit::Quarter,
        "YEAR" => BucketUnit::Year,
        "FISCAL_QUARTER" => BucketUnit::FiscalQuarter,
        _ => BucketUnit::FiscalYear,
    }
}

impl<'a> Lower<'a> {
    /// One element of `groupBy`.
    pub(super) fn group_key(&mut self, object: &'a Object, input: &Input, path: &InputPath) -> Option<(GroupKey, SpecOf<'a>)> {
        let mut names = Vec::new();
        let mut ways: Vec<(RelationIx, &'a Object)> = Vec::new();
        let (mut here, mut input, mut path) = (object, input, path.clone());
        loop {
            let (key, value) = input.members().first()?;
            let word = key.text.to_string();
            path = path.key(word.clone());
            names.push(word);
            let word = &*key.text;
            if word == "record" {
                self.wants_true(value, &path)?;
                let mut hops = self.hops(&ways)?;
                // The reference itself tells who is meant, unless not all may be seen: then the record is looked at.
                let term = match hops.pop() {
                    Some(hop) if hop.table.rows().is_none() => GroupTerm::Relation(hop.relation),
                    Some(hop) => {
                        hops.push(hop);
                        GroupTerm::Record
                    }
                    None => GroupTerm::Record,
                };
                return Some((GroupKey { hops, term }, SpecOf { path: names, term: KeyTerm::Record(here) }));
            }
            if let Some(field) = members::field(here, word) {
                let (term, spec) = self.group_term(field, value, &path)?;
                return Some((GroupKey { hops: self.hops(&ways)?, term }, SpecOf { path: names, term: spec }));
            }
            let relation = members::relation(here, word)?;
            here = self.view.target(relation)?;
            ways.push((relation.ix, here));
            if ways.len() > limits::GROUP_HOPS {
                self.wrong(&path, Problem::exhausted("group_hops", limits::GROUP_HOPS as u64, ways.len() as u64));
                return None;
            }
            input = value;
        }
    }

    fn hops(&mut self, ways: &[(RelationIx, &'a Object)]) -> Option<Vec<Hop>> {
        ways.iter()
            .map(|(relation, target)| Some(Hop { relation: *relation, table: self.table(target.ix, Action::Read, Place::Group)? }))
            .collect()
    }

    fn wants_true(&mut self, value: &Input, path: &InputPath) -> Option<()> {
        if value.as_bool() == Some(true) {
            return Some(());
        }
        self.wrong(path, Problem::invalid("type", "write `true` to group by this", "按此字段分组请写 `true`"));
        None
    }

    fn group_term(&mut self, field: &'a Field, value: &Input, path: &InputPath) -> Option<(GroupTerm, KeyTerm<'a>)> {
        let whole = ColumnRef::whole(field.ix);
        match field.kind {
            FieldKind::Money { .. } => {
                self.wants_true(value.get("currency")?, &path.key("currency"))?;
                Some((GroupTerm::Column(ColumnRef { field: field.ix, part: Part::Currency }), KeyTerm::Currency(field)))
            }
            FieldKind::Date | FieldKind::DateTime => {
                let unit = unit(value.get("by").and_then(Input::as_text)?);
                let mut calendar = self.calendar.clone();
                let zone = value.get("zone").filter(|zone| !zone.is_null()).and_then(Input::as_text);
                if field.kind == FieldKind::Date && (zone.is_some() || unit == BucketUnit::Hour) {
                    self.wrong(path, Problem::invalid("type", "a date has no zone and no hours", "日期没有时区，也没有小时"));
                    return None;
                }
                if let Some(zone) = zone {
                    if !is_zone(zone) {
                        self.wrong(
                            &path.key("zone"),
                            Problem::invalid("zone", format!("`{zone}` is no time zone"), format!("`{zone}` 不是时区")),
                        );
                        return None;
                    }
                    zone.clone_into(&mut calendar.zone);
                }
                let bucket = Bucket { unit, zone: calendar.zone.clone(), sunday: calendar.sunday, fiscal_start: calendar.fiscal_start };
                Some((GroupTerm::Bucket(whole, bucket), KeyTerm::Bucket(field, unit, calendar)))
            }
            FieldKind::Choices(_) => {
                self.wants_true(value, path)?;
                Some((GroupTerm::Element(field.ix), KeyTerm::Element(field)))
            }
            _ => {
                self.wants_true(value, path)?;
                Some((GroupTerm::Column(whole), KeyTerm::Field(field)))
            }
        }
    }
}
