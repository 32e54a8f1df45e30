//! Which addresses may be asked: those of the public internet, and the networks that the operator names.
//!
//! What is not public is listed by the registries of special-purpose addresses (<https://www.iana.org/assignments/iana-ipv4-special-registry>
//! and <https://www.iana.org/assignments/iana-ipv6-special-registry>, as of 2025) and by those of multicast. What carries an address of version
//! 4 inside (mapped, NAT64, 6to4, Teredo) is refused whatever it carries: no page is reached by it that is not reached without.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(octets: [u8; 4], prefix: u8) -> Ipv4Net {
    let [a, b, c, d] = octets;
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = first;
    Ipv6Net::new_assert(std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

const NOT_PUBLIC_V4: [Ipv4Net; 20] = [
    // "This network", and this host.
    v4([0, 0, 0, 0], 8),
    // Private use.
    v4([10, 0, 0, 0], 8),
    // Shared by a provider's customers.
    v4([100, 64, 0, 0], 10),
    // Loopback.
    v4([127, 0, 0, 0], 8),
    // Link-local, with the metadata services of clouds.
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    // Protocol assignments: DS-Lite, NAT64 discovery, dummy addresses.
    v4([192, 0, 0, 0], 24),
    // Documentation.
    v4([192, 0, 2, 0], 24),
    // AS112 and AMT: no pages.
    v4([192, 31, 196, 0], 24),
    v4([192, 52, 193, 0], 24),
    // Relays of 6to4, deprecated.
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([192, 175, 48, 0], 24),
    // Benchmarks.
    v4([198, 18, 0, 0], 15),
    // Documentation.
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    // Multicast, with its documentation.
    v4([224, 0, 0, 0], 4),
    v4([233, 252, 0, 0], 24),
    // Reserved.
    v4([240, 0, 0, 0], 4),
    // Broadcast.
    v4([255, 255, 255, 255], 32),
];

/// Of version 6 only this is assigned to the public internet. Outside are loopback, the mapped addresses (`::ffff:0:0/96`), NAT64
/// (`64:ff9b::/96`, `64:ff9b:1::/48`), discard (`100::/64`), segment routing (`5f00::/16`), the local ones (`fc00::/7`, `fe80::/10`) and
/// multicast (`ff00::/8`).
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);

const NOT_PUBLIC_V6: [Ipv6Net; 5] = [
    // Protocol assignments: Teredo, benchmarks, ORCHID and others.
    v6([0x2001, 0, 0, 0], 23),
    // Documentation.
    v6([0x2001, 0xdb8, 0, 0], 32),
    v6([0x3fff, 0, 0, 0], 20),
    // 6to4.
    v6([0x2002, 0, 0, 0], 16),
    // AS112.
    v6([0x2620, 0x4f, 0x8000, 0], 48),
];

/// Whether an address is one of the public internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address))
        }
    }
}

/// The networks that the operator allows beside the public internet.
#[derive(Clone, Debug, Default)]
pub(super) struct Inside(Arc<[IpNet]>);

impl Inside {
    pub(super) fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self(networks.into_iter().collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: [&str; 19] = [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2003::1",
        "2606:4700:4700::1111",
        "2a00:1450:4001:81b::200e",
    ];

    const PRIVATE: [&str; 57] = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.170",
        "192.0.2.1",
        "192.31.196.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.168.1.1",
        "192.175.48.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "233.252.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "100::1",
        "100:0:0:1::1",
        "2001::1",
        "2001:0:53aa:64c::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff:ffff::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2620:4f:8000::1",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456:789a::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];

    #[test]
    fn only_the_public_internet_is_public() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        for text in PUBLIC {
            assert!(is_public(address(text)), "{text}");
        }
        for text in PRIVATE {
            assert!(!is_public(address(text)), "{text}");
        }
    }

    #[test]
    fn the_operator_may_allow_networks() {
        let inside = Inside::new(["10.1.0.0/16", "fd00::/8"].map(|net| net.parse().unwrap()));
        for (text, expect) in [
            ("10.1.2.3", true),
            ("10.2.0.1", false),
            ("fd00::1", true),
            ("::ffff:10.1.2.3", false),
        ] {
            assert_eq!(inside.contains(text.parse().unwrap()), expect, "{text}");
        }
    }
}
