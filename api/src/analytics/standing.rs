//! How tokens and addresses stand now: what the views show beside them.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    net::IpAddr,
};

use entity::{Tenanted, guardian_rule, playback_token, revocation, session};
use guard::{
    Grant, Timestamp, Word,
    policy::{Revocations, Subject},
};
use ids::{OrganisationId, StreamId, TokenId};
use link::SessionFacts;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};

use super::{
    blocking::{self, Whence},
    findings::{Suspect, TOKEN},
    sightings,
};
use crate::{
    live::shown,
    publisher::policy,
    service::{
        bans,
        believed::Believed,
        reading::{TokenIs, token_is},
        responses::Holds,
        tokens::{Revoking, not_revocable_because},
    },
    state::State,
};

/// How a token stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stand {
    pub(crate) is: TokenIs,
    /// Why it cannot be revoked by itself now; none where it can.
    pub(crate) not_revocable_because: Option<&'static str>,
    /// Until when a response keeps out whoever shows it, by itself or with its viewer; none where none does.
    pub(crate) held_until: Option<Timestamp>,
}

/// How tokens stand, by their ids; only those of which something is known. Where there is no record of one, its newest
/// sessions say what it is: it is revoked where it would be refused wherever they were.
pub(crate) async fn tokens(
    state: &State,
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    jtis: &[String],
    now: Timestamp,
) -> Result<HashMap<String, Stand>, DbErr> {
    let records = playback_token::Entity::in_tenant(organisation)
        .filter(playback_token::Column::Jti.is_in(jtis))
        .all(connection)
        .await?;
    let recorded: HashSet<&str> = records.iter().map(|record| record.jti.as_str()).collect();
    let others = jtis.iter().filter(|jti| !recorded.contains(jti.as_str()));
    let others: Vec<_> = others.cloned().map(Suspect::Token).collect();
    let running = state.live.running(organisation, &others);
    let shown = sightings::newest(connection, organisation, &others).await?;
    let users = records.iter().filter_map(|record| record.viewer.clone());
    let users = users.chain(shown.values().filter_map(|sessions| sessions.first()?.viewer.clone()));
    let users: HashSet<_> = users.collect();
    let said: HashMap<_, _> = shown.iter().map(|(token, sessions)| (token, said(sessions))).collect();
    let all: Vec<_> = said.values().flatten().collect();
    let taken = Taken::of(connection, organisation, (jtis, users.into_iter().collect()), &all, now).await?;
    let mut stand = HashMap::new();
    for record in &records {
        let is_revoked = taken.tokens.contains(&record.jti);
        let known = Stand {
            is: if is_revoked {
                TokenIs::Revoked
            } else {
                token_is(record, now)
            },
            not_revocable_because: not_revocable_because(state, record).or(is_revoked.then_some(REVOKED)),
            held_until: taken
                .holds
                .of_token((&record.jti, record.revocable), record.viewer.as_deref()),
        };
        stand.insert(record.jti.clone(), known);
    }
    for token in &others {
        let said = said.get(token).map_or(&[][..], Vec::as_slice);
        let runs = running.contains_key(token);
        if let Some(known) = taken.judge(token.name(), said, runs, now) {
            stand.insert(token.name().to_owned(), known);
        }
    }
    Ok(stand)
}

/// Whether a token of which there is no record said of itself, wherever it was shown of late, that it cannot be revoked.
pub(crate) async fn refuses_revocation(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    jti: &str,
) -> Result<bool, DbErr> {
    let token = Suspect::Token(jti.to_owned());
    let mut shown = sightings::newest(connection, organisation, std::slice::from_ref(&token)).await?;
    let said = said(&shown.remove(&token).unwrap_or_default());
    Ok(!said.is_empty() && said.iter().all(|(grant, _)| !grant.revocable))
}

/// What a token said of itself on these sessions, and where.
fn said(sessions: &[session::Model]) -> Vec<Said> {
    let said = sessions
        .iter()
        .filter_map(|row| Some((shown::newest(row)?, StreamId::from_uuid(row.stream_id))));
    said.collect()
}

/// How the token stands on which a session runs, or ran until now: by what it says itself where that is not written down yet.
pub(crate) async fn behind(
    state: &State,
    connection: &impl ConnectionTrait,
    session: &SessionFacts,
    now: Timestamp,
) -> Result<Option<Stand>, DbErr> {
    let Some(grant) = &session.grant else { return Ok(None) };
    let jtis = [grant.jti.to_string()];
    let known = tokens(state, connection, session.organisation, &jtis, now).await?;
    if let Some(stand) = known.into_values().next() {
        return Ok(Some(stand));
    }
    let users = grant.user.iter().map(ToString::to_string).collect();
    let said = [(grant.clone(), session.stream)];
    let all: Vec<_> = said.iter().collect();
    let taken = Taken::of(connection, session.organisation, (&jtis, users), &all, now).await?;
    Ok(taken.judge(&grant.jti, &said, true, now))
}

/// What a token says of itself, and the stream for which it was shown.
type Said = (Grant, StreamId);

/// What an organisation took back, as far as some tokens are concerned.
struct Taken {
    /// Those of them that were revoked by themselves.
    tokens: HashSet<String>,
    all: Revocations,
    /// Who vouches for those of which there is no record.
    believed: Believed,
    /// Whom responses keep out for a while.
    holds: Holds,
}

impl Taken {
    async fn of(
        connection: &impl ConnectionTrait,
        organisation: OrganisationId,
        (jtis, users): (&[String], Vec<String>),
        said: &[&Said],
        now: Timestamp,
    ) -> Result<Self, DbErr> {
        use revocation::Column;
        let (mut tokens, mut all) = (HashSet::new(), Vec::new());
        let names = names(jtis, said);
        for some in names.chunks(NAMES) {
            // Each by its place in the index, however many there are.
            let rows = revocation::Entity::in_tenant(organisation)
                .filter(Column::Kind.is_in(KINDS))
                .filter(Column::Subject.is_in(some))
                .all(connection)
                .await?;
            for row in rows {
                all.push((policy::subject(&row.kind, &row.subject)?, Timestamp::from_us(row.at)));
                if row.kind == TOKEN {
                    tokens.insert(row.subject);
                }
            }
        }
        Ok(Self {
            tokens,
            all: all.into_iter().collect(),
            believed: Believed::by(connection, organisation).await?,
            holds: Holds::among(connection, organisation, jtis.to_vec(), users, now).await?,
        })
    }

    /// How a token stands of which there is no record, by what it said on its newest sessions, the newest first; none where
    /// nothing is known of it.
    fn judge(&self, jti: &str, said: &[Said], runs: bool, now: Timestamp) -> Option<Stand> {
        let Some((newest, _)) = said.first() else {
            return self.tokens.contains(jti).then_some(Stand {
                is: TokenIs::Revoked,
                not_revocable_because: Some(REVOKED),
                held_until: None,
            });
        };
        let covered = |(grant, stream): &Said| match self.all.covering(grant, Some(*stream)) {
            Some(Subject::Token(_)) => true,
            // It is judged again where it comes again.
            Some(_) => !matches!(grant.word, Word::Backend { .. }),
            None => false,
        };
        let is_revoked = said.iter().all(covered);
        let is = if is_revoked {
            TokenIs::Revoked
        } else if newest.expires <= now {
            TokenIs::Expired
        } else {
            TokenIs::Active
        };
        let revoking = Revoking {
            is_revoked,
            is_revocable: newest.revocable,
            expires: newest.expires,
        };
        let unknown = || {
            if jti.parse::<TokenId>().is_ok() {
                Some("there is no record of it any more")
            } else {
                self.believed.stranger_because(jti)
            }
        };
        Some(Stand {
            is,
            not_revocable_because: revoking.impossible_because(now, || runs).or_else(unknown),
            held_until: self.holds.of_token((jti, newest.revocable), newest.user.as_deref()),
        })
    }
}

/// Whatever is named by what can cover these tokens, in the form of its kind.
fn names(jtis: &[String], said: &[&Said]) -> Vec<String> {
    let mut names: BTreeSet<String> = jtis.iter().cloned().collect();
    for (grant, stream) in said {
        let own = [&grant.user, &grant.tag, &grant.kid].into_iter().flatten();
        names.extend(own.map(ToString::to_string));
        let whole = [Subject::Stream(*stream), Subject::Everything];
        names.extend(whole.map(|subject| policy::subject_columns(&subject).1));
    }
    names.into_iter().collect()
}

/// How those stand of whom something was found.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    /// A token, where anything is known of it.
    Token(Option<Stand>),
    /// A viewer: whether they are banned, and until when a response keeps them out, where one does.
    User {
        banned: bool,
        held_until: Option<Timestamp>,
    },
    /// An address: the rule by which no viewer comes from there.
    Address(Option<Box<guardian_rule::Model>>),
}

impl Standing {
    /// Whether somebody cut them off: the token is revoked, the viewer banned, or the address blocked by a rule.
    pub(crate) fn is_cut(&self) -> bool {
        match self {
            Self::Token(stand) => stand.is_some_and(|stand| stand.is == TokenIs::Revoked),
            Self::User { banned, .. } => *banned,
            Self::Address(rule) => rule.is_some(),
        }
    }

    /// Whether nobody comes in by them any more: they are cut off, or the token is expired.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Token(stand) => stand.is_some_and(|stand| stand.is != TokenIs::Active),
            Self::User { .. } | Self::Address(_) => self.is_cut(),
        }
    }
}

/// How each of these stands.
pub(crate) async fn of(
    state: &State,
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    suspects: &[Suspect],
    now: Timestamp,
) -> Result<HashMap<Suspect, Standing>, DbErr> {
    let (mut jtis, mut users, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
    for suspect in suspects {
        match suspect {
            Suspect::Token(jti) => jtis.push(jti.clone()),
            Suspect::User(user) => users.push(user.clone()),
            Suspect::Address(_) => addresses.push(suspect.clone()),
        }
    }
    let tokens = if jtis.is_empty() {
        HashMap::new()
    } else {
        tokens(state, connection, organisation, &jtis, now).await?
    };
    let (banned, holds) = if users.is_empty() {
        (HashSet::new(), Holds::default())
    } else {
        let holds = Holds::among(connection, organisation, vec![], users.clone(), now).await?;
        (bans::among(connection, organisation, users).await?, holds)
    };
    let blocked = if addresses.is_empty() {
        HashMap::new()
    } else {
        blocked(connection, organisation, &addresses, now).await?
    };
    let stands = |suspect: &Suspect| match suspect {
        Suspect::Token(jti) => Standing::Token(tokens.get(jti).copied()),
        Suspect::User(user) => Standing::User {
            banned: banned.contains(user),
            held_until: holds.of_user(user),
        },
        Suspect::Address(address) => Standing::Address(blocked.get(address).cloned().map(Box::new)),
    };
    Ok(suspects
        .iter()
        .map(|suspect| (suspect.clone(), stands(suspect)))
        .collect())
}

/// Of those addresses, as findings name them, from where no viewer is let in, the rule that keeps them out. They are in the
/// network and country where their newest sessions were.
async fn blocked(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    addresses: &[Suspect],
    now: Timestamp,
) -> Result<HashMap<String, guardian_rule::Model>, DbErr> {
    let seen = sightings::newest(connection, organisation, addresses).await?;
    let whence = addresses.iter().map(|address| {
        let newest = seen.get(address).and_then(|sessions| sessions.first());
        let places = newest.map(|row| blocking::place_of(row.asn, row.country.as_deref()));
        let whence = Whence {
            network: guard::network(&block(address.name())).ok(),
            places: places.into_iter().collect(),
        };
        (address.name().to_owned(), whence)
    });
    blocking::rules(connection, organisation, whence.collect(), now).await
}

/// All that a finding of an address is of: the /64 of an IPv6 one.
fn block(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(six)) => format!("{six}/64"),
        _ => address.to_owned(),
    }
}

const REVOKED: &str = "it is revoked already";
/// Of what there are revocations.
const KINDS: [&str; 6] = [TOKEN, "user", "tag", "stream", "key", "everything"];
/// SQLite allows 32766 parameters in a statement.
const NAMES: usize = 10_000;
