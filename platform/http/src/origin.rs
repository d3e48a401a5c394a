//! Cookies travel by themselves, so a page of another site must not make use of them: with a cookie every write needs the
//! `Origin` of this server's own pages, or one the tenant lists, and a JSON body, which no plain form can send.

use axum::http::{HeaderMap, Method, header};
use tenon_diagnostics::{Kind, Message, Problem};

use crate::negotiate::is_json;

/// Doors that take files, as forms or as they are: there the matching origin is enough.
const FILE_DOORS: [&str; 2] = ["/imports", "/files"];

/// Whether a method changes nothing by its definition.
const fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether an `Origin` is this server itself, as the browser addressed it or as the operator names it, or one of those listed.
pub(crate) fn is_known(origin: &str, headers: &HeaderMap, public: &str, listed: &[String]) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let own = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let is_own = !host.is_empty() && own.is_some_and(|own| own.eq_ignore_ascii_case(host));
    is_own || origin_of(public).is_some_and(|own| own == origin) || listed.iter().any(|one| one == origin)
}

/// Scheme and host of a URL.
fn origin_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split('/').next()?;
    url.get(..scheme.len() + 3 + host.len())
}

/// Refuses a write by cookie that another site may have caused.
pub(crate) fn check(method: &Method, path: &str, headers: &HeaderMap, public: &str, listed: &[String]) -> Result<(), Problem> {
    if is_read(method) {
        return Ok(());
    }
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if !origin.is_some_and(|origin| is_known(origin, headers, public, listed)) {
        return Err(refused("origin", "with a cookie, writes come from this server's own pages", "使用 Cookie 的写入必须来自本站页面"));
    }
    let is_empty = !headers.contains_key(header::CONTENT_TYPE)
        && !headers.contains_key(header::TRANSFER_ENCODING)
        && headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
    let takes_files = FILE_DOORS.iter().any(|door| path.ends_with(door));
    if is_empty || takes_files || is_json(headers) {
        return Ok(());
    }
    Err(refused("content_type", "with a cookie, writes are `application/json`", "使用 Cookie 的写入必须为 `application/json`"))
}

/// FORBIDDEN, with the rule that says why.
pub(crate) fn refused(rule: &'static str, en: &str, zh: &str) -> Problem {
    Problem { rule: Some(rule.into()), message: Message::new(en, zh), ..Problem::of_kind(Kind::Forbidden) }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn rule(method: Method, path: &str, pairs: &[(&'static str, &'static str)]) -> Option<String> {
        let listed = ["https://app.acme.example".to_owned()];
        check(&method, path, &headers(pairs), "https://crm.acme.example/base", &listed)
            .err()
            .and_then(|problem| problem.rule)
            .map(|rule| rule.into_owned())
    }

    #[test]
    fn only_known_origins_write_by_cookie() {
        let json = ("content-type", "application/json");
        let host = ("host", "crm.local:8080");
        let post = |origin| rule(Method::POST, "/t/a/graphql", &[host, json, ("origin", origin)]);
        for known in ["http://crm.local:8080", "https://crm.local:8080", "https://app.acme.example", "https://crm.acme.example"] {
            assert_eq!(post(known), None, "{known}");
        }
        for foreign in
            ["https://evil.example", "null", "", "http://crm.local", "http://crm.local:8080.evil.example", "https://app.acme.example.evil"]
        {
            assert_eq!(post(foreign).as_deref(), Some("origin"), "{foreign}");
        }
        assert_eq!(rule(Method::POST, "/t/a/graphql", &[host, json]).as_deref(), Some("origin"), "none at all");
        assert_eq!(rule(Method::GET, "/t/a/graphql", &[host]), None);
        assert_eq!(rule(Method::DELETE, "/t/a/session", &[host]).as_deref(), Some("origin"));
    }

    #[test]
    fn bodies_are_json_but_for_files() {
        let own = [("host", "h"), ("origin", "http://h")];
        let with = |method, path, content_type| rule(method, path, &[own[0], own[1], ("content-type", content_type)]);
        assert_eq!(with(Method::POST, "/t/a/graphql", "text/plain").as_deref(), Some("content_type"));
        assert_eq!(with(Method::POST, "/t/a/session", "application/x-www-form-urlencoded").as_deref(), Some("content_type"));
        assert_eq!(with(Method::POST, "/t/a/imports", "multipart/form-data; boundary=x"), None);
        assert_eq!(rule(Method::DELETE, "/t/a/session", &own), None, "nothing is sent");
    }
}
