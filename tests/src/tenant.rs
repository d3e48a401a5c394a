//! One tenant as a program sees it: an address, a name and a key.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value, json};

use crate::http::{Answer, Request};

/// How long an import may take in a test.
const IMPORT_MAX: Duration = Duration::from_secs(300);

/// Between two looks at a running import.
const IMPORT_LOOK: Duration = Duration::from_millis(20);

/// The boundary of our multipart bodies; it occurs in no test's data.
const BOUNDARY: &str = "tenon-tests-7MA4YWxkTrZu0gW";

/// A tenant and its administrator's key.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Where the server listens.
    pub address: SocketAddr,
    /// The tenant's name.
    pub name: String,
    /// An API key.
    pub key: String,
    /// A member's session, which asks instead of the key.
    pub cookie: Option<String>,
}

impl Tenant {
    /// A request to one of the tenant's doors, with its credential and our media type.
    #[must_use]
    pub fn request(&self, method: &'static str, door: &str) -> Request {
        self.signed(Request::new(method, format!("/t/{}/{door}", self.name))).header("accept", "application/graphql-response+json")
    }

    /// The request with this tenant's credential.
    fn signed(&self, request: Request) -> Request {
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie.clone()).header("origin", format!("http://{}", self.address)),
            None => request.header("authorization", format!("Bearer {}", self.key)),
        }
    }

    /// Posts a GraphQL body.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, door: &str, body: &Value, headers: &[(String, String)]) -> anyhow::Result<Answer> {
        let mut request = self.request("POST", door).header("content-type", "application/json").body(body.to_string());
        replace_headers(&mut request, headers);
        request.send(self.address).await
    }

    /// Asks by GET.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, body: &Map<String, Value>, headers: &[(String, String)]) -> anyhow::Result<Answer> {
        let parameters: Vec<String> = body
            .iter()
            .map(|(name, value)| format!("{name}={}", percent(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))))
            .collect();
        let mut request = self.request("GET", &format!("graphql?{}", parameters.join("&")));
        replace_headers(&mut request, headers);
        request.send(self.address).await
    }

    /// The data of an answer that must have no errors.
    ///
    /// # Errors
    /// When it has.
    pub async fn data(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        self.answered("graphql", query, variables).await
    }

    /// The same at the metadata API.
    ///
    /// # Errors
    /// When the answer has errors.
    pub async fn metadata(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        self.answered("metadata", query, variables).await
    }

    async fn answered(&self, door: &str, query: &str, variables: Value) -> anyhow::Result<Value> {
        let answer = self.post(door, &json!({ "query": query, "variables": variables }), &[]).await?;
        let mut body = answer.json()?;
        ensure!(body.get("errors").is_none(), "status {}: {body}", answer.status);
        body.get_mut("data").map(Value::take).with_context(|| format!("status {} without data", answer.status))
    }

    /// Plans and applies metadata files; what is destructive is confirmed.
    ///
    /// # Errors
    /// When the plan has diagnostics or cannot be applied.
    pub async fn apply(&self, files: &[(String, String)]) -> anyhow::Result<()> {
        let files: Vec<Value> = files.iter().map(|(path, text)| json!({ "path": path, "text": text })).collect();
        let document = "mutation ($files: [FileInput!]) { plan(files: $files) {
            hash empty operations { path risk } diagnostics { code severity message file line } } }";
        let planned = self.metadata(document, json!({ "files": files })).await.context("plan")?;
        let plan = planned.get("plan").context("a plan")?;
        let wrong = plan.get("diagnostics").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one["severity"] == "error"));
        ensure!(!wrong, "the metadata is wrong: {plan}");
        let operations = plan.get("operations").and_then(Value::as_array).cloned().unwrap_or_default();
        let confirm: Vec<Value> = operations.iter().filter(|one| one["risk"] == "destructive").map(|one| one["path"].clone()).collect();
        let applying = "mutation ($plan: String!, $confirm: [String!]) { apply(plan: $plan, confirm: $confirm) { version } }";
        self.metadata(applying, json!({ "plan": plan["hash"], "confirm": confirm })).await.context("apply")?;
        Ok(())
    }

    /// Runs an import to its end: the report, and the error file.
    ///
    /// # Errors
    /// When it is refused as a whole or does not end.
    pub async fn import(&self, object: &str, mapping: &str, data: (&str, &[u8]), dry_run: bool) -> anyhow::Result<(Value, String)> {
        let (file, data) = data;
        let mut body = Vec::new();
        for (name, called, bytes) in [("mapping", "mapping.yaml", mapping.as_bytes()), ("data", file, data)] {
            let head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{called}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let request = self.request("POST", &format!("imports?object={object}&dryRun={dry_run}"));
        let request = request.header("content-type", format!("multipart/form-data; boundary={BOUNDARY}")).body(body);
        let started = request.send(self.address).await?;
        if started.status != 202 {
            return Ok((started.json()?, String::new()));
        }
        let location = started.header("location").context("202 without a Location")?.to_owned();
        self.import_end(&location).await
    }

    async fn import_end(&self, location: &str) -> anyhow::Result<(Value, String)> {
        let began = Instant::now();
        let door = |suffix: &str| self.signed(Request::new("GET", format!("{location}{suffix}")));
        loop {
            let report = door("").send(self.address).await?.json()?;
            match report.get("state").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase().as_str() {
                "done" | "failed" | "cancelled" => {
                    let errors = door("/errors.csv").send(self.address).await?;
                    return Ok((report, String::from_utf8_lossy(&errors.body).into_owned()));
                }
                _ if began.elapsed() > IMPORT_MAX => bail!("the import does not end: {report}"),
                _ => tokio::time::sleep(IMPORT_LOOK).await,
            }
        }
    }
}

fn replace_headers(request: &mut Request, headers: &[(String, String)]) {
    for (name, value) in headers {
        request.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            request.headers.push((name.clone(), value.clone()));
        }
    }
}

/// Everything but unreserved characters, as a URL writes it.
pub(crate) fn percent(text: &str) -> String {
    let mut safe = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    safe
}
