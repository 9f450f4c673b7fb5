//! Where addresses are: country and network, looked up in files of the format MMDB 2.0 that somebody else exchanges.
//!
//! What is in no file is unknown, and is never guessed. A file is read whole and verified before it answers, so a broken
//! or half-written one never does: the old one stays.

mod database;
mod follow;

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use arc_swap::ArcSwapOption;
use database::Database;
pub use database::OpenError;
use follow::{Mark, mark};
use guard::Place;

/// Where the files are; what there is no file for is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Countries of addresses.
    pub country: Option<PathBuf>,
    /// Networks of addresses: their numbers, and who runs them.
    pub asn: Option<PathBuf>,
}

/// Which of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// That of countries.
    Country,
    /// That of networks.
    Asn,
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{}` cannot be used", .path.display())]
pub struct FileError {
    /// Which part it was for.
    pub part: Part,
    /// Where it is.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub source: OpenError,
}

/// What is known about an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Located {
    /// What decisions look at.
    pub place: Place,
    /// Who runs the network.
    pub provider: Option<Arc<str>>,
}

/// The files, read. Cheap to share; answers from what was read last.
#[derive(Clone, Debug, Default)]
pub struct Geoip {
    country: Source,
    asn: Source,
}

/// One file and what was in it.
#[derive(Clone, Debug, Default)]
struct Source {
    path: Option<PathBuf>,
    /// What it was before it was read.
    mark: Mark,
    shown: Arc<ArcSwapOption<Database>>,
}

impl Geoip {
    /// Reads the files.
    pub fn open(files: Files) -> Result<Self, FileError> {
        Ok(Self {
            country: Source::open(Part::Country, files.country)?,
            asn: Source::open(Part::Asn, files.asn)?,
        })
    }

    /// Whether there is a file of that kind that answers.
    pub fn knows(&self, part: Part) -> bool {
        let source = match part {
            Part::Country => &self.country,
            Part::Asn => &self.asn,
        };
        source.shown.load().is_some()
    }

    /// What decisions look at of an address.
    pub fn place(&self, address: IpAddr) -> Place {
        let address = guard::fold(address);
        let (country, asn) = (self.country.shown.load(), self.asn.shown.load());
        Place {
            country: country.as_ref().and_then(|database| database.country(address)),
            asn: asn.as_ref().and_then(|database| database.asn(address)),
        }
    }

    /// All that is known about an address.
    pub fn locate(&self, address: IpAddr) -> Located {
        let asn = self.asn.shown.load();
        Located {
            place: self.place(address),
            provider: asn
                .as_ref()
                .and_then(|database| database.provider(guard::fold(address))),
        }
    }
}

impl Source {
    fn open(part: Part, path: Option<PathBuf>) -> Result<Self, FileError> {
        let mark = path.as_deref().and_then(mark);
        let database = path.as_deref().map(|path| Database::read(part, path)).transpose()?;
        Ok(Self {
            path,
            mark,
            shown: Arc::new(ArcSwapOption::from_pointee(database)),
        })
    }
}
