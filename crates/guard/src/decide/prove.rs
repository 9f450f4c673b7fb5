//! Whose word is the credential? A signature that fits a key of the organisation, its list, or its backend.

use std::{borrow::Cow, sync::Arc};

use super::{
    Case, Credential, Opaque, Question, Stop, Verdict,
    credential::Proven,
    trace::{Trace, shown},
};
use crate::{
    Denial, Reason, Token, VerifyingKey,
    permit::Word,
    policy::{CredentialDigest, Judges, Package, Tenant},
    token::{Claims, Malformed, Scope},
};

impl<'a> Case<'a> {
    /// Demands proof of the credential.
    pub(super) fn prove(&self, trace: &mut impl Trace) -> Result<Proven<'a>, Stop> {
        match &self.request.credential {
            Credential::Token(token) => self.prove_token(token, trace),
            Credential::Handle(digest) => self.prove_handle(digest, trace),
            Credential::Opaque(opaque) => self.prove_opaque(opaque, trace),
            Credential::Missing | Credential::Key(_) | Credential::TestSource => {
                refuse(trace, "token", Reason::TokenMissing.into(), "nothing")
            }
            Credential::Conflicting => {
                let denial = Denial::with_detail(Reason::TokenMalformed, "two different tokens were presented");
                refuse(trace, "token", denial, "two")
            }
            Credential::Malformed(why) => refuse(trace, "token", malformed(*why), "a token"),
        }
    }

    fn prove_token(&self, token: &'a Arc<Token>, trace: &mut impl Trace) -> Result<Proven<'a>, Stop> {
        let candidates = candidates(token, self.tenant);
        let readable = |key: &&'a Arc<VerifyingKey>| token.claims_under(key).is_ok();
        // Where no key makes sense of it, it is no token, whoever signed it.
        let senseless = match candidates.first() {
            Some(_) if candidates.iter().any(readable) => None,
            Some(first) => token.claims_under(first).err(),
            None => token.claims().err(),
        };
        trace.deny("token", senseless.map(malformed), || {
            shown(token.claims().ok().map(|claims| claims.jti.clone()))
        })?;
        let missing = candidates.is_empty().then_some(Reason::TokenKey);
        trace.check("key", missing, || format!("kid {}", shown(token.kid.as_deref())))?;

        let mut tried = candidates.into_iter().filter(readable);
        let signer = loop {
            let Some(key) = tried.next() else { break None };
            match self.request.proofs.of(token, key) {
                Some(true) => break Some(key),
                Some(false) => {}
                None => {
                    return Err(Stop::Ask(Question::Signature {
                        token: token.clone(),
                        key: key.clone(),
                    }));
                }
            }
        };
        // A token that names no key is tried with every key that is left.
        let unproven = if self.facts.key_gone {
            Reason::TokenKey
        } else {
            Reason::TokenSignature
        };
        trace.check("signature", signer.is_none().then_some(unproven), || {
            signer.map_or_else(
                || "no key fits".to_owned(),
                |key| format!("{} by {}", key.algorithm().as_str(), key.kid()),
            )
        })?;
        let Some(key) = signer else {
            return Err(unproven.into());
        };
        let claims = token.claims_under(key).map_err(|why| Stop::Deny(malformed(why)))?;
        Ok(Proven {
            claims,
            kid: Some(key.kid().clone()),
            word: Word::Signed { ours: key.is_ours() },
        })
    }

    fn prove_handle(&self, digest: &CredentialDigest, trace: &mut impl Trace) -> Result<Proven<'a>, Stop> {
        let known = self.tenant.and_then(|tenant| tenant.handle(digest));
        let Some(known) = known else {
            return refuse(trace, "token", malformed(Malformed::Handle), "a handle");
        };
        trace.check("token", None, || format!("a handle of {}", known.claims.jti))?;
        let key = self.tenant.and_then(|tenant| tenant.keys.get(&known.kid));
        trace.check("key", key.is_none().then_some(Reason::TokenKey), || {
            format!("kid {}", known.kid)
        })?;
        Ok(Proven {
            claims: Cow::Borrowed(&known.claims),
            kid: Some(known.kid.clone()),
            word: Word::Signed {
                ours: key.is_some_and(|key| key.is_ours()),
            },
        })
    }

    fn prove_opaque(&self, opaque: &'a Arc<Opaque>, trace: &mut impl Trace) -> Result<Proven<'a>, Stop> {
        let judges = self.judges();
        let listed = self
            .tenant
            .filter(|_| judges.static_tokens)
            .and_then(|tenant| tenant.static_token(opaque.digest()));
        if let Some(claims) = listed {
            trace.check("token", None, || claims.jti.to_string())?;
            return Ok(Proven {
                claims: Cow::Borrowed(claims),
                kid: None,
                word: Word::Listed,
            });
        }
        if !judges.backend {
            return refuse(trace, "token", malformed(Malformed::Parts), "no token, and in no list");
        }
        let until = self.hear_backend(Some(opaque), trace)?;
        let claims = Claims::bare(opaque.digest().opaque_id(), Scope::Organisation);
        Ok(Proven {
            claims: Cow::Owned(claims),
            kid: None,
            word: Word::Backend { until },
        })
    }

    /// Who judges what is no token. A backend is asked where there is one, and with the package only.
    fn judges(&self) -> Judges {
        let Some(tenant) = self.tenant else {
            return Judges::default();
        };
        let organisation = &tenant.organisation;
        let judges = self
            .stream
            .map_or(organisation.judges, |stream| stream.judges(organisation));
        let is_there = organisation.asks.tokens && organisation.packages.has(Package::Webhooks);
        Judges {
            backend: judges.backend && is_there,
            ..judges
        }
    }

    /// What the customer's backend said; until when it allows.
    pub(super) fn hear_backend(
        &self,
        opaque: Option<&Arc<Opaque>>,
        trace: &mut impl Trace,
    ) -> Result<Option<crate::Timestamp>, Stop> {
        let Some(verdict) = self.facts.backend else {
            return Err(Stop::Ask(Question::Backend {
                credential: opaque.cloned(),
            }));
        };
        let over = |until: Option<crate::Timestamp>| until.is_some_and(|until| until <= self.now);
        let denial = match verdict {
            Verdict::Allowed { until } if !over(until) => None,
            Verdict::Allowed { .. } | Verdict::Denied => Some(Reason::BackendDenied),
            Verdict::Unavailable => Some(Reason::BackendUnavailable),
        };
        trace.check("backend", denial, || format!("{verdict:?}"))?;
        match verdict {
            Verdict::Allowed { until } => Ok(until),
            Verdict::Denied | Verdict::Unavailable => Err(Reason::BackendDenied.into()),
        }
    }
}

/// The keys that may have signed it, all of the stream's organisation: the one that it names, or else the customer's.
fn candidates<'a>(token: &Token, tenant: Option<&'a Tenant>) -> Vec<&'a Arc<VerifyingKey>> {
    match (&token.kid, tenant) {
        (_, None) => Vec::new(),
        (Some(kid), Some(tenant)) => tenant.keys.get(kid).into_iter().collect(),
        (None, Some(tenant)) => tenant.foreign_keys().iter().collect(),
    }
}

fn malformed(why: Malformed) -> Denial {
    Denial::with_detail(Reason::TokenMalformed, why.to_string())
}

fn refuse<T>(trace: &mut impl Trace, check: &'static str, denial: Denial, what: &'static str) -> Result<T, Stop> {
    let stop = denial.clone();
    trace.deny(check, Some(denial), || what.to_owned())?;
    Err(Stop::Deny(stop))
}
