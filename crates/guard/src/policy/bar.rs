//! Whom an operator sent away: whoever shows a token, or comes without one, from an address, for a while.

use std::{net::IpAddr, time::Duration};

use ids::{SessionId, StreamId};
use rpds::HashTrieMapSync;
use serde::{Deserialize, Serialize};

use crate::{Door, Timestamp, address::block, token::Jti};

/// A session that an operator ended, and who is kept out therefore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Which session.
    pub session: SessionId,
    /// Who is kept out.
    pub who: Vec<Barred>,
    /// From where: the address, or its /64 for IPv6.
    pub address: IpAddr,
    /// When the session was ended.
    pub at: Timestamp,
}

/// Who is kept out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Barred {
    /// Whoever shows the token.
    Token(Jti),
    /// Whoever comes to the stream without one.
    Bare {
        /// The stream.
        stream: StreamId,
        /// By which door.
        door: Door,
    },
}

/// The bars of one organisation.
#[derive(Clone, Debug, Default)]
pub struct Bars(HashTrieMapSync<(Barred, IpAddr), Timestamp>);

impl Bar {
    /// The first moment at which nobody is kept out any more.
    pub fn until(&self) -> Timestamp {
        self.at.plus(LENGTH)
    }
}

impl Bars {
    /// Adds one, and forgets those that were over when it began.
    pub(super) fn insert(&mut self, bar: &Bar) {
        let over: Vec<_> = self
            .0
            .iter()
            .filter(|(_, until)| **until <= bar.at)
            .map(|(key, _)| key.clone())
            .collect();
        for key in over {
            self.0.remove_mut(&key);
        }
        for who in &bar.who {
            let key = (who.clone(), block(bar.address));
            let until = self.0.get(&key).copied().unwrap_or_default().max(bar.until());
            self.0.insert_mut(key, until);
        }
    }

    /// Until when they are kept out, if they are at `now`.
    pub fn keep_out(&self, who: Barred, address: IpAddr, now: Timestamp) -> Option<Timestamp> {
        if self.0.is_empty() {
            return None;
        }
        let until = self.0.get(&(who, block(address))).copied();
        until.filter(|until| *until > now)
    }
}

/// How long whoever was sent away is kept out.
const LENGTH: Duration = Duration::from_mins(5);
