//! Every step of a job happens exactly once, whatever becomes of the nodes that carry it out.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tenon_store::{JobAsk, JobState};

use crate::house::{Node, Told, houses};

const ENDED: &[JobState] = &[JobState::Succeeded, JobState::Failed, JobState::Dead, JobState::Cancelled];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_carried_out_and_says_what_came_of_it() {
    for house in houses().await {
        let (tenant, told) = (house.tenant().await, Arc::new(Told::default()));
        let waiting = house.job(tenant, "steps", 3).await;
        let node = Node::start(&house, house.store.clone(), &told);
        let job = house.until(tenant, waiting, ENDED).await;
        assert_eq!(
            (job.state, job.done, job.total, job.result),
            (JobState::Succeeded, 3, Some(3), Some(serde_json::json!({ "steps": 3 })))
        );
        let refused = house.job(tenant, "refused", 1).await;
        let job = house.until(tenant, refused, ENDED).await;
        assert_eq!((job.state, job.attempts), (JobState::Failed, 1));
        assert_eq!(job.error.unwrap().get("rule").unwrap(), "test");
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_of_two_nodes_repeat_no_step_and_lose_none() {
    const STEPS: i64 = 150;
    for house in houses().await {
        let (tenant, told) = (house.tenant().await, Arc::new(Told::default()));
        let jobs =
            [house.job(tenant, "steps", STEPS).await, house.job(tenant, "steps", STEPS).await, house.job(tenant, "steps", STEPS).await];
        let mut nodes = vec![Node::start(&house, house.store.clone(), &told), Node::start(&house, house.another().await, &told)];
        for kill in 0..10 {
            let begun = told.begun.load(Ordering::SeqCst);
            // Somewhere within the steps, each time elsewhere.
            for _ in 0..200 {
                if told.begun.load(Ordering::SeqCst) > begun + kill {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            nodes.remove(0).kill().await;
            nodes.push(Node::start(&house, house.another().await, &told));
        }
        for job in jobs {
            let ended = house.until(tenant, job, ENDED).await;
            assert_eq!((ended.state, ended.done), (JobState::Succeeded, STEPS), "{:?}", ended.error);
        }
        assert_eq!(house.effects(tenant).await, usize::try_from(3 * STEPS).unwrap(), "each step once");
        for node in nodes {
            node.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_rest_and_end_at_the_border_of_a_chunk() {
    for house in houses().await {
        let (tenant, told) = (house.tenant().await, Arc::new(Told::default()));
        let node = Node::start(&house, house.store.clone(), &told);
        let id = house.job(tenant, "held", 5).await;
        while told.begun.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(house.store.job_ask(tenant, id, JobAsk::Pause).await.unwrap());
        told.open.store(true, Ordering::SeqCst);
        let job = house.until(tenant, id, &[JobState::Paused]).await;
        assert_eq!(job.done, 1);
        assert!(house.store.job_resume(tenant, id).await.unwrap());
        assert_eq!(house.until(tenant, id, ENDED).await.state, JobState::Succeeded);
        assert_eq!(house.effects(tenant).await, 5);
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_hands_its_jobs_back_at_once() {
    for house in houses().await {
        let (tenant, told) = (house.tenant().await, Arc::new(Told::default()));
        let node = Node::start(&house, house.store.clone(), &told);
        let id = house.job(tenant, "held", 3).await;
        while told.begun.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let stopping = tokio::spawn(node.stop());
        tokio::time::sleep(Duration::from_millis(50)).await;
        told.open.store(true, Ordering::SeqCst);
        stopping.await.unwrap();
        let job = house.store.job(tenant, id).await.unwrap().unwrap();
        assert_eq!((job.state, job.done, job.attempts), (JobState::Queued, 1, 0));
        let next = Node::start(&house, house.store.clone(), &told);
        assert_eq!(house.until(tenant, id, ENDED).await.state, JobState::Succeeded);
        assert_eq!(house.effects(tenant).await, 3);
        next.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_pass_is_tried_again() {
    for house in houses().await {
        let (tenant, told) = (house.tenant().await, Arc::new(Told::default()));
        told.faults.store(1, Ordering::SeqCst);
        let id = house.job(tenant, "steps", 2).await;
        let node = Node::start(&house, house.store.clone(), &told);
        let job = house.until(tenant, id, ENDED).await;
        assert_eq!((job.state, job.error, job.done), (JobState::Succeeded, None, 2));
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_with_many_jobs_does_not_keep_another_waiting() {
    for house in houses().await {
        let (busy, quiet, told) = (house.tenant().await, house.tenant().await, Arc::new(Told::default()));
        for _ in 0..6 {
            house.job(busy, "held", 1).await;
        }
        let node = Node::start(&house, house.store.clone(), &told);
        while told.begun.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let id = house.job(quiet, "steps", 1).await;
        assert_eq!(house.until(quiet, id, ENDED).await.state, JobState::Succeeded, "while the other's jobs are held");
        assert_eq!(house.effects(busy).await, 0);
        told.open.store(true, Ordering::SeqCst);
        node.stop().await;
    }
}
