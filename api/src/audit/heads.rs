//! The signed heads of audit chains, outside the database: one file for each chain, replaced as the chain grows.
//!
//! A head is signed with an Ed25519 key that is derived from the master key. It only ever moves forward, and only over
//! links that are intact: a chain that was cut off or written anew keeps the head that shows it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use entity::{Table, audit_chain};
use ids::OrganisationId;
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::verify::{Broken, Link, PLATFORM, Stop, newest, walk};
use crate::{seal::Seal, state::State};

/// The folder of the signed heads, and the key that signs them.
pub(crate) struct Heads {
    seed: Zeroizing<[u8; 32]>,
    folder: PathBuf,
}

/// How far a chain was when it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) link: Link,
    /// Microseconds since 1970.
    pub(crate) at: i64,
}

/// Why a head cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadError {
    /// The file system refused.
    #[error("the file cannot be used")]
    File(#[from] io::Error),
    /// It is not what was signed.
    #[error("the signature does not fit")]
    Altered,
}

/// A head as its file has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    chain: String,
    sequence: i64,
    hash: String,
    signed_at_us: i64,
    signature: String,
}

impl Heads {
    pub(crate) fn new(seal: &Seal, folder: PathBuf) -> Self {
        Self {
            seed: Zeroizing::new(seal.derive("audit heads")),
            folder,
        }
    }

    /// The newest signed head of a chain.
    pub(crate) fn read(&self, chain: Uuid) -> Result<Option<Head>, HeadError> {
        let text = match fs::read(self.file(chain)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let written: Written = serde_json::from_slice(&text).map_err(|_| HeadError::Altered)?;
        let head = Head {
            link: Link {
                sequence: written.sequence,
                hash: hex::decode(&written.hash).map_err(|_| HeadError::Altered)?,
            },
            at: written.signed_at_us,
        };
        let signature = hex::decode(&written.signature).map_err(|_| HeadError::Altered)?;
        let pair = self.pair()?;
        UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref())
            .verify(&message(chain, &head), &signature)
            .map_err(|_| HeadError::Altered)?;
        Ok(Some(head))
    }

    /// The chains that were signed.
    pub(crate) fn chains(&self) -> io::Result<Vec<Uuid>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(error),
        };
        let mut chains = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let stem = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
            if let Some(id) = stem.and_then(|stem| stem.parse::<OrganisationId>().ok()) {
                chains.push(id.uuid());
            }
        }
        Ok(chains)
    }

    fn write(&self, chain: Uuid, head: &Head) -> Result<(), HeadError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let signature = self.pair()?.sign(&message(chain, head));
        let written = Written {
            chain: name(chain),
            sequence: head.link.sequence,
            hash: hex::encode(&head.link.hash),
            signed_at_us: head.at,
            signature: hex::encode(signature.as_ref()),
        };
        let path = self.file(chain);
        // Under a name of its own: two control planes may sign at once.
        let new = path.with_extension(format!("{}.new", hex::encode(signature.as_ref().split_at(8).0)));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(&serde_json::to_vec(&written).map_err(io::Error::from)?)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    fn file(&self, chain: Uuid) -> PathBuf {
        self.folder.join(format!("{}{SUFFIX}", name(chain)))
    }

    fn pair(&self) -> Result<Ed25519KeyPair, HeadError> {
        Ed25519KeyPair::from_seed_unchecked(self.seed.as_slice()).map_err(|_| HeadError::Altered)
    }
}

impl std::fmt::Debug for Heads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Heads")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// The task: signs at start, every hour, and when `stop` is cancelled.
pub(crate) async fn run(state: Arc<State>, heads: Heads, stop: CancellationToken) {
    let mut hour = tokio::time::interval(HOUR);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = hour.tick() => sign_or_log(&state, &heads).await,
        }
    }
    sign_or_log(&state, &heads).await;
}

async fn sign_or_log(state: &State, heads: &Heads) {
    let chains = audit_chain::Entity::across_tenants("the heads of every audit chain are signed")
        .all(state.store.read())
        .await;
    let chains = match chains {
        Ok(chains) => chains,
        Err(error) => {
            tracing::error!(%error, "the audit chains cannot be signed: the database refused");
            return;
        }
    };
    for chain in chains {
        match sign(state, heads, chain.id).await {
            Ok(()) => {}
            Err(SignError::Broken(broken)) => tracing::error!(
                chain = name(chain.id),
                sequence = broken.sequence,
                what = %broken.what,
                "an audit chain is broken, and not signed: see `portcullis audit verify`"
            ),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(chain = name(chain.id), %error, cause, "an audit chain cannot be signed");
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum SignError {
    #[error("a link is broken")]
    Broken(Broken),
    #[error("the signed head cannot be used")]
    Head(#[from] HeadError),
    #[error("the database refused")]
    Database(#[from] DbErr),
}

/// Moves the head of a chain forward over what is intact.
async fn sign(state: &State, heads: &Heads, chain: Uuid) -> Result<(), SignError> {
    let before = heads.read(chain)?.map_or_else(Link::beginning, |head| head.link);
    let moment = state.store.moment().await?;
    let newest = newest(&moment, chain).await?.unwrap_or_else(Link::beginning);
    let walked = if newest == before {
        Ok(before.clone())
    } else {
        walk(&moment, chain, before.clone(), |_| Ok(())).await
    };
    moment.rollback().await?;
    let link = match walked {
        Ok(link) => link,
        Err(Stop::Broken(broken)) => return Err(SignError::Broken(broken)),
        Err(Stop::Database(error)) => return Err(error.into()),
    };
    if link != newest {
        let what = super::verify::Defect::Cut;
        let sequence = link.sequence;
        return Err(SignError::Broken(Broken {
            sequence,
            id: None,
            what,
        }));
    }
    if link == before {
        return Ok(());
    }
    let at = state.now_us();
    Ok(heads.write(chain, &Head { link, at })?)
}

/// What is signed.
fn message(chain: Uuid, head: &Head) -> Vec<u8> {
    [
        b"portcullis audit head\0".as_slice(),
        chain.as_bytes(),
        &head.link.sequence.to_be_bytes(),
        &head.link.hash,
        &head.at.to_be_bytes(),
    ]
    .concat()
}

fn name(chain: Uuid) -> String {
    if chain.is_nil() {
        PLATFORM.to_owned()
    } else {
        OrganisationId::from_uuid(chain).to_string()
    }
}

const SUFFIX: &str = ".json";
const HOUR: Duration = Duration::from_hours(1);
