//! The taking side: mirrored records, written through the pipeline by the link's principal.
//!
//! Invariant: the id of a mirrored record follows from the link and the record it mirrors, so that writing it twice is
//! writing it once.

use std::collections::{HashMap, HashSet};

use serde_json::json;
use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::InputPath;
use tenon_model::Object;
use tenon_query::{Batch, BatchMode, ExternalId, RecordInput, Write};
use tenon_records::{Mutation, Pipeline, Step, coerce};
use tenon_value::{ElementId, Json, RecordId, Uuid};

use super::LinkError;
use super::agreement::{Agreement, Mapping, object_of, told_field};
use super::reading::{Given, variables};

/// The record that mirrors another.
pub(super) fn mirror_of(link: Uuid, origin: RecordId) -> RecordId {
    RecordId(ElementId::derive(&link.to_string(), &origin.to_string()).0)
}

/// The system of the external ids that lead back to the origins.
pub(super) fn system_of(link: Uuid) -> String {
    format!("link/{link}")
}

/// Mirrored records, each with its origin; and where the next piece of them begins.
type Found = (Vec<(RecordId, Option<RecordId>)>, Option<String>);

/// One link on its taking side.
pub(super) struct Mirror<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) cx: &'a OpContext,
    pub(super) policy: &'a Policy,
    pub(super) link: Uuid,
    pub(super) agreement: &'a Agreement,
    pub(super) mapping: &'a Mapping,
}

impl Mirror<'_> {
    fn object(&self) -> Result<&Object, LinkError> {
        Ok(object_of(&self.cx.model, &self.mapping.object)?)
    }

    /// What makes the mirrors of these records be what is given of them: those of which nothing is given go.
    pub(super) async fn mutation(&self, asked: &[RecordId], given: &[Given]) -> Result<Mutation, LinkError> {
        let object = self.object()?;
        let mirrors: HashMap<RecordId, RecordId> = asked.iter().map(|origin| (*origin, mirror_of(self.link, *origin))).collect();
        let there = self.there(object, mirrors.values().copied().collect()).await?;
        let (mut creates, mut updates, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        let mut kept = HashSet::new();
        for one in given {
            let Some(mirror) = mirrors.get(&one.id).copied().filter(|mirror| kept.insert(*mirror)) else { continue };
            let mut input = self.input(object, one)?;
            if there.contains(&mirror) {
                updates.push((mirror, None, input));
            } else {
                input.id = Some(mirror);
                input.external_ids = vec![ExternalId { system: system_of(self.link), key: Some(one.id.to_string()) }];
                creates.push(input);
            }
        }
        gone.extend(there.iter().filter(|mirror| !kept.contains(mirror)).map(|mirror| (*mirror, InputPath::default())));
        let mut steps = Vec::new();
        let mut step = |batch| steps.push(Step { write: Write::Batch(object.ix, batch, BatchMode::Partial), answer: None });
        if !gone.is_empty() {
            step(Batch::Destroy(gone));
        }
        if !updates.is_empty() {
            step(Batch::UpdateEach(updates));
        }
        if !creates.is_empty() {
            step(Batch::Create(creates));
        }
        Ok(Mutation { steps, idempotency: None })
    }

    /// Which of these mirrors are there.
    async fn there(&self, object: &Object, ids: Vec<RecordId>) -> Result<HashSet<RecordId>, LinkError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let found = self.found(object, &json!({ "id": { "in": ids } }), None).await?;
        Ok(found.0.into_iter().map(|(mirror, _)| mirror).collect())
    }

    /// A piece of the mirror: its records, each with its origin, and where the next piece begins.
    pub(super) async fn page(&self, after: Option<&str>) -> Result<Found, LinkError> {
        let system = system_of(self.link);
        self.found(self.object()?, &json!({ "externalId": { "system": system, "isNull": false } }), after).await
    }

    async fn found(&self, object: &Object, filter: &Json, after: Option<&str>) -> Result<Found, LinkError> {
        let names = &object.graphql;
        let document = format!(
            "query($filter: {}Filter, $first: Int, $after: String) {{ found: {}(filter: $filter, first: $first, after: $after) \
             {{ nodes {{ id externalIds {{ system id }} }} pageInfo {{ hasNextPage endCursor }} }} }}",
            names.type_name, names.plural
        );
        let data = Box::pin(self.pipeline.read(self.cx, self.policy, (&document, &variables(filter, after)))).await?;
        let nodes = data.pointer("/found/nodes").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let system = system_of(self.link);
        let one = |node: &Json| {
            let externals = node.get("externalIds").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
            let origin = externals.iter().find(|one| one.get("system").and_then(Json::as_str) == Some(&system));
            let origin = origin.and_then(|one| one.get("id")?.as_str()?.parse().ok());
            Some((node.get("id")?.as_str()?.parse().ok()?, origin))
        };
        let more = data.pointer("/found/pageInfo/hasNextPage").and_then(Json::as_bool).unwrap_or_default();
        let end = data.pointer("/found/pageInfo/endCursor").and_then(Json::as_str).map(str::to_owned);
        Ok((nodes.iter().filter_map(one).collect(), end.filter(|_| more)))
    }

    /// What a record that is given makes of its mirror. What does not fit its field makes the record fail, and no other.
    fn input(&self, object: &Object, given: &Given) -> Result<RecordInput, LinkError> {
        let mut input = RecordInput::default();
        for ((theirs, _), value) in self.agreement.fields.iter().zip(&given.values) {
            let Some(own) = self.mapping.fields.get(theirs) else { continue };
            let field = told_field(object, own)?;
            match coerce::coerce(field, value, &self.cx.model.settings) {
                Ok(value) => input.fields.push((field.ix, value)),
                Err(problem) => input.problems.push(problem.object(object.name.as_str())),
            }
        }
        Ok(input)
    }

    /// What removes these mirrors.
    pub(super) fn removal(&self, mirrors: impl IntoIterator<Item = RecordId>) -> Result<Mutation, LinkError> {
        let gone: Vec<_> = mirrors.into_iter().map(|mirror| (mirror, InputPath::default())).collect();
        let object = self.object()?;
        let steps = if gone.is_empty() {
            Vec::new()
        } else {
            vec![Step { write: Write::Batch(object.ix, Batch::Destroy(gone), BatchMode::Partial), answer: None }]
        };
        Ok(Mutation { steps, idempotency: None })
    }
}
