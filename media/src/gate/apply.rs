//! Applying changes: the policy is swapped, exactly the sessions that the change names are decided again, and those that
//! fall are ended before the change is acknowledged.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, OnceLock},
    time::Duration,
};

use guard::{Decision, Denial, Door, Facts, Permit, Policy, Reason, Timestamp, Update, policy::Touched, rules::Kind};
use ids::{OrganisationId, RuleId};
use link::{Acknowledgement, Change};

use tokio_util::task::TaskTracker;

use super::{Gate, answers::Asker};
use crate::{
    count,
    session::{Session, Shared},
};

impl Gate {
    /// Takes on a whole policy, as at joining. Sessions that fall under it are ended, and those that an operator ended so
    /// shortly before that whoever was in them is still kept out. Makes way for others after each slice.
    pub(crate) async fn adopt(&self, updates: Vec<Update>) {
        self.backends
            .forget(&updates.iter().map(Update::organisation).collect());
        let ended = updates.iter().filter_map(|update| match update {
            Update::Ended { organisation, bar } => Some((*organisation, bar.session)),
            _ => None,
        });
        let ended: HashSet<_> = ended.collect();
        let (all, rules) = (updates.len(), updates.iter().filter_map(Update::rule).count());
        let begun = self.clock.now();
        let policy = Arc::new(Policy::from_updates(updates));
        let took_us = self.clock.now().since(begun).as_micros();
        self.policy.store(Some(policy.clone()));
        self.staleness.end();
        tracing::info!(updates = all, rules, took_us, "the policy is in force");
        for (session, number) in viewers_first(self.sessions.all(), door).into_iter().zip(1_usize..) {
            if ended.contains(&(session.permit().organisation(), session.id)) {
                session.end(Reason::SessionEnded);
            } else {
                self.decide_again(&session, &policy, &HashSet::new());
            }
            if number.is_multiple_of(SLICE) {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Applies one change: the policy is swapped once, with all of it, and each session that it touches is decided again. A
    /// large one makes way for others after each slice, before and after the swap; those of its own organisation have to
    /// wait, and what is applied meanwhile is no other part of the policy's than others'.
    pub(crate) async fn apply(&self, change: &Change) -> Acknowledgement {
        let begun = self.clock.now();
        let (policy, touched) = self.swap(change).await;
        let rules: HashSet<_> = change.updates.iter().filter_map(Update::rule).collect();
        let (mut ended, mut seen) = (Vec::new(), HashSet::new());
        let mut looked = 0_usize;
        for touched in gathered(touched) {
            let sessions = viewers_first(self.sessions.touched(&touched), door);
            // To find nobody costs something too.
            for session in sessions.into_iter().map(Some).chain([None]) {
                looked = looked.saturating_add(1);
                if looked.is_multiple_of(SLICE) {
                    tokio::task::yield_now().await;
                }
                let Some(session) = session else { continue };
                let falls = match touched {
                    // Whatever it rests on, and whether or not it was decided again already.
                    Touched::Ended(..) => session.end(Reason::SessionEnded),
                    _ => seen.insert(session.id) && self.decide_again(&session, &policy, &rules),
                };
                if falls {
                    ended.push((session.bytes(), session));
                }
            }
        }
        let bytes_after = ended
            .iter()
            .map(|(at_end, session)| session.bytes().saturating_sub(*at_end))
            .sum();
        Acknowledgement {
            change: change.id,
            node: self.node,
            sessions_ended: u32::try_from(ended.len()).unwrap_or(u32::MAX),
            took: self.clock.now().since(begun),
            bytes_after,
        }
    }

    /// Swaps the policy for one with the change; gives that, and what the change touches.
    async fn swap(&self, change: &Change) -> (Arc<Policy>, Vec<Touched>) {
        let mut next = (*self.policy.load_full().unwrap_or_default()).clone();
        let mut touched = Vec::new();
        let sliced = sliced(change);
        for (update, number) in change.updates.iter().zip(1_usize..) {
            touched.extend(update.touched(&next));
            next.apply(update);
            if sliced.is_some() && number.is_multiple_of(SLICE) {
                tokio::task::yield_now().await;
            }
        }
        if let Some(organisation) = sliced {
            // INVARIANT: changes of one organisation are applied one after the other, by one task, so nothing but others'
            // parts can be different by now.
            let current = self.policy.load_full().unwrap_or_default();
            next = current.with_tenant_of(&next, organisation);
        }
        let policy = Arc::new(next);
        // INVARIANT: forgotten first. Whoever sees the new policy hears nothing that was asked before the change.
        self.backends
            .forget(&change.updates.iter().map(Update::organisation).collect());
        self.policy.store(Some(policy.clone()));
        (policy, touched)
    }

    /// Looks every session's address up again, and decides those again that are elsewhere now.
    pub(crate) fn relocate(&self) {
        let Some(policy) = self.policy.load_full() else { return };
        for session in viewers_first(self.sessions.all(), door) {
            let place = self.geoip.place(session.request().address);
            if self.sessions.relocate(&session, place) {
                self.decide_again(&session, &policy, &HashSet::new());
            }
        }
    }

    /// Ends every session whose time is up, beside those that notice by themselves; and asks customers' backends again of
    /// whom their word will soon be over, and of whom they were never asked. Once a second.
    pub(crate) fn tend(self: &Arc<Self>, tasks: &TaskTracker) {
        let now = self.clock.now();
        let mut anew = HashMap::<_, usize>::new();
        for session in viewers_first(self.sessions.all(), door) {
            session.expire(now);
            // A crowd that has to be asked about at once would be too many questions, and be refused.
            let room = || {
                let begun = anew.entry(session.permit().organisation()).or_default();
                *begun += 1;
                *begun <= ANEW
            };
            if let Some(wait) = session.begins_to_listen(now, SECOND, room) {
                let gate = self.clone();
                tasks.spawn(async move {
                    tokio::time::sleep(wait).await;
                    gate.hear_again(&session).await;
                });
            }
        }
    }

    /// Waits for new files that say where addresses are, for ever, and acts on them.
    pub(crate) async fn follow_files(&self) {
        self.geoip.follow(|| self.relocate()).await;
    }

    async fn hear_again(&self, session: &Session) {
        let id = OnceLock::from(session.id);
        let asker = Asker {
            client: &id,
            protocol: session.protocol,
            parameters: &session.parameters,
            running: true,
            besides: None,
            ended: None,
        };
        let organisation = session.permit().organisation();
        let edition = self.policy().map_or(0, |policy| policy.backend_edition(organisation));
        let word = self.hear(organisation, &session.request(), asker).await;
        session.heard(word, edition);
        if let Some(policy) = self.policy.load_full() {
            self.decide_again(session, &policy, &HashSet::new());
        }
    }

    /// Measures what goes out, and tells what there was no room for; once a second.
    pub(crate) fn measure(&self) {
        self.sessions.measure();
        let _ = self.events.flush();
        self.events.dropped().for_each(count::events_dropped);
    }

    /// Tells that every session is alive, and how well it plays; a session that never beats again ended at its last beat.
    pub(crate) fn beat(&self) {
        for session in self.sessions.all() {
            let organisation = session.permit().organisation();
            self.tell(link::Kind::Beat {
                session: session.id,
                organisation,
                bytes: session.bytes(),
                requests: session.requests(),
            });
            let Some(quality) = session.player.take() else { continue };
            let told = self.tell(link::Kind::Quality {
                session: session.id,
                organisation,
                quality: quality.clone(),
            });
            if !told {
                session.player.put_back(quality);
            }
        }
    }

    /// Tells how often rules were met since this was called last.
    pub(crate) fn tell_rules_met(&self) {
        for (organisation, rules) in self.tally.take() {
            let told = self.tell(link::Kind::RulesMet {
                organisation,
                rules: rules.clone(),
            });
            if !told {
                self.tally.add(organisation, rules);
            }
        }
    }

    /// Ends the session if it may not go on; whether it did. Of the rules that it meets, new ones count, and the one that
    /// ends it.
    fn decide_again(&self, session: &Session, policy: &Policy, new: &HashSet<RuleId>) -> bool {
        let organisation = session.permit().organisation();
        match self.judge_again(session, policy) {
            Ok(permit) => {
                let met = permit.rules_met().filter(|rule| new.contains(rule));
                self.tally.count(organisation, met);
                false
            }
            Err(denial) => {
                let ended = session.end(denial.reason);
                if ended {
                    self.tally.count(organisation, denial.rule);
                }
                ended
            }
        }
    }

    /// Whether a running session may go on under `policy`, as far as a node can tell; then it runs until the permit's end.
    pub(super) fn judge_again(&self, session: &Session, policy: &Policy) -> Result<Permit, Denial> {
        let facts = Facts {
            running: true,
            since: session.since(),
            ..Facts::default()
        };
        self.judge_session(session, facts, policy)
    }

    /// The same, with what else is known of it: of one that is about to begin, that it is new, and what was counted for it.
    /// What would have to be counted for it only now is not known, and refuses it.
    pub(super) fn judge_session(&self, session: &Session, facts: Facts, policy: &Policy) -> Result<Permit, Denial> {
        let decided = session.request();
        let mut facts = Facts {
            signed: session.tokens().last().is_some_and(|held| held.grant.kid.is_some()),
            ..facts
        };
        let mut request = (*decided).clone();
        loop {
            match guard::decide(&request, &facts, policy, self.clock.now()) {
                Decision::Admit(permit) => {
                    session.extend(&decided, permit.end());
                    return match taken_back(session, policy, self.clock.now()) {
                        Some(reason) => Err(reason.into()),
                        None => Ok(permit),
                    };
                }
                Decision::Deny(denial) => return Err(denial),
                Decision::Ask(question) => self.answer_running(question, session, policy, &mut request, &mut facts),
            }
        }
    }
}

/// In the order in which they are ended: whose broadcaster falls too is told why, not that the stream has ended.
fn viewers_first<T>(mut sessions: Vec<T>, door: impl Fn(&T) -> Door) -> Vec<T> {
    sessions.sort_by_key(|session| door(session) == Door::Ingest);
    sessions
}

fn door(session: &Shared) -> Door {
    session.permit().door()
}

/// Why a session may not go on for a token that it ran on before its newest, if it may not.
fn taken_back(session: &Session, policy: &Policy, now: Timestamp) -> Option<Reason> {
    let permit = session.permit();
    let tokens = session.tokens();
    let (_, earlier) = tokens.split_last()?;
    earlier.iter().find_map(|held| {
        held.grant
            .taken_back((permit.organisation(), permit.stream()), policy, now)
    })
}

/// Whose change it is, where it is prepared in slices: many rules of one organisation, which lie within its own part of the
/// policy.
fn sliced(change: &Change) -> Option<OrganisationId> {
    let first = change.updates.first()?.organisation();
    let of_rules = |update: &Update| {
        matches!(update, Update::Rule { .. } | Update::RuleRemoved { .. }) && update.organisation() == first
    };
    (change.updates.len() > SLICE && change.updates.iter().all(of_rules)).then_some(first)
}

/// What is touched, each once: where many rules touch all of an organisation's sessions or none, these are looked at once.
fn gathered(touched: Vec<Touched>) -> Vec<Touched> {
    let everywhere = |one: &Touched| match one {
        Touched::Rule(organisation, rule) => {
            matches!(rule.matcher.kind(), Kind::Referrer | Kind::UserAgent).then_some(*organisation)
        }
        _ => None,
    };
    let mut times = HashMap::<_, usize>::new();
    for organisation in touched.iter().filter_map(everywhere) {
        *times.entry(organisation).or_default() += 1;
    }
    times.retain(|_, times| *times > FEW);
    let single = |one: &Touched| everywhere(one).is_none_or(|organisation| !times.contains_key(&organisation));
    let all: Vec<_> = times.keys().copied().map(Touched::Organisation).collect();
    touched.into_iter().filter(single).chain(all).collect()
}

/// Of how many sessions of an organisation its backend is asked anew in a second.
const ANEW: usize = 200;
/// Rules that are prepared, and sessions that are looked at, before others have their turn: a millisecond's work.
const SLICE: usize = 256;
/// How many rules that no index finds sessions for are looked at one by one.
const FEW: usize = 8;
/// How often sessions are tended.
const SECOND: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use guard::Door::{self, Ingest, Playback};

    use super::viewers_first;

    #[test]
    fn viewers_are_ended_before_any_broadcaster_and_else_in_their_order() {
        let sessions: Vec<(u8, Door)> = vec![(1, Ingest), (2, Playback), (3, Ingest), (4, Playback)];
        let ended: Vec<_> = viewers_first(sessions, |(_, door)| *door)
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        assert_eq!(ended, [2, 4, 1, 3]);
    }
}
