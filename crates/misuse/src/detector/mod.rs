//! Events in, findings out.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use guard::Timestamp;
use ids::SessionId;

mod signs;

use crate::{
    Denial, Event, Finding, Stay, Subject, Thresholds, What,
    holder::{self, Holder},
    hosting,
    raised::{Raise, Raised},
    thresholds::{COUNTRIES_WITHIN, DENIALS_WITHIN, JUDGED_EVERY},
    usual::Usual,
};

/// Looks at what happens in one organisation.
#[derive(Debug, Default)]
pub struct Detector {
    thresholds: Thresholds,
    stays: HashMap<SessionId, Arc<Stay>>,
    holders: HashMap<Subject, Known>,
    usual: Usual,
}

#[derive(Debug, Default)]
struct Known {
    holder: Holder,
    raised: Raised,
}

impl Detector {
    /// One that knows nothing yet.
    pub fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            ..Self::default()
        }
    }

    /// From now on these hold.
    pub fn set(&mut self, thresholds: Thresholds) {
        self.thresholds = thresholds;
    }

    /// Takes in an event; what is found by it is added. Events come about in the order of their times.
    pub fn take(&mut self, Event { at, what }: Event, found: &mut Vec<Finding>) {
        match what {
            What::Started(stay) => self.started(&stay, at, found),
            What::Beat { session, bytes } => {
                let Some(stay) = self.stays.get(&session).cloned() else {
                    return;
                };
                for subject in subjects(&stay) {
                    if let Some(Known { holder, .. }) = self.holders.get_mut(&subject) {
                        holder.heard = at;
                        holder.beat(session, bytes, at);
                        if at.since(holder.judged) >= JUDGED_EVERY {
                            self.judge(&subject, at, found);
                        }
                    }
                }
            }
            What::Renewed { session, jti } => self.renewed(session, jti, at, found),
            What::Ended { session } => {
                if let Some(stay) = self.stays.remove(&session) {
                    for subject in subjects(&stay) {
                        if let Some(Known { holder, .. }) = self.holders.get_mut(&subject) {
                            holder.heard = at;
                            holder.open.remove(&session);
                        }
                    }
                }
            }
            What::Denied(denial) => self.denied(&denial, at, found),
        }
    }

    /// Drops those of whom nothing was heard for an hour. To be called now and then.
    pub fn forget(&mut self, now: Timestamp) {
        self.holders.retain(|_, Known { holder, .. }| {
            // Who was only refused is of interest for as long as refusals count.
            let kept = if holder.has_watched {
                COUNTRIES_WITHIN
            } else {
                DENIALS_WITHIN
            };
            !holder.open.is_empty() || now.since(holder.heard) < kept
        });
    }

    /// How many tokens, viewers and addresses are remembered.
    pub fn remembered(&self) -> usize {
        self.holders.len()
    }

    fn started(&mut self, stay: &Arc<Stay>, at: Timestamp, found: &mut Vec<Finding>) {
        if self.stays.insert(stay.session, stay.clone()).is_some() {
            return;
        }
        let subjects = subjects(stay);
        let hosting = hosting::is_hosting(stay.place.asn, stay.provider.as_deref());
        // Whose countries and pages these are: the token's, else the address's.
        let counted = subjects.first().cloned();
        for subject in subjects {
            let Known { holder, .. } = self.holders.entry(subject.clone()).or_default();
            holder.heard = at;
            holder.started(stay, hosting, at);
            if counted.as_ref() == Some(&subject) {
                meet(&mut self.usual, holder, stay);
            }
            note_odd(&self.usual, holder, stay, hosting);
            self.judge(&subject, at, found);
        }
    }

    /// The session leaves its token for another; what its viewer and address do stays as it is.
    fn renewed(&mut self, session: SessionId, jti: Arc<str>, at: Timestamp, found: &mut Vec<Finding>) {
        let Some(stay) = self
            .stays
            .get_mut(&session)
            .filter(|stay| stay.jti.as_ref() != Some(&jti))
        else {
            return;
        };
        let newer = Arc::new(Stay {
            jti: Some(jti.clone()),
            ..Stay::clone(stay)
        });
        let older = std::mem::replace(stay, newer.clone());
        let left = older.jti.clone().map(Subject::Token);
        let left = left.and_then(|left| self.holders.get_mut(&left));
        let moved = left.and_then(|Known { holder, .. }| {
            holder.heard = at;
            holder.leave(session)
        });
        // Whoever is at the address is the same as before.
        if let Some(Known { holder, .. }) = self.holders.get_mut(&address(newer.address))
            && holder.token == older.jti
        {
            holder.token = Some(jti.clone());
        }
        let subject = Subject::Token(jti);
        let Known { holder, .. } = self.holders.entry(subject.clone()).or_default();
        holder.heard = at;
        let hosting = hosting::is_hosting(newer.place.asn, newer.provider.as_deref());
        holder.renewed(&newer, hosting, moved, at);
        note_odd(&self.usual, holder, &newer, hosting);
        self.judge(&subject, at, found);
    }

    fn denied(&mut self, denial: &Denial, at: Timestamp, found: &mut Vec<Finding>) {
        if !holder::counts(denial.reason) {
            return;
        }
        let token = denial.jti.clone().map(Subject::Token);
        for subject in token.into_iter().chain([address(denial.address)]) {
            // Whoever has addresses without end fills no memory with them.
            if self.holders.len() >= MOST && !self.holders.contains_key(&subject) {
                continue;
            }
            let Known { holder, raised } = self.holders.entry(subject.clone()).or_default();
            holder.heard = at;
            holder.denials.add(at);
            if let Some(stream) = &denial.stream {
                holder.refused.renew(at, stream.clone());
            }
            if holder::is_forged(denial.reason) {
                holder.forged.add(at);
            }
            // When its sessions were looked at stays as it is: they are no less often because of refusals.
            let raise = Raise {
                subject: &subject,
                raised,
                now: at,
                found,
            };
            signs::raise_of_refusals(holder, &self.thresholds, raise);
        }
    }

    fn judge(&mut self, subject: &Subject, now: Timestamp, found: &mut Vec<Finding>) {
        if let Some(Known { holder, raised }) = self.holders.get_mut(subject) {
            // What looks at each session that goes on is not done for each event of very many.
            if holder.open.len() > FEW && now.since(holder.judged) < JUDGED_EVERY {
                return;
            }
            holder.judged = now;
            let raise = Raise {
                subject,
                raised,
                now,
                found,
            };
            signs::raise(holder, &self.thresholds, raise);
        }
    }
}

/// Whom a session is counted for.
fn subjects(stay: &Stay) -> Vec<Subject> {
    let token = stay.jti.clone().map(Subject::Token);
    let user = stay.user.clone().map(Subject::User);
    token.into_iter().chain(user).chain([address(stay.address)]).collect()
}

fn address(address: IpAddr) -> Subject {
    Subject::Address(guard::block(address))
}

/// Counts a country and a page once for each that comes with them.
fn meet(usual: &mut Usual, holder: &mut Holder, stay: &Stay) {
    if let Some(country) = stay.place.country
        && holder.met.countries.len() < MET
        && holder.met.countries.insert(country)
    {
        usual.met_country(country);
    }
    if holder.met.referrers.len() < MET && holder.met.referrers.insert(stay.referrer.clone()) {
        usual.met_referrer(stay.referrer.clone());
    }
}

/// Notes what is unusual of a session. Through a data centre the country is not where somebody is, and who has no page is
/// a server.
fn note_odd(usual: &Usual, holder: &mut Holder, stay: &Stay, hosting: bool) {
    let evidence = match &stay.referrer {
        Some(host) if usual.is_rare_referrer(Some(host)) => Some(format!("from the page {host}, {HARDLY}")),
        None if usual.is_rare_referrer(None) => Some(format!("from no page, {HARDLY}")),
        None if hosting => Some("from no page, and from a data centre".to_owned()),
        _ => None,
    };
    if let Some(evidence) = evidence {
        holder.odd_referrer = Some((stay.session, evidence));
    }
    if let Some(country) = stay.place.country.filter(|_| !hosting)
        && usual.is_rare_country(country)
    {
        holder.odd_country = Some((stay.session, format!("from {country}, {HARDLY}")));
    }
}

const HARDLY: &str = "as fewer than 1 % of the others are";
/// Beyond that many tokens, viewers and addresses nobody is remembered for refusals alone.
const MOST: usize = 200_000;
/// So many sessions are looked at for each event.
const FEW: usize = 64;
/// More countries or pages than that are of one token only.
const MET: usize = 8;
