//! How many sessions of viewers go on of whom something was found: all of them by one look at the organisation's.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use guard::Door;
use ids::OrganisationId;

use super::{Live, LiveSession};
use crate::analytics::findings::Suspect;

impl Live {
    /// How many go on of each of these; none of those that are not named.
    pub(crate) fn running<'a>(
        &self,
        organisation: OrganisationId,
        suspects: impl IntoIterator<Item = &'a Suspect>,
    ) -> HashMap<Suspect, u32> {
        let wanted = Wanted::of(suspects);
        let register = self.register();
        let theirs = register
            .of(organisation)
            .filter(|session| session.facts.door == Door::Playback);
        let mut running = HashMap::new();
        for suspect in theirs.flat_map(|session| wanted.among(session)) {
            *running.entry(suspect.clone()).or_insert(0) += 1;
        }
        running
    }
}

/// Those who are looked for, by what sessions say of them.
#[derive(Default)]
struct Wanted<'a> {
    tokens: HashMap<&'a str, &'a Suspect>,
    users: HashMap<&'a str, &'a Suspect>,
    addresses: HashMap<IpAddr, &'a Suspect>,
}

impl<'a> Wanted<'a> {
    fn of(suspects: impl IntoIterator<Item = &'a Suspect>) -> Self {
        let mut wanted = Self::default();
        for suspect in suspects {
            match suspect {
                Suspect::Token(jti) => _ = wanted.tokens.insert(jti, suspect),
                Suspect::User(user) => _ = wanted.users.insert(user, suspect),
                Suspect::Address(text) => {
                    if let Ok(address) = text.parse() {
                        wanted.addresses.insert(guard::block(address), suspect);
                    }
                }
            }
        }
        wanted
    }

    /// Those of them whom a session is of, each once.
    fn among(&self, session: &LiveSession) -> HashSet<&'a Suspect> {
        let mut found = HashSet::new();
        if !self.tokens.is_empty() {
            found.extend(session.tokens().filter_map(|token| self.tokens.get(&*token.jti)));
        }
        found.extend(session.facts.user().and_then(|user| self.users.get(user)));
        if !self.addresses.is_empty() {
            found.extend(self.addresses.get(&guard::block(session.facts.address)));
        }
        found
    }
}
