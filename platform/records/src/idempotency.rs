//! The same request twice is one request: stored answers, and requests still running.

use std::sync::PoisonError;
use tenon_context::OpContext;
use tenon_diagnostics::Problem;
use tenon_store::{IdempotencyRow, Tx};

use crate::halt::Tried;
use crate::{Done, Idempotency, Pipeline, RecordsError};

/// The first request with the key has not ended: ask again in a second.
#[must_use]
pub fn still_running() -> Problem {
    Problem::conflict("idempotency_running", "the first request with this key is still running", "使用此幂等键的首个请求仍在处理")
        .with("retryAfter", 1)
}

/// The key stands for another request.
#[must_use]
pub fn mismatch() -> Problem {
    Problem::conflict("idempotency_mismatch", "this key was used for another request", "此幂等键已用于另一个请求")
}

/// Holds a key while its request runs in this process.
pub(crate) struct Running<'p> {
    pipeline: &'p Pipeline,
    name: Option<String>,
}

impl<'p> Running<'p> {
    pub(crate) fn enter(pipeline: &'p Pipeline, cx: &OpContext, idempotency: Option<&Idempotency>) -> Result<Self, RecordsError> {
        let name = idempotency.map(|idempotency| format!("{} {} {}", cx.model.tenant, cx.principal.owner_key(), idempotency.key));
        if let Some(name) = &name {
            let mut running = pipeline.running.lock().unwrap_or_else(PoisonError::into_inner);
            if !running.insert(name.clone()) {
                return Err(RecordsError::problem(None, still_running()));
            }
        }
        Ok(Self { pipeline, name })
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            self.pipeline.running.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        }
    }
}

/// The answer stored under the key, if there is one.
pub(crate) async fn find(tx: &mut Tx, cx: &OpContext, idempotency: Option<&Idempotency>) -> Tried<Option<Done>> {
    let Some(idempotency) = idempotency else { return Ok(None) };
    match tx.idempotency_find(&cx.principal.owner_key(), &idempotency.key, cx.now).await? {
        None => Ok(None),
        Some(row) if row.body_hash == idempotency.body_hash => Ok(Some(Done { response: row.response, replayed: true })),
        Some(_) => Err(mismatch().into()),
    }
}

/// Keeps the answer under the key.
pub(crate) async fn keep(tx: &mut Tx, cx: &OpContext, idempotency: Option<&Idempotency>, response: &[u8]) -> Tried<()> {
    let Some(idempotency) = idempotency.filter(|_| !cx.dry_run) else { return Ok(()) };
    let row = IdempotencyRow { body_hash: idempotency.body_hash, response: response.to_vec(), at: cx.now };
    Ok(tx.idempotency_put(&cx.principal.owner_key(), &idempotency.key, &row).await?)
}
