//! Keeping the registered documents: for those who may change metadata.

use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{Kind, Problem};
use tenon_model::Special;
use tenon_store::StoredDocument;
use tenon_value::Uuid;

use crate::DataApi;
use crate::documents::told;
use crate::limits::{DOCUMENT_BYTES, DOCUMENTS_AT_ONCE};
use crate::persisted::{PORTAL, hash};
use crate::syntax::parse;

fn permitted(cx: &OpContext) -> Result<(), Problem> {
    let may = Policy::resolve(&cx.model, &cx.principal).may_special(Special::Metadata);
    if may { Ok(()) } else { Err(Problem::of_kind(Kind::Forbidden)) }
}

impl DataApi {
    /// Registers documents; their hashes, and how many were not known.
    ///
    /// # Errors
    /// Without the right `metadata`; a text that is no document; too many.
    pub async fn register(&self, cx: &OpContext, texts: &[String]) -> Result<(Vec<String>, u64), Problem> {
        permitted(cx)?;
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        if texts.len() > DOCUMENTS_AT_ONCE {
            return Err(Problem::exhausted("documents_at_once", number(DOCUMENTS_AT_ONCE), number(texts.len())));
        }
        for text in texts {
            if text.len() > DOCUMENT_BYTES {
                return Err(Problem::exhausted("document_bytes", number(DOCUMENT_BYTES), number(text.len())));
            }
            crate::stack::deep(crate::stack::levels(text, std::iter::empty()), || parse(text))??;
        }
        let documents: Vec<(String, String)> = texts.iter().map(|text| (hash(text), text.clone())).collect();
        let by = (cx.principal.id, cx.now);
        let new = self.store().documents_put(cx.model.tenant, &documents, by).await.map_err(|error| told(&error))?;
        Ok((documents.into_iter().map(|(hash, _)| hash).collect(), new))
    }

    /// What is registered, and who may send nothing else.
    ///
    /// # Errors
    /// Without the right `metadata`.
    pub async fn registered(&self, cx: &OpContext) -> Result<(Vec<StoredDocument>, Vec<String>), Problem> {
        permitted(cx)?;
        let documents = self.store().documents(cx.model.tenant).await.map_err(|error| told(&error))?;
        let rules = self.store().document_rules(cx.model.tenant).await.map_err(|error| told(&error))?;
        Ok((documents, rules))
    }

    /// Forgets a registered document.
    ///
    /// # Errors
    /// Without the right `metadata`; where there is none.
    pub async fn unregister(&self, cx: &OpContext, id: &str) -> Result<(), Problem> {
        permitted(cx)?;
        let hash = id.strip_prefix("sha256:").unwrap_or(id).to_ascii_lowercase();
        let was = self.store().document_remove(cx.model.tenant, &hash).await.map_err(|error| told(&error))?;
        if was { Ok(()) } else { Err(Problem::of_kind(Kind::NotFound)) }
    }

    /// Says whether a key, by its id, or the portal may send registered documents only. It holds within a second.
    ///
    /// # Errors
    /// Without the right `metadata`; for what is no key's id.
    pub async fn bind(&self, cx: &OpContext, whose: &str, registered: bool) -> Result<(), Problem> {
        permitted(cx)?;
        if whose != PORTAL {
            let id: Uuid = whose.parse().map_err(|_| Problem::of_kind(Kind::NotFound))?;
            let keys = self.store().keys(cx.model.tenant).await.map_err(|error| told(&error))?;
            if keys.iter().all(|key| key.id != id) {
                return Err(Problem::of_kind(Kind::NotFound));
            }
        }
        let whose = whose.to_ascii_lowercase();
        let put = self.store().document_rule_put(cx.model.tenant, &whose, registered, cx.now).await;
        put.map_err(|error| told(&error))
    }
}
