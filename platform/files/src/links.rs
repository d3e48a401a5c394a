//! Links that open one file without a credential, for an hour at most: HMAC-SHA256 over tenant, file, what and until when.
//!
//! Machine time, in seconds of 1970: a tenant's clock may stand still, a link's does not.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tenon_value::{TenantId, Uuid};

/// What a link opens of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// The file, shown where its type allows.
    Shown,
    /// The file, to be saved.
    Saved,
    /// Its thumbnail of this width.
    Thumbnail(u32),
}

impl Opens {
    fn word(self) -> String {
        match self {
            Self::Shown => "shown".to_owned(),
            Self::Saved => "saved".to_owned(),
            Self::Thumbnail(width) => format!("thumb{width}"),
        }
    }
}

/// Makes links and knows its own. Cheap to clone.
#[derive(Clone)]
pub struct Links {
    key: Arc<[u8; 32]>,
    /// Where people reach the server.
    base: Arc<str>,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Links {
    /// Links under a key of the installation: the same on every node.
    #[must_use]
    pub fn new(key: [u8; 32], base: &str) -> Self {
        Self { key: Arc::new(key), base: base.trim_end_matches('/').into() }
    }

    fn mac(&self, tenant: TenantId, file: Uuid, opens: Opens, until: i64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.key).expect("HMAC takes keys of any length");
        mac.update(format!("tenon-file|{tenant}|{file}|{}|{until}", opens.word()).as_bytes());
        mac
    }

    /// The link to a file of a tenant that is called `name` in addresses, until a second of machine time.
    #[must_use]
    pub fn link(&self, (tenant, name): (TenantId, &str), file: Uuid, opens: Opens, until: i64) -> String {
        let signature = URL_SAFE_NO_PAD.encode(self.mac(tenant, file, opens, until).finalize().into_bytes());
        let (door, more) = match opens {
            Opens::Shown => ("", String::new()),
            Opens::Saved => ("", "&download=1".to_owned()),
            Opens::Thumbnail(width) => ("/thumb", format!("&w={width}")),
        };
        format!("{}/t/{name}/files/{file}{door}?exp={until}&sig={signature}{more}", self.base)
    }

    /// Whether a signature is ours, and its time not over. Compared in constant time.
    #[must_use]
    pub fn holds(&self, tenant: TenantId, file: Uuid, opens: Opens, (until, now): (i64, i64), signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        now <= until && self.mac(tenant, file, opens, until).verify_slice(&signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_one_file_of_one_tenant_in_one_way_for_a_time() {
        let links = Links::new([7; 32], "https://crm.example/");
        let (tenant, file) = (TenantId::generate(), Uuid::now_v7());
        let link = links.link((tenant, "acme"), file, Opens::Shown, 1_000);
        assert!(link.starts_with(&format!("https://crm.example/t/acme/files/{file}?exp=1000&sig=")));
        let signature = link.rsplit_once("sig=").unwrap().1;
        assert!(links.holds(tenant, file, Opens::Shown, (1_000, 1_000), signature));
        assert!(!links.holds(tenant, file, Opens::Shown, (1_000, 1_001), signature));
        assert!(!links.holds(tenant, file, Opens::Shown, (2_000, 1_000), signature));
        assert!(!links.holds(tenant, file, Opens::Saved, (1_000, 1_000), signature));
        assert!(!links.holds(tenant, file, Opens::Thumbnail(64), (1_000, 1_000), signature));
        assert!(!links.holds(TenantId::generate(), file, Opens::Shown, (1_000, 1_000), signature));
        assert!(!links.holds(tenant, Uuid::now_v7(), Opens::Shown, (1_000, 1_000), signature));
        assert!(!Links::new([8; 32], "").holds(tenant, file, Opens::Shown, (1_000, 1_000), signature));
        assert!(!links.holds(tenant, file, Opens::Shown, (1_000, 1_000), "=%%"));
    }
}
