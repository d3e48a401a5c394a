//! Somebody who stays: what he showed at the door, to be looked at again and again.

use std::time::Instant;

use tenon_context::{OpContext, Via};
use tenon_diagnostics::{Kind, Problem};
use tenon_identity::{Credential, RequestFacts};

use crate::app::{App, TIME_MAX};
use crate::call::Call;
use crate::facts::Arrival;
use crate::respond::problem_of;

/// What was shown.
#[derive(Clone)]
pub(crate) enum Shown {
    Nothing,
    Authorization(String),
    Session(String),
}

/// Somebody who stays.
#[derive(Clone)]
pub(crate) struct Who {
    pub(crate) app: App,
    tenant: String,
    pub(crate) shown: Shown,
    pub(crate) arrival: Arrival,
}

impl Who {
    pub(crate) fn of(call: &Call) -> Self {
        let shown = match call.credential() {
            Credential::None => Shown::Nothing,
            Credential::Authorization(text) => Shown::Authorization(text.to_owned()),
            Credential::Session(text) => Shown::Session(text.to_owned()),
        };
        Self { app: call.app.clone(), tenant: call.part("tenant").to_owned(), shown, arrival: call.arrival.clone() }
    }

    /// His context of now: his rights, the model, the time.
    pub(crate) async fn context(&self) -> Result<OpContext, Problem> {
        let credential = match &self.shown {
            Shown::Nothing => Credential::None,
            Shown::Authorization(text) => Credential::Authorization(text),
            Shown::Session(text) => Credential::Session(text),
        };
        let deadline = Instant::now() + TIME_MAX;
        let facts = RequestFacts {
            request: self.arrival.request.clone(),
            locale: self.arrival.locale,
            deadline: Some(deadline),
            via: Via::Graphql,
        };
        let asked = self.app.identity.resolve(&self.tenant, credential, facts);
        let answered = tokio::time::timeout_at(deadline.into(), asked).await;
        let caller = answered.map_err(|_| Problem::of_kind(Kind::Unavailable))?;
        Ok(caller.map_err(|error| problem_of(&error, &self.arrival))?.context)
    }

    /// Whether he is still known; what cannot be asked now is asked later.
    pub(crate) async fn is_gone(&self) -> bool {
        self.context().await.is_err_and(|problem| problem.kind == Kind::Unauthenticated)
    }
}
