//! What the decision asks, and who can say. What nobody says in time refuses: it never lets pass.

use std::sync::{Arc, OnceLock};

use guard::{Binding, Facts, Policy, Question, Reason, Request, Use, Verdict};
use ids::{OrganisationId, SessionId, UseId};
use link::{Counted, Protocol};

use super::{Gate, Reservation, backends};
use crate::session::{Session, Word};

/// Who asks, beside what the decision looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    /// Made once it has to be said.
    pub(super) client: &'a OnceLock<SessionId>,
    pub(super) protocol: Protocol,
    /// What a broadcaster added to the name.
    pub(super) parameters: &'a [(String, String)],
    /// Whether it is a session, and the question is whether it may go on.
    pub(super) running: bool,
    /// The session that takes a newer token, or that goes when this one comes: it does not count beside.
    pub(super) besides: Option<SessionId>,
    /// Why the session that it belonged to is over: an older token of it that has expired meanwhile is not the reason.
    pub(super) ended: Option<Reason>,
}

/// What was found out that the decision does not look at.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// A use of the token, where those are counted.
    pub(super) reservation: Option<Arc<Reservation>>,
    /// What the customer's backend said, where it was asked.
    pub(super) word: Option<Word>,
}

impl Gate {
    /// Finds out what is asked, into `request`, `facts` and `found`; what only others know is asked of them.
    pub(super) async fn answer(
        &self,
        question: Question,
        asker: Asker<'_>,
        policy: &Policy,
        request: &mut Request,
        facts: &mut Facts,
        found: &mut Found,
    ) {
        let organisation = organisation(policy, request);
        match (question, organisation) {
            (Question::Backend { .. }, Some(organisation)) => {
                let word = self.hear(organisation, request, asker).await;
                facts.backend = Some(word.verdict);
                // Whoever runs was let in by an earlier word.
                facts.since = facts.since.or(Some(word.asked));
                found.word = Some(word);
            }
            (
                Question::Binding {
                    jti,
                    address,
                    most,
                    expires,
                },
                Some(organisation),
            ) => {
                let token = Counted {
                    organisation,
                    jti,
                    expires,
                };
                facts.binding = Some(self.counts.bind(token, address, most).await);
            }
            (Question::Use { jti, most, expires }, Some(organisation)) => {
                let token = Counted {
                    organisation,
                    jti,
                    expires,
                };
                let id = UseId::mint(self.unix_ms(), self.entropy.bytes());
                let (uses, reservation) = self.counts.reserve(token, id, most).await;
                facts.uses = Some(uses);
                found.reservation = reservation.map(Arc::new).or(found.reservation.take());
            }
            (Question::Sessions { whose }, Some(organisation)) => {
                facts.sessions = Some(self.sessions.count(organisation, &whose, asker.besides));
            }
            (question, _) => self.answer_here(question, policy, request, facts),
        }
    }

    /// The same for a session that runs: nobody waits, and what was said at its admission stands. What was not asked then
    /// is asked soon.
    pub(super) fn answer_running(
        &self,
        question: Question,
        session: &Session,
        policy: &Policy,
        request: &mut Request,
        facts: &mut Facts,
    ) {
        match question {
            Question::Backend { .. } => {
                let edition = policy.backend_edition(session.permit().organisation());
                facts.backend = Some(session.heard_or_wanted(edition));
            }
            question => self.answer_here(question, policy, request, facts),
        }
    }

    /// What the customer's backend says of somebody.
    pub(super) async fn hear(&self, organisation: OrganisationId, request: &Request, asker: Asker<'_>) -> Word {
        let client = *asker.client.get_or_init(|| self.new_session());
        match backends::inquiry(organisation, request, asker, client) {
            Some(inquiry) => self.backends.hear(inquiry).await,
            None => Word::new(Verdict::Unavailable, self.clock.now(), self.clock.now()),
        }
    }

    /// What this node knows by itself.
    fn answer_here(&self, question: Question, policy: &Policy, request: &mut Request, facts: &mut Facts) {
        match question {
            Question::Signature { token, key } => request.proofs.add(self.proofs.check(&token, &key)),
            Question::Sessions { whose } => {
                let count = |id| self.sessions.count(id, &whose, None);
                facts.sessions = Some(organisation(policy, request).map_or(0, count));
            }
            Question::Backend { .. } => facts.backend = Some(Verdict::Unavailable),
            Question::Binding { .. } => facts.binding = Some(Binding::Unknown),
            Question::Use { .. } => facts.uses = Some(Use::Unknown),
        }
    }
}

/// Whose stream is asked for.
fn organisation(policy: &Policy, request: &Request) -> Option<OrganisationId> {
    let tenant = policy.tenant_of(request.stream.as_ref()?)?;
    Some(tenant.organisation.id)
}
