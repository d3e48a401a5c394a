//! Acting as somebody: a member made by the tenant's administrator, with a password and a session, or a key with roles.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::http::{Answer, Request};
use crate::tenant::Tenant;

/// The password of every member that does not choose another.
pub const PASSWORD: &str = "a horse drinks of the well";

/// A member of a tenant, signed in.
#[derive(Clone, Debug)]
pub struct Member {
    /// The tenant; its key is the administrator's.
    pub tenant: Tenant,
    /// The id of the user's record.
    pub user: String,
    /// What is typed to sign in.
    pub login: String,
    /// `tenon_session=…`.
    pub cookie: String,
}

impl Tenant {
    /// A member of the staff with these roles: invited, accepted with [`PASSWORD`], signed in.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn member(&self, login: &str, roles: &[&str]) -> anyhow::Result<Member> {
        self.member_of(login, &json!({ "email": login, "roles": roles })).await
    }

    /// A portal user of one of `account`, `contact`, `partner`.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn portal_member(&self, login: &str, roles: &[&str], belongs: (&str, &str)) -> anyhow::Result<Member> {
        self.member_of(login, &json!({ "email": login, "roles": roles, "kind": "portal_user", belongs.0: belongs.1 })).await
    }

    async fn member_of(&self, login: &str, invitation: &Value) -> anyhow::Result<Member> {
        let invited = self.invite(invitation).await?;
        ensure!(invited.status == 201, "the invitation: {}", String::from_utf8_lossy(&invited.body));
        let invited = invited.json()?;
        let link = invited["link"].as_str().context("a link")?;
        let token = link.rsplit('#').next().unwrap_or_default();
        let accepted = self.send("POST", "invitations/accept", &json!({ "token": token, "password": PASSWORD })).await?;
        ensure!(accepted.status == 200, "the acceptance: {}", String::from_utf8_lossy(&accepted.body));
        let user = invited["member"]["user"].as_str().context("a user")?.to_owned();
        let cookie = self.sign_in(login, PASSWORD, None).await?;
        Ok(Member { tenant: self.clone(), user, login: login.to_owned(), cookie })
    }

    /// Invites somebody as the administrator.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn invite(&self, invitation: &Value) -> anyhow::Result<Answer> {
        self.by_key("POST", "invitations", invitation).await
    }

    /// The same tenant through a new key with these roles.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn with_roles(&self, roles: &[&str]) -> anyhow::Result<Self> {
        let made = self.by_key("POST", "keys", &json!({ "display": "a test", "roles": roles })).await?;
        ensure!(made.status == 201, "the key: {}", String::from_utf8_lossy(&made.body));
        let key = made.json()?["apiKey"].as_str().context("a key")?.to_owned();
        Ok(Self { key, ..self.clone() })
    }

    /// A JSON body to a door, with the tenant's key.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn by_key(&self, method: &'static str, door: &str, body: &Value) -> anyhow::Result<Answer> {
        self.request(method, door).header("content-type", "application/json").body(body.to_string()).send(self.address).await
    }

    /// A JSON body to a door, without any credential.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, method: &'static str, door: &str, body: &Value) -> anyhow::Result<Answer> {
        let request = Request::new(method, format!("/t/{}/{door}", self.name)).header("content-type", "application/json");
        request.body(body.to_string()).send(self.address).await
    }

    /// Signs somebody in; the cookie.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn sign_in(&self, login: &str, password: &str, code: Option<&str>) -> anyhow::Result<String> {
        let answer = self.send("POST", "session", &json!({ "login": login, "password": password, "code": code })).await?;
        ensure!(answer.status == 201, "the sign-in: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        let cookie = answer.header("set-cookie").context("a cookie")?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }
}

impl Member {
    /// A request by the member's session, from this server's own pages.
    #[must_use]
    pub fn request(&self, method: &'static str, door: &str) -> Request {
        Request::new(method, format!("/t/{}/{door}", self.tenant.name))
            .header("cookie", self.cookie.clone())
            .header("origin", format!("http://{}", self.tenant.address))
    }

    /// A JSON body to a door.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, method: &'static str, door: &str, body: &Value) -> anyhow::Result<Answer> {
        self.request(method, door).header("content-type", "application/json").body(body.to_string()).send(self.tenant.address).await
    }

    /// A request without a body.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask(&self, method: &'static str, door: &str) -> anyhow::Result<Answer> {
        self.request(method, door).send(self.tenant.address).await
    }

    /// The answer to a GraphQL document, errors or not.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn graphql(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        self.send("POST", "graphql", &json!({ "query": query, "variables": variables })).await?.json()
    }

    /// The data of an answer that must have no errors.
    ///
    /// # Errors
    /// When it has.
    pub async fn data(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        let mut answer = self.graphql(query, variables).await?;
        ensure!(answer.get("errors").is_none(), "{answer}");
        answer.get_mut("data").map(Value::take).context("data")
    }
}
