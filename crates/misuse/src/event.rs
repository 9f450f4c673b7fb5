//! What happens, as far as misuse can be seen in it.

use std::{net::IpAddr, sync::Arc};

use guard::{Place, Reason, Timestamp};
use ids::{NodeId, SessionId, StreamName};

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// A viewer was admitted.
    Started(Arc<Stay>),
    /// A session goes on.
    Beat {
        /// Which.
        session: SessionId,
        /// Bytes of media so far.
        bytes: u64,
    },
    /// A session runs on a newer token.
    Renewed {
        /// Which.
        session: SessionId,
        /// The newer token's id.
        jti: Arc<str>,
    },
    /// A session is over.
    Ended {
        /// Which.
        session: SessionId,
    },
    /// A viewer was refused.
    Denied(Denial),
}

/// A viewer's session.
#[derive(Clone, Debug)]
pub struct Stay {
    /// Its id.
    pub session: SessionId,
    /// Where.
    pub node: NodeId,
    /// On which stream.
    pub stream: StreamName,
    /// The id of its token, where it has one.
    pub jti: Option<Arc<str>>,
    /// The viewer whom the token names.
    pub user: Option<Arc<str>>,
    /// From where.
    pub address: IpAddr,
    /// Country and network of that, as far as they are known.
    pub place: Place,
    /// Who runs that network, where it is known.
    pub provider: Option<Arc<str>>,
    /// The host of the page it came from.
    pub referrer: Option<Arc<str>>,
}

/// A refusal.
#[derive(Clone, Debug)]
pub struct Denial {
    /// For which stream; none where no stream has the name that was asked for.
    pub stream: Option<StreamName>,
    /// From where.
    pub address: IpAddr,
    /// The id of the token that was shown, where it was proven.
    pub jti: Option<Arc<str>>,
    /// Why.
    pub reason: Reason,
}
