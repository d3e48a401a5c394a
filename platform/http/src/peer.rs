//! Where a request comes from: the connection's address, or what a proxy that the operator trusts says of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its address.
    pub(crate) address: IpAddr,
    /// It came over TLS, as a trusted proxy says.
    pub(crate) is_https: bool,
}

impl Peer {
    pub(crate) fn of(parts: &Parts, proxies: &[IpAddr]) -> Self {
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Self::read(connection.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), &parts.headers, proxies)
    }

    /// The last address on the way that is no proxy of ours: what stands before it anybody could have written.
    fn read(connection: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> Self {
        let is_trusted = |address: IpAddr| proxies.contains(&address.to_canonical());
        if !is_trusted(connection) {
            return Self { address: connection.to_canonical(), is_https: false };
        }
        let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
        let hops = lines.iter().flat_map(|line| line.split(',')).map(|hop| hop.trim().parse::<IpAddr>());
        let mut address = connection;
        for hop in hops.collect::<Vec<_>>().into_iter().rev() {
            let Ok(hop) = hop else { break };
            address = hop;
            if !is_trusted(hop) {
                break;
            }
        }
        let proto = headers.get(FORWARDED_PROTO).is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"));
        Self { address: address.to_canonical(), is_https: proto }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_word() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED_FOR, HeaderValue::from_static("1.1.1.1, 2.2.2.2"));
        headers.append(FORWARDED_FOR, HeaderValue::from_static("10.0.0.9"));
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
        let read = |connection: &str, proxies: &[&str]| {
            Peer::read(address(connection), &headers, &proxies.iter().map(|one| address(one)).collect::<Vec<_>>())
        };
        assert_eq!(read("9.9.9.9", &[]), Peer { address: address("9.9.9.9"), is_https: false });
        assert_eq!(read("9.9.9.9", &["10.0.0.9"]).address, address("9.9.9.9"));
        assert_eq!(read("10.0.0.1", &["10.0.0.1"]), Peer { address: address("10.0.0.9"), is_https: true });
        assert_eq!(read("10.0.0.1", &["10.0.0.1", "10.0.0.9"]).address, address("2.2.2.2"), "not what the caller wrote before it");
    }
}
