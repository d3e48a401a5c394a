//! Changes as one principal may know them.
//!
//! A record is *in* where it lives, he may see it, and the filter holds; what he is told follows from whether it was in before
//! and is in after. Rights are those of now, in both cases. Invariant: of a record that was in neither before nor after,
//! nothing is told, not its id either.

use std::collections::HashMap;

use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_model::system;
use tenon_query::{Params, Record};
use tenon_store::{Change, ChangeWord, Imaged, Store, StoreError};
use tenon_value::RecordId;

use super::Interest;
use super::interest::is_mine;
use crate::relay::Followed;

/// What a change is to who is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
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
    /// It began to match, or to be visible.
    Entered,
    /// It ceased to match, or to be visible.
    Left,
}

impl ChangeKind {
    /// The word in feeds and webhooks.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
            Self::Destroyed => "destroyed",
            Self::Entered => "entered",
            Self::Left => "left",
        }
    }

    /// Whether there is a record to show.
    #[must_use]
    pub const fn has_record(self) -> bool {
        matches!(self, Self::Created | Self::Updated | Self::Restored | Self::Entered)
    }
}

/// One thing somebody is told.
#[derive(Clone, Debug)]
pub struct Event {
    /// What it is to him.
    pub kind: ChangeKind,
    /// The change; of a merged burst the last one.
    pub change: Change,
    /// The version it made; of a share the one that the record has.
    pub version: i64,
    /// Its place in the piece: what happened first comes first.
    pub place: usize,
    /// API names of what changed in the record; nothing of what he may not read.
    pub changed: Vec<String>,
}

/// One record's change, or several merged.
struct Piece<'a> {
    change: &'a Change,
    place: usize,
    version: i64,
    first: &'a Change,
    before: usize,
    after: usize,
    changed: Vec<String>,
}

/// What of a piece concerns an interest, in order. With `merged` only the newest of each record, as the sum of all of its
/// changes.
///
/// # Errors
/// What the store says.
pub async fn events(
    store: &Store,
    (cx, policy): (&OpContext, &Policy),
    followed: &Followed,
    interest: &Interest,
    merged: bool,
) -> Result<Vec<Event>, StoreError> {
    let Some(object) = cx.model.object(interest.object()) else { return Ok(Vec::new()) };
    let concerns = |change: &&Change| change.is_of(object) && interest.id.is_none_or(|id| change.record() == id);
    if !followed.changes().any(|(_, change)| concerns(&change)) {
        return Ok(Vec::new());
    }
    let batch = followed.batch();
    let images = batch.images(store, &cx.model).await?;
    // Asked for all changes of the object in the piece, so that others of equal rights need not ask again.
    let all: Vec<(usize, &Change)> = batch.tail().changes.iter().enumerate().filter(|(_, change)| change.is_of(object)).collect();
    let asking = async {
        let imaged: Vec<&Imaged> = all.iter().filter_map(|(place, _)| images.get(*place)).collect();
        seen(store, cx, interest, (&all, &imaged)).await
    };
    let seen = Box::pin(batch.sight(interest.key(cx, policy), asking)).await?;
    let at: HashMap<usize, usize> = all.iter().enumerate().map(|(nth, (place, _))| (*place, nth)).collect();
    let fresh = followed.changes().filter(|(_, change)| concerns(change));
    let pieces = fresh.filter_map(|(place, change)| {
        let (nth, imaged) = (at.get(&place)?, images.get(place)?);
        let newest = imaged.after.as_ref().or(imaged.before.as_ref()).map_or(0, |record| record.version());
        let version = if change.version() == 0 { newest } else { change.version() };
        Some(Piece { change, place, version, first: change, before: nth * 2, after: nth * 2 + 1, changed: imaged.changed.clone() })
    });
    let pieces: Vec<Piece<'_>> = if merged { newest(pieces) } else { pieces.collect() };
    let is_in = |place: usize| seen.get(place).copied().unwrap_or_default();
    let told = pieces.into_iter().filter_map(|piece| {
        let kind = match piece.change.word() {
            ChangeWord::Shared => shared(cx, piece.change, is_in(piece.after))?,
            _ => kind((piece.first.word(), piece.change.word()), (is_in(piece.before), is_in(piece.after)))?,
        };
        let changed = piece.changed.into_iter().filter(|name| is_known(policy, object, name)).collect();
        Some(Event { kind, change: piece.change.clone(), place: piece.place, version: piece.version, changed })
    });
    Ok(told.collect())
}

/// Of each change whether the record was in before, and is in after.
async fn seen(
    store: &Store,
    cx: &OpContext,
    interest: &Interest,
    (changes, images): (&[(usize, &Change)], &[&Imaged]),
) -> Result<Vec<bool>, StoreError> {
    let mut seen = vec![false; changes.len() * 2];
    let (mut asked, mut gone) = (Vec::new(), Vec::new());
    for (nth, ((_, change), image)) in changes.iter().zip(images).enumerate() {
        if change.word() == ChangeWord::Destroyed {
            // Only its references are known: the filter cannot be asked.
            gone.extend(image.before.as_deref().map(|before| (nth * 2, before)));
            continue;
        }
        let lives = |record: &&Record| record.field(system::DELETED_AT).is_null();
        asked.extend(image.before.as_deref().filter(lives).map(|before| (nth * 2, before)));
        asked.extend(image.after.as_deref().filter(lives).map(|after| (nth * 2 + 1, after)));
    }
    let none = Params::default();
    for (places, filter) in [(asked, (interest.filter.as_ref(), &interest.params)), (gone, (None, &none))] {
        let records: Vec<&Record> = places.iter().map(|(_, record)| *record).collect();
        if records.is_empty() {
            continue;
        }
        let answers = store.sight(cx, &interest.table, filter, &records).await?;
        for ((place, _), answer) in places.iter().zip(answers) {
            if let Some(slot) = seen.get_mut(*place) {
                *slot = answer;
            }
        }
    }
    Ok(seen)
}

/// The newest change of each record, with all that changed, in the order of the newest.
fn newest<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> Vec<Piece<'a>> {
    let mut kept: Vec<Option<Piece<'a>>> = Vec::new();
    let mut last: HashMap<RecordId, usize> = HashMap::new();
    for mut piece in pieces {
        // A share changes nothing of the record: it is told beside.
        if piece.change.word() == ChangeWord::Shared {
            kept.push(Some(piece));
            continue;
        }
        let earlier = last.insert(piece.change.record(), kept.len()).and_then(|place| kept.get_mut(place)?.take());
        if let Some(earlier) = earlier {
            (piece.first, piece.before) = (earlier.first, earlier.before);
            for name in earlier.changed {
                if !piece.changed.contains(&name) {
                    piece.changed.push(name);
                }
            }
        }
        kept.push(Some(piece));
    }
    kept.into_iter().flatten().collect()
}

/// What a change is to who had the record before, or has it after.
fn kind((first, last): (ChangeWord, ChangeWord), (before, after): (bool, bool)) -> Option<ChangeKind> {
    Some(match (last, before, after) {
        (_, false, true) if first == ChangeWord::Created => ChangeKind::Created,
        (_, false, true) if first == ChangeWord::Restored => ChangeKind::Restored,
        (_, false, true) => ChangeKind::Entered,
        (_, true, true) => ChangeKind::Updated,
        (ChangeWord::Deleted, true, false) => ChangeKind::Deleted,
        (ChangeWord::Destroyed, true, false) => ChangeKind::Destroyed,
        (_, true, false) => ChangeKind::Left,
        (_, false, false) => return None,
    })
}

/// Of shares only who is meant is told.
fn shared(cx: &OpContext, change: &Change, after: bool) -> Option<ChangeKind> {
    let mine = change.with().is_some_and(|with| is_mine(cx, with));
    mine.then_some(if after { ChangeKind::Entered } else { ChangeKind::Left })
}

/// Whether somebody may know that a field or relation changed.
fn is_known(policy: &Policy, object: &tenon_model::Object, name: &str) -> bool {
    let field = object.fields.iter().find(|field| field.name.as_str() == name);
    let relation = object.relations.iter().find(|relation| relation.name.as_str() == name);
    match (field, relation) {
        (Some(field), _) => policy.may_select_field(object.ix, field.ix),
        (None, Some(relation)) => policy.may_read_relation(object.ix, relation.ix),
        // `externalIds` and other lists of links.
        (None, None) => name == "external_ids",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_is_told_follows_from_what_one_had_and_has() {
        use ChangeWord::{Created, Deleted, Destroyed, Restored, Updated};
        let one = |word, before, after| kind((word, word), (before, after));
        assert_eq!(one(Created, false, true), Some(ChangeKind::Created));
        assert_eq!(one(Created, false, false), None, "made out of sight");
        assert_eq!(one(Updated, false, true), Some(ChangeKind::Entered));
        assert_eq!(one(Updated, true, false), Some(ChangeKind::Left));
        assert_eq!(one(Updated, true, true), Some(ChangeKind::Updated));
        assert_eq!(one(Updated, false, false), None);
        assert_eq!(one(Deleted, true, false), Some(ChangeKind::Deleted));
        assert_eq!(one(Deleted, false, false), None, "deleted out of sight");
        assert_eq!(one(Restored, false, true), Some(ChangeKind::Restored));
        assert_eq!(one(Destroyed, true, false), Some(ChangeKind::Destroyed));
    }

    #[test]
    fn a_merged_burst_is_told_as_its_sum() {
        use ChangeWord::{Created, Deleted, Updated};
        assert_eq!(kind((Created, Updated), (false, true)), Some(ChangeKind::Created), "made and changed");
        assert_eq!(kind((Created, Deleted), (false, false)), None, "made and deleted");
        assert_eq!(kind((Updated, Deleted), (true, false)), Some(ChangeKind::Deleted));
        assert_eq!(kind((Deleted, ChangeWord::Restored), (true, true)), Some(ChangeKind::Updated));
    }
}
