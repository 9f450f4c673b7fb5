//! Is there room, does the customer's backend agree, and has the token a use left? What is counted is counted around the
//! decision; whoever runs already was counted.

use super::{
    Binding, Case, Credential, Door, Question, Stop, Use, Whose,
    credential::Proven,
    trace::{Trace, shown},
};
use crate::{
    End, Reason, Timestamp,
    address::block,
    permit::Word,
    policy::{Package, Tenant},
};

impl Case<'_> {
    /// Limits in their order; what is left is when the backend's word ends.
    pub(super) fn judge_limits(
        &self,
        proven: Option<&Proven<'_>>,
        tenant: &Tenant,
        trace: &mut impl Trace,
    ) -> Result<Option<End>, Stop> {
        self.judge_sessions(proven, trace)?;
        if self.request.door == Door::Playback {
            self.judge_package(tenant, trace)?;
        }
        let until = self.judge_backend(proven, tenant, trace)?;
        if let Some(proven) = proven {
            self.judge_binding(proven, trace)?;
            self.judge_uses(proven, trace)?;
        }
        Ok(until.map(|at| End {
            at,
            reason: Reason::BackendDenied,
        }))
    }

    fn judge_sessions(&self, proven: Option<&Proven<'_>>, trace: &mut impl Trace) -> Result<(), Stop> {
        let claims = proven.map(|proven| &proven.claims);
        let Some((claims, most)) = claims.and_then(|claims| Some((claims, claims.max_sessions?))) else {
            return Ok(());
        };
        if self.facts.running {
            return Ok(());
        }
        let Some(others) = self.facts.sessions else {
            let whose = match &claims.user {
                Some(user) => Whose::User(user.clone()),
                None => Whose::Token(claims.jti.clone()),
            };
            return Err(Stop::Ask(Question::Sessions { whose }));
        };
        trace.check("sessions", (others >= most).then_some(Reason::SessionLimit), || {
            format!("{others} of {most}")
        })
    }

    fn judge_package(&self, tenant: &Tenant, trace: &mut impl Trace) -> Result<(), Stop> {
        let facts = self.facts;
        let most = tenant.organisation.viewers;
        // Whoever watches already is not sent away for those who came later.
        let full = !facts.running && most.is_some_and(|most| facts.viewers >= most);
        trace.check("viewers", full.then_some(Reason::ViewerLimit), || {
            format!("{}, limit: {}", facts.viewers, shown(most))
        })?;
        let most = tenant.organisation.bandwidth_mbit_s;
        let bits = most.map(|most| u64::from(most).saturating_mul(MEGA));
        let full = !facts.running && bits.is_some_and(|bits| facts.bandwidth_bit_s >= bits);
        trace.check("bandwidth", full.then_some(Reason::ViewerLimit), || {
            format!("{} bit/s, limit in Mbit/s: {}", facts.bandwidth_bit_s, shown(most))
        })
    }

    fn judge_backend(
        &self,
        proven: Option<&Proven<'_>>,
        tenant: &Tenant,
        trace: &mut impl Trace,
    ) -> Result<Option<Timestamp>, Stop> {
        let organisation = &tenant.organisation;
        let asks = match self.request.door {
            Door::Playback => organisation.asks.play,
            Door::Ingest => organisation.asks.publish,
        };
        let own = matches!(self.request.credential, Credential::TestSource);
        let asked = proven.is_some_and(|proven| matches!(proven.word, Word::Backend { .. }));
        if !asks || own || asked || !organisation.packages.has(Package::Webhooks) {
            return Ok(None);
        }
        self.hear_backend(None, trace)
    }

    fn judge_binding(&self, proven: &Proven<'_>, trace: &mut impl Trace) -> Result<(), Stop> {
        let Some(most) = proven.claims.bind_ips.filter(|_| !self.facts.running) else {
            return Ok(());
        };
        let address = block(self.request.address);
        let Some(binding) = self.facts.binding else {
            return Err(Stop::Ask(Question::Binding {
                jti: proven.claims.jti.clone(),
                address,
                most,
                expires: proven.claims.exp,
            }));
        };
        let elsewhere = binding != Binding::Bound;
        trace.check("binding", elsewhere.then_some(Reason::TokenBound), || {
            format!("{address}: {binding:?}, {most} at most")
        })
    }

    fn judge_uses(&self, proven: &Proven<'_>, trace: &mut impl Trace) -> Result<(), Stop> {
        let Some(most) = proven.claims.max_uses.filter(|_| !self.facts.running) else {
            return Ok(());
        };
        let Some(uses) = self.facts.uses else {
            return Err(Stop::Ask(Question::Use {
                jti: proven.claims.jti.clone(),
                most,
                expires: proven.claims.exp,
            }));
        };
        let none = uses != Use::Reserved;
        trace.check("uses", none.then_some(Reason::TokenUsed), || {
            format!("{uses:?}, {most} in all")
        })
    }
}

const MEGA: u64 = 1_000_000;
