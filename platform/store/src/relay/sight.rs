//! Which images of records somebody may see, and which of them a filter selects: the very predicates of reads, asked of rows
//! that travel with the statement.
//!
//! What a predicate says of other tables holds as these are now.

use tenon_context::OpContext;
use tenon_query::{AuthorizedTable, Params, Predicate, Record};
use tenon_value::Value;

use crate::db::bulk::array_type;
use crate::db::{Arg, Fault, Kind, Scalar, Shape, Target};
use crate::lower::statement::{Statement, type_name};
use crate::lower::{Lower, Scope, columns};
use crate::run::values::Values;
use crate::store::Weight;
use crate::tx::image;
use crate::{Dialect, Store, StoreError};

/// Images asked about in one statement: SQLite takes 32,766 values.
const IMAGES: usize = 100;

impl Store {
    /// Of each image, whether the table's rows and the filter hold. The table is one of `cx`'s own policy.
    ///
    /// # Errors
    /// `StaleModel` where the tenant's tables have another shape by now; what the database says.
    pub async fn sight(
        &self,
        cx: &OpContext,
        table: &AuthorizedTable,
        (filter, params): (Option<&Predicate>, &Params),
        images: &[&Record],
    ) -> Result<Vec<bool>, StoreError> {
        if table.rows().is_none() && filter.is_none() {
            return Ok(vec![true; images.len()]);
        }
        let mut seen = Vec::with_capacity(images.len());
        for piece in images.chunks(IMAGES) {
            seen.extend(self.sight_of(cx, table, (filter, params), piece).await?);
        }
        Ok(seen)
    }

    async fn sight_of(
        &self,
        cx: &OpContext,
        table: &AuthorizedTable,
        (filter, params): (Option<&Predicate>, &Params),
        images: &[&Record],
    ) -> Result<Vec<bool>, StoreError> {
        let tenant = cx.model.tenant;
        let statement = lowered(self.dialect(), cx, table, filter, images)?;
        let mut conn = self.shared(tenant, Weight::Light).await?;
        conn.limit(Some(self.until(cx)));
        conn.mark(false);
        let memory = self.memory(tenant);
        let values = Values::of(cx, params);
        let asked = async {
            let there = memory.tables.look_at(&mut conn, &statement).await?;
            let args = statement.args(values, &[])?;
            conn.fetch(&statement.text(values, &|table| there.is_missing(table)), &args, &statement.shapes).await
        };
        match asked.await {
            Err(Fault::Undefined(_)) => {
                conn.forget_statements().await?;
                memory.tables.forget();
                Err(StoreError::StaleModel)
            }
            Err(fault) => Err(fault.into()),
            Ok(rows) => {
                conn.mark(true);
                let mut seen = vec![false; images.len()];
                for place in rows.iter().filter_map(|row| row.first()?.as_int()) {
                    if let Some(slot) = usize::try_from(place).ok().and_then(|place| seen.get_mut(place)) {
                        *slot = true;
                    }
                }
                Ok(seen)
            }
        }
    }
}

fn lowered(
    dialect: Dialect,
    cx: &OpContext,
    table: &AuthorizedTable,
    filter: Option<&Predicate>,
    images: &[&Record],
) -> Result<Statement, StoreError> {
    let mut lower = Lower::new(&cx.model, dialect);
    // An image holds what its object declares, and nothing that is kept beside it.
    lower.keeps = false;
    let object = lower.object(table.object())?;
    let scope = Scope { alias: lower.alias(), fields: &object.fields, object: Some(object), unsought: None };
    let mut condition = lower.truth(true).to_owned();
    for predicate in [table.rows(), filter].into_iter().flatten() {
        condition = format!("{condition} and {}", lower.predicate(&scope, predicate)?);
    }
    // Only columns that are asked about travel.
    let form = image::Form { model: &cx.model, dialect, seal: None, now: cx.now };
    let kinds = columns::of_object(object);
    let targets = image::columns(object, dialect);
    let named: Vec<bool> = targets.iter().map(|target| condition.contains(&scope.column(&target.name))).collect();
    let mut rows = Vec::with_capacity(images.len());
    for (place, record) in images.iter().enumerate() {
        let mut cells = image::wanted_cells(&form, object, &clean(object, record), &named)?;
        cells.push(Scalar::Int(i64::try_from(place).unwrap_or(i64::MAX)));
        rows.push(cells);
    }
    let mut columns: Vec<(Target, String)> = targets
        .into_iter()
        .zip(named)
        .filter(|(_, named)| *named)
        .map(|(target, _)| {
            let kind = kinds.iter().find(|column| column.name == target.name).map(|column| type_name(column.kind, dialect));
            (target, kind.unwrap_or_default())
        })
        .collect();
    columns.push((Target::new("#", Kind::Int), type_name(tenon_model::ColumnType::Int, dialect)));
    let from = match dialect {
        Dialect::Postgres => opened(&mut lower, &columns, rows),
        Dialect::Sqlite => listed(&mut lower, &columns, rows),
    };
    let sql = format!("select {} from {from} as {} where {condition}", scope.column("#"), scope.alias);
    Ok(lower.finish(sql, vec![Shape::Int]))
}

/// The record without secrets, which are asked about by nobody.
fn clean(object: &tenon_model::Object, record: &Record) -> Record {
    let mut record = record.clone();
    for field in object.fields.iter().filter(|field| matches!(field.kind, tenon_model::FieldKind::Secret)) {
        record.set_field(field.ix, Value::Null);
    }
    record
}

/// Rows as arrays, one per column.
fn opened(lower: &mut Lower<'_>, columns: &[(Target, String)], rows: Vec<Vec<Scalar>>) -> String {
    let mut turned: Vec<Vec<Scalar>> = columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (column, scalar) in turned.iter_mut().zip(row) {
            column.push(scalar);
        }
    }
    let mut arrays = Vec::new();
    let mut taken = Vec::new();
    for (place, ((target, kind), scalars)) in columns.iter().zip(turned).enumerate() {
        let array = lower.fixed(Arg::Many(target.kind, scalars));
        arrays.push(format!("{array}::{}", array_type(target.kind)));
        taken.push(format!("{} as \"{}\"", converted(&format!("u.c{place}"), kind), target.name));
    }
    let names: Vec<String> = (0..columns.len()).map(|place| format!("c{place}")).collect();
    format!("(select {} from unnest({}) as u({}))", taken.join(", "), arrays.join(", "), names.join(", "))
}

/// A value in the type of its column, collation included.
fn converted(value: &str, kind: &str) -> String {
    match kind.split_once(" collate ") {
        Some((kind, collation)) => format!("cast({value} as {kind}) collate {collation}"),
        None => format!("cast({value} as {kind})"),
    }
}

/// Rows one by one.
fn listed(lower: &mut Lower<'_>, columns: &[(Target, String)], rows: Vec<Vec<Scalar>>) -> String {
    let rows: Vec<String> = rows
        .into_iter()
        .map(|row| {
            let cells = columns.iter().zip(row).map(|((target, _), scalar)| {
                let value = lower.fixed(Arg::One(target.kind, scalar));
                format!("{value} as \"{}\"", target.name)
            });
            format!("select {}", cells.collect::<Vec<_>>().join(", "))
        })
        .collect();
    format!("({})", rows.join(" union all "))
}
