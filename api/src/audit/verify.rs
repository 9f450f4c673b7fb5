//! Walks audit chains and names the first broken link, in bounded memory, without changing anything.
//!
//! Hashes find what was altered, removed or swapped within a chain; the signed head, which is outside the database, finds
//! a tail that was cut off, or a chain that was written anew.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use entity::{Table, Tenanted, audit_chain, audit_entry, organisation};
use guard::Timestamp;
use ids::{AuditId, OrganisationId};
use link::Entropy;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::{
    hash,
    heads::{Head, HeadError, Heads},
};
use crate::{
    seal::{MasterKeyError, Seal},
    store::Store,
};

/// Where the chains and their signed heads are.
#[derive(Clone, Debug)]
pub struct Verification {
    /// `sqlite://…` or `postgres://…`.
    pub database_url: String,
    /// The master key, with which heads are signed.
    pub master_key_file: PathBuf,
    /// The folder of the signed heads.
    pub heads: PathBuf,
    /// The hash of one organisation; every chain unless said.
    pub organisation: Option<String>,
    /// The moment it is: chains that are old enough must have been signed.
    pub now: Timestamp,
}

/// Why nothing was verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The master key is missing or unusable.
    #[error("no master key")]
    MasterKey(#[from] MasterKeyError),
    /// There is no such file.
    #[error("there is no master key at `{0}`")]
    NoMasterKey(PathBuf),
    /// The database cannot be read.
    #[error("the database cannot be read")]
    Database(#[from] DbErr),
    /// The signed heads cannot be read.
    #[error("the signed heads cannot be read")]
    Heads(#[source] std::io::Error),
    /// There is no organisation of that hash.
    #[error("there is no organisation `{0}`")]
    NoOrganisation(String),
}

/// What was found in one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainReport {
    /// The organisation's hash, or `platform`.
    pub name: String,
    /// Entries that were found intact.
    pub intact: u64,
    /// Entries from before there was a chain; nothing protects them.
    pub unchained: u64,
    /// The number up to which a signed head vouches, where there is one.
    pub signed: Option<i64>,
    /// The first broken link.
    pub broken: Option<Broken>,
}

/// A broken link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which number of the chain.
    pub sequence: i64,
    /// The id of the entry there, where there is one.
    pub id: Option<String>,
    /// What is wrong.
    pub what: Defect,
}

/// What is wrong with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The entry does not say what it said when it was hashed.
    Hash,
    /// It does not continue the entry before it.
    Previous,
    /// There is no entry of this number, and there are later ones.
    Gap,
    /// The chain ends before this entry, which was there.
    Cut,
    /// The entry is not the one that was signed.
    Signed,
    /// The signed head itself was altered.
    Head,
    /// There is no signed head, although one was signed long ago.
    Unsigned,
}

/// The end of what was walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) sequence: i64,
    pub(crate) hash: Vec<u8>,
}

/// Why a walk ended early.
pub(crate) enum Stop {
    Broken(Broken),
    Database(DbErr),
}

impl Link {
    /// Before the first entry.
    pub(crate) fn beginning() -> Self {
        Self {
            sequence: 0,
            hash: vec![0; 32],
        }
    }
}

impl ChainReport {
    /// Whether no link is broken.
    pub fn is_intact(&self) -> bool {
        self.broken.is_none()
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hash => "its hash does not fit what it says",
            Self::Previous => "it does not continue the entry before it",
            Self::Gap => "it is missing, and later entries are there",
            Self::Cut => "the chain was cut off before it",
            Self::Signed => "it is not the entry whose hash was signed",
            Self::Head => "the signed head was altered",
            Self::Unsigned => "it is old enough to be signed, and there is no signed head of this chain",
        })
    }
}

impl fmt::Display for ChainReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:10}", self.name)?;
        match &self.broken {
            Some(Broken { sequence, id, what }) => {
                let id = id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
                write!(f, "BROKEN at entry {sequence}{id}: {what}")?;
            }
            None => write!(f, "{} entries intact", self.intact)?,
        }
        match self.signed {
            Some(signed) => write!(f, "; signed up to entry {signed}")?,
            None => f.write_str("; no signed head yet")?,
        }
        if self.unchained > 0 {
            write!(f, "; {} entries from before the chain", self.unchained)?;
        }
        Ok(())
    }
}

/// Verifies one chain, or all of them, the platform's first. Reads only, and may run beside a control plane.
pub async fn verify(verification: &Verification) -> Result<Vec<ChainReport>, VerifyError> {
    if !verification.master_key_file.is_file() {
        return Err(VerifyError::NoMasterKey(verification.master_key_file.clone()));
    }
    let seal = Seal::from_file(&verification.master_key_file, Entropy::system())?;
    let heads = Heads::new(&seal, verification.heads.clone());
    let store = Store::open_as_it_is(&verification.database_url).await?;
    let unsigned_since = verification.now.us().saturating_sub(UNSIGNED_US);
    let mut reports = Vec::new();
    for (chain, name) in chains(&store, &heads, verification.organisation.as_deref()).await? {
        reports.push(one(&store, &heads, chain, name, unsigned_since).await?);
    }
    store.close().await?;
    Ok(reports)
}

/// Walks a chain's entries behind `from`. `seen` is told of each intact one.
pub(crate) async fn walk(
    connection: &impl ConnectionTrait,
    chain: Uuid,
    from: Link,
    mut seen: impl FnMut(&Link) -> Result<(), Defect>,
) -> Result<Link, Stop> {
    let mut last = from;
    loop {
        let rows = of_chain(chain)
            .filter(audit_entry::Column::Sequence.gt(last.sequence))
            .order_by_asc(audit_entry::Column::Sequence)
            .limit(BATCH)
            .all(connection)
            .await
            .map_err(Stop::Database)?;
        if rows.is_empty() {
            return Ok(last);
        }
        for row in rows {
            let next = last.sequence.saturating_add(1);
            let sequence = row.sequence.unwrap_or_default();
            let id = AuditId::from_uuid(row.id).to_string();
            let broken = |id: Option<String>, what| {
                let sequence = next;
                Stop::Broken(Broken { sequence, id, what })
            };
            if sequence != next {
                return Err(broken(None, Defect::Gap));
            }
            if row.hash.as_deref() != Some(hash(&row).as_slice()) {
                return Err(broken(Some(id), Defect::Hash));
            }
            if row.previous_hash.as_deref() != Some(last.hash.as_slice()) {
                return Err(broken(Some(id), Defect::Previous));
            }
            last = Link {
                sequence,
                hash: row.hash.unwrap_or_default(),
            };
            seen(&last).map_err(|what| broken(Some(id), what))?;
        }
    }
}

/// The newest link of a chain, as the table of chains has it.
pub(crate) async fn newest(connection: &impl ConnectionTrait, chain: Uuid) -> Result<Option<Link>, DbErr> {
    let select = if chain.is_nil() {
        audit_chain::Entity::of_platform()
    } else {
        audit_chain::Entity::in_tenant(OrganisationId::from_uuid(chain))
    };
    Ok(select.one(connection).await?.map(|row| Link {
        sequence: row.sequence,
        hash: row.hash,
    }))
}

/// When the first entry of a chain was made.
async fn first(connection: &impl ConnectionTrait, chain: Uuid) -> Result<Option<i64>, DbErr> {
    let first = of_chain(chain)
        .filter(audit_entry::Column::Sequence.is_not_null())
        .order_by_asc(audit_entry::Column::Sequence)
        .one(connection)
        .await?;
    Ok(first.map(|row| row.created_at))
}

async fn one(
    store: &Store,
    heads: &Heads,
    chain: Uuid,
    name: String,
    unsigned_since: i64,
) -> Result<ChainReport, VerifyError> {
    // Before the moment at which the database is read: what was signed by then is in it.
    let head = match heads.read(chain) {
        Ok(head) => head,
        Err(HeadError::File(error)) => return Err(VerifyError::Heads(error)),
        Err(HeadError::Altered) => {
            let (sequence, id, what) = (0, None, Defect::Head);
            return Ok(ChainReport {
                name,
                intact: 0,
                unchained: 0,
                signed: None,
                broken: Some(Broken { sequence, id, what }),
            });
        }
    };
    let moment = store.moment().await?;
    let unchained = of_chain(chain)
        .filter(audit_entry::Column::Sequence.is_null())
        .count(&moment)
        .await?;
    let newest = newest(&moment, chain).await?.unwrap_or_else(Link::beginning);
    let signed = head.as_ref().map(|head| head.link.sequence);
    let mut intact = 0;
    let walked = walk(&moment, chain, Link::beginning(), |link| {
        if head.as_ref().is_some_and(|head| head.contradicts(link)) {
            return Err(Defect::Signed);
        }
        intact += 1;
        Ok(())
    })
    .await;
    let broken = match walked {
        Err(Stop::Database(error)) => return Err(error.into()),
        Err(Stop::Broken(broken)) => Some(broken),
        Ok(last) => {
            let known = signed.unwrap_or_default().max(newest.sequence);
            let at = |sequence, what| Broken {
                sequence,
                id: None,
                what,
            };
            if last.sequence < known {
                Some(at(last.sequence.saturating_add(1), Defect::Cut))
            } else if last != newest {
                // Entries that nobody appended.
                Some(at(newest.sequence.saturating_add(1), Defect::Previous))
            } else if signed.is_none() && first(&moment, chain).await?.is_some_and(|at| at < unsigned_since) {
                Some(at(1, Defect::Unsigned))
            } else {
                None
            }
        }
    };
    moment.rollback().await?;
    Ok(ChainReport {
        name,
        intact,
        unchained,
        signed,
        broken,
    })
}

/// Every chain that there is or was, with its name: in the database, or among the signed heads.
async fn chains(store: &Store, heads: &Heads, only: Option<&str>) -> Result<BTreeMap<Uuid, String>, VerifyError> {
    let mut organisations =
        organisation::Entity::across_tenants("whose audit chains are verified, for who holds the master key");
    if let Some(hash) = only {
        organisations = organisations.filter(organisation::Column::Hash.eq(hash));
    }
    let mut chains: BTreeMap<_, _> = organisations
        .all(store.read())
        .await?
        .into_iter()
        .map(|row| (row.id, row.hash))
        .collect();
    match only {
        Some(hash) if chains.is_empty() => return Err(VerifyError::NoOrganisation(hash.to_owned())),
        Some(_) => return Ok(chains),
        None => {}
    }
    chains.insert(Uuid::nil(), PLATFORM.to_owned());
    let known = audit_chain::Entity::across_tenants("which audit chains there are")
        .all(store.read())
        .await?;
    let signed = heads.chains().map_err(VerifyError::Heads)?;
    for chain in known.into_iter().map(|row| row.id).chain(signed) {
        chains
            .entry(chain)
            .or_insert_with(|| OrganisationId::from_uuid(chain).to_string());
    }
    Ok(chains)
}

fn of_chain(chain: Uuid) -> Select<audit_entry::Entity> {
    if chain.is_nil() {
        audit_entry::Entity::of_platform()
    } else {
        audit_entry::Entity::in_tenant(OrganisationId::from_uuid(chain))
    }
}

impl Head {
    /// Whether a link of this number is another one.
    fn contradicts(&self, link: &Link) -> bool {
        self.link.sequence == link.sequence && self.link.hash != link.hash
    }
}

/// What the chain of no organisation is called.
pub(crate) const PLATFORM: &str = "platform";
/// A chain is signed hourly, and when a control plane starts: who has entries of twice that age was signed.
const UNSIGNED_US: i64 = 2 * 3_600 * 1_000_000;
/// Entries in memory at once.
const BATCH: u64 = 500;
