//! Alerts: what an organisation wants to be told of, watched for as it happens, told, and told again when it is over.
//!
//! ```text
//! live::fold ──▶ Watches (a rule each: sums, never events) ──every second──▶ alert rows ──▶ subscriptions
//!                                                                               │ due
//!                                                    mails, webhooks, syslog ◀──┘ one transaction
//! ```
//! An open alert is a row, and so is each notification of it, so a restart neither forgets nor repeats one. A rule has one
//! open alert at most, by the table itself: of several processes one opens it, and one tells. What comes at once is one
//! alert with a number.

mod engine;
mod notify;
pub(crate) mod receiver;
pub(crate) mod rule;
mod sender;
mod subjects;
mod suspects;
mod syslog;
mod warm;
mod watch;
mod whence;
mod window;
pub(crate) mod words;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(crate) use engine::{recover, run};
use entity::alert;
use guard::{Country, Door, Reason, Timestamp};
use ids::{OrganisationId, StreamName};
use link::{Protocol, Quality, SessionFacts};
pub(crate) use notify::{Ending, settle};
pub(crate) use sender::{mailed, run as send, try_out};
pub(crate) use syslog::is_authority;
use tokio::sync::{Notify, broadcast};
pub(crate) use watch::On;
use watch::Watch;
use whence::{Played, Whence};

use crate::analytics::Found;

/// What every part of the control plane needs of alerts.
#[derive(Debug)]
pub(crate) struct Alerts {
    watches: Mutex<Watches>,
    /// Held from when rules are told of a batch of events until it is written, and while a new rule reads what is written:
    /// it hears of each event once, live or read.
    folding: tokio::sync::Mutex<()>,
    news: broadcast::Sender<Arc<News>>,
    /// Rules changed.
    changed: Notify,
    /// There is something to send.
    wanted: Notify,
}

/// Rules at work, by organisation.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    of: HashMap<OrganisationId, Vec<Watch>>,
}

/// Something became of an alert.
#[derive(Clone, Debug)]
pub(crate) struct News {
    pub(crate) organisation: OrganisationId,
    pub(crate) event: Event,
    pub(crate) alert: alert::Model,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Opened,
    /// It goes on, and is measured otherwise.
    Changed,
    Reminded,
    Acknowledged,
    Resolved,
}

impl Alerts {
    pub(crate) fn new() -> Self {
        Self {
            watches: Mutex::default(),
            folding: tokio::sync::Mutex::default(),
            news: broadcast::Sender::new(NEWS),
            changed: Notify::new(),
            wanted: Notify::new(),
        }
    }

    /// Has rules read anew; call it after the commit.
    pub(crate) fn rules_changed(&self) {
        self.changed.notify_one();
    }

    /// Has what is due sent at once; call it after the commit.
    pub(crate) fn wake(&self) {
        self.wanted.notify_one();
    }

    /// What becomes of alerts from now on. Who falls behind misses the oldest.
    pub(crate) fn news(&self) -> broadcast::Receiver<Arc<News>> {
        self.news.subscribe()
    }

    /// Tells subscriptions.
    pub(crate) fn tell(&self, event: Event, alert: alert::Model) {
        let organisation = OrganisationId::from_uuid(alert.organisation_id);
        // Nobody may be listening.
        let _ = self.news.send(Arc::new(News {
            organisation,
            event,
            alert,
        }));
    }

    /// Rules at work. INVARIANT: the register of what is on is locked after it, never before.
    pub(crate) fn watches(&self) -> MutexGuard<'_, Watches> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn of whoever folds a batch of events, or reads what was folded.
    pub(crate) async fn folding(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.folding.lock().await
    }

    /// A call of an organisation's webhook was not taken.
    pub(crate) fn hook_failed(&self, organisation: OrganisationId, at: Timestamp) {
        self.watches().each(organisation, |watch| watch.hook_failed(at));
    }
}

impl Watches {
    /// A session began.
    pub(crate) fn started(&mut self, facts: &SessionFacts, at: Timestamp) {
        self.each(facts.organisation, |watch| {
            watch.started(Whence::of(facts), facts.door, at);
        });
    }

    /// A session is over; `reason` is why, where the platform ended it.
    pub(crate) fn ended(&mut self, facts: &SessionFacts, reason: Option<Reason>, at: Timestamp) {
        if facts.door == Door::Ingest {
            self.each(facts.organisation, |watch| match reason {
                None => watch.went(&facts.name, at),
                Some(_) => watch.was_ended(&facts.name),
            });
        }
    }

    /// A session brought so many bytes more.
    pub(crate) fn bytes(&mut self, facts: &SessionFacts, more: u64, at: Timestamp) {
        if facts.door == Door::Playback && more > 0 {
            #[expect(clippy::cast_precision_loss, reason = "exact up to 9 PB")]
            let more = more as f64;
            self.each(facts.organisation, |watch| watch.bytes(Whence::of(facts), more, at));
        }
    }

    /// A session's player said how it played.
    pub(crate) fn quality(&mut self, facts: &SessionFacts, quality: &Quality, at: Timestamp) {
        if facts.door == Door::Playback {
            let played = Played::of(quality);
            self.each(facts.organisation, |watch| watch.quality(Whence::of(facts), played, at));
        }
    }

    /// A request for a stream, by that protocol and from that country, was refused.
    pub(crate) fn denied(
        &mut self,
        organisation: OrganisationId,
        (name, protocol, country): (&StreamName, Protocol, Option<Country>),
        reason: Reason,
        at: Timestamp,
    ) {
        let whence = Whence {
            name,
            protocol,
            country,
        };
        self.each(organisation, |watch| watch.denied(whence, reason, at));
    }

    /// Misuse was found.
    pub(crate) fn found(&mut self, found: &[Found], at: Timestamp) {
        for Found { organisation, finding } in found {
            self.each(*organisation, |watch| watch.found(finding, at));
        }
    }

    fn each(&mut self, organisation: OrganisationId, mut tell: impl FnMut(&mut Watch)) {
        for watch in self.of.get_mut(&organisation).into_iter().flatten() {
            tell(watch);
        }
    }
}

const NEWS: usize = 1024;
