//! Links of many-to-many relations.

use std::sync::Arc;

use tenon_context::OpContext;
use tenon_model::{LinkEnd, LinkIx};
use tenon_query::{AuthorizedTable, Deleted, Params};
use tenon_value::{RecordId, Value};

use super::load::pair;
use super::{Tx, image};
use crate::db::{Fault, Kind, Scalar, Shape, Target};
use crate::lower::Lower;
use crate::lower::output::Columns;
use crate::run::rows;
use crate::{LinkRow, StoreError};

/// The tables of both ends: source, target. Naming a link takes the right to name both.
type Ends<'a> = (&'a AuthorizedTable, &'a AuthorizedTable);

impl Tx {
    fn check_ends(&self, link: LinkIx, ends: Ends<'_>) -> Result<(), StoreError> {
        let link = self.link(link)?;
        if ends.0.object() == link.source && ends.1.object() == link.target {
            Ok(())
        } else {
            Err(StoreError::Plan("tables of other ends"))
        }
    }

    /// Links that have one of the ids at the end `here`, and a visible record at the other: links to what the principal
    /// does not see do not exist for him.
    ///
    /// # Errors
    /// What the database says.
    pub async fn links(&mut self, link: LinkIx, here: LinkEnd, ids: &[RecordId], ends: Ends<'_>) -> Result<Vec<LinkRow>, StoreError> {
        self.check_ends(link, ends)?;
        let model = Arc::clone(&self.model);
        let link = model.link(link).ok_or(StoreError::Plan("no such link"))?;
        if ids.is_empty() || !self.is_there(&link.table).await? {
            return Ok(Vec::new());
        }
        let mut lower = Lower::new(&model, self.dialect());
        let (from, scope) = lower.link_table(link);
        let mut columns = Columns::default();
        columns.add(scope.column("source"), Shape::Id);
        columns.add(scope.column("target"), Shape::Id);
        let readers: Vec<_> = link.fields.iter().map(|field| lower.whole_field(&scope, field, &mut columns)).collect::<Result<_, _>>()?;
        let wanted = lower.wanted();
        let among = lower.among(&scope.column(here.column()), Kind::Id, &wanted);
        let other = here.other();
        let end = if other == LinkEnd::Source { ends.0 } else { ends.1 };
        let seen = match end.rows() {
            None => String::new(),
            Some(_) => {
                let (records, record) = lower.table(end)?;
                let visible = lower.visible(end, &record, Deleted::Include)?;
                format!(
                    " and exists (select 1 from {records} where {} = {} and {visible})",
                    record.column("id"),
                    scope.column(other.column())
                )
            }
        };
        let sql = format!(
            "select {} from {from} where {among}{seen} order by {}, {}",
            columns.expressions.join(", "),
            scope.column("source"),
            scope.column("target")
        );
        let statement = lower.finish(sql, columns.shapes);
        let rows = self.run(&statement, &Params::default(), ids).await?;
        let row = |mut cells: Vec<Value>| {
            let (source, target) = pair(&cells)?;
            let attributes = readers.iter().map(|reader| rows::read(reader, &mut cells)).collect();
            Some(LinkRow { source: RecordId(source), target: RecordId(target), attributes })
        };
        Ok(rows.into_iter().filter_map(row).collect())
    }

    /// Makes links, or changes the attributes of those that are there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn link_put(&mut self, cx: &OpContext, link: LinkIx, rows: &[LinkRow], ends: Ends<'_>) -> Result<(), StoreError> {
        self.check_ends(link, ends)?;
        let model = Arc::clone(&self.model);
        let described = model.link(link).ok_or(StoreError::Plan("no such link"))?;
        if rows.is_empty() {
            return Ok(());
        }
        self.make_link_table(link).await.map_err(|fault| self.told(fault))?;
        let attributes = image::link_columns(described, self.dialect());
        let set: Vec<String> = attributes.iter().map(|column| format!("\"{0}\" = excluded.\"{0}\"", column.name)).collect();
        let then = if set.is_empty() { "do nothing".to_owned() } else { format!("do update set {}", set.join(", ")) };
        let mut columns = vec![Target::new("source", Kind::Id), Target::new("target", Kind::Id), Target::new("created_at", Kind::DateTime)];
        columns.extend(attributes);
        let mut written = Vec::with_capacity(rows.len());
        for row in rows {
            let mut cells = vec![Scalar::Id(row.source.0), Scalar::Id(row.target.0), Scalar::DateTime(cx.now.millis())];
            cells.extend(image::link_cells(described, &row.attributes, self.dialect())?);
            written.push(cells);
        }
        let table = self.table(&described.table);
        self.insert(&table, &columns, written, &format!("on conflict (\"source\", \"target\") {then}"))
            .await
            .map(|_| ())
            .map_err(|fault| self.told(fault))
    }

    /// Removes links.
    ///
    /// # Errors
    /// What the database says.
    pub async fn link_remove(&mut self, link: LinkIx, pairs: &[(RecordId, RecordId)], ends: Ends<'_>) -> Result<(), StoreError> {
        self.check_ends(link, ends)?;
        let name = self.link(link)?.table.clone();
        if !self.is_there(&name).await? {
            return Ok(());
        }
        let table = self.table(&name);
        let columns = [Target::new("source", Kind::Id), Target::new("target", Kind::Id)];
        let rows = pairs.iter().map(|(source, target)| vec![Scalar::Id(source.0), Scalar::Id(target.0)]).collect();
        self.delete(&table, &columns, rows).await.map(|_| ()).map_err(|fault: Fault| self.told(fault))
    }
}
