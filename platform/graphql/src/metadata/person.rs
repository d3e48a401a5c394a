//! The duties towards a person by the metadata API: data handed out, data erased. For administrators.

use async_graphql::parser::types::Selection;
use async_graphql::{Context, ID, Object, SimpleObject};
use tenon_diagnostics::Problem;
use tenon_records::personal;
use tenon_value::{Json, RecordId};

use super::audit::{id, told};
use super::door::{Failure, door};

/// What is known of a person.
#[derive(Default)]
pub(super) struct PersonQuery;

/// A person is erased.
#[derive(Default)]
pub(super) struct PersonMutation;

/// What was erased.
#[derive(SimpleObject)]
pub(super) struct ErasedPerson {
    /// API names of the fields that were emptied.
    fields: Vec<String>,
    /// Versions of the history without what they told.
    versions: u64,
    /// Entries of the audit trail without their details.
    entries: u64,
    /// Stored answers to requests.
    answers: u64,
    /// Ids in other systems.
    external_ids: u64,
    /// Files that nobody else holds.
    files: u64,
}

#[Object]
impl PersonQuery {
    /// Everything known of the person that a record stands for: the record, its history, what refers to it, the trail.
    async fn export_person(&self, ctx: &Context<'_>, object: String, #[graphql(name = "id")] person: ID) -> Result<Json, Failure> {
        let door = door(ctx);
        let person = RecordId(id("id", &person)?);
        personal::export(&door.store, &door.cx, &door.policy, (&object, person)).await.map_err(|error| told(&error))
    }
}

#[Object]
impl PersonMutation {
    /// Erases a person for good: `confirm` is the id once more. Stands alone in its document.
    async fn erase_person(
        &self,
        ctx: &Context<'_>,
        object: String,
        #[graphql(name = "id")] person: ID,
        confirm: String,
    ) -> Result<ErasedPerson, Failure> {
        let door = door(ctx);
        // It is a transaction of its own, so no other change may depend on it, or it on them.
        if !matches!(ctx.query_env.operation.node.selection_set.node.items.as_slice(), [one] if matches!(one.node, Selection::Field(_))) {
            let problem = Problem::invalid("alone", "`erasePerson` stands alone in its document", "`erasePerson` 须单独出现在一个文档中");
            return Err(problem.into());
        }
        let person = RecordId(id("id", &person)?);
        let erased =
            personal::erase(&door.store, &door.cx, &door.policy, (&object, person), &confirm).await.map_err(|error| told(&error))?;
        Ok(ErasedPerson {
            fields: erased.fields,
            versions: erased.beside.versions,
            entries: erased.beside.entries,
            answers: erased.beside.answers,
            external_ids: erased.beside.external_ids,
            files: erased.beside.files,
        })
    }
}
