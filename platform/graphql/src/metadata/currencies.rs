//! The currencies that forms offer: the base, then the active ones among the records of `currency` that the caller sees.

use tenon_access::Place;
use tenon_diagnostics::Classify;
use tenon_model::Part;
use tenon_query::{Action, Answer, Deleted, Output, Params, Predicate, Read, Select, Slot, Window};
use tenon_value::Value;

use super::door::{Door, Failure};
use super::sight::Sight;

/// The plan: codes of active currencies. None where the tenant has no such object, or the caller does not see its codes.
fn plan(sight: &Sight) -> Option<(Select, Params)> {
    let object = sight.model.object_named("currency")?;
    let (code, active) = (object.field_named("code")?, object.field_named("is_active")?);
    let readable = [code.ix, active.ix].into_iter().all(|field| sight.policy.may_read_field(object.ix, field));
    let table = sight.policy.table(&sight.model, object.ix, Action::Read, Place::Root).ok().filter(|_| readable)?;
    let mut params = Params::default();
    let filter = Some(Predicate::equals(active.ix, Part::Whole, params.push(Value::Bool(true))));
    let output = Output { slots: vec![Slot::Field(code.ix)], ..Output::default() };
    // Codes are unique and of three letters known to ISO 4217: there are few hundred at most.
    let select = Select { table, filter, deleted: Deleted::Exclude, order: Vec::new(), window: Window::All, output, count: None };
    Some((select, params))
}

/// Their codes, the base currency first, then by letter.
pub(super) async fn active(door: &Door, sight: &Sight) -> Result<Vec<String>, Failure> {
    let base = sight.model.settings.base_currency.clone();
    let Some((select, params)) = plan(sight) else { return Ok(vec![base]) };
    let failed = |error: tenon_store::StoreError| Failure::from(error.problem());
    let prepared = door.store.prepare(&sight.model, Read::Select(select)).map_err(failed)?;
    // Read by the rights of whose eyes these are.
    let mut cx = door.cx.clone();
    cx.principal = sight.principal.clone();
    let mut codes: Vec<String> = match door.store.read(&cx, &prepared, &params).await.map_err(failed)? {
        Answer::Page(page) => page.rows.into_iter().filter_map(|row| row.values.into_iter().next()?.as_text().map(str::to_owned)).collect(),
        Answer::Groups(_) => Vec::new(),
    };
    codes.retain(|code| *code != base);
    codes.sort_unstable();
    codes.insert(0, base);
    Ok(codes)
}
