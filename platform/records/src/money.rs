//! Money's worth in the tenant's currency, at the rate of the day of saving, from `exchange_rate` and `currency`.
//!
//! The objects are found by name and shape; a tenant without them, or without a rate, has no worth (`base` is null).

use std::sync::Arc;

use tenon_access::Policy;
use tenon_context::Principal;
use tenon_model::{FieldIx, FieldKind, ObjectIx, Part, RelationIx};
use tenon_query::ColumnRef;
use tenon_query::{
    Action, Answer, CompareOp, Deleted, Direction, Order, Output, Params, Predicate, Read, Select, Slot, SortBy, Sorting, Window,
};
use tenon_value::{Decimal, Value};

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::Work;

/// Where a model keeps its rates.
struct RateObjects {
    rate: ObjectIx,
    date: FieldIx,
    value: FieldIx,
    relation: RelationIx,
    currency: ObjectIx,
    code: FieldIx,
}

impl Attempt<'_> {
    /// Fills in the worth of the money that has changed.
    pub(crate) async fn value_money(&mut self, object: ObjectIx, works: &mut [Work<'_>]) -> Tried<()> {
        let object = self.object(object)?;
        for field in object.active_fields() {
            let FieldKind::Money { scale, .. } = field.kind else { continue };
            for work in works.iter_mut().filter(|work| !work.failed) {
                let Value::Money(money) = work.new.field(field.ix) else { continue };
                if work.old.as_ref().is_some_and(|old| old.field(field.ix) == work.new.field(field.ix)) {
                    continue;
                }
                let mut money = money.clone();
                money.base = if money.currency == self.model.settings.base_currency {
                    Some(money.amount)
                } else {
                    let rate = self.rate(&money.currency).await?;
                    rate.and_then(|rate| money.amount.multiply(rate).ok()?.round(scale).ok()?.stored(scale).ok())
                };
                work.new.set_field(field.ix, Value::Money(money));
            }
        }
        Ok(())
    }

    async fn rate(&mut self, currency: &str) -> Tried<Option<Decimal>> {
        if let Some(known) = self.rates.get(currency) {
            return Ok(*known);
        }
        let rate = self.read_rate(currency).await?;
        self.rates.insert(currency.to_owned(), rate);
        Ok(rate)
    }

    async fn read_rate(&mut self, currency: &str) -> Tried<Option<Decimal>> {
        let Some(objects) = self.rate_objects() else { return Ok(None) };
        // Rates are everybody's: who may save an amount gets its worth, whether or not he may list the rates.
        let policy = Policy::resolve(self.model, &Principal::system());
        let (Ok(rates), Ok(currencies)) =
            (policy.whole(self.model, objects.rate, Action::Read), policy.whole(self.model, objects.currency, Action::Read))
        else {
            return Ok(None);
        };
        let today = self.cx.now.date_in(&self.model.settings.zone);
        let mut params = Params::default();
        let (code, day, one) = (params.push(Value::text(currency)), params.push(Value::Date(today)), params.push(Value::Int(1)));
        let of_currency = Predicate::ToOne {
            relation: objects.relation,
            table: currencies,
            holds: Box::new(Predicate::equals(objects.code, Part::Whole, code)),
        };
        let begun = Predicate::Compare { column: ColumnRef::whole(objects.date), op: CompareOp::Lte, with: day };
        let order = |field, sorting| Order { by: SortBy::Column { field, part: Part::Whole }, sorting };
        let select = Select {
            table: rates,
            filter: Some(Predicate::All(vec![of_currency, begun])),
            deleted: Deleted::Exclude,
            order: vec![order(objects.date, Sorting::Desc), order(tenon_model::system::ID, Sorting::Asc)],
            window: Window::Page { size: one, direction: Direction::Forward, after: None, before: None, exact_ends: false },
            output: Output { slots: vec![Slot::Field(objects.value)], ..Output::default() },
            count: None,
        };
        let prepared = self.pipeline.store.prepare(&Arc::clone(&self.cx.model), Read::Select(select))?;
        let Answer::Page(page) = self.tx.read(&prepared, &params).await? else { return Ok(None) };
        Ok(page.rows.first().and_then(|row| row.values.first()).and_then(Value::as_decimal))
    }

    fn rate_objects(&self) -> Option<RateObjects> {
        let (rate, currency) = (self.model.object_named("exchange_rate")?, self.model.object_named("currency")?);
        let (date, value, code) = (rate.field_named("date")?, rate.field_named("rate")?, currency.field_named("code")?);
        let relation = rate.relation_named("currency").filter(|relation| relation.target() == Some(currency.ix))?;
        let shaped = matches!(date.kind, FieldKind::Date) && matches!(value.kind, FieldKind::Decimal { .. }) && code.kind.is_text();
        shaped.then_some(RateObjects {
            rate: rate.ix,
            date: date.ix,
            value: value.ix,
            relation: relation.ix,
            currency: currency.ix,
            code: code.ix,
        })
    }
}
