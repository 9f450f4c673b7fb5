//! What the decision asks, and what this node can say. What it cannot find out refuses: it never lets pass.

use guard::{Binding, Facts, Policy, Question, Request, Use, Verdict};

use super::Gate;

impl Gate {
    /// Finds out what is asked, into `request` and `facts`.
    pub(super) fn answer(&self, question: Question, policy: &Policy, request: &mut Request, facts: &mut Facts) {
        match question {
            Question::Signature { token, key } => request.proofs.add(self.proofs.check(&token, &key)),
            Question::Sessions { whose } => {
                let organisation = request
                    .stream
                    .as_ref()
                    .and_then(|name| policy.tenant_of(name))
                    .map(|tenant| tenant.organisation.id);
                facts.sessions = Some(organisation.map_or(0, |id| self.sessions.count(id, &whose)));
            }
            // There is nobody to ask yet.
            Question::Backend { .. } => facts.backend = Some(Verdict::Unavailable),
            Question::Binding { .. } => facts.binding = Some(Binding::Unknown),
            Question::Use { .. } => facts.uses = Some(Use::Unknown),
        }
    }
}
