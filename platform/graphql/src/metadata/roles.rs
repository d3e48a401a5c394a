//! Roles as the metadata API shows and changes them.

use std::sync::Arc;

use async_graphql::{Context, Object};
use tenon_model::RoleIx;

use super::door::door;
use super::sight::Sight;
use super::words::State;

/// A role.
pub(super) struct Role {
    pub(super) sight: Arc<Sight>,
    pub(super) at: RoleIx,
}

impl Role {
    fn role(&self) -> async_graphql::Result<&tenon_model::Role> {
        self.sight.model.role(self.at).ok_or_else(|| async_graphql::Error::new("there is no such role"))
    }

    fn locale(ctx: &Context<'_>, locale: Option<&str>) -> tenon_value::Locale {
        locale.and_then(tenon_value::Locale::from_tag).unwrap_or(door(ctx).cx.locale)
    }
}

#[Object]
impl Role {
    async fn id(&self) -> async_graphql::Result<async_graphql::ID> {
        Ok(self.role()?.id.0.to_string().into())
    }

    async fn name(&self) -> async_graphql::Result<String> {
        Ok(self.role()?.name.to_string())
    }

    async fn label(&self, ctx: &Context<'_>, locale: Option<String>) -> async_graphql::Result<Option<String>> {
        Ok(self.role()?.label.get(Self::locale(ctx, locale.as_deref())).map(str::to_owned))
    }

    async fn about(&self, ctx: &Context<'_>, locale: Option<String>) -> async_graphql::Result<Option<String>> {
        Ok(self.role()?.about.get(Self::locale(ctx, locale.as_deref())).map(str::to_owned))
    }

    /// The role whose rights it has as well.
    async fn parent(&self) -> async_graphql::Result<Option<String>> {
        let parent = self.role()?.parent.and_then(|parent| self.sight.model.role(parent));
        Ok(parent.map(|parent| parent.name.to_string()))
    }

    /// Where its holders begin.
    async fn landing(&self) -> async_graphql::Result<Option<String>> {
        Ok(self.role()?.landing.clone())
    }

    /// Only portal users may hold it.
    async fn portal(&self) -> async_graphql::Result<bool> {
        Ok(self.role()?.portal)
    }

    /// Its own special rights, without those of its parent.
    async fn special(&self) -> async_graphql::Result<Vec<&'static str>> {
        Ok(self.role()?.special.iter().map(|special| special.word()).collect())
    }

    async fn state(&self) -> async_graphql::Result<State> {
        Ok(self.role()?.state.into())
    }

    async fn package(&self) -> async_graphql::Result<String> {
        Ok(self.role()?.package.to_string())
    }
}
