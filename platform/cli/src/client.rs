//! Talking to a server over HTTP.

use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tenon_value::Json;

use crate::args::Args;
use crate::output::Usage;
use crate::profiles::Profile;

/// How long one call may take; imports are watched, not waited for.
const CALL_MAX: Duration = Duration::from_secs(120);
/// How long an upload may take: a server compiles what comes with it, and may have other things to do.
const UPLOAD_MAX: Duration = Duration::from_secs(600);
/// Bytes of an answer at most.
const ANSWER_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A tenant of a server, with a credential.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    key: String,
    upload_max: Duration,
}

/// The server said no: the first of its errors.
#[derive(Debug)]
pub(crate) struct Refused {
    /// `{ code, rule, message, … }`.
    pub(crate) error: Json,
}

impl Refused {
    /// A question that nobody answered with yes.
    pub(crate) fn not_confirmed(message: &str) -> Self {
        Self { error: json!({ "code": "REFUSED", "rule": "not_confirmed", "message": message }) }
    }

    /// The plan is not the one that was named.
    pub(crate) fn stale_plan() -> Self {
        let message = "the plan is not the one you named: something moved; look at it again with `tenon plan`";
        Self { error: json!({ "code": "CONFLICT", "rule": "plan_stale", "message": message }) }
    }

    /// True for a no that repeating will not turn into a yes.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.error.get("code").and_then(Json::as_str), Some("REFUSED" | "FORBIDDEN" | "CONFLICT"))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |name: &str| self.error.get(name).and_then(Json::as_str);
        f.write_str(text("message").unwrap_or("the server refused"))?;
        if let Some(code) = text("code") {
            write!(f, " [{code}{}]", text("rule").map_or_else(String::new, |rule| format!(" {rule}")))?;
        }
        if let Some(help) = text("help") {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

impl Client {
    /// The client that the arguments name.
    pub(crate) fn new(args: &Args) -> anyhow::Result<Self> {
        let profile = Profile::chosen(args)?;
        let url = args.url.as_ref().or(profile.as_ref().map(|one| &one.url));
        let url = url.ok_or(Usage("name the server: --url URL or TENON_URL, or `tenon login`"))?;
        let tenant = args.tenant.as_ref().or(profile.as_ref().map(|one| &one.tenant));
        let tenant = tenant.ok_or(Usage("name the tenant: --tenant NAME or TENON_TENANT, or `tenon login`"))?;
        let key = given_key(args)?.or_else(|| profile.as_ref().map(|one| one.key.clone()));
        let key = key.ok_or(Usage("give an API key: --key KEY, --key-file FILE or TENON_KEY, or `tenon login`"))?;
        Ok(Self::at(args, url, tenant, key))
    }

    /// The client of a tenant.
    pub(crate) fn at(args: &Args, url: &str, tenant: &str, key: String) -> Self {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(args.timeout.unwrap_or(CALL_MAX))).http_status_as_error(false).build();
        let upload_max = args.timeout.unwrap_or(UPLOAD_MAX);
        Self { agent: config.into(), base: format!("{}/t/{tenant}", url.trim_end_matches('/')), key, upload_max }
    }

    /// Sends a file as it is; the JSON answered.
    pub(crate) fn upload(&self, path: &str, media: &str, bytes: &[u8]) -> anyhow::Result<Json> {
        let request = self.agent.post(format!("{}/{path}", self.base));
        let request = request.header("Authorization", format!("Bearer {}", self.key)).header("Content-Type", media);
        let request = request.config().timeout_global(Some(self.upload_max)).build();
        let response = request.send(bytes).map_err(|error| match error {
            ureq::Error::Timeout(_) => {
                let (base, seconds) = (&self.base, self.upload_max.as_secs());
                anyhow::anyhow!("`{base}` has not answered within {seconds} s and may still be at it: try again later, or with --timeout")
            }
            error => anyhow::Error::new(error).context(format!("cannot reach `{}`", self.base)),
        })?;
        let failed = !response.status().is_success();
        let answer = read_json(response)?;
        if failed { Err(problem(answer).into()) } else { Ok(answer) }
    }

    /// Runs a document at `graphql` or `metadata`; the whole answer.
    pub(crate) fn graphql(&self, endpoint: &str, query: &str, variables: &Json) -> anyhow::Result<Json> {
        self.graphql_with(endpoint, query, variables, &json!({}))
    }

    /// The same with extensions of the request, such as `explain`.
    pub(crate) fn graphql_with(&self, endpoint: &str, query: &str, variables: &Json, extensions: &Json) -> anyhow::Result<Json> {
        let body = json!({ "query": query, "variables": variables, "extensions": extensions }).to_string();
        let response = self
            .agent
            .post(format!("{}/{endpoint}", self.base))
            .header("Authorization", format!("Bearer {}", self.key))
            .header("Content-Type", "application/json")
            .header("Accept", "application/graphql-response+json, application/json")
            .send(body.as_bytes())
            .with_context(|| format!("cannot reach `{}`", self.base))?;
        read_json(response)
    }

    /// Runs a document and takes its data.
    pub(crate) fn data(&self, endpoint: &str, query: &str, variables: &Json) -> anyhow::Result<Json> {
        let mut answer = self.graphql(endpoint, query, variables)?;
        if let Some(first) = answer.pointer("/errors/0") {
            return Err(refused(first).into());
        }
        Ok(answer.get_mut("data").map(Json::take).unwrap_or_default())
    }

    /// Reads a text.
    pub(crate) fn text(&self, path: &str) -> anyhow::Result<String> {
        let mut response = self
            .agent
            .get(format!("{}/{path}", self.base))
            .header("Authorization", format!("Bearer {}", self.key))
            .call()
            .with_context(|| format!("cannot reach `{}`", self.base))?;
        let status = response.status();
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
        if status.is_success() {
            return Ok(text);
        }
        Err(problem(serde_json::from_str(&text).unwrap_or_default()).into())
    }

    /// Copies a file of any size; how many bytes.
    pub(crate) fn copy(&self, path: &str, out: &mut dyn std::io::Write) -> anyhow::Result<u64> {
        let mut response = self
            .agent
            .get(format!("{}/{path}", self.base))
            .config()
            // A file of any size takes as long as it takes.
            .timeout_global(None)
            .build()
            .header("Authorization", format!("Bearer {}", self.key))
            .call()
            .with_context(|| format!("cannot reach `{}`", self.base))?;
        if response.status().is_success() {
            let mut reader = response.body_mut().as_reader();
            return std::io::copy(&mut reader, out).context("the file ended before its end: ask for it again");
        }
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
        Err(problem(serde_json::from_str(&text).unwrap_or_default()).into())
    }

    /// Reads a JSON document.
    pub(crate) fn json(&self, path: &str) -> anyhow::Result<Json> {
        serde_json::from_str(&self.text(path)?).context("the server's answer is not JSON")
    }

    /// Sends a JSON body, or none; the JSON answered, null where the answer is empty.
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Json>) -> anyhow::Result<Json> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}/{path}", self.base))
            .header("Authorization", format!("Bearer {}", self.key))
            .header("Content-Type", "application/json")
            .body(body.map(Json::to_string).unwrap_or_default())
            .context("the address makes no sense")?;
        let mut response = self.agent.run(request).with_context(|| format!("cannot reach `{}`", self.base))?;
        let status = response.status();
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
        let answer: Json = if text.is_empty() { Json::Null } else { serde_json::from_str(&text).unwrap_or_default() };
        if status.is_success() { Ok(answer) } else { Err(problem(answer).into()) }
    }

    /// Sends a form; the JSON answered.
    pub(crate) fn form(&self, path: &str, form: ureq::unversioned::multipart::Form<'_>) -> anyhow::Result<Json> {
        let response = self
            .agent
            .post(format!("{}/{path}", self.base))
            .config()
            // A file of any size takes as long as it takes.
            .timeout_global(None)
            .build()
            .header("Authorization", format!("Bearer {}", self.key))
            .send(form)
            .with_context(|| format!("cannot reach `{}`", self.base))?;
        let failed = !response.status().is_success();
        let answer = read_json(response)?;
        if failed { Err(problem(answer).into()) } else { Ok(answer) }
    }
}

/// The key that the arguments give.
pub(crate) fn given_key(args: &Args) -> anyhow::Result<Option<String>> {
    match (&args.key, &args.key_file) {
        (Some(key), _) => Ok(Some(key.clone())),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
            Ok(Some(text.trim().to_owned()))
        }
        (None, None) => Ok(None),
    }
}

fn read_json(mut response: ureq::http::Response<ureq::Body>) -> anyhow::Result<Json> {
    let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
    serde_json::from_str(&text).with_context(|| format!("the server's answer ({}) is not JSON", response.status()))
}

/// One of a GraphQL answer's errors, flat.
pub(crate) fn refused(error: &Json) -> Refused {
    let mut members = error.get("extensions").and_then(Json::as_object).cloned().unwrap_or_default();
    members.insert("message".to_owned(), error.get("message").cloned().unwrap_or_default());
    Refused { error: Json::Object(members) }
}

/// A problem document.
fn problem(document: Json) -> Refused {
    let mut members = document.as_object().cloned().unwrap_or_default();
    if let Some(title) = members.remove("title") {
        members.insert("message".to_owned(), title);
    }
    Refused { error: Json::Object(members) }
}
