//! How often somebody may try: failures counted by login and by address, in windows, in the memory of this process.
//!
//! An attempt is counted before it is made and given back when it succeeds, so many at once get no further than one after
//! another. Unknown logins are counted like known ones: the limit is no hint.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::IdentityError;

/// How long failures are remembered.
pub const SIGN_IN_WINDOW: Duration = Duration::from_secs(15 * 60);
/// Failed sign-ins of one login within the window (`sign_in_login`).
pub const SIGN_IN_LOGIN_MAX: u32 = 10;
/// Failed sign-ins from one address within the window (`sign_in_address`).
pub const SIGN_IN_ADDRESS_MAX: u32 = 100;
/// Mails to choose another password that one login is sent within the window; beyond it none is sent, silently (`reset_login`).
pub const RESET_LOGIN_MAX: u32 = 3;
/// Wishes for another password, and wrong tokens, from one address within the window (`reset_address`).
pub const RESET_ADDRESS_MAX: u32 = 30;
/// Logins and addresses remembered; beyond it those whose window ended go, then the oldest.
const REMEMBERED_MAX: usize = 100_000;

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Counted {
    /// Sign-ins of a login of a tenant, by its digest: what callers type may be long.
    Login([u8; 32]),
    /// Sign-ins from an address.
    Address(IpAddr),
    /// Mails to a login of a tenant.
    ResetLogin([u8; 32]),
    /// Resets from an address.
    ResetAddress(IpAddr),
}

impl Counted {
    const fn limit(&self) -> (&'static str, u32) {
        match self {
            Self::Login(_) => ("sign_in_login", SIGN_IN_LOGIN_MAX),
            Self::Address(_) => ("sign_in_address", SIGN_IN_ADDRESS_MAX),
            Self::ResetLogin(_) => ("reset_login", RESET_LOGIN_MAX),
            Self::ResetAddress(_) => ("reset_address", RESET_ADDRESS_MAX),
        }
    }

    /// Sign-ins of a login.
    pub(crate) fn login(tenant: &str, login: &str) -> Self {
        Self::Login(digest(tenant, login))
    }

    /// Mails to a login.
    pub(crate) fn reset_login(tenant: &str, login: &str) -> Self {
        Self::ResetLogin(digest(tenant, login))
    }

    /// An IPv6 caller owns a /64 at least: its addresses count as one.
    pub(crate) fn network(address: IpAddr) -> IpAddr {
        match address.to_canonical() {
            IpAddr::V4(four) => IpAddr::V4(four),
            IpAddr::V6(six) => IpAddr::V6((u128::from(six) & !u128::from(u64::MAX)).into()),
        }
    }
}

fn digest(tenant: &str, login: &str) -> [u8; 32] {
    Sha256::new().chain_update(tenant).chain_update([0]).chain_update(login).finalize().into()
}

/// Counts attempts. Cheap to clone: all clones share the counts.
#[derive(Clone, Default)]
pub(crate) struct Attempts {
    windows: Arc<Mutex<HashMap<Counted, (Instant, u32)>>>,
}

impl Attempts {
    /// Counts one attempt against each of these, or against none where one of them is used up.
    pub(crate) fn take(&self, what: &[Counted]) -> Result<(), IdentityError> {
        self.take_at(what, Instant::now())
    }

    fn take_at(&self, what: &[Counted], now: Instant) -> Result<(), IdentityError> {
        let mut windows = self.windows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for one in what {
            let ((limit, max), known) = (one.limit(), windows.get(one));
            let Some((begin, taken)) = known.filter(|(begin, _)| now.duration_since(*begin) < SIGN_IN_WINDOW) else { continue };
            if *taken >= max {
                let left = SIGN_IN_WINDOW.saturating_sub(now.duration_since(*begin));
                return Err(IdentityError::TooMany { limit, max, retry_after: left.as_secs() + u64::from(left.subsec_nanos() > 0) });
            }
        }
        if windows.len() + what.len() > REMEMBERED_MAX {
            make_room(&mut windows, now);
        }
        for one in what {
            let (begin, taken) = windows.entry(one.clone()).or_insert((now, 0));
            if now.duration_since(*begin) >= SIGN_IN_WINDOW {
                (*begin, *taken) = (now, 0);
            }
            *taken = taken.saturating_add(1);
        }
        Ok(())
    }

    /// Gives an attempt back.
    pub(crate) fn give_back(&self, one: &Counted) {
        let mut windows = self.windows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, taken)) = windows.get_mut(one) {
            *taken = taken.saturating_sub(1);
        }
    }

    /// Forgets what was counted: the owner has proved himself.
    pub(crate) fn forgive(&self, one: &Counted) {
        self.windows.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(one);
    }
}

fn make_room(windows: &mut HashMap<Counted, (Instant, u32)>, now: Instant) {
    windows.retain(|_, (begin, _)| now.duration_since(*begin) < SIGN_IN_WINDOW);
    if windows.len() >= REMEMBERED_MAX {
        let mut begins: Vec<Instant> = windows.values().map(|(begin, _)| *begin).collect();
        begins.sort_unstable();
        let middle = begins.get(begins.len() / 2).copied().unwrap_or(now);
        windows.retain(|_, (begin, _)| *begin > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(name: &str) -> Counted {
        Counted::login("acme", name)
    }

    #[test]
    fn failures_fill_a_window_that_ends() {
        let (attempts, begin) = (Attempts::default(), Instant::now());
        for _ in 0..SIGN_IN_LOGIN_MAX {
            attempts.take_at(&[login("ann")], begin).unwrap();
        }
        let refused = attempts.take_at(&[login("ann")], begin + Duration::from_secs(60)).unwrap_err();
        assert!(matches!(refused, IdentityError::TooMany { limit: "sign_in_login", max: 10, retry_after: 840 }), "{refused:?}");
        attempts.take_at(&[login("bob")], begin).unwrap();
        attempts.take_at(&[login("ann")], begin + SIGN_IN_WINDOW).unwrap();
    }

    #[test]
    fn what_is_refused_is_not_counted_elsewhere_and_success_is_given_back() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let address = Counted::Address(IpAddr::from([192, 0, 2, 1]));
        for round in 0..SIGN_IN_ADDRESS_MAX {
            attempts.take_at(&[login(&format!("user{round}")), address.clone()], now).unwrap();
        }
        assert!(attempts.take_at(&[login("ann"), address.clone()], now).is_err());
        attempts.give_back(&address);
        attempts.take_at(&[login("ann"), address], now).unwrap();
        attempts.forgive(&login("ann"));
        for _ in 0..SIGN_IN_LOGIN_MAX {
            attempts.take_at(&[login("ann")], now).unwrap();
        }
    }

    #[test]
    fn addresses_of_one_network_count_as_one() {
        let network = |text: &str| Counted::network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
