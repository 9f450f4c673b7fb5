//! A running session takes a newer token for the same stream and viewer, and then runs to that one's end.
//!
//! The token is decided upon like that of somebody new, from where the session is; what was counted for the session is not
//! counted again. INVARIANT: the session is found by the token before the policy is read for the last time, so that a
//! change that takes the token back reaches it.

use std::sync::{Arc, OnceLock};

use guard::{Credential, Denial, End, Facts, Grant, Permit, Reason, Request, token::Proofs};
use link::Kind;

use super::{Asked, Gate, answers::Asker};
use crate::session::{Held, Session, Shared};

impl Gate {
    /// The sessions that run on what somebody shows, on that stream and from there.
    pub(crate) fn running(&self, asked: &Asked) -> Vec<Shared> {
        let here = guard::block(asked.address);
        let mut sessions = asked
            .credential
            .digest()
            .map(|digest| self.sessions.showing(digest))
            .unwrap_or_default();
        sessions.retain(|session| {
            session.permit().name().as_str() == asked.name
                && guard::block(session.request().address) == here
                && session.reason().is_none()
        });
        sessions
    }

    /// Has a session run on a newer token; until when. Refused, it goes on as before.
    pub(crate) async fn renew(&self, session: &Arc<Session>, credential: Credential) -> Result<Option<End>, Denial> {
        if credential.digest().is_some_and(|digest| session.knows(digest)) {
            return Ok(session.until());
        }
        let asked = asked(session, credential.clone());
        let door = session.permit().door();
        let mut request = Request {
            credential,
            proofs: Proofs::default(),
            ..(*session.request()).clone()
        };
        self.learn(&request).await;
        let Some(policy) = self.policy() else {
            return Err(self.denied(&asked, door, Reason::NotReady.into(), None));
        };
        let id = OnceLock::from(session.id);
        let asker = Asker {
            client: &id,
            protocol: session.protocol,
            parameters: &session.parameters,
            running: false,
            besides: Some(session.id),
            ended: None,
        };
        // Whoever runs is in nobody's way, and was counted.
        let mut facts = Facts::default();
        let (permit, found) = self
            .settle_all(&asked, asker, &policy, &mut request, &mut facts)
            .await?;
        let Some(grant) = permit.grant().cloned() else {
            // Nobody needs a token here.
            return Ok(session.until());
        };
        if let Some(denial) = unfit(session, &permit) {
            return Err(self.denied(&asked, door, denial, None));
        }
        let digest = request.credential.digest();
        let held = Held {
            grant: grant.clone(),
            digest,
        };
        let now = self.clock.now();
        let told = Grant {
            marks: guard::marks(&request, &facts, &policy, now),
            ..grant.clone()
        };
        if !self.sessions.renew(session, request, held, permit.end(), now) {
            // Over meanwhile, and told so by whatever ended it.
            return Ok(session.until());
        }
        if let Some(reservation) = found.reservation {
            session.reserve(reservation);
        }
        if let Some(word) = found.word {
            session.heard(word, policy.backend_edition(permit.organisation()));
        }
        if let Some(current) = self.policy()
            && let Err(denial) = self.judge_again(session, &current)
        {
            session.end(denial.reason);
            return Err(self.denied(&asked, door, denial, None));
        }
        tracing::info!(session.id = %session.id, token.jti = &*grant.jti, "a session took a newer token");
        self.tell(Kind::Renewed {
            session: session.id,
            organisation: permit.organisation(),
            grant: told,
        });
        Ok(session.until())
    }
}

/// Why a token that would let somebody new in is none for the session, if it is not.
fn unfit(session: &Session, permit: &Permit) -> Option<Denial> {
    let tokens = session.tokens();
    let (before, grant) = (tokens.last().map(|held| &held.grant), permit.grant()?);
    if before.and_then(|before| before.user.as_ref()) != grant.user.as_ref() {
        let why = "a newer token of a session names the same viewer";
        return Some(Denial::with_detail(Reason::TokenMalformed, why));
    }
    if before.is_some_and(|before| grant.expires < before.expires) {
        let why = "the session runs on a newer token than this";
        return Some(Denial::with_detail(Reason::TokenMalformed, why));
    }
    // Each of them is remembered until nobody can take it back any more.
    (tokens.len() >= MOST).then(|| Denial::with_detail(Reason::Throttled, "the session took too many tokens in a day"))
}

/// What is told of a refusal.
fn asked(session: &Session, credential: Credential) -> Asked {
    let request = session.request();
    Asked {
        name: session.permit().name().to_string(),
        credential,
        address: request.address,
        protocol: session.protocol,
        user_agent: request.agent.clone(),
        referrer: request.referrer.clone(),
        encrypted: request.encrypted,
        parameters: Vec::new(),
    }
}

/// Tokens that one session runs on: one every three minutes, for the day in which each can be taken back.
const MOST: usize = 500;
