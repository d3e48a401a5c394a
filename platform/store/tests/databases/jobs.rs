//! Jobs: one node has a job at a time, and who lost it commits nothing more.

use tenon_store::{AuditKind, AuditNote, JobAsk, JobEnd, JobFilter, JobLease, JobProgress, JobState, NewJob, StoreError, StoredJob};
use tenon_value::{Json, Uuid};

use crate::house::{House, houses, now};

const KINDS: &[&str] = &["test"];
/// Long enough for any test.
const LONG: i64 = 600_000;
/// Has run out before it began.
const OVER: i64 = -1_000;

fn job(house: &House) -> NewJob {
    NewJob::new(&house.cx(), "test", serde_json::json!({ "what": "ever" }))
}

async fn put(house: &House) -> Uuid {
    house.store.job_put(house.tenant, &job(house)).await.unwrap()
}

async fn claim(house: &House, millis: i64) -> Option<(StoredJob, JobLease)> {
    let job = house.store.job_claim(house.tenant, "me", (Some(now()), KINDS), millis).await.unwrap()?;
    let lease = JobLease { job: job.id, fence: job.fence, millis };
    Some((job, lease))
}

async fn state(house: &House, id: Uuid) -> JobState {
    house.store.job(house.tenant, id).await.unwrap().unwrap().state
}

fn progress(done: i64, parts: Vec<(&'static str, i64, String)>) -> JobProgress {
    JobProgress { progress: Json::from(done), done, parts, ..JobProgress::default() }
}

#[tokio::test]
async fn one_node_has_a_job_until_its_lease_runs_out() {
    for house in houses().await {
        let id = put(&house).await;
        let (taken, _) = claim(&house, LONG).await.unwrap();
        assert_eq!(
            (taken.id, taken.state, taken.attempts, taken.payload.get("what").cloned()),
            (id, JobState::Running, 1, Some("ever".into()))
        );
        assert!(claim(&house, LONG).await.is_none(), "it is taken");
        let id = put(&house).await;
        let (first, _) = claim(&house, OVER).await.unwrap();
        let (again, _) = claim(&house, LONG).await.unwrap();
        assert_eq!((first.id, again.id, again.fence, again.attempts), (id, id, first.fence + 1, 2));
    }
}

#[tokio::test]
async fn who_lost_the_lease_commits_nothing() {
    for house in houses().await {
        let id = put(&house).await;
        let (_, old) = claim(&house, OVER).await.unwrap();
        let (_, new) = claim(&house, LONG).await.unwrap();
        let before = house.store.outbox_after(house.tenant, 0, 100).await.unwrap().len();

        let mut tx = house.store.begin(&house.cx()).await.unwrap();
        tx.audit_note(AuditNote::new(AuditKind::Imported));
        let lost = tx.job_checkpoint(old, &progress(1, Vec::new())).await;
        assert!(matches!(lost, Err(StoreError::LeaseLost)), "{lost:?}");
        tx.rollback().await.unwrap();
        assert!(matches!(house.store.job_renew(house.tenant, old).await, Err(StoreError::LeaseLost)));
        assert!(!house.store.job_end(house.tenant, old, &JobEnd::Succeeded(Json::Null)).await.unwrap());

        let mut tx = house.store.begin(&house.cx()).await.unwrap();
        tx.audit_note(AuditNote::new(AuditKind::Imported));
        assert_eq!(tx.job_checkpoint(new, &progress(5, vec![("effect", 0, "x".to_owned())])).await.unwrap(), None);
        tx.commit().await.unwrap();
        assert_eq!(house.store.outbox_after(house.tenant, 0, 100).await.unwrap().len(), before + 1);
        let parts = house.store.job_parts(house.tenant, id, ("effect", 0), 9).await.unwrap();
        assert_eq!(parts, [(0, "x".to_owned())]);
        assert!(house.store.job_end(house.tenant, new, &JobEnd::Succeeded(serde_json::json!({ "ok": true }))).await.unwrap());
        let ended = house.store.job(house.tenant, id).await.unwrap().unwrap();
        assert_eq!((ended.state, ended.done, ended.attempts), (JobState::Succeeded, 5, 0));
        assert_eq!(ended.result, Some(serde_json::json!({ "ok": true })));
        assert!(ended.finished_at.is_some() && ended.started_at.is_some());
    }
}

#[tokio::test]
async fn a_job_is_there_exactly_if_its_transaction_is() {
    for house in houses().await {
        let mut tx = house.store.begin(&house.cx()).await.unwrap();
        let id = tx.job_put(&job(&house)).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(house.store.job(house.tenant, id).await.unwrap(), None);
        let mut tx = house.store.begin(&house.cx()).await.unwrap();
        let keyed = || NewJob { key: Some("once".to_owned()), ..job(&house) };
        let id = tx.job_put(&keyed()).await.unwrap();
        assert_eq!(tx.job_put(&keyed()).await.unwrap(), id, "the same key is the same job");
        tx.commit().await.unwrap();
        assert_eq!(house.store.job_put(house.tenant, &keyed()).await.unwrap(), id);
        assert_eq!(state(&house, id).await, JobState::Queued);
        assert!(house.store.jobs_told().await.contains(&house.tenant));
        assert!(house.store.jobs_hinted().await.unwrap().contains(&house.tenant));
    }
}

#[tokio::test]
async fn jobs_rest_go_on_end_and_are_tried_again() {
    for house in houses().await {
        let (store, tenant) = (&house.store, house.tenant);
        let waits = put(&house).await;
        assert!(store.job_ask(tenant, waits, JobAsk::Pause).await.unwrap());
        assert_eq!(state(&house, waits).await, JobState::Paused);
        assert!(claim(&house, LONG).await.is_none(), "it rests");
        assert!(store.job_resume(tenant, waits).await.unwrap());
        let (_, lease) = claim(&house, LONG).await.unwrap();
        assert!(store.job_ask(tenant, waits, JobAsk::Cancel).await.unwrap());
        assert_eq!(state(&house, waits).await, JobState::Running, "it ends at the border of its chunk");
        assert_eq!(store.job_checkpoint(tenant, lease, &progress(1, Vec::new())).await.unwrap(), Some(JobAsk::Cancel));
        assert!(store.job_end(tenant, lease, &JobEnd::Cancelled).await.unwrap());
        assert!(!store.job_resume(tenant, waits).await.unwrap(), "it has ended");
        assert!(!store.job_ask(tenant, waits, JobAsk::Cancel).await.unwrap());
        assert!(store.job_retry(tenant, waits).await.unwrap());
        let (again, lease) = claim(&house, LONG).await.unwrap();
        assert_eq!((again.asked, again.progress.clone(), again.attempts), (None, Json::from(1), 1));
        assert!(store.job_end(tenant, lease, &JobEnd::Again(Json::from("later"), LONG)).await.unwrap());
        assert!(claim(&house, LONG).await.is_none(), "not yet");
        let next = store.jobs_next(tenant, Some(now())).await.unwrap().unwrap();
        assert!((LONG - 60_000..=LONG).contains(&next), "{next}");
    }
}

#[tokio::test]
async fn jobs_wait_for_the_tenants_clock_and_for_those_who_know_them() {
    for house in houses().await {
        let (store, tenant) = (&house.store, house.tenant);
        let due = tenon_value::DateTime::from_millis(now().millis() + 1_000);
        store.job_put(tenant, &NewJob { due: Some(due), ..job(&house) }).await.unwrap();
        assert!(claim(&house, LONG).await.is_none());
        assert!(store.jobs_next(tenant, Some(now())).await.unwrap().is_some_and(|next| (0..=1_000).contains(&next)));
        assert_eq!(store.job_claim(tenant, "me", (Some(due), &["another"]), LONG).await.unwrap(), None);
        assert!(store.job_claim(tenant, "me", (Some(due), KINDS), LONG).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn jobs_are_listed_by_their_people_and_forgotten_after_their_days() {
    for house in houses().await {
        let (store, tenant) = (&house.store, house.tenant);
        let [first, second] = [put(&house).await, put(&house).await];
        let ids = |jobs: Vec<StoredJob>| jobs.into_iter().map(|job| job.id).collect::<Vec<_>>();
        assert_eq!(ids(store.jobs(tenant, &JobFilter::default(), 9).await.unwrap()), [second, first]);
        let older = JobFilter { before: Some(second), by: Some(house.cx().principal.id), ..JobFilter::default() };
        assert_eq!(ids(store.jobs(tenant, &older, 9).await.unwrap()), [first]);
        let others = JobFilter { by: Some(Uuid::from_u128(1)), ..JobFilter::default() };
        assert!(store.jobs(tenant, &others, 9).await.unwrap().is_empty());
        let running = JobFilter { kinds: vec!["test".to_owned()], states: vec![JobState::Running], ..JobFilter::default() };
        assert!(store.jobs(tenant, &running, 9).await.unwrap().is_empty());

        store.job_part_put(tenant, first, ("data", 0), "x".to_owned()).await.unwrap();
        store.job_ask(tenant, first, JobAsk::Cancel).await.unwrap();
        assert_eq!(store.jobs_expire(tenant, 30).await.unwrap(), 0, "it ended just now");
        let receiving = NewJob { receiving: true, ..job(&house) };
        store.job_put(tenant, &receiving).await.unwrap();
        store.job_drop(tenant, receiving.id).await.unwrap();
        assert_eq!(store.job(tenant, receiving.id).await.unwrap(), None);
    }
}
