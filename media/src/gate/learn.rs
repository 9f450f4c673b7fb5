//! A token may name a key that this node does not know because its owner has just begun to sign with it, somewhere else.
//! Then the control plane is asked to look, before the token is judged by what is known.
//!
//! Anybody can name any key: an organisation's keys are asked for by one at a time, and not again for half a minute.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use guard::{Credential, Policy, Request, Timestamp};
use ids::OrganisationId;
use link::Questions;

/// When each organisation's keys were last asked for.
#[derive(Debug)]
pub(super) struct Learner {
    questions: Questions,
    turns: Mutex<HashMap<OrganisationId, Turn>>,
}

type Turn = Arc<tokio::sync::Mutex<Option<Timestamp>>>;

impl Learner {
    pub(super) fn new(questions: Questions) -> Self {
        Self {
            questions,
            turns: Mutex::default(),
        }
    }

    /// Has the control plane look for the key that the credential names, if it is not known. Whoever comes while it looks
    /// waits for the same answer; by then what it found is in the policy.
    pub(super) async fn learn(&self, request: &Request, policy: &Policy, now: Timestamp) {
        let Some((organisation, kid)) = unknown(request, policy) else {
            return;
        };
        let turn = self.turn(organisation, now);
        let mut asked = turn.lock().await;
        if asked.is_some_and(|asked| now < asked.plus(LEAST)) {
            return;
        }
        // Before the answer: whoever hangs up meanwhile is no reason to ask again.
        *asked = Some(now);
        self.questions.ask(link::Question::Key { organisation, kid }).await;
    }

    fn turn(&self, organisation: OrganisationId, now: Timestamp) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= MOST {
            // Whoever waits for one holds it.
            turns.retain(|_, turn| {
                let fresh = |turn: &Turn| {
                    turn.try_lock()
                        .is_ok_and(|asked| asked.is_some_and(|asked| now < asked.plus(LEAST)))
                };
                Arc::strong_count(turn) > 1 || fresh(turn)
            });
        }
        turns.entry(organisation).or_default().clone()
    }
}

/// The key that is named and not known, and whose it would be.
fn unknown(request: &Request, policy: &Policy) -> Option<(OrganisationId, Arc<str>)> {
    let Credential::Token(token) = &request.credential else {
        return None;
    };
    let kid = token.kid.as_ref().filter(|kid| kid.len() <= KID)?;
    let tenant = policy.tenant_of(request.stream.as_ref()?)?;
    (!tenant.keys.contains_key(kid)).then(|| (tenant.organisation.id, kid.clone()))
}

/// How long an organisation's keys are not asked for again.
const LEAST: Duration = Duration::from_secs(30);
const MOST: usize = 1024;
const KID: usize = 256;
