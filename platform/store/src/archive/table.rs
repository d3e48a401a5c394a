//! The tables an archive holds: those every tenant has, then those of objects and links.

use tenon_model::{ColumnType, Model};

use super::ArchiveContent;
use crate::ddl::fixtures;
use crate::lower::columns;

/// A table with the columns that are read and written, and those its rows are in order of.
#[derive(Clone, Debug)]
pub(crate) struct Archived {
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, ColumnType)>,
    pub(crate) key: Vec<String>,
}

/// What describes a tenant, and nobody in it.
const METADATA: [&str; 5] = ["model", "layer", "element", "physical", "law"];
/// What means nothing elsewhere: answers kept for a day, states of sign-ins under way, how far changes were told, and what `home`
/// says of this build.
const LEFT_BEHIND: [&str; 6] = ["idempotency", "oidc_used", "relay", fixtures::RELAY_BEFORE, fixtures::OUTBOX_BEFORE, fixtures::HOME];
/// What belongs to a tenant and to no copy of it: ways in, work under way, what its operator grants it, its links, and the chain, whose links name the tenant.
const NOT_ANEW: [&str; 11] =
    ["session", "ticket", "api_key", "audit", "audit_batch", fixtures::OUTBOX, "journal", "job", "job_part", "quota", "link"];

/// The tables every tenant has that are taken out, but the outbox.
pub(crate) fn fixed(content: ArchiveContent) -> Vec<Archived> {
    let wanted = |name: &str| match content {
        ArchiveContent::Metadata => METADATA.contains(&name),
        ArchiveContent::All => !LEFT_BEHIND.contains(&name) && name != fixtures::OUTBOX,
    };
    fixtures::tables().filter(|table| wanted(&table.name)).collect()
}

/// The table of what is not yet in the audit chain.
pub(crate) fn outbox() -> Option<Archived> {
    fixtures::tables().find(|table| table.name == fixtures::OUTBOX)
}

/// A table every tenant has, by name.
pub(crate) fn fixed_named(name: &str) -> Option<Archived> {
    fixtures::tables().find(|table| table.name == name)
}

/// Whether rows of this table are brought into a tenant.
pub(crate) fn is_brought(name: &str, anew: bool) -> bool {
    !(LEFT_BEHIND.contains(&name) || anew && NOT_ANEW.contains(&name))
}

/// Whether the numbers of its rows come from the database.
pub(crate) fn is_numbered(table: &Archived) -> bool {
    table.key == [fixtures::SEQ]
}

/// The tables of objects and links.
pub(crate) fn of_model(model: &Model) -> Vec<Archived> {
    let plain = |physical: Vec<columns::Physical>| physical.into_iter().map(|column| (column.name, column.kind)).collect();
    let objects = model.objects.iter().map(|object| Archived {
        name: object.table.clone(),
        columns: plain(columns::declared(object)),
        key: vec!["id".to_owned()],
    });
    let links = model.links.iter().map(|link| Archived {
        name: link.table.clone(),
        columns: plain(columns::of_link(link)),
        key: vec!["source".to_owned(), "target".to_owned()],
    });
    objects.chain(links).collect()
}
