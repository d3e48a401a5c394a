//! Secrets are sealed before they reach a table: AES-256-GCM under a key of the installation, bound to tenant and column.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use tenon_value::TenantId;

use crate::StoreError;

/// The first byte: which way of sealing.
const FORM: u8 = 1;

/// Seals values of one tenant.
pub(crate) struct Seal {
    key: LessSafeKey,
    tenant: TenantId,
}

impl Seal {
    pub(crate) fn new(key: &[u8; 32], tenant: TenantId) -> Result<Self, StoreError> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| StoreError::Value("a key of another length"))?;
        Ok(Self { key: LessSafeKey::new(key), tenant })
    }

    /// Form, nonce, sealed bytes.
    pub(crate) fn seal(&self, column: &str, secret: &str) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = secret.as_bytes().to_vec();
        let bound = Aad::from(format!("{}/{column}", self.tenant));
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(nonce_used, bound, &mut sealed)
            .map_err(|_| StoreError::Value("a secret that cannot be sealed"))?;
        let mut bytes = vec![FORM];
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// What was sealed; none where it was sealed for another tenant or column, or is damaged.
    pub(crate) fn open(&self, column: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let (form, rest) = bytes.split_first()?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok().filter(|_| *form == FORM)?;
        let mut sealed = sealed.to_vec();
        let bound = Aad::from(format!("{}/{column}", self.tenant));
        self.key.open_in_place(nonce, bound, &mut sealed).ok().map(|text| text.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_for_its_tenant_and_column() {
        let tenant = TenantId::generate();
        let seal = Seal::new(&[7; 32], tenant).unwrap();
        let bytes = seal.seal("f_1", "open sesame").unwrap();
        let open = |column: &str| seal.open(column, &bytes);
        assert_eq!(open("f_1").unwrap(), b"open sesame");
        assert!(open("f_2").is_none());
        assert_ne!(bytes, seal.seal("f_1", "open sesame").unwrap());
    }
}
