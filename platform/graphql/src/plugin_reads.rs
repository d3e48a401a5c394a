//! Documents of plugins: the data API without its door, read where the plugin stands (perhaps inside a transaction).
//!
//! Invariants: a document is valid against what the rights given show, which may be less than the principal's; nothing
//! here takes a connection of its own.

use async_trait::async_trait;
use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{Kind, Problem, Problems};
use tenon_query::{Answer, Params};
use tenon_records::{Queries, Source};
use tenon_store::{Prepared, Store, StoreError};
use tenon_value::{Json, JsonMap};
use tokio::sync::Mutex;

use crate::collect::Collector;
use crate::cursor::Signer;
use crate::documents::Documents;
use crate::execute::{Elsewhere, Reader};
use crate::files::Addresses;
use crate::lower::{self, Shared, Work};
use crate::prepare::{coerce_variables, measure};
use crate::respond::Errors;
use crate::stack::{deep, levels};
use crate::syntax::ast::OperationKind;

/// How plugins read, over the caches of the data API.
pub(crate) struct PluginReads {
    pub(crate) store: Store,
    pub(crate) documents: Documents,
    pub(crate) files: Addresses,
}

/// A plugin's place, lent to one document.
struct Lent<'s>(Mutex<&'s mut dyn Source>);

#[async_trait]
impl Elsewhere for Lent<'_> {
    async fn read(&self, prepared: &Prepared, params: &Params) -> Result<Answer, StoreError> {
        self.0.lock().await.read(prepared, params).await
    }
}

#[async_trait]
impl Queries for PluginReads {
    async fn query(
        &self,
        cx: &OpContext,
        policy: &Policy,
        (document, variables): (&str, &str),
        source: &mut dyn Source,
    ) -> Result<String, Box<Problem>> {
        let variables = object(variables)?;
        let levels = levels(document, variables.values());
        let valid = deep(levels, || self.documents.document_with(cx, policy, document)).map_err(Box::new)?.map_err(first)?;
        let [operation] = valid.document.operations.as_slice() else {
            return Err(wrong("a plugin's document has exactly one operation", "插件的文档只能包含一个操作"));
        };
        if operation.kind != OperationKind::Query {
            return Err(wrong("a plugin's document is a query; records are written by functions", "插件的文档只能是查询"));
        }
        let (variables, _) = coerce_variables(&valid.schema, operation, &variables).map_err(first)?;
        let collector = Collector { document: &valid.document, variables: &variables };
        deep(levels, || measure(&valid.schema, &collector, operation)).map_err(Box::new)?.map_err(first)?;
        let secret = self.store.cursor_secret(cx.model.tenant).await.map_err(|error| Box::new(crate::documents::told(&error)))?;
        let signer = Signer::new(&secret, cx.model.tenant);
        let shared = Shared { schema: &valid.schema, cx, collector: &collector, signer: &signer, in_job: false, exporting: false };
        let roots = deep(levels, || lower::query(shared, operation)).map_err(Box::new)?;
        for root in &roots {
            match &root.work {
                Err(problems) => return Err(first(problems.clone())),
                // It looks at other members, and at more places than a plugin stands in.
                Ok(Work::Question(..)) => return Err(wrong("a plugin does not ask about rights", "插件不能查询权限说明")),
                Ok(Work::Called(..)) => return Err(wrong("a plugin does not ask another", "插件不能调用其他插件的查询")),
                Ok(_) => {}
            }
        }
        let files = self.files.of(&self.store, cx.model.tenant).await.map_err(|error| Box::new(crate::documents::told(&error)))?;
        let lent = Lent(Mutex::new(source));
        let reader = Reader {
            store: &self.store,
            documents: &self.documents,
            valid: &valid,
            cx,
            identity: None,
            files,
            levels,
            elsewhere: Some(&lent),
        };
        let mut errors = Errors::default();
        let read = reader.query(roots, &mut errors).await;
        if let Some(problem) = errors.first() {
            return Err(Box::new(problem));
        }
        match read {
            Ok((data, _)) => String::from_utf8(data).map_err(|_| Box::new(Problem::of_kind(Kind::Internal))),
            Err(error) => Err(Box::new(crate::documents::told(&error))),
        }
    }
}

fn object(text: &str) -> Result<JsonMap<String, Json>, Box<Problem>> {
    match text.parse::<Json>() {
        _ if text.trim().is_empty() => Ok(JsonMap::new()),
        Ok(Json::Object(members)) => Ok(members),
        _ => Err(wrong("the variables are no JSON object", "变量不是 JSON 对象")),
    }
}

fn first(problems: Problems) -> Box<Problem> {
    Box::new(problems.as_slice().first().cloned().unwrap_or_else(|| Problem::of_kind(Kind::Invalid)))
}

fn wrong(en: &'static str, zh: &'static str) -> Box<Problem> {
    Box::new(Problem::invalid("graphql/validation", en, zh))
}
