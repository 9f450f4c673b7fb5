//! What of an organisation's policy can matter to one request, so that the rest is not read: there may be a million rules on
//! addresses, revocations, bans and handles.

use std::collections::HashSet;

use guard::{
    Credential, Request, Update,
    policy::{StaticToken, Subject},
    token::{Claims, claims_of},
};
use ids::{OrganisationId, StreamId};

/// A request that is to be judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    /// Whose stream it is for.
    pub(crate) organisation: OrganisationId,
    /// Which.
    pub(crate) stream: StreamId,
    pub(crate) request: &'a Request,
}

impl About<'_> {
    /// The digest by which a list knows what is shown.
    pub(super) fn digest(&self) -> Option<Vec<u8>> {
        self.request.credential.digest().map(|digest| digest.to_vec())
    }

    /// What a revocation can name of whoever shows the credential, whichever key signed it: `updates` have the keys, and
    /// what the lists know of it.
    pub(super) fn subjects(&self, updates: &[Update]) -> HashSet<Subject> {
        let mut subjects = HashSet::from([Subject::Stream(self.stream), Subject::Everything]);
        for update in updates {
            match (&self.request.credential, update) {
                (Credential::Token(token), Update::Key { key, .. }) => {
                    subjects.insert(Subject::Key(key.kid().clone()));
                    // Each key may have names of its own for what a token says.
                    if let Ok(claims) = token.claims_under(key) {
                        subjects.extend(named(&claims));
                    }
                }
                (Credential::Handle(_), Update::Handle { handle, .. }) => {
                    subjects.insert(Subject::Key(handle.kid.clone()));
                    if let Ok(claims) = claims_of(&handle.claims, &handle.jti) {
                        subjects.extend(named(&claims));
                    }
                }
                (Credential::Opaque(_), Update::StaticToken { token, .. }) => {
                    subjects.insert(Subject::Token(StaticToken::id_of(&token.name)));
                }
                _ => {}
            }
        }
        if let Credential::Opaque(opaque) = &self.request.credential {
            subjects.insert(Subject::Token(opaque.digest().opaque_id()));
        }
        subjects
    }
}

/// The token, its viewer and its label.
fn named(claims: &Claims) -> impl Iterator<Item = Subject> {
    let token = Subject::Token(claims.jti.clone());
    let user = claims.user.clone().map(Subject::User);
    let tag = claims.tag.clone().map(Subject::Tag);
    [Some(token), user, tag].into_iter().flatten()
}
