//! The door of the metadata API: one request in, one response out.

use std::sync::Arc;

use async_graphql::{EmptySubscription, MergedObject, Request, Schema};
use bytes::Bytes;
use tenon_access::Policy;
use tenon_automation::Sandbox;
use tenon_catalog::Catalog;
use tenon_context::OpContext;
use tenon_diagnostics::{Classify, Problem, Problems};
use tenon_identity::Identity;
use tenon_model::Model;
use tenon_packages::Packages;
use tenon_records::{Idempotency, idempotency_mismatch};
use tenon_store::Store;

use super::audit::AuditQuery;
use super::clock::ClockMutation;
use super::door::Door;
use super::mutation::Mutation;
use super::packages::{PackageMutation, PackageQuery};
use super::person::{PersonMutation, PersonQuery};
use super::query::Query;
use super::respond::Told;
use super::schema_usage::SchemaUsageQuery;
use super::usage::UsageQuery;
use super::{guard, numbers, respond};
use crate::api::question;
use crate::{GraphqlRequest, GraphqlResponse, SchemaUsage, view_as};

/// All reads.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
struct Reads(Query, PackageQuery, AuditQuery, PersonQuery, UsageQuery, SchemaUsageQuery);

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
    usage: SchemaUsage,
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
        Self { store, catalog, packages, identity: None, sandbox: None, usage: SchemaUsage::default(), schema: schema() }
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

    /// The same, with who counts what of the data API's schema is used.
    #[must_use]
    pub fn with_usage(self, usage: SchemaUsage) -> Self {
        Self { usage, ..self }
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

    /// The tag of the answer to a request for `describe` alone: rights, language and model make it what it is. Counts of
    /// records and the time are as of when it was first asked; `metadataChanged` says when to ask again.
    pub async fn tag(&self, cx: &OpContext, request: &GraphqlRequest) -> Option<String> {
        let describes = guard::check(request).is_ok_and(|counted| counted.describes) && request.view_as.is_none();
        if !describes {
            return None;
        }
        let model = self.newest(cx).await;
        let asked = hex::encode(question(request));
        let (version, rights) = (model.version.0, Policy::key_of(&model, &cx.principal));
        Some(format!("\"{version}-{rights:x}-{}-{}-{asked}\"", cx.principal.id, cx.locale.code()))
    }

    /// The newest model this node knows: a context's is as old as its resolving.
    async fn newest(&self, cx: &OpContext) -> Arc<Model> {
        match self.catalog.model(cx.model.tenant).await {
            Ok(newest) if newest.version > cx.model.version => newest,
            _ => Arc::clone(&cx.model),
        }
    }

    /// Answers a request. Never fails: what is wrong is in the response.
    pub async fn execute(&self, mut cx: OpContext, request: GraphqlRequest) -> GraphqlResponse {
        let told = Told::new(&cx);
        let counted = match guard::check(&request) {
            Ok(counted) => counted,
            Err(problem) => return respond::rejected(&told, Problems::from(problem)),
        };
        let is_mutation = counted.kind == guard::Kind::Mutation;
        if is_mutation && request.is_get {
            return respond::mutation_by_get(&told);
        }
        if let Some(user) = &request.view_as {
            if is_mutation {
                let problem = Problem::forbidden("view_as", "who sees as another changes nothing", "以他人身份查看时不能修改数据");
                return respond::failed(&told, problem.into());
            }
            if let Err(problem) = Box::pin(view_as::change(&self.store, self.identity.as_ref(), &mut cx, user)).await {
                return respond::failed(&told, problem.into());
            }
        }
        cx.model = self.newest(&cx).await;
        cx.dry_run |= request.extensions.get("dryRun").and_then(tenon_value::Json::as_bool).unwrap_or_default();
        if let Some(reason) = request.extensions.get("reason").and_then(tenon_value::Json::as_str) {
            cx.reason = Some(reason.chars().filter(|letter| *letter != '\0').take(1_000).collect());
        }
        let idempotency = request.idempotency.clone().filter(|_| is_mutation && !cx.dry_run);
        let Some(key) = idempotency else { return self.carry_out(&told, cx, request, counted, None).await };
        if let Some(answer) = self.replay(&told, &cx, &key).await {
            return answer;
        }
        let answer = self.carry_out(&told, cx.clone(), request, counted, Some(&key)).await;
        // The same request beside this one may have been faster: then this one failed by what that one did.
        if answer.has_errors { self.replay(&told, &cx, &key).await.unwrap_or(answer) } else { answer }
    }

    async fn carry_out(
        &self,
        told: &Told,
        cx: OpContext,
        request: GraphqlRequest,
        counted: guard::Counted,
        key: Option<&Idempotency>,
    ) -> GraphqlResponse {
        let dry_run = cx.dry_run;
        let door = Arc::new(
            Door::new(self.store.clone(), self.packages.clone(), self.identity.clone(), cx)
                .with_sandbox(self.sandbox.clone())
                .with_usage(self.usage.clone()),
        );
        let mut inner = Request::new(request.query).variables(numbers::variables(request.variables)).data(Arc::clone(&door));
        if let Some(name) = request.operation_name {
            inner = inner.operation_name(name);
        }
        let response = self.schema.execute(inner).await;
        let mut answer = respond::answered(told, &response, counted, dry_run);
        // A document whose answer lacks something that must be there has changed nothing.
        let ended = if response.errors.is_empty() && !dry_run {
            door.keep(key.map(|key| (key, &*answer.body))).await
        } else {
            door.abandon().await.map(|()| None)
        };
        match ended {
            Ok(version) => {
                answer.model_version = version.unwrap_or(told.version);
                answer
            }
            Err(error) => respond::failed(told, error.problems()),
        }
    }

    /// The answer stored under the caller's idempotency key, or what is wrong with the key.
    async fn replay(&self, told: &Told, cx: &OpContext, Idempotency { key, body_hash }: &Idempotency) -> Option<GraphqlResponse> {
        let owner = cx.principal.owner_key();
        let problem = match self.store.idempotency_find(cx.model.tenant, (&owner, key), cx.now).await {
            Ok(None) => return None,
            Ok(Some(row)) if row.body_hash == *body_hash => return Some(respond::replayed(told, row.response)),
            Ok(Some(_)) => idempotency_mismatch(),
            Err(error) => error.problem(),
        };
        Some(respond::unkeyed(told, &problem))
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
