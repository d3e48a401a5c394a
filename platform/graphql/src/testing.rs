//! The base package's schema, for the crate's own tests.
#![cfg(test)]

use std::path::Path;
use std::sync::Arc;

use tenon_access::Policy;
use tenon_compiler::{SourceFile, assemble, read};
use tenon_context::{OpContext, OpContextParts, Principal, Via};
use tenon_model::{Model, ModelVersion, Physical, Settings};
use tenon_value::{Json, Locale, Name, RequestId, TenantId, Uuid};

use crate::collect::Collector;
use crate::cursor::Signer;
use crate::lower::{self, Located, Shared};
use crate::prepare::{coerce_variables, measure, validate};
use crate::schema::Schema;
use crate::syntax::ast::OperationKind;
use crate::syntax::parse;

fn files(folder: &Path, root: &Path, found: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, root, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.push(SourceFile { path: name, text: std::fs::read_to_string(&path).unwrap() });
        }
    }
}

/// The model of a tenant with the base package and nothing else.
pub(crate) fn model() -> Arc<Model> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../metadata/crm");
    let mut found = Vec::new();
    files(&root, &root, &mut found);
    let layer = read(&Name::known("crm"), &found).layer;
    let assembled = assemble(TenantId(Uuid::nil()), ModelVersion(1), &Settings::default(), &[layer], &Physical::default());
    Arc::new(assembled.model.unwrap())
}

/// The schema of its administrator.
pub(crate) fn schema() -> Schema {
    let model = model();
    let policy = Policy::resolve(&model, &Principal::system());
    Schema::new(model, policy, Arc::default())
}

#[expect(clippy::disallowed_methods, reason = "a test makes its own context")]
pub(crate) fn context(model: Arc<Model>) -> OpContext {
    let now = "2026-11-21T08:00:00.000Z".parse().unwrap();
    OpContext::assume(OpContextParts {
        model,
        principal: Principal::system(),
        now,
        deadline: None,
        request: RequestId::generate(),
        locale: Locale::En,
        via: Via::Graphql,
    })
}

/// Everything that happens to a request before the database is asked; true where nothing was wrong.
pub(crate) fn plan(schema: &Schema, query: &str, variables: &Json) -> bool {
    let Ok(document) = parse(query) else { return false };
    if validate(schema, &document).is_err() {
        return false;
    }
    let empty = tenon_value::JsonMap::new();
    let given = variables.as_object().unwrap_or(&empty);
    let cx = context(Arc::clone(&schema.model));
    let signer = Signer::new(&[0; 32], schema.model.tenant);
    document.operations.iter().all(|operation| {
        let Ok((variables, _)) = coerce_variables(schema, operation, given) else { return false };
        let collector = Collector { document: &document, variables: &variables };
        if measure(schema, &collector, operation).is_err() {
            return false;
        }
        let shared = Shared { schema, cx: &cx, collector: &collector, signer: &signer, in_job: false, exporting: false };
        match operation.kind {
            OperationKind::Mutation => lower::mutation(shared, operation, &Located::new()).is_ok(),
            _ => lower::query(shared, operation).iter().all(|root| root.work.is_ok()),
        }
    })
}

/// Lowers a document that may be invalid, as if validation had let it pass.
pub(crate) fn survives(schema: &Schema, query: &str, variables: &Json) {
    let Ok(document) = parse(query) else { return };
    let empty = tenon_value::JsonMap::new();
    let cx = context(Arc::clone(&schema.model));
    let signer = Signer::new(&[0; 32], schema.model.tenant);
    for operation in &document.operations {
        let (variables, _) = coerce_variables(schema, operation, variables.as_object().unwrap_or(&empty)).unwrap_or_default();
        let collector = Collector { document: &document, variables: &variables };
        let shared = Shared { schema, cx: &cx, collector: &collector, signer: &signer, in_job: false, exporting: false };
        match operation.kind {
            OperationKind::Mutation => drop(lower::mutation(shared, operation, &Located::new())),
            _ => drop(lower::query(shared, operation)),
        }
    }
}
