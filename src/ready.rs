//! `ready.json`: that a demo is ready, and where everything is. It is complete or not there; only its owner reads it.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::Context;
use serde::Serialize;

/// What scripts rely on. All addresses are absolute.
#[derive(Serialize)]
pub(crate) struct Ready {
    /// Where HTTP is.
    pub(crate) http: String,
    /// Where GraphQL is.
    pub(crate) graphql: String,
    /// Where RTMP is.
    pub(crate) rtmp: String,
    /// Where to click.
    pub(crate) dashboard: String,
    /// Who can sign in.
    pub(crate) users: Vec<User>,
    /// Who looks after the installation.
    pub(crate) operator: Operator,
    /// What can be watched and published.
    pub(crate) streams: Vec<Stream>,
}

/// Somebody who can sign in.
#[derive(Serialize)]
pub(crate) struct User {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) role: String,
    /// By its hash.
    pub(crate) organisation: String,
}

/// A platform operator, a member of no organisation.
#[derive(Serialize)]
pub(crate) struct Operator {
    pub(crate) email: String,
    pub(crate) password: String,
}

/// A stream.
#[derive(Serialize)]
pub(crate) struct Stream {
    pub(crate) name: String,
    /// Complete with host, port and key.
    #[serde(rename = "ingestUrl")]
    pub(crate) ingest_url: String,
    /// With a valid token.
    #[serde(rename = "watchUrl")]
    pub(crate) watch_url: String,
}

impl Ready {
    /// Writes the file by rename, mode 0600.
    pub(crate) fn write(&self, data: &Path) -> anyhow::Result<()> {
        let (file, draft) = (data.join(FILE), data.join(DRAFT));
        remove_file(&draft)?;
        let mut options = OpenOptions::new();
        let mut draft_file = options.write(true).create_new(true).mode(0o600).open(&draft)?;
        draft_file.write_all(&serde_json::to_vec_pretty(self)?)?;
        draft_file.sync_all()?;
        fs::rename(&draft, &file).with_context(|| format!("cannot write `{}`", file.display()))
    }
}

/// Removes the file of an earlier start.
pub(crate) fn remove(data: &Path) -> anyhow::Result<()> {
    remove_file(&data.join(FILE))
}

fn remove_file(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

const FILE: &str = "ready.json";
const DRAFT: &str = ".ready.json.draft";
