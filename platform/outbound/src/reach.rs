//! Where a request may go. Hosts are named by tenants' administrators and authors of packages, so they are not trusted:
//! the networks behind this server are none of a tenant's business.
//!
//! Invariant: the addresses that are judged are those that are connected to; a name cannot resolve otherwise later.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Url;

/// How far requests may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses, by https.
    Public,
    /// Also private networks and this machine, and this machine by plain http: the operator's word.
    Private,
}

impl Reach {
    /// Whether a URL may be asked at all, before its host is resolved.
    pub fn permits(self, url: &Url) -> bool {
        if !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        match (url.scheme(), self) {
            ("https", _) => url.host_str().is_some(),
            ("http", Self::Private) => is_this_machine(url),
            _ => false,
        }
    }

    /// Whether an address that a host resolves to may be connected to.
    pub fn admits(self, address: IpAddr) -> bool {
        self == Self::Private || is_public(address)
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Whether an address is of the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let reserved = match (first, second, third) {
        // This network, shared address space (RFC 6598), IETF protocols, 6to4 relays, benchmarks, and from 240 on: reserved.
        (0, ..) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _) | (240..=255, ..) => true,
        _ => false,
    };
    !(reserved
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || address.is_broadcast())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [high, low] = [segments[6], segments[7]].map(u16::to_be_bytes);
    let last = Ipv4Addr::new(high[0], high[1], low[0], low[1]);
    let second = |a: u16, b: u16| {
        let ([a, b], [c, d]) = (a.to_be_bytes(), b.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        // An IPv4 address in other clothes: mapped, compatible, translated (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(last),
        // 6to4 carries one too.
        [0x2002, a, b, ..] => is_public_v4(second(a, b)),
        // Locally translated, discard, Teredo and other protocol assignments, documentation.
        [0x64, 0xff9b, 1, ..] | [0x100, 0, 0, 0, ..] | [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, ..] => false,
        // The rest of global unicast; link-local, unique local and multicast lie outside.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for public in ["8.8.8.8", "1.1.1.1", "20.190.128.1", "100.128.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        let inside = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "192.0.0.8",
            "203.0.113.9",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "3fff::1",
        ];
        for private in inside {
            assert!(!is_public(private.parse().unwrap()), "{private}");
            assert!(Reach::Private.admits(private.parse().unwrap()), "{private}, where the operator says so");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_and_by_permission() {
        let permits = |reach: Reach, url: &str| reach.permits(&url.parse().unwrap());
        assert!(permits(Reach::Public, "https://login.example.com/tenant/v2.0"));
        for url in ["http://login.example.com/", "http://127.0.0.1:9000/", "https://user:pass@login.example.com/", "file:///etc/passwd"] {
            assert!(!permits(Reach::Public, url), "{url}");
        }
        assert!(permits(Reach::Private, "http://127.0.0.1:9000/"));
        assert!(permits(Reach::Private, "http://localhost:9000/"));
        assert!(!permits(Reach::Private, "http://login.example.com/"));
    }
}
