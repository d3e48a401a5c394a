//! What a search found, the best first.

use tenon_model::Field;
use tenon_query::Row;
use tenon_value::{Address, Sought, Value, snippet};

use super::{Out, Scene, Sub};
use crate::lower::{Found, FoundIn, HitPart};

/// A value as the search reads it.
fn spelt(value: &Value) -> Option<String> {
    let address = |address: &Address| {
        let parts = [&address.region, &address.city, &address.district, &address.street, &address.postal_code];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Address(parts) => Some(address(parts)),
        _ => None,
    }
}

fn points(found: &FoundIn<'_>, row: &Row) -> i64 {
    row.values.get(found.score).and_then(Value::as_int).unwrap_or_default()
}

impl Out {
    /// The hits of all objects: by points, then in the order of the objects, then by id.
    pub(crate) fn hits(&mut self, found: &Found<'_>, rows: &[Vec<Row>], scene: &Scene<'_>) {
        let mut hits: Vec<(&FoundIn<'_>, &Row)> =
            found.objects.iter().zip(rows).flat_map(|(found, rows)| rows.iter().map(move |row| (found, row))).collect();
        hits.sort_by_key(|(found, row)| std::cmp::Reverse(points(found, row)));
        hits.truncate(found.first);
        self.list(hits, |out, (found_in, row)| {
            out.object(
                &found.parts,
                |(key, _)| key,
                |out, (_, part)| match part {
                    HitPart::TypeName => out.plain("SearchHit"),
                    HitPart::Record(at) => match found_in.shapes.get(*at) {
                        Some(shape) => out.record(shape, Some(row), scene),
                        None => out.null(),
                    },
                    HitPart::Object => out.plain(&found_in.object.name),
                    HitPart::Score => out.number(points(found_in, row)),
                    HitPart::Snippets(subs) => out.snippets(found_in, row, (&found.sought, subs)),
                },
            );
        });
    }

    fn snippets(&mut self, found: &FoundIn<'_>, row: &Row, (sought, subs): (&[Sought], &[Sub<'_>])) {
        let of = |(slot, field, show): &(usize, &Field, super::Show)| {
            let text = spelt(row.values.get(*slot)?)?;
            Some((field.name.to_string(), field.ix, *show, snippet(&text, sought, field.kind.wording()?)?))
        };
        let all: Vec<_> = found.fields.iter().filter_map(of).collect();
        for (_, field, show, _) in &all {
            if *show == super::Show::Noted {
                self.clear.note(found.object.ix, *field, row.id);
            }
        }
        self.list(&all, |out, (field, _, _, snippet)| {
            out.subs(subs, "Snippet", |out, sub| match sub.name {
                "field" => out.text(field),
                "text" => out.text(&snippet.text),
                _ => out.list(&snippet.ranges, |out, (from, to)| {
                    out.number(format_args!("[{from},{to}]"));
                }),
            });
        });
    }
}
