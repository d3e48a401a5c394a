//! Signing in by login and password, and a code where the member has a second factor.
//!
//! Invariant: unknown tenant, unknown login, wrong password, missing, wrong or used code, invited and disabled member are
//! one and the same answer, after the same hashing and the same look-ups.

use std::sync::Arc;

use tenon_store::{AuditKind, AuditNote, MemberState, StoredMember, TenantInfo};
use tenon_value::{RecordId, Uuid, fold};

use crate::attempts::Counted;
use crate::sessions::Begun;
use crate::strength::PASSWORD_BYTES_MAX;
use crate::{Device, Identity, IdentityError, trail};

/// Bytes of a login at most; a longer one is nobody's.
pub const LOGIN_BYTES_MAX: usize = 320;

/// What somebody typed to sign in.
pub struct SignIn<'a> {
    /// The login; case and width do not count.
    pub login: &'a str,
    /// The password.
    pub password: &'a str,
    /// A code of the authenticator, or a recovery code.
    pub code: Option<&'a str>,
}

/// The form in which logins are stored and compared.
pub(crate) fn folded(login: &str) -> String {
    fold(login.trim())
}

impl Identity {
    /// Signs somebody in.
    ///
    /// # Errors
    /// `Unrecognized` whatever is wrong; `TooMany` for a login or address that failed too often.
    #[tracing::instrument(name = "identity.sign_in", skip_all)]
    pub async fn sign_in(&self, tenant: &str, typed: &SignIn<'_>, device: &Device) -> Result<Begun, IdentityError> {
        let login = folded(typed.login);
        let (of_login, of_address) = (Counted::login(tenant, &login), Counted::Address(Counted::network(device.address)));
        self.attempts.take(&[of_login.clone(), of_address.clone()])?;
        let proven = match self.tenant(tenant).await {
            Ok(tenant) => self.proven(tenant, &login, typed, device).await,
            Err(error) => Err(error),
        };
        let begun = match proven {
            Ok(Some((tenant, member))) => self.session_begin(&tenant, &member, device).await,
            Ok(None) => Err(IdentityError::Unrecognized),
            Err(error) => Err(error),
        };
        match &begun {
            Ok(_) => {
                self.attempts.forgive(&of_login);
                self.attempts.give_back(&of_address);
            }
            Err(IdentityError::Unrecognized) => {}
            // It was not the caller who failed.
            Err(_) => [of_login, of_address].iter().for_each(|counted| self.attempts.give_back(counted)),
        }
        begun
    }

    /// The member, if everything typed is right. Every step is taken whatever the ones before it found.
    async fn proven(
        &self,
        tenant: Option<Arc<TenantInfo>>,
        login: &str,
        typed: &SignIn<'_>,
        device: &Device,
    ) -> Result<Option<(Arc<TenantInfo>, StoredMember)>, IdentityError> {
        let member = match &tenant {
            Some(tenant) if login.len() <= LOGIN_BYTES_MAX => self.store.member_by_login(tenant.id, login).await?,
            _ => None,
        };
        let password = if typed.password.len() <= PASSWORD_BYTES_MAX { typed.password } else { "" };
        let hash = member.as_ref().and_then(|member| member.password.as_deref());
        let right = self.hasher.verify(password, hash).await?;
        let user = member.as_ref().map_or_else(Uuid::nil, |member| member.user);
        let factor = match &tenant {
            Some(tenant) => self.store.totp(tenant.id, user).await?,
            None => None,
        };
        let Some(tenant) = tenant else { return Ok(None) };
        let is_active = member.as_ref().is_some_and(|member| member.state == MemberState::Active);
        let asked = factor.filter(|factor| right && is_active && factor.confirmed);
        let is_second_right = match member.as_ref().zip(asked) {
            Some((member, factor)) => self.second_factor(tenant.id, member, &factor, typed.code.unwrap_or_default()).await?,
            None => true,
        };
        match member {
            Some(member) if right && is_active && is_second_right => Ok(Some((tenant, member))),
            member => {
                let known = member.as_ref().map(|member| RecordId(member.user));
                let note = AuditNote::new(AuditKind::SignInFailed).about("user", known).detail(trail::from(device, login));
                self.note_by(tenant.id, member.as_ref(), note).await?;
                Ok(None)
            }
        }
    }
}
