//! The cookie of a session: read from a request, written into an answer.

use axum::http::{HeaderMap, HeaderValue, header};

/// Its name. Its path is the tenant's, so one browser may be signed in to several.
const NAME: &str = "tenon_session";

/// The token in the cookie of a request.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    named(headers, NAME)
}

/// The value of a cookie of a request.
pub(crate) fn named<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == wanted).map(|(_, value)| value).next()
}

/// Sets the cookie for so many seconds; none takes it away.
pub(crate) fn set(tenant: &str, token: Option<&str>, seconds: u64, is_secure: bool) -> Option<HeaderValue> {
    written(NAME, (token, seconds), &format!("/t/{tenant}"), is_secure)
}

/// A cookie for no script and no other site, of this path; no value takes it away.
pub(crate) fn written(name: &str, value: (Option<&str>, u64), path: &str, is_secure: bool) -> Option<HeaderValue> {
    // A path is taken from the request: it brings no attributes of its own.
    if path.contains([';', ',', ' ']) {
        return None;
    }
    let (value, seconds) = value.0.map_or(("", 0), |text| (text, value.1));
    let secure = if is_secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")).ok()
}

/// Whether a browser sends it over TLS only: always, but to this machine itself, where people try things out.
pub(crate) fn is_secure(headers: &HeaderMap, came_by_https: bool) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_here = name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    came_by_https || !is_here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_only_by_its_name() {
        let read = |line: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(line));
            token(&headers).map(str::to_owned)
        };
        assert_eq!(read("a=b; tenon_session=x_1; c=d").as_deref(), Some("x_1"));
        assert_eq!(read("xtenon_session=1; tenon_sessions=2; tenon_session"), None);
    }

    #[test]
    fn only_this_machine_itself_gets_it_in_clear() {
        let secure = |host: &'static str, https| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            is_secure(&headers, https)
        };
        for here in ["localhost:8080", "127.0.0.1:1", "[::1]:8080", "acme.localhost"] {
            assert!(!secure(here, false) && secure(here, true), "{here}");
        }
        for away in ["crm.acme.example", "192.168.1.2:8080", "", "localhost.evil.example"] {
            assert!(secure(away, false), "{away}");
        }
        assert!(is_secure(&HeaderMap::new(), false));
    }

    #[test]
    fn it_is_for_one_tenant_and_no_script() {
        let cookie = set("acme", Some("t"), 60, true).unwrap();
        assert_eq!(cookie, "tenon_session=t; Path=/t/acme; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(set("acme", None, 60, false).unwrap(), "tenon_session=; Path=/t/acme; Max-Age=0; HttpOnly; SameSite=Lax");
        assert!(set("a\r\nb", None, 0, false).is_none());
        assert!(set("a; Domain=evil.example", None, 0, false).is_none());
    }
}
