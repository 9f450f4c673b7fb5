//! What tests share: a database of one's own, on SQLite or on PostgreSQL.
//!
//! Clocks and seeded randomness are `link`'s; ports are 0.

mod postgres;

use std::path::{Path, PathBuf};

use postgres::Cluster;
use tempfile::TempDir;

/// An empty database that is gone with this value. It is not migrated: whoever opens it does that.
#[derive(Debug)]
pub struct Database {
    url: String,
    // Dropped in this order: the server before its folder.
    cluster: Option<Cluster>,
    folder: TempDir,
}

/// Which kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A private cluster, on a Unix socket.
    Postgres,
}

impl Database {
    /// A new one of a kind.
    pub fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        match kind {
            Kind::Sqlite => Self {
                url: format!("sqlite://{}?mode=rwc", folder.path().join("portcullis.db").display()),
                cluster: None,
                folder,
            },
            Kind::Postgres => {
                let cluster = Cluster::start(folder.path());
                Self {
                    url: cluster.url(),
                    cluster: Some(cluster),
                    folder,
                }
            }
        }
    }

    /// What the product is told.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends its server as a crash does; a file has none.
    pub fn stop(&mut self) {
        self.cluster.as_mut().expect("a server").stop();
    }

    /// Starts its server again with what it had.
    pub fn resume(&mut self) {
        self.cluster.as_mut().expect("a server").resume();
    }

    /// A folder of the test's own, for a master key and the like.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file in that folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
