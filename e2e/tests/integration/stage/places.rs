//! Files that say where addresses are, as operators bring them.

use std::path::Path;

use maxminddb_writer::{Database, metadata::IpVersion, paths::IpAddrWithMask};
use serde_json::Value;

/// Takes the place of a file, in one step, with one that says this of these networks of this machine.
pub(crate) fn places(path: &Path, records: &[(&str, Value)]) {
    let mut database = Database::default();
    database.metadata.ip_version = IpVersion::V6;
    database.metadata.binary_format_major_version = 2;
    "test".clone_into(&mut database.metadata.database_type);
    database.metadata.description = [("en".to_owned(), "test".to_owned())].into();
    for (network, record) in records {
        let data = database.insert_value(record).expect("a record");
        database.insert_node(within_v6(network), data);
    }
    let draft = path.with_extension("draft");
    database
        .write_to(std::fs::File::create(&draft).expect("a file"))
        .expect("a database");
    std::fs::rename(draft, path).expect("one step");
}

/// Where such files have an IPv4 network.
fn within_v6(network: &str) -> IpAddrWithMask {
    let (address, length) = network.split_once('/').expect("a network");
    let length: u8 = length.parse().expect("a length");
    format!("::{address}/{}", 96 + length).parse().expect("a network")
}
