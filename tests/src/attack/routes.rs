//! Attacks on every HTTP door there is: the list comes from the server's own router.
//!
//! A door without a line in `WAYS` stands in `tests/golden/uncovered-entry-points.txt`, and the suite fails. A line says
//! how a good request looks; who asks, with whose ids and with what texts, is the same everywhere. `{id}` in a path, a
//! query or a body is where ids of others come in.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::{Value, json};

use super::doors::{compare, wrong_credentials};
use super::judge::Judge;
use super::report::Report;
use super::schema::items;
use super::world::{Whose, World, id};
use crate::{Answer, Request, Tenant};

/// A good request at a door.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// As the router lists it.
    method: &'static str,
    pub(super) path: &'static str,
    /// How it is sent, where the door takes several methods.
    pub(super) sent: &'static str,
    /// What stands for the rest of the path.
    rest: &'static str,
    pub(super) query: &'static str,
    pub(super) body: &'static str,
    media: &'static str,
    /// Whether anybody may knock, signed in or not.
    pub(super) is_open: bool,
}

/// A door of a tenant; who asks must say who he is.
const fn way(method: &'static str, path: &'static str) -> Way {
    Way { method, path, sent: method, rest: "", query: "", body: "", media: "application/json", is_open: false }
}

/// A door for those who are not in yet.
const fn open(method: &'static str, path: &'static str) -> Way {
    Way { is_open: true, ..way(method, path) }
}

impl Way {
    const fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    const fn body(self, body: &'static str) -> Self {
        Self { body, ..self }
    }

    const fn form(self, body: &'static str) -> Self {
        Self { body, media: "multipart/form-data; boundary=b", ..self }
    }

    /// One of several requests at a door that takes any method and path.
    const fn rest(self, sent: &'static str, rest: &'static str) -> Self {
        Self { sent, rest, ..self }
    }

    /// Below which tenant's address it lies, if it is a tenant's.
    fn full(&self) -> String {
        if self.is_servers() { self.path.to_owned() } else { format!("/t/{{tenant}}{}", self.path) }
    }

    fn is_servers(&self) -> bool {
        matches!(self.path, "/healthz" | "/readyz" | "/metrics" | "/version")
    }

    /// How the golden file and findings name it.
    pub(super) fn name(&self) -> String {
        format!("{} {}{}", self.sent, self.path, self.rest)
    }

    /// Whether ids of others come in.
    fn has_bait(&self) -> bool {
        [self.path, self.rest, self.query, self.body]
            .iter()
            .any(|part| ["{id}", "{provider}", "{whose}", "{package}"].iter().any(|name| part.contains(name)))
    }

    /// Below which word its ids are those of the same things.
    fn family(&self) -> &'static str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    /// The request, with this in the place of ids.
    pub(super) fn request(&self, tenant: &str, bait: &str) -> Request {
        let filled = |text: &str| {
            text.replace("{id}", bait)
                .replace("{provider}", bait)
                .replace("{whose}", bait)
                .replace("{wish}", "cancel")
                .replace("{package}", bait)
                .replace("{version}", "1.0.0")
        };
        let path = filled(&self.path.replace("{*path}", self.rest));
        let door = if self.is_servers() { path } else { format!("/t/{tenant}{path}") };
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", filled(self.query)) };
        let request = Request::new(self.sent, format!("{door}{query}")).header("accept", "application/json");
        if self.body.is_empty() { request } else { request.header("content-type", self.media).body(filled(self.body)) }
    }
}

const ENDPOINT: &str = "/x/{package}/{*path}";
const SCIM: &str = "/scim/v2/{*path}";

/// How each door is knocked at.
const WAYS: &[Way] = &[
    // Frontends and integrations
    way("GET", "/graphql").query("query=%7B__typename%7D"),
    way("POST", "/graphql").body(r#"{"query":"query q($i: ID!) { account(id: $i) { id } }","variables":{"i":"{id}"},"operationName":"q"}"#),
    way("GET", "/metadata").query("query=%7B__typename%7D"),
    way("POST", "/metadata").body(r#"{"query":"query q($n: String!) { object(name: $n) { name } }","variables":{"n":"account"},"operationName":"q"}"#),
    way("GET", "/schema.graphql"),
    way("GET", "/metadata/schema.graphql"),
    way("GET", "/limits"),
    // People signing in
    open("POST", "/session").body(r#"{"login":"nobody@mail.example","password":"a horse drinks","code":"123456"}"#),
    way("GET", "/session"),
    way("DELETE", "/session"),
    way("GET", "/sessions"),
    way("DELETE", "/sessions"),
    way("DELETE", "/sessions/{id}"),
    way("POST", "/password").body(r#"{"current":"a horse drinks","password":"a cow drinks of the well"}"#),
    way("POST", "/totp").body(r#"{"password":"a horse drinks"}"#),
    way("DELETE", "/totp").body(r#"{"password":"a horse drinks","code":"123456"}"#),
    way("POST", "/totp/confirm").body(r#"{"code":"123456"}"#),
    way("POST", "/invitations").body(r#"{"email":"guest@mail.example","login":"guest","name":"Guest","roles":["employee"],"kind":"user"}"#),
    open("GET", "/invitations/accept"),
    open("POST", "/invitations/accept").body(r#"{"token":"{id}","password":"a cow drinks of the well"}"#),
    open("POST", "/resets").body(r#"{"login":"nobody@mail.example"}"#),
    open("GET", "/resets/complete"),
    open("POST", "/resets/complete").body(r#"{"token":"{id}","password":"a cow drinks of the well"}"#),
    way("GET", "/members").query("after={id}&first=2"),
    way("GET", "/members/{id}"),
    way("PATCH", "/members/{id}").body(r#"{"email":"other@mail.example","roles":["employee"],"state":"active"}"#),
    way("DELETE", "/members/{id}"),
    way("POST", "/members/{id}/reset"),
    way("GET", "/keys"),
    way("POST", "/keys").body(r#"{"display":"A key","roles":["employee"],"kind":"service","expiresAt":"2099-01-01T00:00:00Z"}"#),
    way("DELETE", "/keys/{id}"),
    open("GET", "/oidc"),
    open("GET", "/oidc/{provider}/start").query("returnTo=/"),
    open("GET", "/oidc/{provider}/callback").query("code=c&state=s&iss=i&error=e"),
    way("GET", "/providers"),
    way("GET", "/providers/{provider}"),
    way("PUT", "/providers/{provider}").body(r#"{"label":"One","issuer":"nowhere","clientId":"c","clientSecret":"s"}"#),
    way("DELETE", "/providers/{provider}"),
    // Other tenants
    way("GET", "/links"),
    way("POST", "/links").body(r#"{"name":"A link","to":"{id}","object":"account","fields":["name"],"filter":{"id":{"eq":"{id}"}},"role":"employee","onRevoke":"keep"}"#),
    way("POST", "/links/accept").body(r#"{"token":"{id}","mapping":{"object":"account","role":"employee","fields":{"name":"name"}}}"#),
    way("GET", "/links/{id}"),
    way("DELETE", "/links/{id}"),
    // Identity providers that keep the members
    way("ANY", SCIM).rest("GET", "Users").query("filter=userName%20eq%20%22{id}%22&startIndex=1&count=2"),
    way("ANY", SCIM).rest("GET", "Users/{id}"),
    way("ANY", SCIM).rest("PUT", "Users/{id}").body(r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"u@mail.example","displayName":"U"}"#),
    way("ANY", SCIM).rest("PATCH", "Users/{id}").body(r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":"false"}]}"#),
    way("ANY", SCIM).rest("DELETE", "Users/{id}"),
    way("ANY", SCIM).rest("POST", "Users").body(r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"","displayName":"U"}"#),
    way("ANY", SCIM).rest("GET", "Groups").query("filter=displayName%20eq%20%22{id}%22"),
    way("ANY", SCIM).rest("GET", "Groups/{id}"),
    way("ANY", SCIM).rest("PATCH", "Groups/{id}").body(r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[{"value":"{id}"}]}]}"#),
    way("ANY", SCIM).rest("DELETE", "Groups/{id}"),
    // Data in
    way("POST", "/imports").query("object=account&dryRun=true").form("--b\r\ncontent-disposition: form-data; name=\"mapping\"\r\n\r\n{id}\r\n--b--\r\n"),
    way("GET", "/imports/{id}"),
    way("GET", "/imports/{id}/errors.csv"),
    way("POST", "/imports/suggest").form("--b\r\ncontent-disposition: form-data; name=\"data\"\r\n\r\nname\r\n--b--\r\n"),
    way("POST", "/imports/{id}/undo"),
    way("POST", "/imports/{id}/{wish}"),
    // Data out
    way("GET", "/changes").query("limit=5&objects=account"),
    way("POST", "/exports").body(r#"{"object":"account","format":"csv"}"#),
    way("GET", "/exports/{id}"),
    way("GET", "/exports/{id}/data"),
    way("POST", "/exports/{id}/{wish}"),
    // Work that outlives its request, documents that are known, files
    way("GET", "/jobs"),
    way("GET", "/jobs/{id}"),
    way("GET", "/jobs/{id}/errors.csv"),
    way("POST", "/jobs/{id}/{wish}"),
    way("POST", "/documents").body(r#"{"documents":["{ me { id } }"]}"#),
    way("GET", "/documents"),
    way("DELETE", "/documents/{id}"),
    way("PUT", "/documents/rules/{whose}").body(r#"{"documents":"any"}"#),
    way("POST", "/packages").body("{id}"),
    way("DELETE", "/packages/{package}/{version}"),
    way("POST", "/files").form("--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\na\r\n--b--\r\n"),
    way("GET", "/files/{id}"),
    way("GET", "/files/{id}/thumb").query("w=64"),
    // Endpoints of plugins: who is let in is the plugin's to say, so anybody may knock
    open("ANY", ENDPOINT).rest("POST", "orders").query("page={id}").body(r#"{"id":"{id}"}"#),
    open("ANY", ENDPOINT).rest("GET", "ping"),
    // Operators and their tools
    open("GET", "/healthz"),
    open("GET", "/readyz"),
    open("GET", "/metrics"),
    open("GET", "/version"),
];

/// Runs them all.
pub(super) async fn run(world: &World, report: &mut Report) -> anyhow::Result<()> {
    inventory(report);
    credentials(world, report).await?;
    ids(world, report).await
}

/// Every door of the router has its line.
fn inventory(report: &mut Report) {
    for door in tenon_server::doors() {
        let is_known = WAYS.iter().any(|way| way.method == door.method.word() && way.full() == door.path);
        report.meets(&format!("{} {}", door.method.word(), door.path), is_known);
    }
}

/// The lines whose doors this server has.
pub(super) fn ways() -> Vec<&'static Way> {
    let doors = tenon_server::doors();
    WAYS.iter().filter(|way| doors.iter().any(|door| way.method == door.method.word() && way.full() == door.path)).collect()
}

/// Credentials that are none: one answer for all of them, at every door that wants one.
async fn credentials(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let wrong = wrong_credentials(world, report).await?;
    for way in ways().into_iter().filter(|way| !way.is_open) {
        let asked = wrong.iter().map(|(_, headers)| {
            let mut request = way.request(&world.target.name, &id(Whose::Missing, 0, 1));
            request.headers.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
            async move { request.send(world.target.address).await }
        });
        let answers = futures::future::try_join_all(asked).await?;
        let mut first: Option<(u16, Value)> = None;
        for ((which, _), answer) in wrong.iter().zip(answers) {
            report.tried("credentials", 1);
            let told = refusal(&answer);
            if answer.status != 401 {
                report.finds(&format!("credential: {which}"), &format!("{} answers {}", way.name(), answer.status));
            } else if first.get_or_insert_with(|| told.clone()) != &told {
                report.finds(&format!("credential: {which}"), &format!("{}: {told:?} is not {first:?}", way.name()));
            }
        }
    }
    Ok(())
}

fn refusal(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json().unwrap_or_default();
    for place in ["/errors/0/extensions/requestId", "/extensions/requestId", "/requestId"] {
        body.pointer_mut(place).into_iter().for_each(|id| *id = Value::Null);
    }
    (answer.status, body)
}

/// Ids of the same tenant's others, of another tenant, of nobody: answered alike, whoever asks.
async fn ids(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let judge = Judge::new()?;
    let baits = Baits::of(world).await?;
    for way in ways() {
        for (who, asker, all) in [
            ("the lowest role", Some(&world.target), &[Whose::Missing, Whose::Foreign, Whose::Hidden][..]),
            ("the administrator", Some(&world.admin), &[Whose::Missing, Whose::Foreign]),
            ("nobody", None, &[Whose::Missing, Whose::Foreign]),
        ] {
            // What an administrator does without a bait he does; and who must say who he is has been asked for it.
            let is_idle = if asker.is_none() { !way.is_open } else { way.is_open || !way.has_bait() && who != "the lowest role" };
            if is_idle {
                continue;
            }
            let whose = if way.has_bait() { all } else { &[Whose::Missing] };
            let mut answers = Vec::new();
            for whose in whose {
                let bait = baits.of_family(way.family(), *whose);
                let request = way.request(&world.target.name, &bait);
                let request = match asker {
                    Some(asker) => request.header("authorization", format!("Bearer {}", asker.key)),
                    None => request,
                };
                let answer = request.send(world.target.address).await?;
                report.tried("routes", 1);
                // Without a mail server nobody's password is reset, and everybody is told so.
                if answer.status >= 500 && way.path != "/resets" {
                    report.finds(&way.name(), &format!("status {} to {who}", answer.status));
                }
                // The attacker's own imports may have named what he does not see.
                let own = if way.path == "/jobs" { "zqx_vault" } else { bait.as_str() };
                answers.push(even(&judge, &answer, own));
            }
            compare(report, &format!("{} as {who}", way.name()), &answers);
        }
    }
    Ok(())
}

/// An answer of any media type as it can be compared.
fn even(judge: &Judge, answer: &Answer, bait: &str) -> Value {
    let sent = [bait.to_owned()];
    let body = match answer.json() {
        Ok(body) => judge.even(&body, &sent),
        Err(_) => Value::from(judge.text(&String::from_utf8_lossy(&answer.body), &sent)),
    };
    json!({ "status": answer.status, "location": answer.header("location").map(|place| judge.text(place, &sent)), "body": body })
}

/// What others have, by the family of doors behind which it lies.
struct Baits(BTreeMap<&'static str, [String; 2]>);

impl Baits {
    async fn of(world: &World) -> anyhow::Result<Self> {
        let mut found: BTreeMap<&'static str, [String; 2]> = BTreeMap::new();
        let mut add = |family, hidden: String, foreign: String| drop(found.insert(family, [hidden, foreign]));
        let (hidden, foreign) = (Held::by(&world.admin).await?, Held::by(&world.stranger).await?);
        add("members", hidden.member.clone(), foreign.member.clone());
        add("scim", hidden.member, foreign.member);
        add("sessions", hidden.session, foreign.session);
        add("keys", hidden.key, foreign.key);
        add("links", hidden.link, foreign.link);
        add("exports", hidden.export.clone(), foreign.export.clone());
        for family in ["imports", "jobs"] {
            add(family, hidden.import.clone(), foreign.import.clone());
        }
        add("files", hidden.file, foreign.file);
        add("invitations", hidden.invitation, foreign.invitation);
        add("resets", hidden.reset, foreign.reset);
        // Which providers a tenant has stands on its sign-in page.
        add("providers", "another".to_owned(), hidden_provider(&world.stranger).await?);
        add("oidc", "another".to_owned(), "foreign".to_owned());
        Ok(Self(found))
    }

    fn of_family(&self, family: &str, whose: Whose) -> String {
        let is_name = matches!(family, "providers" | "oidc");
        match (whose, self.0.get(family)) {
            (Whose::Missing, _) if is_name => "missing".to_owned(),
            (Whose::Hidden, Some([hidden, _])) => hidden.clone(),
            (Whose::Foreign, Some([_, foreign])) => foreign.clone(),
            (whose, _) => id(whose, 0, 1),
        }
    }
}

/// A provider of a stranger.
async fn hidden_provider(stranger: &Tenant) -> anyhow::Result<String> {
    let settings = json!({ "label": "Foreign", "issuer": "https://127.0.0.1:9/", "clientId": "c" });
    stranger.by_key("PUT", "providers/foreign", &settings).await?;
    Ok("foreign".to_owned())
}

/// What somebody in a tenant has.
struct Held {
    member: String,
    session: String,
    key: String,
    link: String,
    import: String,
    file: String,
    export: String,
    invitation: String,
    reset: String,
}

impl Held {
    async fn by(tenant: &Tenant) -> anyhow::Result<Self> {
        let name = &tenant.name;
        let member = tenant.member(&format!("held@{name}.example"), &[]).await.context("a member to aim at")?;
        let sessions = member.ask("GET", "sessions").await?.json()?;
        let session =
            items(sessions.get("sessions").unwrap_or(&sessions)).first().and_then(|one| one["id"].as_str()).unwrap_or_default().to_owned();
        let keys = tenant.request("GET", "keys").send(tenant.address).await?.json()?;
        let key = items(keys.get("keys").unwrap_or(&keys)).first().and_then(|one| one["id"].as_str()).unwrap_or_default().to_owned();
        let invited = tenant.invite(&json!({ "email": format!("waiting@{name}.example"), "roles": [] })).await?.json()?;
        let token = |told: &Value| told["link"].as_str().and_then(|link| link.rsplit('#').next()).unwrap_or_default().to_owned();
        let reset = tenant.by_key("POST", &format!("members/{}/reset", member.user), &json!({})).await?.json().unwrap_or_default();
        let mapping = "format: tenon/v1\nmapping: tag\ncolumns:\n  name: name\n";
        let (import, _) = tenant.import("tag", mapping, ("data.csv", b"name\nzqx imported\n"), true).await?;
        let import = import["id"].as_str().unwrap_or_default().to_owned();
        let brought = tenant.request("POST", "files").header("content-type", "text/plain").body("zqx brought").send(tenant.address).await?;
        let file = brought.json()?["id"].as_str().unwrap_or_default().to_owned();
        let export = tenant.by_key("POST", "exports", &json!({ "object": "tag", "format": "jsonl" })).await?.json()?;
        let export = export["id"].as_str().unwrap_or_default().to_owned();
        let offer = json!({ "name": "zqx link", "object": "account", "fields": ["name"], "role": "marketer" });
        let offered = tenant.by_key("POST", "links", &offer).await?.json()?;
        let link = offered["link"]["id"].as_str().unwrap_or_default().to_owned();
        for (what, value) in
            [("session", &session), ("key", &key), ("link", &link), ("import", &import), ("file", &file), ("export", &export)]
        {
            anyhow::ensure!(!value.is_empty(), "no {what} to aim at");
        }
        Ok(Self { member: member.user, session, key, link, import, file, export, invitation: token(&invited), reset: token(&reset) })
    }
}
