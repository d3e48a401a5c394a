//! Pages: edges, nodes, page info, total count.

use tenon_query::{Page, Row};
use tenon_value::Value;

use super::{EdgePart, LinkPart, Out, PagePart, PageShape, Scene};

impl PageShape<'_> {
    fn cursor(&self, row: &Row) -> String {
        let values = self.terms.iter().map(|slot| row.values.get(*slot).unwrap_or(&Value::Null));
        self.signer.as_ref().map(|signer| signer.cursor(values)).unwrap_or_default()
    }
}

impl Out {
    /// A page of records.
    pub(crate) fn page(&mut self, shape: &PageShape<'_>, page: &Page, scene: &Scene<'_>) {
        self.object(
            &shape.parts,
            |(key, _)| key,
            |out, (_, part)| match part {
                PagePart::TypeName => out.plain(&shape.type_name),
                PagePart::Nodes(node) => out.list(&page.rows, |out, row| out.record(node, Some(row), scene)),
                PagePart::Edges(type_name, parts) => out.list(&page.rows, |out, row| {
                    out.object(parts, |(key, _)| key, |out, (_, part)| out.edge(shape, (type_name, part), row, scene));
                }),
                PagePart::PageInfo(subs) => out.subs(subs, "PageInfo", |out, sub| match sub.name {
                    "hasNextPage" => out.number(page.has_next),
                    "hasPreviousPage" => out.number(page.has_previous),
                    name => match if name == "startCursor" { page.rows.first() } else { page.rows.last() } {
                        Some(row) => out.plain(shape.cursor(row)),
                        None => out.null(),
                    },
                }),
                PagePart::TotalCount(limit, subs) => {
                    let (count, exact) = page.count.unwrap_or((0, true));
                    let (count, exact) = match limit {
                        Some(limit) if count > *limit => (*limit, false),
                        _ => (count, exact),
                    };
                    out.subs(subs, "TotalCount", |out, sub| if sub.name == "value" { out.number(count) } else { out.number(exact) });
                }
            },
        );
    }

    fn edge(&mut self, shape: &PageShape<'_>, (type_name, part): (&str, &EdgePart<'_>), row: &Row, scene: &Scene<'_>) {
        let value = |slot: usize| row.values.get(slot).unwrap_or(&Value::Null);
        match part {
            EdgePart::TypeName => self.plain(type_name),
            EdgePart::Cursor => self.plain(shape.cursor(row)),
            EdgePart::Node(node) => self.record(node, Some(row), scene),
            EdgePart::Link(link, parts) => self.object(
                parts,
                |(key, _)| key,
                |out, (_, part)| match part {
                    LinkPart::TypeName => out.plain(&link.graphql),
                    LinkPart::CreatedAt(slot) => out.value(value(*slot)),
                    LinkPart::Leaf(slot, field) => out.leaf(&field.kind, value(*slot)),
                    LinkPart::Composite(slot, field, subs) => out.composite(field, value(*slot), subs, scene),
                },
            ),
        }
    }
}
