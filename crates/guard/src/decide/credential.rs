//! Is the token genuine, in time, not taken back, and for this? The part that both doors share.

use std::{sync::Arc, time::Duration};

use super::{Credential, Door, Facts, Question, Request, Stop, trace::Trace};
use crate::{
    Denial, Grant, Reason, Timestamp, Token, VerifyingKey,
    policy::{Stream, Tenant},
};

/// A token whose signature fits a key of the stream's organisation.
pub(super) struct Proven<'a> {
    pub(super) token: &'a Token,
    key: Arc<VerifyingKey>,
}

/// Finds the key in the stream's organisation, and demands proof of the signature.
pub(super) fn prove<'a>(
    request: &'a Request,
    tenant: Option<&Tenant>,
    trace: &mut impl Trace,
) -> Result<Proven<'a>, Stop> {
    let (token, denial) = match &request.credential {
        Credential::Token(token) => (Some(token), None),
        Credential::Missing | Credential::Key(_) | Credential::TestSource => (None, Some(Reason::TokenMissing.into())),
        Credential::Conflicting => (
            None,
            Some(Denial::with_detail(
                Reason::TokenMalformed,
                "two different tokens were presented",
            )),
        ),
        Credential::Malformed(why) => (None, Some(Denial::with_detail(Reason::TokenMalformed, why.to_string()))),
    };
    trace.deny("token", denial, || {
        token.map_or_else(String::new, |token| token.claims.jti.to_string())
    })?;
    let Some(token) = token else {
        return Err(Reason::TokenMissing.into());
    };

    let key = token
        .kid
        .as_ref()
        .zip(tenant)
        .and_then(|(kid, tenant)| tenant.keys.get(kid));
    trace.check("key", key.is_none().then_some(Reason::TokenKey), || {
        format!("kid {:?}", token.kid)
    })?;
    let Some(key) = key.cloned() else {
        return Err(Reason::TokenKey.into());
    };

    let Some(valid) = request.proof.and_then(|proof| proof.of(token, &key)) else {
        return Err(Stop::Ask(Question::Signature {
            token: token.clone(),
            key,
        }));
    };
    trace.check("signature", (!valid).then_some(Reason::TokenSignature), || {
        key.algorithm.as_str().to_owned()
    })?;
    Ok(Proven { token, key })
}

impl Proven<'_> {
    /// Audience, subject and times.
    pub(super) fn judge_time(
        &self,
        door: Door,
        facts: &Facts,
        tenant: &Tenant,
        now: Timestamp,
        trace: &mut impl Trace,
    ) -> Result<(), Stop> {
        let claims = &self.token.claims;
        let audience = match door {
            Door::Playback => "play",
            Door::Ingest => "publish",
        };
        let wrong = claims.aud.as_deref() != Some(audience);
        trace.check("audience", wrong.then_some(Reason::TokenAudience), || {
            format!("{:?}", claims.aud)
        })?;

        let stranger = match &claims.sub {
            Some(sub) => **sub != *tenant.organisation.id.to_string(),
            None => self.key.ours,
        };
        trace.check("subject", stranger.then_some(Reason::TokenScope), || {
            format!("{:?}", claims.sub)
        })?;

        let leeway = if self.key.ours { Duration::ZERO } else { LEEWAY };
        let far = [Some(claims.exp), claims.nbf, claims.iat]
            .into_iter()
            .flatten()
            .any(|time| time > now.plus(TEN_YEARS));
        let end = if facts.running {
            self.until(tenant)
        } else {
            claims.exp.plus(leeway)
        };
        let early = claims.nbf.is_some_and(|nbf| nbf > now.plus(leeway))
            || claims.iat.is_some_and(|iat| iat > now.plus(LEEWAY));
        let denial = if far {
            Some(Denial::with_detail(Reason::TokenMalformed, FAR))
        } else if early {
            Some(Reason::TokenNotYetValid.into())
        } else if end <= now {
            Some(Reason::TokenExpired.into())
        } else {
            None
        };
        trace.deny("times", denial, || {
            format!(
                "nbf {:?}, iat {:?}, exp {}, now {now}",
                claims.nbf, claims.iat, claims.exp
            )
        })
    }

    /// Whether it was taken back.
    pub(super) fn judge_revocation(
        &self,
        tenant: &Tenant,
        stream: &Stream,
        trace: &mut impl Trace,
    ) -> Result<(), Stop> {
        let claims = &self.token.claims;
        let by = tenant
            .revocations
            .covering(claims, &self.key.kid, stream.id, self.key.ours);
        trace.check("revoked", by.as_ref().map(|_| Reason::TokenRevoked), || {
            format!("by {by:?}")
        })
    }

    /// Whether it is for this stream.
    pub(super) fn judge_scope(&self, request: &Request, trace: &mut impl Trace) -> Result<(), Stop> {
        let outside = !request
            .stream
            .as_ref()
            .is_some_and(|name| self.token.claims.scope.covers(name));
        trace.check("scope", outside.then_some(Reason::TokenScope), || {
            format!("{:?}", self.token.claims.scope)
        })
    }

    /// Whether it is for whoever asks.
    pub(super) fn judge_restrictions(&self, request: &Request, trace: &mut impl Trace) -> Result<(), Stop> {
        let claims = &self.token.claims;
        let outside = !claims.address_fits(request.address);
        trace.check("address", outside.then_some(Reason::TokenIp), || {
            format!("{} in {:?}", request.address, claims.ip)
        })?;
        let unjudged = claims
            .unjudged
            .map(|reason| Denial::with_detail(reason, "the token carries a restriction that is not supported yet"));
        trace.deny("restrictions", unjudged, || format!("{:?}", claims.unjudged))
    }

    /// Until when a session may run on it.
    pub(super) fn until(&self, tenant: &Tenant) -> Timestamp {
        let claims = &self.token.claims;
        if claims.force_disconnect.unwrap_or(tenant.organisation.force_disconnect) {
            claims.exp
        } else {
            claims.exp.plus(GRACE)
        }
    }

    pub(super) fn grant(&self) -> Grant {
        let claims = &self.token.claims;
        Grant {
            jti: claims.jti.clone(),
            kid: self.key.kid.clone(),
            user: claims.user.clone(),
            tag: claims.tag.clone(),
        }
    }
}

const FAR: &str = "a time in the token is more than ten years ahead; times are seconds since 1970, not milliseconds";
const TEN_YEARS: Duration = Duration::from_hours(10 * 366 * 24);
/// How far a customer's clock may be off, and how far any `iat` may lie ahead.
const LEEWAY: Duration = Duration::from_secs(30);
/// How long a session may outlive its token where expiry does not end it.
const GRACE: Duration = Duration::from_hours(24);
