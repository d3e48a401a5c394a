//! The door of the metadata API: one request in, one response out.

use std::sync::Arc;

use async_graphql::{EmptySubscription, MergedObject, Request, Schema};
use bytes::Bytes;
use tenon_access::Policy;
use tenon_automation::Sandbox;
use tenon_catalog::Catalog;
use tenon_context::OpContext;
use tenon_diagnostics::{Problem, Problems};
use tenon_identity::Identity;
use tenon_packages::Packages;
use tenon_store::Store;

use super::audit::AuditQuery;
use super::clock::ClockMutation;
use super::door::Door;
use super::mutation::Mutation;
use super::packages::{PackageMutation, PackageQuery};
use super::person::{PersonMutation, PersonQuery};
use super::query::Query;
use super::usage::UsageQuery;
use super::{guard, numbers, respond};
use crate::{GraphqlRequest, GraphqlResponse, view_as};

/// All reads.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
struct Reads(Query, PackageQuery, AuditQuery, PersonQuery, UsageQuery);

/// All changes.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
struct Changes(Mutation, PackageMutation, PersonMutation, ClockMutation);

type MetadataSchema = Schema<Reads, Changes, EmptySubscription>;

/// The metadata API of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct MetadataApi {
    store: Store,
    catalog: Arc<Catalog>,
    packages: Packages,
    identity: Option<Identity>,
    sandbox: Option<Sandbox>,
    schema: MetadataSchema,
}

impl std::fmt::Debug for MetadataApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetadataApi").finish_non_exhaustive()
    }
}

fn schema() -> MetadataSchema {
    // Recursion is bounded by our own count of nesting, before the document comes here.
    Schema::build(Reads::default(), Changes::default(), EmptySubscription).limit_recursive_depth(crate::limits::NESTING).finish()
}

impl MetadataApi {
    /// The API over a store, its models and what changes them.
    #[must_use]
    pub fn new(store: Store, catalog: Arc<Catalog>, packages: Packages) -> Self {
        Self { store, catalog, packages, identity: None, sandbox: None, schema: schema() }
    }

    /// The same, with the people of the tenants at hand: to look as one of them, to count for some of them.
    #[must_use]
    pub fn with_identity(self, identity: Identity) -> Self {
        Self { identity: Some(identity), ..self }
    }

    /// The same, with who moves the clocks of sandboxes.
    #[must_use]
    pub fn with_sandbox(self, sandbox: Sandbox) -> Self {
        Self { sandbox: Some(sandbox), ..self }
    }

    /// What keeps the tenants' packages, for the door that takes their files.
    #[must_use]
    pub const fn packages(&self) -> &Packages {
        &self.packages
    }

    /// The schema, as SDL; the same for everybody.
    #[must_use]
    pub fn sdl(&self) -> Bytes {
        Bytes::from(self.schema.sdl())
    }

    /// What `describe` and `objects` depend on for this principal: an answer with the same tag is the same.
    #[must_use]
    pub fn tag(cx: &OpContext) -> String {
        format!("{}-{:x}-{}", cx.model.version.0, Policy::key_of(&cx.model, &cx.principal), cx.locale.code())
    }

    /// Answers a request. Never fails: what is wrong is in the response.
    pub async fn execute(&self, mut cx: OpContext, request: GraphqlRequest) -> GraphqlResponse {
        let told = respond::Told::new(&cx);
        let kind = match guard::check(&request) {
            Ok(kind) => kind,
            Err(problem) => return respond::rejected(&told, Problems::from(problem)),
        };
        if kind == guard::Kind::Mutation && request.is_get {
            return respond::mutation_by_get(&told);
        }
        if let Some(user) = &request.view_as {
            if kind == guard::Kind::Mutation {
                let problem = Problem::forbidden("view_as", "who sees as another changes nothing", "以他人身份查看时不能修改数据");
                return respond::failed(&told, problem.into());
            }
            if let Err(problem) = Box::pin(view_as::change(&self.store, self.identity.as_ref(), &mut cx, user)).await {
                return respond::failed(&told, problem.into());
            }
        }
        // The context's model is as old as its resolving; here the newest one this node knows is told.
        if let Ok(newest) = self.catalog.model(cx.model.tenant).await
            && newest.version > cx.model.version
        {
            cx.model = newest;
        }
        let dry_run = cx.dry_run || request.extensions.get("dryRun").and_then(tenon_value::Json::as_bool).unwrap_or_default();
        cx.dry_run = dry_run;
        if let Some(reason) = request.extensions.get("reason").and_then(tenon_value::Json::as_str) {
            cx.reason = Some(reason.chars().filter(|letter| *letter != '\0').take(1_000).collect());
        }
        let door =
            Arc::new(Door::new(self.store.clone(), self.packages.clone(), self.identity.clone(), cx).with_sandbox(self.sandbox.clone()));
        let mut inner = Request::new(request.query).variables(numbers::variables(request.variables)).data(Arc::clone(&door));
        if let Some(name) = request.operation_name {
            inner = inner.operation_name(name);
        }
        let response = self.schema.execute(inner).await;
        // A document whose answer lacks something that must be there has changed nothing.
        let ended = door.end(response.errors.is_empty() && !dry_run).await;
        match ended {
            Ok(version) => respond::answered(&told, &response, (kind == guard::Kind::Mutation, version.unwrap_or(told.version)), dry_run),
            Err(error) => respond::failed(&told, error.problems()),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_speaks_the_words_of_the_files() {
        let sdl = super::schema().sdl();
        for words in [
            "long_text",
            "input CreateObjectInput",
            "pluralLabel: LocalizedText",
            "enum Risk",
            "destructive",
            "scalar ChoiceOption",
            "onDelete: OnDelete",
        ] {
            assert!(sdl.contains(words), "{words}\n{sdl}");
        }
    }
}
