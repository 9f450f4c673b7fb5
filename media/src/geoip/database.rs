//! One MMDB file in memory.

use std::{fs, io, net::IpAddr, path::Path, sync::Arc};

use guard::{Asn, Country};
use maxminddb::{
    MaxMindDbError,
    PathElement::{self, Key},
    Reader, WithinOptions,
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::{FileError, Part};

/// A file that was read whole and verified.
#[derive(Debug)]
pub(super) struct Database(Reader<Vec<u8>>);

/// Why a file is no database of this kind.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("it cannot be read")]
    Read(#[from] io::Error),
    /// It is not whole, or is none.
    #[error("it is not a whole MMDB file")]
    Form(#[source] MaxMindDbError),
    /// It is one, of something else.
    #[error("it holds no {0}")]
    Other(&'static str),
}

impl Database {
    /// Reads and verifies the file at `path`.
    pub(super) fn read(part: Part, path: &Path) -> Result<Self, FileError> {
        Self::parse(part, fs::read(path)).map_err(|source| FileError {
            part,
            path: path.to_owned(),
            source,
        })
    }

    fn parse(part: Part, bytes: io::Result<Vec<u8>>) -> Result<Self, OpenError> {
        let reader = Reader::from_source(bytes?).map_err(OpenError::Form)?;
        verify(&reader).map_err(OpenError::Form)?;
        let database = Self(reader);
        if database.holds(part).map_err(OpenError::Form)? {
            Ok(database)
        } else {
            Err(OpenError::Other(part.content()))
        }
    }

    /// The country of an address, where it is in the file and is one.
    pub(super) fn country(&self, address: IpAddr) -> Option<Country> {
        COUNTRY.iter().find_map(|path| self.text(address, path)?.parse().ok())
    }

    /// The number of an address's network, where it is in the file and is one.
    pub(super) fn asn(&self, address: IpAddr) -> Option<Asn> {
        // Of whatever width a file writes it.
        let number = self.at::<Value>(address, NUMBER).and_then(|number| number.as_u64());
        let number = number.and_then(|number| u32::try_from(number).ok().filter(|number| *number > 0));
        let spelled = || self.text(address, SPELLED_NUMBER)?.parse().ok();
        number.map(Asn::new).or_else(spelled)
    }

    /// Who runs an address's network, where it is in the file; at most 100 characters.
    pub(super) fn provider(&self, address: IpAddr) -> Option<Arc<str>> {
        let name = PROVIDER.iter().find_map(|path| self.text(address, path))?;
        Some(name.chars().take(100).collect::<String>().into())
    }

    /// Whether the first records say something of this kind.
    fn holds(&self, part: Part) -> Result<bool, MaxMindDbError> {
        for found in self.0.networks(WithinOptions::default())?.take(RECORDS) {
            let address = found?.network()?.ip();
            let known = match part {
                Part::Country => self.country(address).is_some(),
                Part::Asn => self.asn(address).is_some(),
            };
            if known {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn text(&self, address: IpAddr, path: &[PathElement<'_>]) -> Option<&str> {
        self.at(address, path)
    }

    /// What is at `path` in the address's record; nothing where it is not there, or is something else.
    fn at<'a, T: Deserialize<'a>>(&'a self, address: IpAddr, path: &[PathElement<'_>]) -> Option<T> {
        self.0.lookup(address).ok()?.decode_path(path).ok()?
    }
}

/// Some files say nothing of themselves (ip-location-db's), which the library takes for a fault of theirs: of these every
/// record is read instead.
fn verify(reader: &Reader<Vec<u8>>) -> Result<(), MaxMindDbError> {
    if !reader.metadata().description.is_empty() {
        return reader.verify();
    }
    for found in reader.networks(WithinOptions::default())? {
        found?.decode::<IgnoredAny>()?;
    }
    Ok(())
}

impl Part {
    const fn content(self) -> &'static str {
        match self {
            Self::Country => "countries of addresses",
            Self::Asn => "numbers of networks",
        }
    }
}

type Field = &'static [PathElement<'static>];

/// As `GeoLite2` and DB-IP write it, as ip-location-db does, and as `IPinfo` does.
const COUNTRY: [Field; 3] = [
    &[Key("country"), Key("iso_code")],
    &[Key("country_code")],
    &[Key("country")],
];
/// As `GeoLite2`, DB-IP and ip-location-db write it; `IPinfo` spells it as a text.
const NUMBER: Field = &[Key("autonomous_system_number")];
const SPELLED_NUMBER: Field = &[Key("asn")];
const PROVIDER: [Field; 2] = [&[Key("autonomous_system_organization")], &[Key("as_name")]];
/// How many records are looked at to see what a file is about; those of reserved networks say nothing.
const RECORDS: usize = 10_000;
