//! The decision: the same function at admission, at every media request, at every change, and for `explain`.
//!
//! The order is the specification's (section 5): transport, Guardian, token, times, revocation, scope, restrictions,
//! standing, session limits, the customer's backend, address binding and use count. What a stream is like is told only to
//! whom a credential of its organisation was proven.

mod credential;
mod guardian;
mod ingest;
mod limits;
mod playback;
mod prove;
mod request;
mod restrictions;
mod trace;

use std::{net::IpAddr, sync::Arc};

pub use request::{Binding, Credential, Door, Facts, Opaque, Presence, Request, Use, Verdict};
use trace::Trace;
pub use trace::{Step, StepOutcome};

use crate::{
    Denial, Grant, Permit, Policy, Reason, Timestamp, Token, VerifyingKey,
    lint::Marks,
    policy::{Barred, Standing, Stream, Tenant},
    rules::Monitored,
    token::Jti,
};

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
        /// What it may have been signed with.
        key: Arc<VerifyingKey>,
    },
    /// How many sessions run besides? Answered in [`Facts::sessions`].
    Sessions {
        /// Whose.
        whose: Whose,
    },
    /// What does the customer's backend say? Answered in [`Facts::backend`].
    Backend {
        /// What it alone can judge; `None` where a credential was judged already.
        credential: Option<Arc<Opaque>>,
    },
    /// May the token be used from here? Binds where there is room. Answered in [`Facts::binding`].
    Binding {
        /// The token.
        jti: Jti,
        /// From where, as far as it counts: the /64 of an IPv6 address.
        address: IpAddr,
        /// To how many it locks itself.
        most: u32,
        /// When the token expires.
        expires: Timestamp,
    },
    /// Has the token a use left? Reserves one. Answered in [`Facts::uses`].
    Use {
        /// The token.
        jti: Jti,
        /// How many it has in all.
        most: u32,
        /// When the token expires.
        expires: Timestamp,
    },
}

/// Whose sessions count together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// Those of all tokens that name the viewer.
    User(Arc<str>),
    /// Those of the token.
    Token(Jti),
}

/// Decides `request` under `policy` at `now`.
pub fn decide(request: &Request, facts: &Facts, policy: &Policy, now: Timestamp) -> Decision {
    judge(request, facts, policy, now, &mut trace::Silent)
}

/// Decides, and lists each step: what it looked at and what it found.
pub fn explain(request: &Request, facts: &Facts, policy: &Policy, now: Timestamp) -> (Decision, Vec<Step>) {
    let mut steps = trace::Steps::default();
    let decision = judge(request, facts, policy, now, &mut steps);
    (decision, steps.into_vec())
}

/// Judges by Guardian's rules alone, whatever is presented: to try a rule on those whom everything else let in.
pub fn judge_rules(request: &Request, policy: &Policy, now: Timestamp) -> Result<(), Denial> {
    let facts = Facts::default();
    let case = Case::of(request, &facts, policy, now);
    match case.judge_guardian(&mut Vec::new(), &mut trace::Silent) {
        Err(Stop::Deny(denial)) => Err(denial),
        // INVARIANT: rules ask nothing.
        Ok(_) | Err(Stop::Ask(_)) => Ok(()),
    }
}

/// What speaks against the credential that let a request in; nothing where none was needed, or none is proven.
pub fn marks(request: &Request, facts: &Facts, policy: &Policy, now: Timestamp) -> Marks {
    let case = Case::of(request, facts, policy, now);
    match (case.prove(&mut trace::Silent), case.tenant) {
        (Ok(proven), Some(tenant)) => proven.marks(tenant, now),
        _ => Marks::default(),
    }
}

/// The credential that was proven, whatever came of the request; none where it did not come to that, or none fits.
pub fn proven(request: &Request, facts: &Facts, policy: &Policy, now: Timestamp) -> Option<Grant> {
    let case = Case::of(request, facts, policy, now);
    case.prove(&mut trace::Silent).ok().map(|proven| proven.grant())
}

/// All that a judgement looks at.
#[derive(Clone, Copy)]
struct Case<'a> {
    request: &'a Request,
    facts: &'a Facts,
    policy: &'a Policy,
    now: Timestamp,
    /// The organisation that the stream's name begins with, whether or not the stream exists.
    tenant: Option<&'a Tenant>,
    stream: Option<&'a Stream>,
}

/// Why a connection from there may ask nothing at all, if it may not: the first thing that is judged, also where what is
/// asked for is no stream.
pub fn turn_away(off_origin: bool) -> Option<Reason> {
    off_origin.then_some(Reason::OriginOnly)
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

fn judge(request: &Request, facts: &Facts, policy: &Policy, now: Timestamp, trace: &mut impl Trace) -> Decision {
    let mut monitored = Vec::new();
    match Case::of(request, facts, policy, now).judge(&mut monitored, trace) {
        Ok(permit) => Decision::Admit(Permit { monitored, ..permit }),
        Err(Stop::Deny(denial)) => Decision::Deny(Denial { monitored, ..denial }),
        Err(Stop::Ask(question)) => Decision::Ask(question),
    }
}

/// What stands against whatever an organisation has, at either door.
fn judge_organisation(tenant: &Tenant, trace: &mut impl Trace) -> Result<(), Stop> {
    let standing = tenant.organisation.standing;
    let suspended = standing == Standing::Suspended;
    trace.check(
        "organisation",
        suspended.then_some(Reason::OrganisationSuspended),
        || format!("{standing:?}"),
    )
}

impl<'a> Case<'a> {
    fn of(request: &'a Request, facts: &'a Facts, policy: &'a Policy, now: Timestamp) -> Self {
        let name = request.stream.as_ref();
        Self {
            request,
            facts,
            policy,
            now,
            tenant: name.and_then(|name| policy.tenant_of(name)).map(AsRef::as_ref),
            stream: name.and_then(|name| policy.stream(name)).map(AsRef::as_ref),
        }
    }

    /// Whether an operator ended a session of these from there a moment ago.
    fn judge_bar(&self, tenant: &Tenant, who: Barred, trace: &mut impl Trace) -> Result<(), Stop> {
        let until = tenant.bars.keep_out(who, self.request.address, self.now);
        trace.check("ended", until.map(|_| Reason::SessionEnded), || match until {
            Some(until) => format!("by an operator; barred from there until {until}"),
            None => "by nobody".to_owned(),
        })
    }

    /// The same for who comes without a token. Whoever runs is not known to be the one who was meant.
    fn judge_bare(&self, tenant: &Tenant, stream: &Stream, trace: &mut impl Trace) -> Result<(), Stop> {
        if self.facts.running {
            return Ok(());
        }
        let (stream, door) = (stream.id, self.request.door);
        self.judge_bar(tenant, Barred::Bare { stream, door }, trace)
    }

    fn judge(&self, monitored: &mut Vec<Monitored>, trace: &mut impl Trace) -> Result<Permit, Stop> {
        self.judge_transport(trace)?;
        let excepted = self.judge_guardian(monitored, trace)?;
        let permit = match self.request.door {
            Door::Playback => self.judge_playback(trace),
            Door::Ingest => self.judge_ingest(trace),
        }?;
        Ok(Permit {
            end: crate::End::first(permit.end, excepted.end),
            excepted: excepted.rules,
            ..permit
        })
    }

    fn judge_transport(&self, trace: &mut impl Trace) -> Result<(), Stop> {
        let (facts, request) = (self.facts, self.request);
        trace.check("origin", turn_away(facts.off_origin), || request.address.to_string())?;
        trace.check("throttle", facts.throttled.then_some(Reason::Throttled), || {
            request.address.to_string()
        })?;
        let wanted = request.door == Door::Ingest
            && !matches!(request.credential, Credential::TestSource)
            && self.tenant.is_some_and(|tenant| tenant.organisation.encrypted_ingest);
        let bare = wanted && !request.encrypted;
        trace.check("encryption", bare.then_some(Reason::EncryptionRequired), || {
            format!("encrypted: {}, required: {wanted}", request.encrypted)
        })
    }
}
