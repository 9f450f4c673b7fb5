//! Is what was proven in time, not taken back, and for this? The part that both doors share.

use std::{borrow::Cow, sync::Arc, time::Duration};

use super::{
    Case, Stop,
    trace::{Trace, shown},
};
use crate::{
    Denial, End, Grant, Reason, Timestamp,
    lint::{Marks, Traits},
    permit::Word,
    policy::{Barred, Tenant},
    token::Claims,
};

/// A credential that somebody of the stream's organisation vouches for.
pub(super) struct Proven<'a> {
    pub(super) claims: Cow<'a, Claims>,
    pub(super) kid: Option<Arc<str>>,
    pub(super) word: Word,
}

impl Proven<'_> {
    /// All of it, in order.
    pub(super) fn judge(&self, case: &Case<'_>, tenant: &Tenant, trace: &mut impl Trace) -> Result<(), Stop> {
        self.judge_audience(case, trace)?;
        self.judge_times(case, tenant, trace)?;
        self.judge_revocation(case, tenant, trace)?;
        self.judge_scope(case, tenant, trace)?;
        self.judge_restrictions(case, trace)
    }

    fn judge_audience(&self, case: &Case<'_>, trace: &mut impl Trace) -> Result<(), Stop> {
        if matches!(self.word, Word::Backend { .. }) {
            return Ok(());
        }
        let claims = &self.claims;
        let wrong = claims.aud.as_deref() != Some(case.request.door.audience());
        trace.check("audience", wrong.then_some(Reason::TokenAudience), || {
            shown(claims.aud.as_deref())
        })
    }

    fn judge_times(&self, case: &Case<'_>, tenant: &Tenant, trace: &mut impl Trace) -> Result<(), Stop> {
        if matches!(self.word, Word::Backend { .. }) {
            return Ok(());
        }
        let (claims, now) = (&self.claims, case.now);
        let far = [Some(claims.exp), claims.nbf, claims.iat]
            .into_iter()
            .flatten()
            .any(|time| time > now.plus(TEN_YEARS));
        let signed = matches!(self.word, Word::Signed { .. });
        let undated = signed && claims.iat.is_none() && claims.exp > now.plus(self.longest()).plus(self.leeway());
        let end = if case.facts.running {
            self.until(tenant)
        } else {
            self.expiry().plus(self.leeway())
        };
        let early = claims.nbf.is_some_and(|nbf| nbf > now.plus(self.leeway()))
            || claims.iat.is_some_and(|iat| iat > now.plus(LEEWAY));
        let denial = if far {
            Some(Denial::with_detail(Reason::TokenMalformed, FAR))
        } else if undated {
            Some(Denial::with_detail(Reason::TokenMalformed, UNDATED))
        } else if early {
            Some(Reason::TokenNotYetValid.into())
        } else if end <= now {
            Some(Reason::TokenExpired.into())
        } else {
            None
        };
        trace.deny("times", denial, || {
            let (issued, begins) = (shown(claims.iat), shown(claims.nbf));
            format!("issued {issued}, begins {begins}, ends {}, now {now}", claims.exp)
        })
    }

    fn judge_revocation(&self, case: &Case<'_>, tenant: &Tenant, trace: &mut impl Trace) -> Result<(), Stop> {
        let (claims, revocations) = (&self.claims, &tenant.revocations);
        let stream = case.stream.map(|stream| stream.id);
        let by = if revocations.is_empty() {
            None
        } else {
            revocations.covering(&self.grant(), stream)
        };
        trace.check("revoked", by.as_ref().map(|_| Reason::TokenRevoked), || {
            format!("by {}", by.as_ref().map_or("nothing".to_owned(), ToString::to_string))
        })?;
        let banned = claims.user.as_ref().is_some_and(|user| tenant.bans.contains(user));
        trace.check("banned", banned.then_some(Reason::TokenUserBanned), || {
            format!("user {}", shown(claims.user.as_deref()))
        })?;
        let token = (&claims.jti, claims.revocable);
        let held = tenant.holds.keep_out(token, claims.user.as_ref(), case.now);
        trace.check("held", held.map(|_| Reason::SessionEnded), || match held {
            Some(until) => format!("back for a while, until {until}"),
            None => "by nothing".to_owned(),
        })?;
        case.judge_bar(tenant, Barred::Token(claims.jti.clone()), trace)
    }

    /// Whose streams it is for, and which of them.
    fn judge_scope(&self, case: &Case<'_>, tenant: &Tenant, trace: &mut impl Trace) -> Result<(), Stop> {
        if !matches!(self.word, Word::Backend { .. }) {
            let sub = self.claims.sub.as_deref();
            let stranger = match sub {
                Some(sub) => *sub != *tenant.organisation.id.to_string(),
                None => matches!(self.word, Word::Signed { ours: true }),
            };
            trace.check("subject", stranger.then_some(Reason::TokenScope), || shown(sub))?;
        }
        let name = case.request.stream.as_ref();
        let outside = !name.is_some_and(|name| self.claims.scope.covers(name, case.stream));
        trace.check("scope", outside.then_some(Reason::TokenScope), || {
            self.claims.scope.to_string()
        })
    }

    /// When what it says itself ends: `exp`, or what it may live at most where it was issued for longer.
    fn expiry(&self) -> Timestamp {
        let claims = &self.claims;
        match (self.word, claims.iat) {
            (Word::Signed { .. }, Some(iat)) => claims.exp.min(iat.plus(self.longest())),
            _ => claims.exp,
        }
    }

    fn longest(&self) -> Duration {
        if self.claims.revocable { YEAR } else { DAY }
    }

    fn leeway(&self) -> Duration {
        match self.word {
            Word::Signed { ours: false } => LEEWAY,
            Word::Signed { ours: true } | Word::Listed | Word::Backend { .. } => Duration::ZERO,
        }
    }

    /// Until when a session may run on it.
    fn until(&self, tenant: &Tenant) -> Timestamp {
        if self
            .claims
            .force_disconnect
            .unwrap_or(tenant.organisation.force_disconnect)
        {
            self.expiry().plus(self.leeway())
        } else {
            self.expiry().plus(DAY)
        }
    }

    /// The same, and why it ends.
    pub(super) fn end(&self, tenant: &Tenant) -> Option<End> {
        match self.word {
            Word::Backend { until } => until.map(|at| End {
                at,
                reason: Reason::BackendDenied,
            }),
            Word::Signed { .. } | Word::Listed => Some(End {
                at: self.until(tenant),
                reason: Reason::TokenExpired,
            }),
        }
    }

    /// What speaks against it. What only a backend knows cannot be read.
    pub(super) fn marks(&self, tenant: &Tenant, now: Timestamp) -> Marks {
        let traits = || Traits::of(&self.claims, tenant.organisation.force_disconnect, now);
        match self.word {
            Word::Signed { .. } => traits().marks(),
            Word::Listed => Traits {
                is_static: true,
                ..traits()
            }
            .marks(),
            Word::Backend { .. } => Marks::default(),
        }
    }

    pub(super) fn grant(&self) -> Grant {
        Grant {
            marks: Marks::default(),
            jti: self.claims.jti.clone(),
            kid: self.kid.clone(),
            user: self.claims.user.clone(),
            tag: self.claims.tag.clone(),
            issued: self.claims.iat,
            expires: self.claims.exp,
            revocable: self.claims.revocable,
            word: self.word,
        }
    }
}

const FAR: &str = "a time in the token is more than ten years ahead; times are seconds since 1970, not milliseconds";
const UNDATED: &str = "the token lives longer than it may: 365 days, or 24 hours where it cannot be revoked; \
                       with `iat` it would end by itself in time";
const TEN_YEARS: Duration = Duration::from_hours(10 * 366 * 24);
const YEAR: Duration = Duration::from_hours(365 * 24);
/// How long a token that cannot be revoked lives, and how long a session may outlive a token whose expiry does not end it.
const DAY: Duration = Duration::from_hours(24);
/// How far a customer's clock may be off, and how far any `iat` may lie ahead.
const LEEWAY: Duration = Duration::from_secs(30);
