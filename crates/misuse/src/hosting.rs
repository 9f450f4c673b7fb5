//! Networks that hold servers, not viewers.

use guard::Asn;

/// Whether a network is a data centre's: by its number in a kept list, or by a word in its name that access providers do
/// not have.
///
/// # Examples
/// ```
/// use guard::Asn;
///
/// assert!(misuse::is_hosting(Some(Asn::new(24940)), None));
/// assert!(misuse::is_hosting(None, Some("Northern Hosting Ltd")));
/// assert!(!misuse::is_hosting(Some(Asn::new(3320)), Some("Deutsche Telekom AG")));
/// ```
pub fn is_hosting(asn: Option<Asn>, provider: Option<&str>) -> bool {
    let by_number = asn.is_some_and(|asn| NETWORKS.binary_search(&asn.number()).is_ok());
    by_number
        || provider.is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            let mut words = name.split(|letter: char| !letter.is_alphanumeric());
            words.any(|word| WORDS.contains(&word))
        })
}

/// In the names of those that rent servers.
const WORDS: [&str; 14] = [
    "hosting",
    "host",
    "hosters",
    "cloud",
    "datacenter",
    "datacentre",
    "datacenters",
    "vps",
    "colo",
    "colocation",
    "dedicated",
    "servers",
    "server",
    "vpn",
];

/// The large ones, as registered with the regional registries (names as `RouteViews` and `DB-IP` list them, June 2026):
/// Amazon, Google, Microsoft, Oracle, IBM, Alibaba, Tencent, Huawei, Yandex, OVH, Hetzner, `DigitalOcean`, Linode, Vultr,
/// Scaleway, Leaseweb, Contabo, netcup, IONOS, Hostinger, M247, Datacamp, Zenlayer, G-Core, and others of their trade.
/// Cloudflare is none: behind it are people with its private relay.
const NETWORKS: [u32; 94] = [
    7203, 8075, 8100, 8560, 9009, 9123, 12876, 14061, 14576, 14618, 15169, 16276, 16509, 18978, 19148, 19318, 20454,
    20473, 21859, 22612, 24940, 25697, 26347, 26496, 27411, 28753, 29802, 30633, 30860, 31898, 33070, 33182, 34549,
    35540, 36007, 36351, 36352, 37963, 40021, 40509, 40676, 43350, 44477, 45090, 45102, 46606, 46652, 46844, 47583,
    48282, 49453, 49505, 49981, 50340, 51167, 51852, 53667, 54290, 54825, 55286, 55990, 56630, 57043, 59253, 59711,
    60068, 60781, 61098, 62240, 62370, 62904, 63949, 131_199, 132_203, 136_907, 197_540, 197_695, 199_524, 200_350,
    200_651, 202_053, 202_422, 203_020, 204_548, 210_644, 212_238, 212_317, 213_230, 216_246, 394_380, 395_954,
    396_190, 396_982, 398_101,
];

#[cfg(test)]
mod tests {
    use guard::Asn;

    use super::{NETWORKS, is_hosting};

    #[test]
    fn the_list_is_in_order_and_has_each_once() {
        assert!(NETWORKS.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn names_are_read_by_whole_words() {
        for (name, hosts) in [
            ("Huawei Cloud Service data center", true),
            ("HZ Hosting Ltd", true),
            ("SECURED SERVERS LLC", true),
            ("Mullvad VPN AB", true),
            ("Cloudflare, Inc.", false),
            ("Deutsche Telekom AG", false),
            ("Ghost Town Telephone Cooperative", false),
            ("Vodafone Limited", false),
        ] {
            assert_eq!(is_hosting(Some(Asn::new(64_500)), Some(name)), hosts, "{name}");
        }
        assert!(!is_hosting(None, None));
    }
}
