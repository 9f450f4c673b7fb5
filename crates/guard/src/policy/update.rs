//! One step of policy, as it travels to the nodes.

use std::sync::Arc;

use ids::{OrganisationId, StreamId};
use serde::{Deserialize, Serialize};

use super::{Organisation, Stream, Subject};
use crate::{Timestamp, VerifyingKey};

/// One change. Applying it twice is the same as once, so that what was perhaps delivered can be sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Update {
    /// An organisation is new, or has other settings, packages or standing.
    Organisation(Organisation),
    /// A stream is new, or has other settings, standing or key.
    Stream(Stream),
    /// A stream is gone.
    StreamDeleted {
        /// Whose it was.
        organisation: OrganisationId,
        /// Which.
        id: StreamId,
    },
    /// A key verifies from now on.
    Key {
        /// Whose it is.
        organisation: OrganisationId,
        /// The public part.
        key: VerifyingKey,
    },
    /// A key verifies no more.
    KeyRemoved {
        /// Whose it was.
        organisation: OrganisationId,
        /// Its name.
        kid: Arc<str>,
    },
    /// Tokens were taken back.
    Revoked {
        /// Whose.
        organisation: OrganisationId,
        /// Which.
        subject: Subject,
        /// Bulk revocations cover what was issued up to here.
        at: Timestamp,
    },
}

/// Which running sessions a change can have touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Those of an organisation.
    Organisation(OrganisationId),
    /// Those on a stream.
    Stream(StreamId),
    /// Those in an organisation whose token the subject names.
    Tokens(OrganisationId, Subject),
}

impl Update {
    /// Whose policy it changes.
    pub fn organisation(&self) -> OrganisationId {
        match self {
            Self::Organisation(organisation) => organisation.id,
            Self::Stream(stream) => stream.organisation,
            Self::StreamDeleted { organisation, .. }
            | Self::Key { organisation, .. }
            | Self::KeyRemoved { organisation, .. }
            | Self::Revoked { organisation, .. } => *organisation,
        }
    }

    /// The sessions to decide again.
    pub fn touched(&self) -> Touched {
        match self {
            Self::Organisation(organisation) => Touched::Organisation(organisation.id),
            Self::Stream(stream) => Touched::Stream(stream.id),
            Self::StreamDeleted { id, .. } => Touched::Stream(*id),
            Self::Key { organisation, key } => Touched::Tokens(*organisation, Subject::Key(key.kid.clone())),
            Self::KeyRemoved { organisation, kid } => Touched::Tokens(*organisation, Subject::Key(kid.clone())),
            Self::Revoked {
                organisation, subject, ..
            } => Touched::Tokens(*organisation, subject.clone()),
        }
    }
}
