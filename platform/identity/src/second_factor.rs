//! The second factor: enrolled with the password, confirmed with a first code, asked for at sign-in, each code once.

use serde_json::json;
use sha2::{Digest, Sha256};
use tenon_context::OpContext;
use tenon_store::{AuditKind, StoredMember, StoredTotp};
use tenon_value::TenantId;

use crate::attempts::Counted;
use crate::{Identity, IdentityError, totp, trail};

/// Recovery codes made at once.
pub const RECOVERY_CODES: usize = 10;
/// Random bytes of a recovery code.
const RECOVERY_BYTES: usize = 10;

/// A secret that waits for its first code: shown this once.
#[derive(Clone)]
pub struct Enrolment {
    /// To type into an authenticator.
    pub secret: String,
    /// To scan.
    pub uri: String,
}

impl Identity {
    /// Begins a second factor for the caller, who gives the password once more.
    ///
    /// # Errors
    /// `Wrong` for a wrong password, and where there is a second factor already.
    pub async fn totp_enrol(&self, cx: &OpContext, password: &str) -> Result<Enrolment, IdentityError> {
        let member = self.own_member(cx).await?;
        self.check_password(cx, &member, password).await?;
        let secret: [u8; totp::SECRET_BYTES] = rand::random();
        if !self.store.totp_begin(cx.model.tenant, member.user, &secret).await? {
            return Err(IdentityError::invalid("totp/enrolled", "there is a second factor already", "已启用两步验证"));
        }
        let tenant = self.store.tenant_by_id(cx.model.tenant).await?.map(|tenant| tenant.name).unwrap_or_default();
        Ok(Enrolment { secret: totp::base32(&secret), uri: totp::uri(&secret, &tenant, &member.login) })
    }

    /// Confirms it by the first code; the recovery codes are shown this once.
    ///
    /// # Errors
    /// `Wrong` for a wrong code, and where nothing waits for one.
    pub async fn totp_confirm(&self, cx: &OpContext, code: &str) -> Result<Vec<String>, IdentityError> {
        let member = self.own_member(cx).await?;
        let waiting = self.store.totp(cx.model.tenant, member.user).await?.filter(|factor| !factor.confirmed);
        let factor = waiting.ok_or_else(|| IdentityError::invalid("totp/enrolled", "begin a second factor first", "请先启用两步验证"))?;
        let counted = Counted::login(&cx.model.tenant.to_string(), &member.login);
        self.attempts.take(std::slice::from_ref(&counted))?;
        let step = totp::step_of_code(&factor.secret, code, (self.clock)(), factor.step).ok_or_else(wrong_code)?;
        self.attempts.give_back(&counted);
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
        let hashes: Vec<String> = codes.iter().map(|code| recovery_hash(code)).collect();
        let told = trail::told(cx, trail::about(AuditKind::SecondFactorChanged, member.user).facts(json!({ "after": "confirmed" })));
        let confirmed = self.store.totp_confirm(cx.model.tenant, member.user, step, &hashes, &told).await?;
        if confirmed { Ok(codes) } else { Err(wrong_code()) }
    }

    /// Takes the caller's second factor away; he gives the password or a code.
    ///
    /// # Errors
    /// `Wrong` for a wrong password or code.
    pub async fn totp_disable(&self, cx: &OpContext, password: Option<&str>, code: Option<&str>) -> Result<(), IdentityError> {
        let member = self.own_member(cx).await?;
        let factor = self.store.totp(cx.model.tenant, member.user).await?.ok_or(IdentityError::NotFound)?;
        match (password, code) {
            (Some(password), _) => self.check_password(cx, &member, password).await?,
            (None, Some(code)) => {
                let counted = Counted::login(&cx.model.tenant.to_string(), &member.login);
                self.attempts.take(std::slice::from_ref(&counted))?;
                if !self.second_factor(cx.model.tenant, &member, &factor, code).await? {
                    return Err(wrong_code());
                }
                self.attempts.give_back(&counted);
            }
            (None, None) => return Err(IdentityError::invalid("required", "give your password or a code", "请提供密码或验证码")),
        }
        let told = trail::told(cx, trail::about(AuditKind::SecondFactorChanged, member.user).facts(json!({ "after": "none" })));
        Ok(self.store.totp_remove(cx.model.tenant, member.user, &told).await?)
    }

    /// Whether a code is right: one of the authenticator that was not used, or a recovery code, which is then used up.
    pub(crate) async fn second_factor(
        &self,
        tenant: TenantId,
        member: &StoredMember,
        factor: &StoredTotp,
        code: &str,
    ) -> Result<bool, IdentityError> {
        let user = member.user;
        if let Some(step) = totp::step_of_code(&factor.secret, code, (self.clock)(), factor.step) {
            return Ok(self.store.totp_use(tenant, user, step).await?);
        }
        let hash = recovery_hash(code);
        let left: Vec<String> =
            factor.recovery.iter().filter(|known| !totp::is_equal(known.as_bytes(), hash.as_bytes())).cloned().collect();
        if left.len() == factor.recovery.len() {
            return Ok(false);
        }
        let facts = json!({ "after": "recovery_code_used", "left": left.len() });
        let told = self.told_by(member, trail::about(AuditKind::SecondFactorChanged, user).facts(facts));
        Ok(self.store.recovery_use(tenant, user, &factor.recovery, &left, &told).await?)
    }

    /// The caller as a member; keys have no second factor and no password.
    pub(crate) async fn own_member(&self, cx: &OpContext) -> Result<StoredMember, IdentityError> {
        self.store.member(cx.model.tenant, cx.principal.id).await?.ok_or(IdentityError::Forbidden)
    }

    /// The caller's own password, asked once more before something that matters.
    pub(crate) async fn check_password(&self, cx: &OpContext, member: &StoredMember, password: &str) -> Result<(), IdentityError> {
        let counted = Counted::login(&cx.model.tenant.to_string(), &member.login);
        self.attempts.take(std::slice::from_ref(&counted))?;
        if !self.hasher.verify(password, member.password.as_deref()).await? {
            return Err(IdentityError::invalid("password", "the password is not right", "密码不正确"));
        }
        self.attempts.give_back(&counted);
        Ok(())
    }
}

fn wrong_code() -> IdentityError {
    IdentityError::invalid("code", "the code is not right", "验证码不正确")
}

/// Sixteen letters in fours: 80 bits.
fn recovery_code() -> String {
    let bytes: [u8; RECOVERY_BYTES] = rand::random();
    let text = totp::base32(&bytes).to_ascii_lowercase();
    let fours: Vec<&str> = text.as_bytes().chunks(4).filter_map(|four| std::str::from_utf8(four).ok()).collect();
    fours.join("-")
}

/// The hash of a recovery code as typed: case, blanks and dashes do not count.
fn recovery_hash(code: &str) -> String {
    let bare: String = code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    hex::encode(Sha256::new().chain_update("recovery").chain_update(bare).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_known_however_it_is_typed() {
        let code = recovery_code();
        assert_eq!((code.len(), code.matches('-').count()), (19, 3));
        assert_eq!(recovery_hash(&code), recovery_hash(&code.to_uppercase().replace('-', " ")));
        assert_ne!(recovery_hash(&code), recovery_hash(&recovery_code()));
    }
}
