//! What the decision asks, and what this node can say. What it cannot find out refuses: it never lets pass.

use guard::{Binding, Facts, Policy, Question, Request, Use, Verdict, token::Jti};
use ids::{OrganisationId, UseId};
use link::Counted;

use super::{Gate, Reservation};

impl Gate {
    /// Finds out what is asked, into `request` and `facts`; what is reserved thereby, where something is.
    pub(super) async fn answer(
        &self,
        question: Question,
        policy: &Policy,
        request: &mut Request,
        facts: &mut Facts,
    ) -> Option<Reservation> {
        let token = |jti: Jti, expires| {
            Some(Counted {
                organisation: organisation(policy, request)?,
                jti,
                expires,
            })
        };
        match question {
            Question::Binding {
                jti,
                address,
                most,
                expires,
            } => {
                facts.binding = Some(match token(jti, expires) {
                    Some(token) => self.counts.bind(token, address, most).await,
                    None => Binding::Unknown,
                });
                None
            }
            Question::Use { jti, most, expires } => {
                let id = UseId::mint(self.unix_ms(), self.entropy.bytes());
                let (uses, reservation) = match token(jti, expires) {
                    Some(token) => self.counts.reserve(token, id, most).await,
                    None => (Use::Unknown, None),
                };
                facts.uses = Some(uses);
                reservation
            }
            known => {
                self.answer_at_once(known, policy, request, facts);
                None
            }
        }
    }

    /// The same, without asking anybody: what this node does not know refuses.
    pub(super) fn answer_at_once(&self, question: Question, policy: &Policy, request: &mut Request, facts: &mut Facts) {
        match question {
            Question::Signature { token, key } => request.proofs.add(self.proofs.check(&token, &key)),
            Question::Sessions { whose } => {
                let organisation = organisation(policy, request);
                facts.sessions = Some(organisation.map_or(0, |id| self.sessions.count(id, &whose)));
            }
            // There is nobody to ask yet.
            Question::Backend { .. } => facts.backend = Some(Verdict::Unavailable),
            Question::Binding { .. } => facts.binding = Some(Binding::Unknown),
            Question::Use { .. } => facts.uses = Some(Use::Unknown),
        }
    }
}

/// Whose stream is asked for.
fn organisation(policy: &Policy, request: &Request) -> Option<OrganisationId> {
    let name = request.stream.as_ref()?;
    Some(policy.tenant_of(name)?.organisation.id)
}
