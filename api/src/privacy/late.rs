//! What was on its way while a viewer was erased: events that nodes told before, and that are written only afterwards.

use std::{
    collections::VecDeque,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use guard::Timestamp;
use ids::OrganisationId;
use link::{Event, Kind};
use tokio::sync;

use super::{erase::erased_step, masked};

/// Who was erased of late, and whether events are being written.
#[derive(Debug, Default)]
pub(crate) struct Late {
    erased: Mutex<VecDeque<Erased>>,
    writing: sync::Mutex<()>,
}

#[derive(Debug)]
struct Erased {
    organisation: OrganisationId,
    user: String,
    at: Timestamp,
}

impl Late {
    /// From now on what was told of the viewer until `at` is written without the name. Once it returns, what was being
    /// written with it is there to be erased.
    pub(super) async fn erase(&self, organisation: OrganisationId, user: &str, at: Timestamp) {
        {
            let mut erased = self.lock();
            erased.retain(|one| one.at.plus(KEPT) > at);
            erased.push_back(Erased {
                organisation,
                user: user.to_owned(),
                at,
            });
        }
        drop(self.writing.lock().await);
    }

    /// Takes the names of those who were erased out of events that are to be written, for as long as what is given back is
    /// held.
    pub(crate) async fn forget(&self, events: &mut [Event]) -> sync::MutexGuard<'_, ()> {
        let writing = self.writing.lock().await;
        let erased = self.lock();
        if !erased.is_empty() {
            for event in events {
                forget(event, &erased);
            }
        }
        writing
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Erased>> {
        self.erased.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget(event: &mut Event, erased: &VecDeque<Erased>) {
    let at = event.at;
    let of = |organisation: OrganisationId| {
        erased
            .iter()
            .filter(move |one| one.organisation == organisation && at <= one.at)
    };
    match &mut event.kind {
        Kind::Started(facts) => {
            let user = facts.user().map(ToOwned::to_owned);
            if of(facts.organisation).any(|one| user.as_ref() == Some(&one.user)) {
                if let Some(grant) = &mut facts.grant {
                    grant.user = None;
                }
                facts.user_agent = None;
                facts.address = network(facts.address);
            }
        }
        Kind::Renewed {
            organisation, grant, ..
        } if of(*organisation).any(|one| grant.user.as_deref() == Some(&one.user)) => grant.user = None,
        Kind::Denied {
            organisation: Some(organisation),
            trace,
            address,
            visitor,
            ..
        } => {
            for one in of(*organisation) {
                let user = visitor.grant.as_mut().map(|grant| &mut grant.user);
                let mut theirs = user.is_some_and(|user| user.take_if(|user| **user == *one.user).is_some());
                for step in trace.iter_mut() {
                    theirs |= erased_step(step, &one.user);
                }
                if theirs {
                    let (full, cut) = (address.to_string(), network(*address));
                    for step in trace.iter_mut() {
                        masked::put_in_step(step, &full, &masked::truncated(*address));
                    }
                    *address = cut;
                    visitor.user_agent = None;
                }
            }
        }
        _ => {}
    }
}

/// The first address of the network that stands in place of one.
fn network(address: IpAddr) -> IpAddr {
    let text = masked::truncated(guard::fold(address));
    text.split('/')
        .next()
        .and_then(|first| first.parse().ok())
        .unwrap_or(address)
}

/// Longer than anything waits to be written.
const KEPT: Duration = Duration::from_hours(1);
