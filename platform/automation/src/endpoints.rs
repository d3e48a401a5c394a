//! Endpoints of plugins: which one a request is for, whether it is let in, and what it is answered.
//!
//! Called by the door, which knows HTTP. Invariants: what is not offered, and what a tenant does not have, are one and the same
//! answer; a signature is looked at before anything of the plugin runs; a delivery that comes again is not carried out again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};
use tenon_access::Policy;
use tenon_context::{OpContext, Via};
use tenon_diagnostics::{Classify, Kind, Message, Problem};
use tenon_hooks::{EndpointAuth, EndpointOffer, SecretValue};
use tenon_identity::{Identity, IdentityError, RequestFacts};
use tenon_plugin_host::is_signed;
use tenon_query::{Call, CallKind, Called, Write};
use tenon_records::{Idempotency, Mutation, Pipeline, RecordsError, Step, StepOutcome};
use tenon_store::Store;
use tenon_value::{Json, Name};

/// Bytes of a request's body (`endpoint_bytes`).
pub const ENDPOINT_BYTES_MAX: usize = 1 << 20;
/// Seconds by which the time of a webhook may differ from ours (`webhook_seconds`).
pub const WEBHOOK_SECONDS_MAX: i64 = 300;
/// Letters of an idempotency key.
const KEY_LETTERS: usize = 200;
/// Headers that let somebody in; no plugin reads them.
const WITHHELD: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// Carries requests to plugins. Cheap to clone.
#[derive(Clone)]
pub struct Endpoints {
    store: Store,
    identity: Identity,
    pipeline: Pipeline,
}

/// A request as the door received it.
#[derive(Clone, Debug)]
pub struct EndpointRequest {
    /// `POST`.
    pub method: String,
    /// Below the package: `/orders`.
    pub path: String,
    /// Parameters of the query, decoded.
    pub query: Vec<(String, String)>,
    /// Headers that are text, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What the plugin answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointAnswer {
    /// The status: 200 to 299, or 400 to 599.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// It was stored: the plugin was not called.
    pub replayed: bool,
}

/// An endpoint that is offered, with the package's own context.
pub struct Endpoint {
    offer: EndpointOffer,
    cx: OpContext,
}

impl Endpoint {
    /// Whether who calls shows a credential of the tenant.
    #[must_use]
    pub const fn wants_caller(&self) -> bool {
        matches!(self.offer.auth, EndpointAuth::Key)
    }
}

impl EndpointRequest {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    /// What makes two requests the same one.
    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for part in [self.method.as_bytes(), self.path.as_bytes(), json!(self.query).to_string().as_bytes(), &self.body] {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }

    fn input(&self) -> Json {
        let headers: Vec<_> = self.headers.iter().filter(|(name, _)| !WITHHELD.contains(&name.as_str())).collect();
        json!({
            "method": self.method, "path": self.path, "query": self.query, "headers": headers, "body": STANDARD.encode(&self.body),
        })
    }
}

impl Endpoints {
    /// Over a store and its pipeline.
    #[must_use]
    pub const fn new(store: Store, identity: Identity, pipeline: Pipeline) -> Self {
        Self { store, identity, pipeline }
    }

    /// The endpoint of a package at a path.
    ///
    /// # Errors
    /// `NOT_FOUND` where there is no such tenant, package or endpoint; what the store says.
    pub async fn find(
        &self,
        tenant: &str,
        package: &str,
        (method, path): (&str, &str),
        facts: RequestFacts,
    ) -> Result<Endpoint, IdentityError> {
        let package: Name = package.parse().map_err(|_| IdentityError::NotFound)?;
        let tenant = self.store.tenant(tenant).await?.ok_or(IdentityError::NotFound)?;
        // What a tenant's packages offer is known with its model.
        let cx = self.identity.acting_plugin(tenant.id, package.as_str(), facts).await.map_err(|error| match error {
            IdentityError::Unrecognized => IdentityError::NotFound,
            other => other,
        })?;
        let offers = self.pipeline.offers(tenant.id);
        let offer = offers.endpoint(package.as_str(), method, path).cloned().ok_or(IdentityError::NotFound)?;
        Ok(Endpoint { offer, cx })
    }

    /// Lets a request in, and answers it: as the caller where one is named, else as the package itself.
    ///
    /// # Errors
    /// UNAUTHENTICATED where it is not signed as it should be; what the plugin refuses; how it failed.
    pub async fn answer(
        &self,
        endpoint: &Endpoint,
        caller: Option<OpContext>,
        request: &EndpointRequest,
    ) -> Result<EndpointAnswer, Problem> {
        let delivery = self.let_in(endpoint, request).await?;
        let Endpoint { offer, cx } = endpoint;
        let cx = caller.as_ref().unwrap_or(cx);
        let idempotency = delivery.map(|delivery| Idempotency {
            key: format!("endpoint/{}/{}/{delivery}", offer.package, offer.name),
            body_hash: request.digest(),
        });
        let (package, name, input) = (offer.package.clone(), offer.name.clone(), request.input());
        let call = Call { kind: CallKind::Endpoint, package, name, input, cursor: None };
        let mutation = Mutation { steps: vec![Step { write: Write::Call(call), answer: None }], idempotency };
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let respond = |outcomes: &[StepOutcome]| match outcomes.first() {
            Some(StepOutcome::Called(Called::Done(json))) => Ok(json.to_string().into_bytes()),
            _ => Err(Problem::of_kind(Kind::Internal)),
        };
        match Box::pin(self.pipeline.run(cx, &policy, &mutation, &respond)).await {
            Ok(done) => read(&done.response, done.replayed).ok_or_else(|| Problem::of_kind(Kind::Internal)),
            Err(error) => Err(told(&error)),
        }
    }

    /// Looks at a request's signature; the name of the delivery, where it has one.
    async fn let_in(&self, Endpoint { offer, cx }: &Endpoint, request: &EndpointRequest) -> Result<Option<String>, Problem> {
        let secret = match &offer.auth {
            EndpointAuth::None | EndpointAuth::Key => return key(request),
            EndpointAuth::Hmac { secret, .. } | EndpointAuth::Webhook { secret } => secret,
        };
        let stored = self.store.package_secret(cx.model.tenant, &offer.package, secret).await.map_err(|error| error.problem())?;
        let Some(stored) = stored.map(SecretValue) else {
            tracing::warn!(tenant = %cx.model.tenant, package = offer.package, secret, "nobody has set the secret of an endpoint");
            return Err(unsigned());
        };
        let delivery = match &offer.auth {
            EndpointAuth::Hmac { header, .. } => signed(&stored, header, request),
            _ => webhook(&stored, request, self.identity.wall().millis() / 1_000),
        };
        delivery.map(Some).ok_or_else(unsigned)
    }
}

fn told(error: &RecordsError) -> Problem {
    if matches!(error.kind(), Kind::Internal | Kind::Unavailable) {
        tracing::error!(%error, "an endpoint could not be answered");
    }
    error.problem()
}

fn unsigned() -> Problem {
    let message = Message::new("the request is not signed as this endpoint asks", "请求签名无效");
    Problem { rule: Some("endpoint/signature".into()), message, ..Problem::of_kind(Kind::Unauthenticated) }
}

/// The caller's own name for the delivery.
fn key(request: &EndpointRequest) -> Result<Option<String>, Problem> {
    match request.header("idempotency-key") {
        None => Ok(None),
        Some(key) if !key.is_empty() && key.len() <= KEY_LETTERS => Ok(Some(key.to_owned())),
        Some(_) => Err(Problem::invalid("length", "`Idempotency-Key` has 1 to 200 letters", "`Idempotency-Key` 长度应为 1 至 200")),
    }
}

/// HMAC of the body in a header, in hexadecimal or base64. The same signature is the same delivery.
fn signed(secret: &SecretValue, header: &str, request: &EndpointRequest) -> Option<String> {
    let given = request.header(header)?;
    let given = given.strip_prefix("sha256=").unwrap_or(given);
    let mac = hexadecimal(given).or_else(|| STANDARD.decode(given).ok())?;
    is_signed(secret, &request.body, &mac).then(|| STANDARD.encode(mac))
}

/// Standard Webhooks: HMAC of id, time and body; several while secrets are exchanged.
fn webhook(secret: &SecretValue, request: &EndpointRequest, now: i64) -> Option<String> {
    let (id, time) = (request.header("webhook-id")?, request.header("webhook-timestamp")?);
    let is_recent = time.parse::<i64>().is_ok_and(|time| now.abs_diff(time) <= WEBHOOK_SECONDS_MAX.unsigned_abs());
    let signed = [id.as_bytes(), b".", time.as_bytes(), b".", &request.body].concat();
    let is_ours = |one: &str| {
        let mac = one.strip_prefix("v1,").and_then(|mac| STANDARD.decode(mac).ok());
        mac.is_some_and(|mac| is_signed(secret, &signed, &mac))
    };
    let is_named = !id.is_empty() && id.len() <= KEY_LETTERS;
    (is_named && is_recent && request.header("webhook-signature")?.split(' ').any(is_ours)).then(|| id.to_owned())
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| (letter as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks_exact(2);
    if text.is_empty() || !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some((digit(*pair.first()?)? << 4) | digit(*pair.last()?)?)).collect()
}

fn read(stored: &[u8], replayed: bool) -> Option<EndpointAnswer> {
    let answer: Json = serde_json::from_slice(stored).ok()?;
    let header = |pair: &Json| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()));
    Some(EndpointAnswer {
        status: u16::try_from(answer.get("status")?.as_u64()?).ok()?,
        headers: answer.get("headers")?.as_array()?.iter().map(header).collect::<Option<_>>()?,
        body: STANDARD.decode(answer.get("body")?.as_str()?).ok()?,
        replayed,
    })
}

/// How a request came, in history.
pub const ENDPOINT_VIA: Via = Via::Plugin;

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)], body: &str) -> EndpointRequest {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (method, path) = ("POST".to_owned(), "/orders".to_owned());
        EndpointRequest { method, path, query: Vec::new(), headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_signature_is_taken_as_it_is_usually_written_and_not_otherwise() {
        // RFC 4231, test case 2.
        let (secret, body) = (SecretValue("Jefe".to_owned()), "what do ya want for nothing?");
        let digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let base64 = STANDARD.encode(hexadecimal(digest).unwrap());
        for given in [digest.to_owned(), digest.to_uppercase(), format!("sha256={digest}"), base64.clone()] {
            assert_eq!(signed(&secret, "x-sig", &request(&[("x-sig", &given)], body)), Some(base64.clone()), "{given}");
            assert_eq!(signed(&secret, "x-sig", &request(&[("x-sig", &given)], "other")), None);
            assert_eq!(signed(&secret, "x-sig", &request(&[("x-other", &given)], body)), None);
        }
        for given in ["", "sha256=", "zz", &digest[..62], "é"] {
            assert_eq!(signed(&secret, "x-sig", &request(&[("x-sig", given)], body)), None, "{given}");
        }
    }

    #[test]
    fn a_webhook_is_signed_with_its_id_and_its_time() {
        // The example of the specification of Standard Webhooks.
        let secret = SecretValue("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let (id, time, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "{\"test\": 2432232314}");
        let good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let with = |id: &str, time: &str, signature: &str| {
            request(&[("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)], body)
        };
        let now = 1_614_265_330;
        assert_eq!(webhook(&secret, &with(id, time, good), now), Some(id.to_owned()));
        assert_eq!(webhook(&secret, &with(id, time, &format!("v1,AAAA {good}")), now + 300), Some(id.to_owned()), "one of two secrets");
        assert_eq!(webhook(&secret, &with(id, time, good), now + 301), None, "too late");
        assert_eq!(webhook(&secret, &with(id, time, good), now - 301), None, "too early");
        assert_eq!(webhook(&secret, &with("other", time, good), now), None);
        assert_eq!(webhook(&secret, &with(id, "soon", good), now), None);
        assert_eq!(webhook(&secret, &with(id, time, "v2,AAAA"), now), None);
    }

    #[test]
    fn what_lets_a_caller_in_is_not_shown_to_a_plugin() {
        let input = request(&[("authorization", "Bearer secret"), ("cookie", "s=secret"), ("x-topic", "paid")], "").input();
        assert_eq!(input["headers"], json!([["x-topic", "paid"]]));
    }
}
