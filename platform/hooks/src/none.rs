//! A house without plugins.

use async_trait::async_trait;
use tenon_context::OpContext;
use tenon_model::{Model, ObjectIx};

use crate::{Asked, Desk, HookError, Hooks, Operation, Phase, Tree, Verdict};

/// No plugin at all: for tools and tests, and for a server before its first install.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHooks;

#[async_trait]
impl Hooks for NoHooks {
    fn subscribes(&self, _: &Model, _: (ObjectIx, Phase, Operation), _: &Tree) -> bool {
        false
    }

    async fn ask(&self, _: &OpContext, asked: Asked<'_>, _: &Tree, _: &mut dyn Desk) -> Result<Vec<Verdict>, HookError> {
        Ok(vec![Verdict::Keep; asked.changes.len()])
    }
}
