//! Whose word is the credential? A signature that fits a key of the organisation, its list, or its backend.

use std::{borrow::Cow, sync::Arc};

use super::{
    Case, Credential, Opaque, Question, Stop, Verdict,
    credential::Proven,
    trace::{Trace, shown},
};
use crate::{
    Denial, Reason, Token, VerifyingKey,
    key::Dialect,
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
        let plain = token.claims().err();
        // What cannot be read as our own tokens are can make sense only to a key with names of its own.
        let mut candidates = candidates(token, self.tenant);
        candidates.retain(|key| plain.is_none() || !matches!(key.dialect(), Dialect::Ours));
        let senseless = plain.filter(|_| candidates.is_empty());
        trace.deny("token", senseless.map(malformed), || {
            shown(token.claims().ok().map(|claims| claims.jti.clone()))
        })?;
        let missing = if candidates.is_empty() {
            Some(self.unproven(token, plain, Reason::TokenKey)?)
        } else {
            None
        };
        trace.deny("key", missing, || format!("kid {}", shown(token.kid.as_deref())))?;

        let mut tried = candidates.into_iter();
        let signer = loop {
            let Some(key) = tried.next() else { break None };
            if self.is_signed(token, key)? {
                break Some(key);
            }
        };
        let Some(key) = signer else {
            // Another key may have the name of the one that signed it; a token that names none is tried with every key that
            // is left.
            let reason = if self.facts.signed {
                Reason::TokenKey
            } else {
                Reason::TokenSignature
            };
            let denial = self.unproven(token, plain, reason)?;
            trace.note("signature", Some(&denial), || "no key fits".to_owned());
            return Err(Stop::Deny(denial));
        };
        trace.check("signature", None, || {
            format!("{} by {}", key.algorithm().as_str(), key.kid())
        })?;
        let claims = token.claims_under(key).map_err(|why| {
            let denial = malformed(why);
            trace.note("claims", Some(&denial), || format!("as {} names them", key.kid()));
            Stop::Deny(denial)
        })?;
        Ok(Proven {
            claims,
            kid: Some(key.kid().clone()),
            word: Word::Signed { ours: key.is_ours() },
        })
    }

    /// Whether the key signed it; asked where that is not known yet.
    fn is_signed(&self, token: &Arc<Token>, key: &Arc<VerifyingKey>) -> Result<bool, Stop> {
        let question = || Question::Signature {
            token: token.clone(),
            key: key.clone(),
        };
        self.request.proofs.of(token, key).ok_or_else(|| Stop::Ask(question()))
    }

    /// A refusal of a token that no key of the organisation signed, with what a stranger is told of it: whatever the
    /// organisation's keys are, and whether or not there is one. Which keys are the installation's own is public, with them
    /// anybody can check what they signed; whose they are is not.
    fn unproven(&self, token: &Arc<Token>, plain: Option<Malformed>, reason: Reason) -> Result<Denial, Stop> {
        // Whoever runs was proven once.
        let said = if self.facts.running {
            None
        } else if let Some(why) = plain {
            let Denial { reason, detail, .. } = malformed(why);
            Some((reason, detail))
        } else {
            let published = token.kid.as_ref().and_then(|kid| self.policy.published(kid));
            let spoilt = published.map(|key| self.is_signed(token, key)).transpose()? == Some(false);
            let said = if spoilt {
                Reason::TokenSignature
            } else {
                Reason::TokenKey
            };
            Some((said, None))
        };
        Ok(Denial { said, ..reason.into() })
    }

    fn prove_handle(&self, digest: &CredentialDigest, trace: &mut impl Trace) -> Result<Proven<'a>, Stop> {
        let known = self.tenant.and_then(|tenant| tenant.handle(digest));
        let Some(known) = known else {
            return refuse(trace, "token", malformed(Malformed::Handle), "a handle");
        };
        trace.check("token", None, || format!("a handle of {}", known.claims.jti))?;
        let key = self.tenant.and_then(|tenant| tenant.keys.get(&known.kid));
        // The one that signed is gone then, and nobody forged anything.
        let another = key.is_some_and(|key| Some(key.fingerprint()) != known.key);
        let is_gone = key.is_none() || another;
        trace.check("key", is_gone.then_some(Reason::TokenKey), || {
            if another {
                format!("another key is called {} now", known.kid)
            } else {
                format!("kid {}", known.kid)
            }
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
        let claims = Claims {
            // The word of the moment at which it was asked: what is taken back in bulk ends whom an earlier word let in, and
            // who comes is asked about.
            iat: Some(self.facts.since.unwrap_or(self.now)),
            ..Claims::bare(opaque.digest().opaque_id(), Scope::Organisation)
        };
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
