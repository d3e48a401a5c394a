//! Identifiers as types of their own: a plain UUID on every wire, prefixed only in `Debug`.

use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;
use std::sync::Arc;

use uuid::{Builder, NoContext, Timestamp, Uuid};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identifier (`UUIDv7`: sorts by the moment of its making).
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

id!(
    /// One customer company.
    TenantId, "tenant"
);
id!(
    /// One record of any object.
    RecordId, "record"
);
id!(
    /// A user of a tenant: the id of its `user` record.
    UserId, "user"
);
id!(
    /// One element of a tenant's metadata: an object, a field, a view. See [`ElementId::derive`].
    ElementId, "element"
);

/// Names one request in answers, logs and audit: `X-Request-Id` as sent, else one of ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// Letters of a caller's own id at most.
    pub const LENGTH_MAX: usize = 64;

    /// A new one, of version 7. Every request has one, so its chance is not asked of the operating system: nobody gains
    /// anything by guessing it.
    #[must_use]
    pub fn generate() -> Self {
        thread_local! {
            static CHANCE: ([RandomState; 2], Cell<u64>) = ([RandomState::new(), RandomState::new()], Cell::new(0));
        }
        let (seconds, nanos) = Timestamp::now(NoContext).to_unix();
        let millis = seconds.saturating_mul(1_000).saturating_add(u64::from(nanos / 1_000_000));
        let chance = CHANCE.with(|(states, counter)| {
            counter.set(counter.get().wrapping_add(1));
            states.each_ref().map(|state| state.hash_one(counter.get()))
        });
        let mut bytes = [0; 10];
        for (place, byte) in bytes.iter_mut().zip(chance.iter().flat_map(|number| number.to_ne_bytes())) {
            *place = byte;
        }
        let id = Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid();
        Self((&*id.hyphenated().encode_lower(&mut Uuid::encode_buffer())).into())
    }

    /// The caller's own, if it is 1 to 64 printable ASCII letters.
    #[must_use]
    pub fn from_caller(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= Self::LENGTH_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.into()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The namespace of element ids, fixed for ever: ids made with another would not meet the stored ones.
const ELEMENTS: Uuid = Uuid::from_u128(0x7465_6e6f_6e00_5000_8000_656c_656d_656e);

impl ElementId {
    /// The deterministic id of an element: `UUIDv5` of its package and the first path it ever had.
    #[must_use]
    pub fn derive(package: &str, first_path: &str) -> Self {
        Self(Uuid::new_v5(&ELEMENTS, format!("{package}\n{first_path}").as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_has_an_id_of_its_own() {
        let ids: std::collections::HashSet<String> = (0..10_000).map(|_| RequestId::generate().to_string()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(
            ids.iter().all(|id| id.parse::<Uuid>().is_ok_and(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122))
        );
    }
}
