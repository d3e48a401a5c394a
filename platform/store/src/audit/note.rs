//! Notes: what happened beside saves of records. They travel through the outbox, so that one cursor finds everything.
//!
//! What identifies a person and is no id belongs in `detail`: it can be erased, and the chain stays whole.

use tenon_context::{ActorKind, OpContext};
use tenon_value::{DateTime, Json, RecordId, RequestId, TenantId, Uuid};

use crate::audit::told::Soon;
use crate::db::{Bulk, Kind, Scalar, Target};
use crate::metadata::change::MetadataTx;
use crate::tx::{Entry, Tx};
use crate::{Store, StoreError};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What a note tells of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AuditKind {
            $($(#[$doc])* $name,)*
        }

        impl AuditKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in the trail.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

kinds! {
    /// A member signed in.
    SignedIn = "signed_in",
    /// Somebody tried to, and could not.
    SignInFailed = "sign_in_failed",
    /// A member signed out.
    SignedOut = "signed_out",
    /// A session was ended by somebody else than by signing out.
    SessionRevoked = "session_revoked",
    /// A member has a new password.
    PasswordChanged = "password_changed",
    /// A reset of a password was asked for or used.
    PasswordReset = "password_reset",
    /// A second factor came, went or was used up.
    SecondFactorChanged = "second_factor_changed",
    /// Somebody was invited.
    MemberInvited = "member_invited",
    /// A member was changed, disabled or removed.
    MemberChanged = "member_changed",
    /// A key was made.
    KeyMade = "key_made",
    /// A key was revoked.
    KeyRevoked = "key_revoked",
    /// Somebody has other roles.
    RolesChanged = "roles_changed",
    /// A record was shared.
    Shared = "shared",
    /// A share was taken back.
    Unshared = "unshared",
    /// A link was offered to another tenant.
    LinkOffered = "link_offered",
    /// A link was accepted.
    LinkAccepted = "link_accepted",
    /// A link was revoked.
    LinkRevoked = "link_revoked",
    /// Records were taken out.
    Exported = "exported",
    /// Records were brought in.
    Imported = "imported",
    /// Fields that are masked for others were read in clear.
    ReadInClear = "read_in_clear",
    /// The metadata was changed.
    MetadataChanged = "metadata_changed",
    /// A package was uploaded or removed from what can be installed.
    PackageUploaded = "package_uploaded",
    /// A package was installed, upgraded, rolled back, switched off or on, or uninstalled.
    PackageChanged = "package_changed",
    /// A failed call of a package's plugin was read, the records it was given included.
    PackageCallRead = "package_call_read",
    /// Settings were changed.
    SettingsChanged = "settings_changed",
    /// Somebody saw the system as another user.
    Impersonated = "impersonated",
    /// Somebody asked who may see what, and why.
    AccessExplained = "access_explained",
    /// The trail was read.
    AuditRead = "audit_read",
    /// The trail was taken out.
    AuditExported = "audit_exported",
    /// What is known of a person was taken out.
    PersonExported = "person_exported",
    /// What is known of a person was erased.
    PersonErased = "person_erased",
    /// Payloads older than the tenant keeps them were removed.
    AuditExpired = "audit_expired",
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditNote {
    pub(crate) kind: AuditKind,
    pub(crate) object: Option<String>,
    pub(crate) record: Option<RecordId>,
    pub(crate) facts: Json,
    pub(crate) detail: Json,
}

impl AuditNote {
    /// A note that says no more than its kind.
    #[must_use]
    pub const fn new(kind: AuditKind) -> Self {
        Self { kind, object: None, record: None, facts: Json::Null, detail: Json::Null }
    }

    /// Which object, by API name, and which record of it.
    #[must_use]
    pub fn about(mut self, object: &str, record: Option<RecordId>) -> Self {
        self.object = Some(object.to_owned());
        self.record = record;
        self
    }

    /// What else is to be known, without anything personal but ids: roles, fields, counts.
    #[must_use]
    pub fn facts(mut self, facts: Json) -> Self {
        self.facts = facts;
        self
    }

    /// What may tell of a person: logins, addresses, the words of a user agent. It goes when the person is erased.
    #[must_use]
    pub fn detail(mut self, detail: Json) -> Self {
        self.detail = detail;
        self
    }

    pub(crate) fn payload(&self, by: &AuditBy, clock: DateTime) -> Json {
        let mut detail = self.detail.as_object().cloned().unwrap_or_default();
        if !by.display.is_empty() {
            detail.insert("by_display".to_owned(), Json::from(by.display.as_str()));
        }
        if let Some(reason) = &by.reason {
            detail.insert("by_reason".to_owned(), Json::from(reason.as_str()));
        }
        serde_json::json!({
            "type": format!("audit.{}", self.kind.word()),
            "object": self.object,
            "record": self.record.map(|record| record.to_string()),
            "facts": self.facts,
            "detail": detail,
            "via": by.via,
            "by": { "kind": by.kind.word(), "id": by.id.to_string() },
            "clock": clock.to_string(),
            "request": by.request.as_ref().map(RequestId::as_str),
        })
    }
}

/// Who did it, through what, at which business time. Machine time is the store's own.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditBy {
    /// What kind of principal.
    pub kind: ActorKind,
    /// Which.
    pub id: Uuid,
    /// What people read; erased with the person.
    pub display: String,
    /// The door's word.
    pub via: &'static str,
    /// The request.
    pub request: Option<RequestId>,
    /// Business time.
    pub now: DateTime,
    /// The caller's own words.
    pub reason: Option<String>,
}

impl AuditBy {
    /// Whoever a context stands for.
    #[must_use]
    pub fn of(cx: &OpContext) -> Self {
        Self {
            kind: cx.principal.kind,
            id: cx.principal.id,
            display: cx.principal.display.clone(),
            via: cx.via.word(),
            request: Some(cx.request.clone()),
            now: cx.now,
            reason: cx.reason.clone(),
        }
    }

    /// Tenon itself.
    #[must_use]
    pub const fn system(now: DateTime) -> Self {
        Self { kind: ActorKind::System, id: Uuid::nil(), display: String::new(), via: "job", request: None, now, reason: None }
    }
}

/// What somebody tells the trail of a change, written in the transaction of the change itself: neither is there without the
/// other.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditNotes {
    by: AuditBy,
    notes: Vec<AuditNote>,
}

impl AuditNotes {
    /// Notes of one who acts; there may be none.
    #[must_use]
    pub fn new(by: AuditBy, notes: impl IntoIterator<Item = AuditNote>) -> Self {
        Self { by, notes: notes.into_iter().collect() }
    }

    /// As rows of the outbox.
    pub(crate) fn rows(&self, clock: DateTime) -> Vec<(DateTime, Json)> {
        self.notes.iter().map(|note| (self.by.now, note.payload(&self.by, clock))).collect()
    }
}

/// Rows of the outbox.
pub(crate) fn bulk(table: String, rows: Vec<(DateTime, Json)>) -> Bulk {
    let rows = rows.into_iter().map(|(at, payload)| vec![Scalar::DateTime(at.millis()), Scalar::Text(payload.to_string())]).collect();
    Bulk { table, columns: vec![Target::new("at", Kind::DateTime), Target::new("payload", Kind::Text)], rows }
}

impl Tx {
    /// Notes what happened; it is written with the transaction, and goes with it.
    pub fn audit_note(&mut self, note: AuditNote) {
        self.entries.push(Entry::Note(note));
    }
}

impl MetadataTx {
    /// Notes what happened; it is written with the change, and goes with it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn audit_note(&mut self, by: &AuditBy, note: AuditNote) -> Result<(), StoreError> {
        let clock = self.store.clock();
        let rows = bulk(self.table("outbox"), vec![(by.now, note.payload(by, clock))]);
        self.conn()?.insert_with(rows, "", Vec::new()).await?;
        self.noted = true;
        Ok(())
    }
}

impl Store {
    /// Machine time, as the audit trail has it.
    #[must_use]
    pub fn machine_time(&self) -> DateTime {
        self.clock()
    }

    /// Machine time.
    pub(crate) fn clock(&self) -> DateTime {
        (self.inner.config.clock)()
    }

    /// Notes what happened, on disk when this returns.
    ///
    /// # Errors
    /// What the database says; then nothing is noted, and what it tells of must not be answered.
    pub async fn audit_note(&self, cx: &OpContext, note: AuditNote) -> Result<(), StoreError> {
        self.audit_note_by(cx.model.tenant, &AuditBy::of(cx), note).await
    }

    /// The same where there is no context: at the doors of sign-in.
    ///
    /// # Errors
    /// As [`Store::audit_note`].
    pub async fn audit_note_by(&self, tenant: TenantId, by: &AuditBy, note: AuditNote) -> Result<(), StoreError> {
        let payload = note.payload(by, self.clock());
        self.put_notes(tenant, vec![(by.now, payload)]).await
    }

    /// Notes a read, on disk within a second; for what happens too often to be waited for. A kill may lose the last.
    pub fn audit_soon(&self, cx: &OpContext, note: AuditNote) {
        let payload = note.payload(&AuditBy::of(cx), self.clock());
        self.inner.told.soon(cx.model.tenant, Soon { at: cx.now, payload });
    }

    pub(crate) async fn put_notes(&self, tenant: TenantId, notes: Vec<(DateTime, Json)>) -> Result<(), StoreError> {
        let mut conn = self.writer(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        conn.insert_with(bulk(self.fixture(tenant, "outbox"), notes), "", Vec::new()).await?;
        conn.mark(true);
        self.inner.told.tell(tenant);
        Ok(())
    }
}
