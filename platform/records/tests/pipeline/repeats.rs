//! The same request twice is one request.

use tenon_diagnostics::Problem;
use tenon_query::Write;
use tenon_records::{Done, Idempotency, Mutation, RecordsError, Step, StepOutcome};

use crate::house::{House, everywhere, problems, text, told};

async fn send(house: &House, name: &str, body: u8) -> Result<Done, RecordsError> {
    let write = Write::Create(house.ix("account"), house.input("account", &[("name", text(name))]));
    let idempotency = Some(Idempotency { key: "k1".to_owned(), body_hash: [body; 32] });
    let respond = |outcomes: &[StepOutcome]| -> Result<Vec<u8>, Problem> {
        match outcomes {
            [StepOutcome::One { id, .. }] => Ok(id.to_string().into_bytes()),
            other => panic!("{other:?}"),
        }
    };
    house.pipeline.run(&house.cx, &house.policy, &Mutation { steps: vec![Step { write, answer: None }], idempotency }, &respond).await
}

#[test]
fn an_answer_is_replayed_byte_for_byte() {
    everywhere(async |house| {
        let first = send(&house, "A", 1).await.unwrap();
        let second = send(&house, "A", 1).await.unwrap();
        assert_eq!((first.replayed, second.replayed), (false, true));
        assert_eq!(first.response, second.response);
        assert_eq!(house.count("account").await, 1);
        let error = send(&house, "B", 2).await.unwrap_err();
        assert_eq!(problems(error).iter().map(told).collect::<Vec<_>>(), ["CONFLICT idempotency_mismatch - "]);
    });
}

#[test]
fn while_the_first_runs_the_second_waits_outside() {
    everywhere(async |house| {
        let (first, second) = tokio::join!(send(&house, "A", 1), send(&house, "A", 1));
        let conflicts =
            [first, second].into_iter().filter_map(Result::err).flat_map(problems).map(|problem| told(&problem)).collect::<Vec<_>>();
        assert_eq!(conflicts, ["CONFLICT idempotency_running - "]);
        assert_eq!(house.count("account").await, 1);
    });
}

#[test]
fn a_failed_request_may_be_sent_again() {
    everywhere(async |house| {
        let write = Write::Create(house.ix("account"), house.input("account", &[]));
        let mutation = Mutation {
            steps: vec![Step { write, answer: None }],
            idempotency: Some(Idempotency { key: "k2".to_owned(), body_hash: [0; 32] }),
        };
        for _ in 0..2 {
            let error = house.pipeline.run(&house.cx, &house.policy, &mutation, &|_| Ok(Vec::new())).await.unwrap_err();
            assert_eq!(problems(error).iter().map(told).collect::<Vec<_>>(), ["INVALID required name input.name"]);
        }
    });
}
