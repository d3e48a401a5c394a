//! Records.

use tenon_context::ActorKind;
use tenon_model::Field;
use tenon_query::Row;
use tenon_value::{Json, Uuid, Value};

use super::leaf;
use super::mask::mask;
use super::{ActorShape, Can, Out, Part, RecordShape, Scene, Show};

fn value(row: &Row, slot: usize) -> &Value {
    row.values.get(slot).unwrap_or(&Value::Null)
}

impl Out {
    /// A record, or null.
    pub(crate) fn record(&mut self, shape: &RecordShape<'_>, row: Option<&Row>, scene: &Scene<'_>) {
        match row {
            Some(row) => self.object(&shape.parts, |(key, _)| key, |out, (_, part)| out.part(shape, part, row, scene)),
            None => self.null(),
        }
    }

    fn part(&mut self, shape: &RecordShape<'_>, part: &Part<'_>, row: &Row, scene: &Scene<'_>) {
        match part {
            Part::TypeName => self.plain(&shape.object.graphql.type_name),
            Part::Id => self.id(row.id),
            Part::Display(field) => {
                let text = field.and_then(|(slot, field, show)| {
                    self.told(shape, (field, show), row, value(row, slot));
                    let text = leaf::display(&field.kind, value(row, slot))?;
                    Some(if show == Show::Masked { mask(&field.kind, &text) } else { text })
                });
                self.text(&text.unwrap_or_else(|| row.id.to_string()));
            }
            Part::Leaf(slot, field, Show::Masked) => match value(row, *slot).as_text() {
                Some(text) => self.text(&mask(&field.kind, text)),
                None => self.null(),
            },
            Part::Leaf(slot, field, show) => {
                self.told(shape, (field, *show), row, value(row, *slot));
                self.leaf(&field.kind, value(row, *slot));
            }
            Part::Composite(slot, field, show, subs) => {
                self.told(shape, (field, *show), row, value(row, *slot));
                self.composite(field, value(row, *slot), subs, scene);
            }
            Part::Blank(field) => self.leaf(&field.kind, &Value::Null),
            Part::Null => self.null(),
            Part::Actor(actor) => self.actor(actor, row, scene),
            Part::External(slot, subs) => self.list(value(row, *slot).elements(), |out, element| {
                let [system, key] = element.elements() else { return out.null() };
                out.subs(subs, "ExternalId", |out, sub| out.value(if sub.name == "system" { system } else { key }));
            }),
            Part::Can(can) => {
                let is_live = value(row, can.deleted).is_null();
                self.object(&can.parts, |(key, ..)| key, |out, (_, live, deleted)| out.can(if is_live { live } else { deleted }, row));
            }
            Part::One(at, shape) => self.record(shape, row.ones.get(*at).and_then(Option::as_deref), scene),
            Part::Reference(slot, shape) => match value(row, *slot).as_id() {
                Some(id) => self.record(shape, Some(&Row { id, ..Row::default() }), scene),
                None => self.null(),
            },
            Part::Any(branches) => {
                let found = branches.iter().find_map(|(at, shape)| Some((shape, row.ones.get(*at)?.as_deref()?)));
                match found {
                    Some((shape, row)) => self.record(shape, Some(row), scene),
                    None => self.null(),
                }
            }
            Part::Many(at, shape) => match row.manys.get(*at) {
                Some(page) => self.page(shape, page, scene),
                None => self.page(shape, &tenon_query::Page::default(), scene),
            },
            Part::Ancestors(at, shape) => {
                let rows = row.manys.get(*at).map(|page| page.rows.as_slice()).unwrap_or_default();
                // The plan climbs from the parent up; people read from the top down.
                self.list(rows.iter().rev(), |out, row| out.record(shape, Some(row), scene));
            }
            Part::Depth(slot) => self.number(value(row, *slot).as_int().unwrap_or_default()),
            Part::History(at, shape) => match row.histories.get(*at) {
                Some((entries, more)) => self.history(shape, entries, *more, row.id),
                None => self.history(shape, &[], false, row.id),
            },
        }
    }

    fn can(&mut self, can: &Can, row: &Row) {
        match can {
            Can::Fixed(json) => self.json(json),
            Can::Held(place, json) if row.holds.get(*place) == Some(&true) => self.json(json),
            Can::Held(_, Json::Array(_)) => self.raw("[]"),
            Can::Held(..) => self.raw("false"),
        }
    }

    /// Tells the audit of a value shown in clear.
    fn told(&mut self, shape: &RecordShape<'_>, (field, show): (&Field, Show), row: &Row, value: &Value) {
        if show == Show::Noted && !value.is_null() {
            self.clear.note(shape.object.ix, field.ix, row.id);
        }
    }

    fn actor(&mut self, shape: &ActorShape<'_>, row: &Row, scene: &Scene<'_>) {
        let Value::Ref(word, id) = value(row, shape.slot) else { return self.null() };
        let user = shape.user.as_ref().and_then(|(at, _)| row.ones.get(*at)).and_then(Option::as_deref);
        let display = shape.display.and_then(|slot| value(row, slot).as_text()).filter(|display| !display.is_empty());
        self.object(
            &shape.parts,
            |(key, _)| key,
            |out, (_, name)| match *name {
                "kind" => out.plain(word.to_uppercase()),
                "id" => out.actor_id(*id),
                "display" => out.text(display.unwrap_or_else(|| actor_word(word))),
                "user" => match &shape.user {
                    Some((_, shape)) => out.record(shape, user, scene),
                    None => out.null(),
                },
                _ => out.plain("Actor"),
            },
        );
    }

    pub(super) fn actor_id(&mut self, id: Uuid) {
        if id.is_nil() { self.null() } else { self.id(id) }
    }
}

/// What an actor without a record of its own is called.
pub(super) fn actor_word(word: &str) -> &'static str {
    match ActorKind::from_word(word) {
        Some(ActorKind::System) => "Tenon",
        Some(ActorKind::ApiKey) => "API key",
        Some(ActorKind::Service) => "Service",
        Some(ActorKind::Plugin) => "Plugin",
        Some(ActorKind::Link) => "Link",
        Some(ActorKind::PortalUser) => "Portal user",
        _ => "User",
    }
}
