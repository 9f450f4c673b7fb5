//! Networks that hold servers, not viewers.
//!
//! Which ones is a file, `data/hosting.tsv`, that can be read and brought up to date without a word of code.

use std::sync::LazyLock;

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

/// In their order. The list says where it is from, and whom it leaves out.
static NETWORKS: LazyLock<Vec<u32>> = LazyLock::new(|| LIST.lines().filter_map(number).collect());

const LIST: &str = include_str!("../data/hosting.tsv");

/// Of the network that a line names; a comment names none.
fn number(line: &str) -> Option<u32> {
    let (number, _) = line.split_once('\t')?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use guard::Asn;

    use super::{LIST, NETWORKS, is_hosting, number};

    #[test]
    fn each_line_of_the_list_names_a_network() {
        for line in LIST.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split_once('\t').map_or("", |(_, name)| name);
            assert!(number(line).is_some(), "`{line}` begins with a number and a tab");
            assert!(
                !name.is_empty() && name.trim() == name && !name.contains('\t'),
                "`{line}` has one name"
            );
        }
    }

    #[test]
    fn the_list_is_in_order_and_has_each_once() {
        for (one, next) in NETWORKS.iter().zip(NETWORKS.iter().skip(1)) {
            assert!(one < next, "{next} stands after {one}");
        }
    }

    #[test]
    fn the_large_clouds_are_in_the_list() {
        for (asn, name) in [
            (8_075, "Microsoft"),
            (14_061, "DigitalOcean"),
            (16_276, "OVH"),
            (16_509, "Amazon"),
            (20_473, "Vultr"),
            (24_940, "Hetzner"),
            (31_898, "Oracle"),
            (45_102, "Alibaba"),
            (63_949, "Linode"),
            (132_203, "Tencent"),
            (396_982, "Google"),
        ] {
            assert!(is_hosting(Some(Asn::new(asn)), None), "{name}");
        }
    }

    /// Subscribers of access providers, and who watches from home through a private relay.
    #[test]
    fn networks_of_people_are_not_in_the_list() {
        for (asn, name) in [
            (701, "Verizon"),
            (1_136, "KPN"),
            (1_221, "Telstra"),
            (2_516, "KDDI"),
            (2_856, "BT"),
            (3_209, "Vodafone"),
            (3_215, "Orange"),
            (3_269, "Telecom Italia"),
            (3_301, "Telia"),
            (3_320, "Deutsche Telekom"),
            (3_352, "Telefonica"),
            (4_134, "Chinanet"),
            (4_766, "Korea Telecom"),
            (5_089, "Virgin Media"),
            (5_607, "Sky"),
            (6_830, "Liberty Global"),
            (7_018, "AT&T"),
            (7_922, "Comcast"),
            (8_151, "Uninet"),
            (8_473, "Bahnhof, which rents servers too"),
            (8_881, "1&1 Versatel, of the same house as IONOS"),
            (9_121, "Turk Telekom"),
            (9_808, "China Mobile"),
            (12_322, "Free, of the same house as Scaleway"),
            (12_389, "Rostelecom"),
            (13_335, "Cloudflare, where a private relay ends"),
            (14_593, "Starlink"),
            (16_591, "Google Fiber"),
            (21_928, "T-Mobile"),
            (28_573, "Claro"),
            (36_183, "Akamai, where a private relay ends"),
            (54_113, "Fastly, where a private relay ends"),
            (55_836, "Jio"),
        ] {
            assert!(!is_hosting(Some(Asn::new(asn)), None), "{name}");
        }
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
