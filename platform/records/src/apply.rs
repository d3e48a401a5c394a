//! From an input to the image of the record: fields first, then relations set from outside.

use tenon_diagnostics::{Kind, Problem};
use tenon_model::{Object, State};

use crate::attempt::Attempt;
use crate::coerce;
use crate::job::Work;

impl Attempt<'_> {
    /// Writes the fields of the inputs into the images.
    pub(crate) fn apply_fields(&mut self, object: &Object, works: &mut [Work<'_>]) {
        for work in works.iter_mut() {
            for (ix, value) in &work.job.input.fields {
                let Some(field) = object.field(*ix) else { continue };
                let refused = if field.read_only || field.system || field.state == State::Retired {
                    let name = &field.name;
                    Some(Problem::invalid("read_only", format!("`{name}` is set by the system"), format!("`{name}` 由系统维护,不能修改")))
                } else if self.policy.may_write_field(object.ix, *ix) {
                    None
                } else if self.policy.may_select_field(object.ix, *ix) {
                    Some(Problem::of_kind(Kind::Forbidden))
                } else {
                    // What is not seen is not there, as a misspelt name is not.
                    Some(Problem::invalid("type", "there is no such field", "没有这个字段"))
                };
                if let Some(problem) = refused {
                    let path = work.job.path.key(field.graphql.clone());
                    work.failed = true;
                    self.found.push(work.job.root, problem.object(object.name.as_str()).field(field.name.as_str()).at(path));
                    continue;
                }
                let value = if value.is_null() { coerce::cleared(field) } else { value.clone() };
                work.new.set_field(*ix, kept_base(value, work.new.field(*ix)));
            }
            for (relation, value) in &work.job.preset {
                work.new.set_relation(*relation, value.clone());
            }
        }
    }
}

/// Money that stays the same keeps its worth in the base currency: that of the day on which it was saved.
fn kept_base(value: tenon_value::Value, before: &tenon_value::Value) -> tenon_value::Value {
    use tenon_value::Value;
    match (value, before) {
        (Value::Money(mut money), Value::Money(old)) if money.amount == old.amount && money.currency == old.currency => {
            money.base = old.base;
            Value::Money(money)
        }
        (value, _) => value,
    }
}
