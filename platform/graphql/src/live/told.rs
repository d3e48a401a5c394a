//! Events → messages: records are read for all of them at once, under the rights of now.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use tenon_automation::{ChangeKind, Event, Followed};
use tenon_query::Row;
use tenon_store::StoreError;
use tenon_value::Uuid;

use super::{GraphqlRequest, GraphqlResponse, Message, Places, Reader, refused};
use crate::api::operation;
use crate::collect::Collector;
use crate::cost::Cost;
use crate::cursor::Signer;
use crate::documents::Valid;
use crate::lower::{ByPart, ChangePart, Heard, Listening, Shared, Source, listening};
use crate::prepare::coerce_variables;
use crate::respond::{Errors, response};
use crate::shape::{Out, Scene};
use crate::stack::deep;
use tenon_diagnostics::{Problem, Problems};

/// Rows by id.
type Rows = HashMap<Uuid, Row>;

/// Users who did something, by id.
pub(super) type Users = Rows;

/// Tells of events.
pub(super) struct Telling<'a> {
    pub(super) reader: &'a Reader<'a>,
    pub(super) places: &'a Places,
    pub(super) followed: &'a Followed,
}

impl Telling<'_> {
    /// One message per event, in their order; each event with the place of what it is of in the plan.
    pub(super) async fn messages(
        &self,
        request: &GraphqlRequest,
        events: &[(usize, Event)],
        (valid, secret): (&Arc<Valid>, &[u8; 32]),
    ) -> Result<Result<Vec<Message>, Box<GraphqlResponse>>, StoreError> {
        let cx = self.reader.cx;
        let variables = match operation(&valid.document, request.operation_name.as_deref()).map_err(Problems::from).and_then(|operation| {
            coerce_variables(&valid.schema, operation, &request.variables).map(|(variables, _)| (operation, variables))
        }) {
            Ok(known) => known,
            Err(problems) => return Ok(Err(Box::new(crate::api::rejected(cx, crate::Outcome::Rejected, &problems)))),
        };
        let (operation, variables) = variables;
        let collector = Collector { document: &valid.document, variables: &variables };
        let signer = Signer::new(secret, cx.model.tenant);
        let shared = Shared { schema: &valid.schema, cx, collector: &collector, signer: &signer, in_job: false, exporting: false };
        let mut plan = match deep(self.reader.levels, || listening(shared, operation)).unwrap_or_else(|problem| Err(problem.into())) {
            Ok(plan) => plan,
            Err(problems) => return Ok(Err(Box::new(crate::api::rejected(cx, crate::Outcome::Rejected, &problems)))),
        };
        let Source::Changes(heard) = &mut plan.to else {
            return Ok(Err(refused(cx, &Problem::of_kind(tenon_diagnostics::Kind::Internal))));
        };
        let mut rows: Vec<(Rows, Users)> = Vec::with_capacity(heard.len());
        for (nth, heard) in heard.iter_mut().enumerate() {
            let own = || events.iter().filter(|(of, _)| *of == nth).map(|(_, event)| event);
            let nodes = match heard.nodes.take() {
                Some(planned) => {
                    self.rows(planned, own().filter(|event| event.kind.has_record()).map(|event| event.change.record().0)).await?
                }
                None => Rows::new(),
            };
            let users = match heard.users.take() {
                Some(planned) => {
                    self.rows(planned, own().filter(|event| event.change.by().0 == "user").map(|event| event.change.by().1)).await?
                }
                None => Rows::new(),
            };
            rows.push((nodes, users));
        }
        Ok(Ok(self.written(&plan, events, &rows)))
    }

    async fn rows(&self, planned: crate::lower::Planned, ids: impl Iterator<Item = Uuid>) -> Result<Rows, StoreError> {
        let mut ids: Vec<Uuid> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        self.reader.rows_of(planned, ids).await
    }

    fn written(&self, plan: &Listening<'_>, events: &[(usize, Event)], rows: &[(Rows, Users)]) -> Vec<Message> {
        let cx = self.reader.cx;
        let settings = &self.reader.valid.schema.model.settings;
        let scene = Scene { locale: cx.locale, base_currency: &settings.base_currency, files: &self.reader.files };
        let Source::Changes(heard) = &plan.to else { return Vec::new() };
        let mut messages = Vec::with_capacity(events.len());
        for (nth, event) in events {
            let (Some(heard), Some((nodes, users))) = (heard.get(*nth), rows.get(*nth)) else { continue };
            let cursor = self.places.cursor(&self.followed.place_of(&event.change));
            let mut out = Out::default();
            out.raw("{");
            out.text(plan.key);
            out.raw(":");
            let found = Found { node: nodes.get(&event.change.record().0), users, cursor: &cursor };
            write(&mut out, heard, event, &found, &scene);
            out.raw("}");
            self.reader.note(&out.clear);
            let cost = Cost { actual: out.fields, ..Cost::default() };
            let body = Bytes::from(response(cx, Some(&out.bytes), &Errors::default(), &cost));
            messages.push(Message { body, cursor: Some(cursor) });
        }
        messages
    }
}

/// What was read for one event.
struct Found<'a> {
    node: Option<&'a Row>,
    users: &'a Users,
    cursor: &'a str,
}

fn write(out: &mut Out, heard: &Heard<'_>, event: &Event, found: &Found<'_>, scene: &Scene<'_>) {
    let change = &event.change;
    out.object(
        &heard.parts,
        |(key, _)| key,
        |out, (_, part)| match part {
            ChangePart::TypeName(name) => out.plain(name),
            ChangePart::Kind => out.plain(event.kind.word().to_uppercase()),
            ChangePart::Object => out.plain(&heard.object.name),
            ChangePart::Id => out.plain(change.record()),
            ChangePart::Node(shape) => out.record(shape, found.node.filter(|_| event.kind.has_record()), scene),
            ChangePart::ChangedFields => out.list(&event.changed, |out, name| out.text(name)),
            ChangePart::Version => out.number(event.version),
            ChangePart::At => out.plain(change.at()),
            ChangePart::Cursor => out.plain(found.cursor),
            ChangePart::By(parts) => by(out, parts, event, found, scene),
        },
    );
}

fn by(out: &mut Out, parts: &[(&str, ByPart<'_>)], event: &Event, found: &Found<'_>, scene: &Scene<'_>) {
    // Of what left one's sight nothing is told but that it left.
    if event.kind == ChangeKind::Left {
        return out.null();
    }
    let (kind, id, display) = event.change.by();
    out.object(
        parts,
        |(key, _)| key,
        |out, (_, part)| match part {
            ByPart::TypeName => out.plain("Actor"),
            ByPart::Kind => out.plain(kind.to_uppercase()),
            ByPart::Id => out.plain(id),
            ByPart::Display => out.text(display),
            ByPart::User(shape) => out.record(shape, found.users.get(&id), scene),
        },
    );
}
