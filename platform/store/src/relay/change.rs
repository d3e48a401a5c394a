//! One change of one record, taken out of a row of the outbox.

use std::sync::Arc;

use tenon_value::{DateTime, ElementId, Json, RecordId, Uuid};

use super::position::Position;

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeWord {
    /// It was made.
    Created,
    /// Something of it changed.
    Updated,
    /// It went into the recycle bin.
    Deleted,
    /// It came back.
    Restored,
    /// It is gone for good.
    Destroyed,
    /// Somebody was given it, or it was taken from him.
    Shared,
}

impl ChangeWord {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "created" => Self::Created,
            "updated" => Self::Updated,
            "deleted" => Self::Deleted,
            "restored" => Self::Restored,
            "destroyed" => Self::Destroyed,
            _ => return None,
        })
    }
}

/// Of which object a change tells: saves name its id, shares its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Id(ElementId),
    Name(String),
}

/// What all changes of one row have in common.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    /// The transaction on PostgreSQL; 0 on SQLite.
    pub(crate) transaction: u64,
    pub(crate) whose: Whose,
    word: ChangeWord,
    changed: Vec<String>,
    by: (String, Uuid, String),
    via: String,
    at: DateTime,
    clock: DateTime,
    request: String,
    /// With whom it is shared.
    with: Option<Uuid>,
    records: Vec<(RecordId, i64)>,
    was: Option<Json>,
}

/// One change of one record.
#[derive(Clone, Debug)]
pub struct Change {
    pub(crate) head: Arc<Head>,
    index: usize,
}

impl Head {
    /// What a row says of records; none where it tells of nothing that is followed.
    pub(crate) fn read(seq: i64, transaction: u64, at: DateTime, payload: &Json) -> Option<Self> {
        let text = |key: &str| payload.get(key).and_then(Json::as_str);
        let (kind, word) = text("type")?.rsplit_once('.')?;
        let by = payload.get("by");
        let by_text = |key: &str| by.and_then(|by| by.get(key)).and_then(Json::as_str);
        let mut head = Self {
            seq,
            transaction,
            whose: Whose::Name(String::new()),
            word: ChangeWord::Shared,
            changed: payload
                .get("changed")
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
                .filter_map(Json::as_str)
                .map(str::to_owned)
                .collect(),
            by: (
                by_text("kind").unwrap_or_default().to_owned(),
                by_text("id").and_then(|id| id.parse().ok()).unwrap_or_default(),
                by_text("display").unwrap_or_default().to_owned(),
            ),
            via: text("via").unwrap_or_default().to_owned(),
            at,
            clock: text("clock").and_then(|clock| clock.parse().ok()).unwrap_or(at),
            request: text("request").unwrap_or_default().to_owned(),
            with: None,
            records: Vec::new(),
            was: payload.get("was").cloned(),
        };
        if kind == "audit" {
            if !matches!(word, "shared" | "unshared") {
                return None;
            }
            head.with = payload.pointer("/facts/with").and_then(Json::as_str).and_then(|id| id.parse().ok());
            head.whose = Whose::Name(text("object")?.to_owned());
            head.records = vec![(text("record")?.parse().ok()?, 0)];
            return Some(head);
        }
        head.word = ChangeWord::from_word(word)?;
        head.whose = Whose::Id(text("object")?.parse().ok()?);
        let record = |record: &Json| Some((record.get("id")?.as_str()?.parse().ok()?, record.get("version")?.as_i64()?));
        head.records = payload.get("records")?.as_array()?.iter().filter_map(record).collect();
        Some(head)
    }

    /// Each record's change.
    pub(crate) fn changes(self: &Arc<Self>) -> impl Iterator<Item = Change> + '_ {
        (0..self.records.len()).map(|index| Change { head: Arc::clone(self), index })
    }

    pub(crate) const fn records(&self) -> usize {
        self.records.len()
    }
}

impl Change {
    /// What happened.
    #[must_use]
    pub fn word(&self) -> ChangeWord {
        self.head.word
    }

    /// Whether one save made both, of one object.
    #[must_use]
    pub fn is_same_save(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.head, &other.head)
    }

    /// Whether it is of this object.
    #[must_use]
    pub fn is_of(&self, object: &tenon_model::Object) -> bool {
        match &self.head.whose {
            Whose::Id(id) => object.id == *id,
            Whose::Name(name) => object.name.as_str() == name,
        }
    }

    fn of_record(&self) -> (RecordId, i64) {
        self.head.records.get(self.index).copied().unwrap_or((RecordId(Uuid::nil()), 0))
    }

    /// Of which record.
    #[must_use]
    pub fn record(&self) -> RecordId {
        self.of_record().0
    }

    /// The version that it made; 0 where it made none.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.of_record().1
    }

    /// API names of what changed in this record or in others of the same save.
    #[must_use]
    pub fn changed(&self) -> &[String] {
        &self.head.changed
    }

    /// Kind word, id and display of who did it.
    #[must_use]
    pub fn by(&self) -> (&str, Uuid, &str) {
        (&self.head.by.0, self.head.by.1, &self.head.by.2)
    }

    /// Through which door.
    #[must_use]
    pub fn via(&self) -> &str {
        &self.head.via
    }

    /// When, by the tenant's clock.
    #[must_use]
    pub fn at(&self) -> DateTime {
        self.head.at
    }

    /// When, by machine time.
    #[must_use]
    pub fn clock(&self) -> DateTime {
        self.head.clock
    }

    /// The request that did it.
    #[must_use]
    pub fn request(&self) -> &str {
        &self.head.request
    }

    /// With whom the record was shared, or is no longer.
    #[must_use]
    pub fn with(&self) -> Option<Uuid> {
        self.head.with
    }

    /// References of a record that is gone for good, by the column of each.
    pub(crate) fn was(&self) -> Option<&Json> {
        self.head.was.as_ref()?.get(self.record().to_string())
    }

    /// The place right after this change, for who stood at `stood` and reads the piece that begins at `from` (they differ where
    /// one reading serves many).
    #[must_use]
    pub fn place(&self, stood: &Position, from: &Position) -> Position {
        let is_last = self.index + 1 >= self.head.records.len();
        let (after, part) =
            if is_last { (self.head.seq, 0) } else { (self.head.seq - 1, u32::try_from(self.index + 1).unwrap_or(u32::MAX)) };
        Position { era: from.era, done: Position::later_of(&stood.done, &from.done).cloned(), upto: from.upto.clone(), after, part }
    }

    /// Whether who stands there has read this change.
    #[must_use]
    pub fn is_read_at(&self, place: &Position) -> bool {
        let head = &self.head;
        if place.has_read(head.transaction, head.seq) {
            return true;
        }
        let is_next =
            head.seq == place.after + 1 && (head.transaction == 0 || place.upto.as_ref().is_some_and(|upto| upto.sees(head.transaction)));
        is_next && self.index < usize::try_from(place.part).unwrap_or(usize::MAX)
    }
}
