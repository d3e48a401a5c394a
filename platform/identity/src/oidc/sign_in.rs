//! Signing in through a provider: off to it, and back with a code (`OpenID` Connect Core §3.1, with PKCE).
//!
//! The order of checks on the way back: cookie, state, issuer, code, signature, claims, then once-only, then who it is.
//! Invariant: a session is begun last, with a new token, whatever the browser held before.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tenon_context::Via;
use tenon_store::{AuditKind, AuditNote, StoredMember, TenantInfo};
use tenon_value::{DateTime, Json, RequestId};
use url::Url;
use url::form_urlencoded;

use super::claims::{self, Expected};
use super::discovery::Endpoints;
use super::error::Refusal;
use super::jose::Token;
use super::outbound::{Form, OutboundError};
use super::provider::ProviderSettings;
use super::secret::{Cookies, Underway, local_path};
use super::{Oidc, OidcError};
use crate::attempts::Counted;
use crate::{Begun, Device};

/// Bytes of a code, state or error that comes back.
const PARAMETER_BYTES_MAX: usize = 4_096;

/// Off to the provider.
pub struct OidcStart {
    /// Where the browser is sent.
    pub location: String,
    /// The value of the cookie that binds the sign-in to this browser.
    pub cookie: String,
}

/// What came back from the provider by way of the browser.
#[derive(Clone, Copy, Default)]
pub struct OidcAnswer<'a> {
    /// The code.
    pub code: Option<&'a str>,
    /// The state.
    pub state: Option<&'a str>,
    /// Who answers (RFC 9207).
    pub issuer: Option<&'a str>,
    /// Why there is no code.
    pub error: Option<&'a str>,
    /// The cookie.
    pub cookie: Option<&'a str>,
}

/// Signed in.
pub struct OidcDone {
    /// The session.
    pub begun: Begun,
    /// Where the browser goes now, a path of this server.
    pub return_to: Option<String>,
}

/// A provider in use, with what is needed to speak to it.
pub(crate) struct Partner {
    pub(crate) name: String,
    pub(crate) settings: ProviderSettings,
    pub(crate) secret: Option<String>,
    pub(crate) endpoints: Arc<Endpoints>,
    pub(crate) redirect: String,
}

pub(crate) fn seconds(at: DateTime) -> i64 {
    at.millis().div_euclid(1_000)
}

impl Oidc {
    /// Begins a sign-in.
    ///
    /// # Errors
    /// `Refused` where there is no such tenant or provider; `Provider` where it cannot be reached.
    pub async fn start(&self, tenant: &str, provider: &str, return_to: Option<&str>) -> Result<OidcStart, OidcError> {
        let (_, partner) = self.partner(tenant, provider).await?;
        let return_to = return_to.and_then(local_path).map(str::to_owned);
        let underway = Underway::begin(seconds((self.identity.clock)()), return_to);
        let mut location = Url::parse(&partner.endpoints.authorization).map_err(|_| Refusal::NoProvider)?;
        location
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &partner.settings.client_id)
            .append_pair("redirect_uri", &partner.redirect)
            .append_pair("scope", &partner.settings.scopes.join(" "))
            .append_pair("state", &underway.state())
            .append_pair("nonce", &underway.nonce())
            .append_pair("code_challenge", &underway.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(OidcStart { location: location.into(), cookie: self.cookies(tenant, provider).write(&underway) })
    }

    /// Ends a sign-in: the member, signed in. Failures count for the caller's address like those of a password.
    ///
    /// # Errors
    /// `Refused` whatever is wrong; `Provider` where it cannot be reached.
    #[tracing::instrument(name = "identity.oidc", skip_all)]
    pub async fn finish(
        &self,
        tenant: &str,
        provider: &str,
        answer: OidcAnswer<'_>,
        caller: (&Device, RequestId),
    ) -> Result<OidcDone, OidcError> {
        let of_address = Counted::Address(Counted::network(caller.0.address));
        self.identity.attempts.take(std::slice::from_ref(&of_address))?;
        let done = self.finished(tenant, provider, answer, caller).await;
        if !matches!(done, Err(OidcError::Refused(_))) {
            self.identity.attempts.give_back(&of_address);
        }
        done
    }

    async fn finished(
        &self,
        tenant: &str,
        provider: &str,
        answer: OidcAnswer<'_>,
        caller: (&Device, RequestId),
    ) -> Result<OidcDone, OidcError> {
        let underway = self.underway(tenant, provider, &answer)?;
        let (info, partner) = self.partner(tenant, provider).await?;
        let device = caller.0;
        match Box::pin(self.signed_in(&info, &partner, (&underway, &answer), caller)).await {
            Ok(begun) => Ok(OidcDone { begun, return_to: underway.return_to }),
            Err(error) => {
                // Only who began here is noted: a trail that anybody could fill would hide what matters.
                if let Some(reason) = error.reason() {
                    let note = AuditNote::new(AuditKind::SignInFailed).facts(json!({ "provider": partner.name, "reason": reason }));
                    let detail = json!({ "address": device.address.to_string(), "userAgent": device.user_agent });
                    self.identity.note_by(info.id, None, note.detail(detail)).await?;
                }
                Err(error)
            }
        }
    }

    async fn signed_in(
        &self,
        info: &TenantInfo,
        partner: &Partner,
        (underway, answer): (&Underway, &OidcAnswer<'_>),
        (device, request): (&Device, RequestId),
    ) -> Result<Begun, OidcError> {
        if let Some(error) = answer.error {
            let word = error.chars().filter(char::is_ascii_graphic).take(100).collect();
            return Err(Refusal::Provider(word).into());
        }
        let claims = self.proven(partner, underway, answer).await?;
        let (now, until) = ((self.identity.clock)(), DateTime::from_millis(underway.expires.saturating_mul(1_000)));
        if !self.identity.store.state_use(info.id, &underway.state_hash(), until, now).await? {
            return Err(Refusal::Replayed.into());
        }
        let facts = crate::RequestFacts { request, locale: None, deadline: None, via: Via::Job };
        let cx = self.identity.system(info, facts).await?;
        let member = self.member_of(&cx, partner, &claims).await?;
        self.begin(info, &member, device).await
    }

    async fn begin(&self, tenant: &TenantInfo, member: &StoredMember, device: &Device) -> Result<Begun, OidcError> {
        match self.identity.session_begin(tenant, member, device).await {
            Err(crate::IdentityError::Unrecognized) => Err(Refusal::Member.into()),
            begun => Ok(begun?),
        }
    }

    fn cookies<'a>(&'a self, tenant: &'a str, provider: &'a str) -> Cookies<'a> {
        Cookies { key: &self.cookie_key, tenant, provider }
    }

    /// What of the answer can be judged without asking anybody.
    fn underway(&self, tenant: &str, provider: &str, answer: &OidcAnswer<'_>) -> Result<Underway, OidcError> {
        let now = seconds((self.identity.clock)());
        let cookie = answer.cookie.filter(|cookie| cookie.len() <= PARAMETER_BYTES_MAX).ok_or(Refusal::Cookie)?;
        let underway = self.cookies(tenant, provider).read(cookie, now).ok_or(Refusal::Cookie)?;
        if !answer.state.is_some_and(|state| state.len() <= PARAMETER_BYTES_MAX && underway.is_state(state)) {
            return Err(Refusal::State.into());
        }
        Ok(underway)
    }

    /// The claims of the ID token that the code is exchanged for, completed from the provider's user information.
    async fn proven(&self, partner: &Partner, underway: &Underway, answer: &OidcAnswer<'_>) -> Result<Json, OidcError> {
        let endpoints = &partner.endpoints;
        let named = answer.issuer.map(|issuer| issuer == endpoints.issuer);
        if named == Some(false) || (named.is_none() && endpoints.says_issuer) {
            return Err(Refusal::MixedUp.into());
        }
        let code = answer.code.filter(|code| !code.is_empty() && code.len() <= PARAMETER_BYTES_MAX).ok_or(Refusal::NoCode)?;
        let tokens = self.exchange(partner, code, underway).await?;
        let text = |name: &str| tokens.get(name).and_then(Json::as_str);
        let id_token = text("id_token").ok_or(Refusal::Lacks("id_token"))?;
        let token = Token::parse(id_token)?;
        let mut claims = self.directory.verify(&endpoints.issuer, &token).await??;
        let nonce = underway.nonce();
        let expected = Expected {
            issuer: &endpoints.issuer,
            client: &partner.settings.client_id,
            nonce: &nonce,
            now: seconds((self.identity.clock)()),
            access_token: text("access_token"),
            algorithm: token.algorithm,
        };
        let subject = claims::check(&claims, &expected)?;
        self.complete(partner, &mut claims, &subject, text("access_token")).await?;
        Ok(claims)
    }

    async fn exchange(&self, partner: &Partner, code: &str, underway: &Underway) -> Result<Json, OidcError> {
        let mut members = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", partner.redirect.clone()),
            ("code_verifier", underway.verifier()),
        ];
        let client = partner.settings.client_id.clone();
        let basic = match &partner.secret {
            Some(secret) if !partner.endpoints.secret_in_body => {
                let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                Some(STANDARD.encode(format!("{}:{}", encoded(&client), encoded(secret))))
            }
            Some(secret) => {
                members.extend([("client_id", client), ("client_secret", secret.clone())]);
                None
            }
            None => {
                members.push(("client_id", client));
                None
            }
        };
        match self.outbound.post(&partner.endpoints.token, Form { basic, members }).await {
            Ok(tokens) => Ok(tokens),
            // It is up, and does not take the code (or our secret: the log says which status).
            Err(error @ (OutboundError::Status(_, 400..=499) | OutboundError::Shape(_))) => Err(Refusal::Code(error).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Many providers put addresses and groups in the user information only.
    async fn complete(&self, partner: &Partner, claims: &mut Json, subject: &str, access_token: Option<&str>) -> Result<(), OidcError> {
        let wanted = ["email"].into_iter().chain(partner.settings.role_claim.as_deref());
        let is_complete = wanted.into_iter().all(|name| claims.get(name).is_some());
        let (Some(endpoint), Some(token), false) = (&partner.endpoints.user_info, access_token, is_complete) else { return Ok(()) };
        let more = match self.outbound.get_as(endpoint, token).await {
            Ok(more) => more,
            // Signed user information and the like: the ID token must do.
            Err(OutboundError::Shape(_) | OutboundError::Status(..)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if more.get("sub").and_then(Json::as_str) != Some(subject) {
            return Err(Refusal::OtherSubject.into());
        }
        if let (Some(claims), Json::Object(more)) = (claims.as_object_mut(), more) {
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(())
    }
}
