//! Other records: read anywhere, written in `after_save` and `after_delete`. As the caller, within your grant.
//!
//! Natively, [`testing`](crate::testing) stands in: records put there are read, and writes change them.

use crate::{Json, Problem, Record, Saved, Value};

#[cfg(target_arch = "wasm32")]
mod there {
    //! At the host.
    use crate::bindings::tenon::plugin::{records_bulk, records_read, records_write};
    use crate::{Json, Problem, Record, Saved, Value, wire};

    pub(super) fn get(object: &str, id: &str) -> Result<Option<Record>, Problem> {
        records_read::get(object, id).map(|found| found.map(wire::stored)).map_err(wire::problem)
    }

    pub(super) fn get_for_update(object: &str, id: &str) -> Result<Option<Record>, Problem> {
        records_write::get_for_update(object, id).map(|found| found.map(wire::stored)).map_err(wire::problem)
    }

    pub(super) fn query(document: &str, variables: &str) -> Result<Json, Problem> {
        let data = records_read::query(document, variables).map_err(wire::problem)?;
        Ok(data.parse().expect("the host answers JSON"))
    }

    pub(super) fn lock(name: &str) -> Result<(), Problem> {
        records_write::lock(name).map_err(wire::problem)
    }

    pub(super) fn create(object: &str, values: &[(&str, Value)]) -> Result<Saved, Problem> {
        records_write::create(object, &wire::values(values)).map(wire::saved).map_err(wire::problem)
    }

    pub(super) fn update(object: &str, id: &str, expect: Option<i64>, values: &[(&str, Value)]) -> Result<Saved, Problem> {
        records_write::update(object, id, expect, &wire::values(values)).map(wire::saved).map_err(wire::problem)
    }

    pub(super) fn update_where(object: &str, filter: &str, values: &[(&str, Value)], limit: u32) -> Result<u32, Problem> {
        records_write::update_where(object, filter, &wire::values(values), limit).map_err(wire::problem)
    }

    pub(super) fn create_many(object: &str, rows: &[Vec<(&str, Value)>]) -> Result<Vec<String>, Problem> {
        let rows: Vec<_> = rows.iter().map(|values| wire::values(values)).collect();
        records_bulk::create_many(object, &rows).map_err(wire::problem)
    }

    pub(super) fn update_many(object: &str, rows: &[(&str, Vec<(&str, Value)>)]) -> Result<u32, Problem> {
        let rows: Vec<_> = rows.iter().map(|(id, values)| ((*id).to_owned(), wire::values(values))).collect();
        records_bulk::update_many(object, &rows).map_err(wire::problem)
    }

    pub(super) fn create_or_get(object: &str, key: &str, values: &[(&str, Value)]) -> Result<Saved, Problem> {
        records_write::create_or_get(object, key, &wire::values(values)).map(wire::saved).map_err(wire::problem)
    }

    pub(super) fn delete(object: &str, id: &str, expect: Option<i64>) -> Result<(), Problem> {
        records_write::delete(object, id, expect).map_err(wire::problem)
    }

    pub(super) fn next_number(series: &str) -> Result<i64, Problem> {
        records_write::next_number(series).map_err(wire::problem)
    }
}

#[cfg(not(target_arch = "wasm32"))]
use crate::testing::records as there;

/// One record; none where it is not there, or not to be seen. Counts as one query.
///
/// ```
/// assert_eq!(tenon_sdk::records::get("account", "nobody"), Ok(None));
/// ```
///
/// # Errors
/// What does not fit: an unknown object, a wrong id.
pub fn get(object: &str, id: &str) -> Result<Option<Record>, Problem> {
    there::get(object, id)
}

/// The same, and nobody else writes it until the transaction ends.
///
/// ```
/// assert_eq!(tenon_sdk::records::get_for_update("account", "nobody"), Ok(None));
/// ```
///
/// # Errors
/// As [`get`].
pub fn get_for_update(object: &str, id: &str) -> Result<Option<Record>, Problem> {
    there::get_for_update(object, id)
}

/// A query of the data API, with its variables as a JSON object (`""` for none); gives its data.
///
/// ```
/// use tenon_sdk::{records, testing};
/// testing::answer_queries(|_, _| Ok(r#"{"opportunities":{"totalCount":{"value":3}}}"#.to_owned()));
/// let data = records::query("{ opportunities { totalCount { value } } }", "").unwrap();
/// assert_eq!(data.at("opportunities.totalCount.value").integer(), Some(3));
/// ```
///
/// # Errors
/// The first problem of the document.
pub fn query(document: &str, variables: &str) -> Result<Json, Problem> {
    there::query(document, variables)
}

/// Holds a name of your package until the transaction ends. Take several in the order of the alphabet.
///
/// ```
/// assert_eq!(tenon_sdk::records::lock("pool/7"), Ok(()));
/// ```
///
/// # Errors
/// A name that is empty or too long.
pub fn lock(name: &str) -> Result<(), Problem> {
    there::lock(name)
}

/// A new record.
///
/// ```
/// use tenon_sdk::records;
/// let saved = records::create("lead", &[("city", "Bonn".into())]).unwrap();
/// assert_eq!(records::get("lead", &saved.id).unwrap().unwrap().text("city"), Some("Bonn"));
/// ```
///
/// # Errors
/// As of every save: rights, types, rules, other plugins.
pub fn create(object: &str, values: &[(&str, Value)]) -> Result<Saved, Problem> {
    there::create(object, values)
}

/// Changes a record; with a version, only if it still has that.
///
/// ```
/// use tenon_sdk::records;
/// let lead = records::create("lead", &[("city", "Bonn".into())]).unwrap();
/// assert_eq!(records::update("lead", &lead.id, Some(1), &[("city", "Ulm".into())]).unwrap().version, 2);
/// assert_eq!(records::update("lead", &lead.id, Some(1), &[("city", "Köln".into())]).unwrap_err().code, "CONFLICT");
/// ```
///
/// # Errors
/// As of every save.
pub fn update(object: &str, id: &str, expect_version: Option<i64>, values: &[(&str, Value)]) -> Result<Saved, Problem> {
    there::update(object, id, expect_version, values)
}

/// The same change of all that a filter of the data API (as JSON) selects, so many at most; how many changed. Natively
/// every record of the object is selected.
///
/// ```
/// use tenon_sdk::records;
/// records::create("lead", &[("city", "Bonn".into())]).unwrap();
/// let changed = records::update_where("lead", r#"{"city":{"eq":"Bonn"}}"#, &[("city", "Ulm".into())], 100).unwrap();
/// assert_eq!(changed, 1);
/// ```
///
/// # Errors
/// As of every save; then none changed.
pub fn update_where(object: &str, filter: &str, values: &[(&str, Value)], limit: u32) -> Result<u32, Problem> {
    there::update_where(object, filter, values, limit)
}

/// New records, 200 at most: all of them in one save, or none; gives their ids in this order. Counts as one write.
///
/// ```
/// use tenon_sdk::records;
/// let ids = records::create_many("lead", &[vec![("city", "Bonn".into())], vec![("city", "Ulm".into())]]).unwrap();
/// assert_eq!(records::get("lead", &ids[1]).unwrap().unwrap().text("city"), Some("Ulm"));
/// ```
///
/// # Errors
/// As of every save; then none is made.
pub fn create_many(object: &str, rows: &[Vec<(&str, Value)>]) -> Result<Vec<String>, Problem> {
    there::create_many(object, rows)
}

/// Changes records by their ids, 200 at most, each in its own way: all of them in one save, or none; how many changed. Counts
/// as one write.
///
/// ```
/// use tenon_sdk::records;
/// let lead = records::create("lead", &[("city", "Bonn".into())]).unwrap();
/// assert_eq!(records::update_many("lead", &[(&lead.id, vec![("city", "Ulm".into())])]), Ok(1));
/// ```
///
/// # Errors
/// As of every save; then none changed.
pub fn update_many(object: &str, rows: &[(&str, Vec<(&str, Value)>)]) -> Result<u32, Problem> {
    there::update_many(object, rows)
}

/// The record that a unique key finds with these values, or a new one. Natively every record with equal values is it.
///
/// ```
/// use tenon_sdk::records;
/// let one = records::create_or_get("tag", "name", &[("name", "vip".into())]).unwrap();
/// let two = records::create_or_get("tag", "name", &[("name", "vip".into())]).unwrap();
/// assert!(one.created && !two.created && one.id == two.id);
/// ```
///
/// # Errors
/// As of every save.
pub fn create_or_get(object: &str, key: &str, values: &[(&str, Value)]) -> Result<Saved, Problem> {
    there::create_or_get(object, key, values)
}

/// Into the recycle bin; with a version, only if it still has that.
///
/// ```
/// use tenon_sdk::records;
/// let lead = records::create("lead", &[]).unwrap();
/// records::delete("lead", &lead.id, None).unwrap();
/// assert_eq!(records::get("lead", &lead.id), Ok(None));
/// ```
///
/// # Errors
/// As of every removal.
pub fn delete(object: &str, id: &str, expect_version: Option<i64>) -> Result<(), Problem> {
    there::delete(object, id, expect_version)
}

/// The next number of a series of your package, from 1, without gaps.
///
/// ```
/// use tenon_sdk::records;
/// assert_eq!((records::next_number("voucher"), records::next_number("voucher")), (Ok(1), Ok(2)));
/// ```
///
/// # Errors
/// A name that is empty or too long.
pub fn next_number(series: &str) -> Result<i64, Problem> {
    there::next_number(series)
}
