//! What a media node tells: who came, who stayed, who went, who was refused.

use std::{net::IpAddr, sync::Arc};

use guard::{Door, Grant, Place, Reason, Step, Timestamp};
use ids::{DecisionId, NodeId, OrganisationId, RuleId, SessionId, StreamId, StreamName};
use serde::{Deserialize, Serialize};

use crate::Quality;

/// Something that happened on a node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Where.
    pub node: NodeId,
    /// What.
    pub kind: Kind,
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Kind {
    /// A session was admitted.
    Started(SessionFacts),
    /// A session goes on.
    Beat {
        /// Which.
        session: SessionId,
        /// Whose.
        organisation: OrganisationId,
        /// Bytes of media so far.
        bytes: u64,
        /// Requests so far; one that stays open is one.
        #[serde(default)]
        requests: u64,
    },
    /// How well a session's player played since this was told of it last.
    Quality {
        /// Which.
        session: SessionId,
        /// Whose.
        organisation: OrganisationId,
        /// By its own account, within what can be.
        quality: Quality,
    },
    /// A session runs on a newer token.
    Renewed {
        /// Which.
        session: SessionId,
        /// Whose.
        organisation: OrganisationId,
        /// The newer token.
        grant: Grant,
    },
    /// A session is over.
    Ended(SessionEnd),
    /// A request was refused.
    Denied {
        /// Whose stream it was for, where the name belongs to an organisation.
        organisation: Option<OrganisationId>,
        /// The name that was asked for.
        stream: StreamName,
        /// Which way.
        door: Door,
        /// By which protocol.
        protocol: Protocol,
        /// From where.
        address: IpAddr,
        /// Why.
        reason: Reason,
        /// The refusal's id.
        decision: DecisionId,
        /// What was looked at, step by step, and what was found.
        trace: Vec<Step>,
        /// Who it was, as far as it is known.
        visitor: Visitor,
    },
    /// A stream has a publisher.
    Live {
        /// Which.
        stream: StreamId,
        /// Whose.
        organisation: OrganisationId,
    },
    /// A stream has none any more.
    Offline {
        /// Which.
        stream: StreamId,
        /// Whose.
        organisation: OrganisationId,
    },
    /// Guardian rules were met by those who asked.
    RulesMet {
        /// Whose.
        organisation: OrganisationId,
        /// Which, and how often since this was told last.
        rules: Vec<(RuleId, u32)>,
    },
    /// The node is gone, and with it whatever it carried. For whoever carries events between processes to tell: within one,
    /// a node goes with its control plane, and never tells it of itself.
    NodeLost,
}

/// A session as it began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionFacts {
    /// Its id, minted by the node.
    pub session: SessionId,
    /// Whose.
    pub organisation: OrganisationId,
    /// On which stream.
    pub stream: StreamId,
    /// The stream's name.
    pub name: StreamName,
    /// Which way.
    pub door: Door,
    /// By which protocol.
    pub protocol: Protocol,
    /// From where.
    pub address: IpAddr,
    /// Where that is, as far as it is known.
    pub place: Place,
    /// Who runs that network, where it is known.
    pub provider: Option<Arc<str>>,
    /// Whether nobody on the way can read it.
    pub encrypted: bool,
    /// The token that let it in, where it came with one.
    pub grant: Option<Grant>,
    /// The player's name for itself, at most 512 bytes.
    pub user_agent: Option<Arc<str>>,
    /// The host of the page it came from.
    pub referrer: Option<Arc<str>>,
}

impl SessionFacts {
    /// The token's id.
    pub fn jti(&self) -> Option<&str> {
        self.grant.as_ref().map(|grant| &*grant.jti)
    }

    /// The viewer that the token names.
    pub fn user(&self) -> Option<&str> {
        self.grant.as_ref()?.user.as_deref()
    }

    /// The token's label.
    pub fn tag(&self) -> Option<&str> {
        self.grant.as_ref()?.tag.as_deref()
    }
}

/// Somebody who was refused, as far as it is known who that is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Visitor {
    /// Where the address is.
    pub place: Place,
    /// Who runs that network, where it is known.
    pub provider: Option<Arc<str>>,
    /// The token that was shown, where it was proven.
    pub grant: Option<Grant>,
    /// The player's name for itself, at most 512 bytes.
    pub user_agent: Option<Arc<str>>,
    /// The host of the page it came from.
    pub referrer: Option<Arc<str>>,
}

/// A session as it ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionEnd {
    /// Which.
    pub session: SessionId,
    /// Whose.
    pub organisation: OrganisationId,
    /// On which stream.
    pub stream: StreamId,
    /// Bytes of media in all.
    pub bytes: u64,
    /// Requests in all; one that stays open is one.
    #[serde(default)]
    pub requests: u64,
    /// Why the platform ended it; `None` where the peer left or the stream ended.
    pub reason: Option<Reason>,
}

/// How a session reaches us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// HLS on fragmented MP4.
    Hls,
    /// Progressive fragmented MP4.
    Progressive,
    /// RTMP.
    Rtmp,
    /// The built-in test source.
    TestSource,
    /// Fragmented MP4 over WebSocket.
    WebSocket,
}

impl Protocol {
    /// The name in metrics, rows and the API, as in `websocket`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hls => "hls",
            Self::Progressive => "progressive",
            Self::Rtmp => "rtmp",
            Self::TestSource => "test_source",
            Self::WebSocket => "websocket",
        }
    }
}

impl Kind {
    /// What becomes of it when the control plane falls behind.
    pub(crate) fn weight(&self) -> Weight {
        match self {
            Self::Beat { .. } => Weight::Beat,
            Self::Quality { .. } => Weight::Quality,
            Self::Denied { .. } => Weight::Denied,
            Self::RulesMet { .. } => Weight::RulesMet,
            Self::Started(_)
            | Self::Renewed { .. }
            | Self::Ended(_)
            | Self::Live { .. }
            | Self::Offline { .. }
            | Self::NodeLost => Weight::Standing,
        }
    }
}

/// How much depends on an event's arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A heartbeat: the next says as much.
    Beat,
    /// How well a session plays: told again by whoever kept it.
    Quality,
    /// A refusal.
    Denied,
    /// Told again by whoever counts.
    RulesMet,
    /// What goes on from then on, or no more: nobody else ever says it.
    Standing,
}

impl Weight {
    pub(crate) const ALL: [Self; 5] = [Self::Beat, Self::Quality, Self::Denied, Self::RulesMet, Self::Standing];

    /// As metrics call it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Beat => "heartbeat",
            Self::Quality => "quality",
            Self::Denied => "denial",
            Self::RulesMet => "rules_met",
            Self::Standing => "session",
        }
    }

    /// Whether it makes room for others before the queue is full.
    pub(crate) const fn gives_way(self) -> bool {
        matches!(self, Self::Beat | Self::Quality)
    }
}
