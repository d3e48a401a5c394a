//! The feed of changes: every change of some objects that one may know of, one line each, with the cursor after it.

use std::collections::HashMap;

use tenon_access::Place;
use tenon_automation::{ChangeKind, Event, Followed, Follower, Interest, Relay, RelayError, events};
use tenon_context::OpContext;
use tenon_diagnostics::Problem;
use tenon_model::Object;
use tenon_query::Action;
use tenon_store::StoreError;
use tenon_value::{Json, Uuid};

use super::cursor::Places;
use super::record::RecordForm;
use super::too_old;
use crate::api::DataApi;
use crate::documents::told;
use crate::shape::ReadInClear;

/// What is asked of the feed.
#[derive(Clone, Debug, Default)]
pub struct FeedQuery {
    /// The cursor to go on after; none: everything that is kept. `now`: from now on.
    pub after: Option<String>,
    /// API names of objects; empty: all that one sees.
    pub objects: Vec<String>,
}

/// One change as one may know it.
#[derive(Clone, Debug)]
pub struct FeedLine {
    /// What is told, the cursor included.
    pub json: Json,
    /// The place after it.
    pub cursor: String,
}

/// What a piece of the feed holds.
#[derive(Clone, Debug)]
pub struct FeedPage {
    /// The changes.
    pub lines: Vec<FeedLine>,
    /// The place after all that was looked at, what one may not know included.
    pub cursor: String,
    /// There is more by now.
    pub more: bool,
}

/// The feed of one who follows it.
pub struct Feed {
    api: DataApi,
    objects: Vec<String>,
    follower: Follower,
    /// What the tenant's cursors are signed with.
    secret: [u8; 32],
    /// What was read and did not fit.
    left: Option<(Followed, usize)>,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").field("objects", &self.objects).finish_non_exhaustive()
    }
}

impl DataApi {
    /// Begins to follow.
    ///
    /// # Errors
    /// INVALID `cursor`, INVALID `objects` for one that is not seen, EXHAUSTED `resume_window`; UNAVAILABLE.
    pub async fn feed(&self, relay: &Relay, cx: &OpContext, query: FeedQuery) -> Result<Feed, Problem> {
        for name in &query.objects {
            if !self.is_seen(cx, name) {
                return Err(unknown(name));
            }
        }
        let secret = self.store().cursor_secret(cx.model.tenant).await.map_err(|error| told(&error))?;
        let place = match query.after.as_deref() {
            Some("now") => None,
            Some(after) => Self::place(cx, &secret, Some(after))?,
            None => Some(self.store().outbox_begin(cx.model.tenant).await.map_err(|error| told(&error))?),
        };
        let follower = relay.follow(cx.model.tenant, place).await.map_err(|error| broken(&error))?;
        follower.check().await.map_err(|error| broken(&error))?;
        Ok(Feed { api: self.clone(), objects: query.objects, follower, secret, left: None })
    }

    fn is_seen(&self, cx: &OpContext, name: &str) -> bool {
        let schema = self.documents().schema(&cx.model, &cx.principal);
        cx.model.object_named(name).is_some_and(|object| schema.view().object(object.ix).is_some())
    }
}

impl Feed {
    /// Waits for the next piece. May be dropped while it waits; then nothing of it is lost.
    ///
    /// # Errors
    /// EXHAUSTED `resume_window`; what the store says.
    pub async fn wait(&mut self) -> Result<(), Problem> {
        if self.left.is_none() {
            let followed = self.follower.next().await.map_err(|error| broken(&error))?;
            self.left = Some((followed, 0));
        }
        Ok(())
    }

    /// Takes the next piece of what has happened already; false where there is none.
    ///
    /// # Errors
    /// As [`Feed::wait`].
    pub async fn ready(&mut self) -> Result<bool, Problem> {
        if self.left.is_none() {
            self.left = self.follower.ready().await.map_err(|error| broken(&error))?.map(|followed| (followed, 0));
        }
        Ok(self.left.is_some())
    }

    /// Where it stands before what was waited for.
    #[must_use]
    pub fn cursor(&self, cx: &OpContext) -> String {
        Places::new(&self.secret, cx.model.tenant).cursor(self.follower.place())
    }

    /// Up to `max` lines of what was waited for, as the principal of now may know them.
    ///
    /// # Errors
    /// What the store says.
    pub async fn page(&mut self, cx: &OpContext, max: usize) -> Result<FeedPage, Problem> {
        let Some((followed, skipped)) = self.left.take() else {
            return Ok(FeedPage { lines: Vec::new(), cursor: self.cursor(cx), more: false });
        };
        let mut lines = match Box::pin(self.lines(cx, &followed)).await {
            Err(StoreError::StaleModel) => {
                let newer = self.api.newer(cx).await?;
                Box::pin(self.lines(&newer, &followed)).await
            }
            lines => lines,
        }
        .map_err(|error| told(&error))?;
        // Those that were handed out before.
        let mut lines = lines.split_off(skipped.min(lines.len()));
        let all = lines.len();
        lines.truncate(max);
        if all > max {
            let cursor = lines.last().map_or_else(|| self.cursor(cx), |line| line.cursor.clone());
            self.left = Some((followed, skipped + max));
            return Ok(FeedPage { lines, cursor, more: true });
        }
        let more = followed.is_behind();
        let cursor = Places::new(&self.secret, cx.model.tenant).cursor(followed.place());
        Ok(FeedPage { lines, cursor, more })
    }

    async fn lines(&self, cx: &OpContext, followed: &Followed) -> Result<Vec<FeedLine>, StoreError> {
        let schema = self.api.documents().schema(&cx.model, &cx.principal);
        let (view, policy) = (schema.view(), &schema.policy);
        let wanted = |object: &&Object| self.objects.is_empty() || self.objects.iter().any(|name| object.name.as_str() == name);
        let mut told: Vec<(&Object, Event)> = Vec::new();
        for object in view.objects().filter(wanted) {
            let Ok(table) = policy.table(&schema.model, object.ix, Action::Read, Place::Feed) else { continue };
            let found = Box::pin(events(self.api.store(), (cx, policy), followed, &Interest::all(table), false)).await?;
            told.extend(found.into_iter().map(|event| (object, event)));
        }
        told.sort_by_key(|(_, event)| event.place);
        let records = self.records(cx, &told).await?;
        let places = Places::new(&self.secret, cx.model.tenant);
        let line = |(object, event): &(&Object, Event)| {
            let cursor = places.cursor(&followed.place_of(&event.change));
            let record = records.get(&(object.ix.0, event.change.record().0)).filter(|_| event.kind.has_record());
            FeedLine { json: json(object, event, record, &cursor), cursor }
        };
        Ok(told.iter().map(line).collect())
    }

    /// The records that are told of, as they are now, by object and id.
    async fn records(&self, cx: &OpContext, told: &[(&Object, Event)]) -> Result<HashMap<(u16, Uuid), Json>, StoreError> {
        let mut records = HashMap::new();
        if told.is_empty() {
            return Ok(records);
        }
        let schema = self.api.documents().schema(&cx.model, &cx.principal);
        let mut objects: Vec<&Object> = told.iter().map(|(object, _)| *object).collect();
        objects.sort_by_key(|object| object.ix);
        objects.dedup_by_key(|object| object.ix);
        let mut clear = ReadInClear::default();
        for object in objects {
            let form = RecordForm::new(&schema, object);
            let Some(mut planned) = form.planned(&schema) else { continue };
            let of_object = told.iter().filter(|(of, event)| of.ix == object.ix && event.kind.has_record());
            let mut ids: Vec<Uuid> = of_object.map(|(_, event)| event.change.record().0).collect();
            ids.sort_unstable();
            ids.dedup();
            if ids.is_empty() {
                continue;
            }
            if let Some(list) = planned.params.0.first_mut() {
                *list = tenon_value::Value::List(ids.into_iter().map(tenon_value::Value::Id).collect());
            }
            let prepared = self.api.documents().prepare(self.api.store(), &schema, planned.read)?;
            if let tenon_query::Answer::Page(page) = self.api.store().read(cx, &prepared, &planned.params).await? {
                records.extend(page.rows.iter().map(|row| ((object.ix.0, row.id), form.json(row, &mut clear))));
            }
        }
        if let Some((object, facts)) = clear.facts(&cx.model) {
            let note = tenon_store::AuditNote::new(tenon_store::AuditKind::ReadInClear).about(&object, None).facts(facts);
            self.api.store().audit_soon(cx, note);
        }
        Ok(records)
    }
}

fn json(object: &Object, event: &Event, record: Option<&Json>, cursor: &str) -> Json {
    let change = &event.change;
    let (kind, id, display) = change.by();
    let by = serde_json::json!({ "kind": kind, "id": id.to_string(), "display": display });
    let left = event.kind == ChangeKind::Left;
    serde_json::json!({
        "type": format!("{}.{}", object.name, event.kind.word()),
        "object": object.name.as_str(),
        "id": change.record().to_string(),
        "version": event.version,
        "changed": event.changed,
        "at": change.at().to_string(),
        "by": if left { Json::Null } else { by },
        "record": record,
        "cursor": cursor,
    })
}

fn unknown(name: &str) -> Problem {
    Problem::invalid("objects", format!("there is no object `{name}`"), format!("没有名为“{name}”的对象"))
}

fn broken(error: &RelayError) -> Problem {
    match error {
        RelayError::TooOld => too_old(),
        RelayError::Store(error) => told(error),
    }
}
