//! The decision: the same function at admission, at every media request, at every change, and for `explain`.
//!
//! The order is the specification's: transport, token, times, revocation, scope, restrictions, standing. What a stream
//! is like is told only to whom a credential of its organisation was proven.

mod credential;
mod ingest;
mod playback;
mod request;
mod trace;

use std::sync::Arc;

pub use request::{Credential, Door, Facts, Presence, Request};
use trace::Trace;
pub use trace::{Step, StepOutcome};

use crate::{Denial, Permit, Policy, Reason, Timestamp, Token, VerifyingKey};

/// What comes of a request.
#[derive(Clone, Debug)]
pub enum Decision {
    /// It may pass, until the permit's end.
    Admit(Permit),
    /// It may not.
    Deny(Denial),
    /// Find this out, then decide again.
    Ask(Question),
}

/// A fact that is missing.
#[derive(Clone, Debug)]
pub enum Question {
    /// Does the signature fit? Answered with the token's `Proof`.
    Signature {
        /// What was presented.
        token: Arc<Token>,
        /// What it says that it was signed with.
        key: Arc<VerifyingKey>,
    },
}

/// Decides `request` under `policy` at `now`.
pub fn decide(request: &Request, facts: &Facts, policy: &Policy, now: Timestamp) -> Decision {
    settle(judge(request, facts, policy, now, &mut trace::Silent))
}

/// Decides, and lists each step: what it looked at and what it found.
pub fn explain(request: &Request, facts: &Facts, policy: &Policy, now: Timestamp) -> (Decision, Vec<Step>) {
    let mut steps = trace::Steps::default();
    let decision = settle(judge(request, facts, policy, now, &mut steps));
    (decision, steps.into_vec())
}

/// What ends a judgement early.
enum Stop {
    Deny(Denial),
    Ask(Question),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Deny(reason.into())
    }
}

fn judge(
    request: &Request,
    facts: &Facts,
    policy: &Policy,
    now: Timestamp,
    trace: &mut impl Trace,
) -> Result<Permit, Stop> {
    trace.check("throttle", facts.throttled.then_some(Reason::Throttled), || {
        request.address.to_string()
    })?;
    match request.door {
        Door::Playback => playback::judge(request, facts, policy, now, trace),
        Door::Ingest => ingest::judge(request, facts, policy, now, trace),
    }
}

fn settle(judgement: Result<Permit, Stop>) -> Decision {
    match judgement {
        Ok(permit) => Decision::Admit(permit),
        Err(Stop::Deny(denial)) => Decision::Deny(denial),
        Err(Stop::Ask(question)) => Decision::Ask(question),
    }
}
