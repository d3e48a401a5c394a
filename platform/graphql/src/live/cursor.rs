//! Places in a tenant's changes, signed: whoever has one can go on with it, and nobody can make one.

use tenon_store::Position;
use tenon_value::{TenantId, Value};

use crate::cursor::Signer;

/// Signs and reads the cursors of a tenant's changes.
pub(super) struct Places {
    signer: Signer,
}

impl Places {
    pub(super) fn new(secret: &[u8; 32], tenant: TenantId) -> Self {
        Self { signer: Signer::new(secret, tenant).bound("changes") }
    }

    pub(super) fn cursor(&self, place: &Position) -> String {
        self.signer.cursor([Value::text(place.text())].iter())
    }

    /// The place of a cursor; none where it is foreign or damaged.
    pub(super) fn read(&self, cursor: &str) -> Option<Position> {
        let values = self.signer.read(cursor, 1)?;
        Position::parse(values.first()?.as_text()?)
    }
}
