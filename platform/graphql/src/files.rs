//! Links to files in answers: who reads the record and the field gets a link that opens it for a while.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tenon_diagnostics::{InputPath, Problem};
use tenon_files::{LINK_MAX, LINK_USUAL, Links, Opens, is_drawn, width};
use tenon_store::{Store, StoreError};
use tenon_value::{TenantId, Uuid};

use crate::shape::Sub;
use crate::syntax::ast::Value;

/// The width of a thumbnail unless said otherwise.
const WIDTH: i64 = 256;
/// Widths that may be asked for.
const WIDTH_MAX: i64 = 4096;

/// Where files of tenants are reached. A tenant's name never changes: it is looked up once.
#[derive(Clone)]
pub(crate) struct Addresses {
    /// None: as the installation signs them, without where people reach it.
    links: Option<Links>,
    names: Arc<RwLock<HashMap<TenantId, Arc<str>>>>,
}

impl Addresses {
    pub(crate) fn new(links: Option<Links>) -> Self {
        Self { links, names: Arc::default() }
    }

    /// Links of one tenant, from now on.
    pub(crate) async fn of(&self, store: &Store, tenant: TenantId) -> Result<FileLinks, StoreError> {
        let known = self.names.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        let name = match known {
            Some(name) => name,
            None => {
                let name: Arc<str> = store.tenant_by_id(tenant).await?.ok_or(StoreError::NoTenant)?.name.into();
                self.names.write().unwrap_or_else(PoisonError::into_inner).insert(tenant, Arc::clone(&name));
                name
            }
        };
        let links = match &self.links {
            Some(links) => links.clone(),
            None => Links::new(store.file_secret().await?, ""),
        };
        Ok(FileLinks { links, tenant, name, now: store.machine_time().millis() / 1_000 })
    }
}

/// Makes links for one answer.
pub(crate) struct FileLinks {
    links: Links,
    tenant: TenantId,
    name: Arc<str>,
    /// Machine time, in seconds.
    now: i64,
}

impl FileLinks {
    fn link(&self, file: &str, opens: Opens, seconds: i64) -> Option<String> {
        let file: Uuid = file.parse().ok()?;
        Some(self.links.link((self.tenant, &self.name), file, opens, self.now.saturating_add(seconds)))
    }

    /// `url(expiresIn, download)`.
    pub(crate) fn file(&self, file: &str, sub: &Sub<'_>) -> Option<String> {
        let saved = sub.given("download").and_then(Value::as_bool).unwrap_or(false);
        self.link(file, if saved { Opens::Saved } else { Opens::Shown }, seconds(sub))
    }

    /// `thumbnailUrl(width)`; none of what is no picture.
    pub(crate) fn thumbnail(&self, file: &str, mime: &str, sub: &Sub<'_>) -> Option<String> {
        let wanted = sub.given("width").and_then(Value::as_int).unwrap_or(WIDTH);
        let width = width(u32::try_from(wanted).unwrap_or(u32::MAX));
        is_drawn(mime).then(|| self.link(file, Opens::Thumbnail(width), usual())).flatten()
    }
}

fn usual() -> i64 {
    i64::try_from(LINK_USUAL.as_secs()).unwrap_or(i64::MAX)
}

fn seconds(sub: &Sub<'_>) -> i64 {
    sub.given("expiresIn").and_then(Value::as_int).unwrap_or_else(usual)
}

/// What is wrong with the arguments of a selection on a file.
pub(crate) fn wrong(subs: &[Sub<'_>]) -> Vec<Problem> {
    let max = i64::try_from(LINK_MAX.as_secs()).unwrap_or(i64::MAX);
    let range = |name: &'static str, max: i64| {
        Problem::invalid("range", format!("`{name}` lies between 1 and {max}"), format!("`{name}` 应在 1 与 {max} 之间"))
            .at(InputPath::default().key(name))
    };
    let mut wrong = Vec::new();
    for sub in subs {
        match sub.name {
            "url" if !(1..=max).contains(&seconds(sub)) => wrong.push(range("expiresIn", max)),
            "thumbnailUrl" if !(1..=WIDTH_MAX).contains(&sub.given("width").and_then(Value::as_int).unwrap_or(WIDTH)) => {
                wrong.push(range("width", WIDTH_MAX));
            }
            _ => {}
        }
    }
    wrong
}
