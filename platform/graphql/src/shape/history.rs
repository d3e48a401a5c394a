//! What happened to a record, newest first.

use tenon_query::{Change, HistoryRow};
use tenon_value::{Uuid, Value};

use super::mask::mask;
use super::record::actor_word;
use super::{HistoryShape, Out, Sub, Withheld};

impl Out {
    /// A connection of history entries of one record.
    pub(super) fn history(&mut self, shape: &HistoryShape<'_>, entries: &[HistoryRow], more: bool, record: Uuid) {
        let cursor = |entry: &HistoryRow| shape.signer.cursor([Value::Id(record), Value::Int(entry.version)].iter());
        self.subs(&shape.parts, "HistoryConnection", |out, part| match part.name {
            "nodes" => out.list(entries, |out, entry| out.history_entry((shape, record), &part.below, entry)),
            "edges" => out.list(entries, |out, entry| {
                out.subs(&part.below, "HistoryEdge", |out, sub| match sub.name {
                    "cursor" => out.plain(cursor(entry)),
                    _ => out.history_entry((shape, record), &sub.below, entry),
                });
            }),
            _ => out.subs(&part.below, "PageInfo", |out, sub| match sub.name {
                "hasNextPage" => out.number(more),
                "hasPreviousPage" => out.number(false),
                name => match if name == "startCursor" { entries.first() } else { entries.last() } {
                    Some(entry) => out.plain(cursor(entry)),
                    None => out.null(),
                },
            }),
        });
    }

    fn history_entry(&mut self, (shape, record): (&HistoryShape<'_>, Uuid), subs: &[Sub<'_>], entry: &HistoryRow) {
        self.subs(subs, "HistoryEntry", |out, sub| match sub.name {
            "at" => out.plain(entry.at),
            "via" => out.text(&entry.via),
            "version" => out.number(entry.version),
            "reason" => match &entry.reason {
                Some(reason) => out.text(reason),
                None => out.null(),
            },
            "by" => {
                let (kind, id, display) = &entry.by;
                out.subs(&sub.below, "Actor", |out, sub| match sub.name {
                    "kind" => out.plain(kind.to_uppercase()),
                    "id" => out.actor_id(*id),
                    "display" if display.is_empty() => out.text(actor_word(kind)),
                    "display" => out.text(display),
                    // History keeps a user's id and display, not the record; for more, follow it with `user(id:)`.
                    _ if kind == "user" && sub.below.iter().all(|sub| matches!(sub.name, "id" | "display" | "__typename")) => {
                        out.subs(&sub.below, "User", |out, sub| if sub.name == "id" { out.plain(id) } else { out.text(display) });
                    }
                    _ => out.null(),
                });
            }
            _ => {
                let withheld = |change: &&Change| shape.withheld.get(change.field.as_str()).copied();
                let shown = entry.changes.iter().filter(|change| !matches!(withheld(change), Some(Withheld::Hidden)));
                out.list(shown, |out, change| out.change((shape, record), change, (withheld(&change), &sub.below)));
            }
        });
    }

    fn change(
        &mut self,
        (shape, record): (&HistoryShape<'_>, Uuid),
        change: &Change,
        (withheld, subs): (Option<Withheld<'_>>, &[Sub<'_>]),
    ) {
        if let Some(Withheld::Noted(field)) = withheld {
            self.clear.note(shape.object.ix, field.ix, record);
        }
        self.subs(subs, "FieldChange", |out, sub| {
            let value = match sub.name {
                "field" => return out.text(&change.field),
                "old" => &change.old,
                _ => &change.new,
            };
            match withheld {
                None | Some(Withheld::Noted(_)) => out.json(value),
                Some(Withheld::Masked(field)) => match value.as_str() {
                    Some(text) => out.text(&mask(&field.kind, text)),
                    None => out.null(),
                },
                Some(Withheld::Hidden | Withheld::Values) => out.null(),
            }
        });
    }
}
