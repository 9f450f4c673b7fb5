//! A Guardian rule that is only tried: whom it would cut, by the same code that would cut them.
//!
//! Kinds of rules do not look at each other, so that the rules of one kind are enough. Everybody who is looked at was let
//! in by everything else.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv6Addr},
};

use entity::{Tenanted, guardian_rule, session, stream};
use guard::{
    Asn, Credential, Door, Place, Policy, Request, Timestamp, Update,
    policy::{Organisation, Package, Stream},
    rules::{Action, Aim, Doors, Matcher, Mode, Rule},
};
use ids::{OrganisationId, RuleId, StreamName};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};

use super::{
    concerning, packages,
    rules::{self, Gist},
};
use crate::{fault::Fault, live::record, people::Acting, publisher::policy, state::State};

/// What is tried, and on whom.
pub(crate) struct Trial {
    pub(crate) gist: Gist,
    /// The rule that it would replace.
    pub(crate) replaces: Option<RuleId>,
    /// Other values of its kind, which would be let in beside it.
    pub(crate) exceptions: Vec<String>,
    /// Sessions that were over by then are not looked at.
    pub(crate) since: Timestamp,
}

/// What would come of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// How many sessions were looked at.
    pub(crate) examined: usize,
    /// Whether there were no more.
    pub(crate) complete: bool,
    /// How many it would end now.
    pub(crate) running: usize,
    /// How many that are over it would have cut.
    pub(crate) past: usize,
    /// How many viewers their tokens name.
    pub(crate) viewers: usize,
    /// From how many addresses they came.
    pub(crate) addresses: usize,
    /// Some of them: those that go on, then the newest.
    pub(crate) some: Vec<session::Model>,
    /// Of what lets in: whether anybody would be refused without it.
    pub(crate) excepts: Option<bool>,
}

/// Tries a rule.
pub(crate) async fn run(state: &State, acting: &Acting, trial: Trial) -> Result<Outcome, Fault> {
    let connection = state.store.read();
    let scope = trial.gist.scope(connection, acting.id).await?;
    let candidate = Rule {
        id: state.mint(),
        matcher: trial.gist.matcher()?,
        action: trial.gist.action,
        scope: scope.into(),
        doors: trial.gist.doors,
        mode: Mode::Enforce,
        expires: None,
    };
    let beside = exceptions(state, &candidate, &trial.exceptions)?;
    let (sessions, rows) = {
        let _turn = state.analytics.turn(acting.id).await?;
        let sessions = sessions(connection, acting.id, &candidate, scope.stream, trial.since).await?;
        let rows = standing(state, acting.id, &candidate, &sessions).await?;
        (sessions, rows)
    };
    let stage = Stage {
        organisation: Organisation {
            packages: [Package::Guardian].into_iter().collect(),
            ..policy::organisation(&acting.row, &[])?
        },
        streams: streams(state, acting.id).await?,
        rows,
        replaces: trial.replaces,
        now: state.now(),
    };
    // A million rules take seconds.
    tokio::task::spawn_blocking(move || stage.play(&candidate, &beside, sessions))
        .await
        .map_err(|error| Fault::bug(&error))?
        .map_err(Fault::from)
}

/// What a rule is tried on. All of it takes time, and none of it waits.
struct Stage {
    organisation: Organisation,
    streams: Vec<Stream>,
    /// The rules of the candidate's kind, at least those that can say something of whom it is about.
    rows: Vec<guardian_rule::Model>,
    replaces: Option<RuleId>,
    now: Timestamp,
}

impl Stage {
    fn play(&self, candidate: &Rule, beside: &[Rule], mut sessions: Vec<session::Model>) -> Result<Outcome, DbErr> {
        let rules = self.standing()?;
        let before = self.policy(&rules);
        let after = beside
            .iter()
            .chain([candidate])
            .fold(before.clone(), |policy, rule| policy.with(&self.update(rule)));
        let complete = sessions.len() <= MOST;
        sessions.truncate(MOST);
        let examined = sessions.len();
        sessions.retain(|row| {
            request(row).is_some_and(|request| {
                let judged = guard::judge_rules(&request, &after, self.now);
                let cut = judged.is_err_and(|denial| denial.rule == Some(candidate.id));
                cut && guard::judge_rules(&request, &before, self.now).is_ok()
            })
        });
        sessions.sort_by_key(|row| row.ended_at.is_some());
        let running = sessions.iter().filter(|row| row.ended_at.is_none()).count();
        let viewers: BTreeSet<_> = sessions.iter().filter_map(|row| row.viewer.as_ref()).collect();
        let addresses: BTreeSet<_> = sessions.iter().map(|row| &row.address).collect();
        Ok(Outcome {
            examined,
            complete,
            running,
            past: sessions.len() - running,
            viewers: viewers.len(),
            addresses: addresses.len(),
            excepts: match candidate.action {
                Action::Allow => Some(self.excepts(candidate, &rules)),
                Action::Deny => None,
            },
            some: {
                sessions.truncate(SOME);
                sessions
            },
        })
    }

    /// The rules of the candidate's kind that decide, without the one that it replaces.
    fn standing(&self) -> Result<Vec<Rule>, DbErr> {
        let mut standing = Vec::new();
        for row in &self.rows {
            let rule = rules::rule(row)?;
            if rule.mode == Mode::Enforce && Some(rule.id) != self.replaces {
                standing.push(rule);
            }
        }
        Ok(standing)
    }

    /// A policy of nothing but the organisation, its streams and these rules.
    fn policy<'a>(&self, rules: impl IntoIterator<Item = &'a Rule>) -> Policy {
        let streams = self.streams.iter().cloned().map(Update::Stream);
        let rules = rules.into_iter().map(|rule| self.update(rule));
        let organisation = Update::Organisation(self.organisation.clone());
        Policy::from_updates([organisation].into_iter().chain(streams).chain(rules))
    }

    fn update(&self, rule: &Rule) -> Update {
        Update::Rule {
            organisation: self.organisation.id,
            rule: rule.clone(),
        }
    }

    /// Whether somebody whom the candidate is about, and no rule more specific than it, would be refused without it on some
    /// stream, and let in with it.
    fn excepts(&self, candidate: &Rule, rules: &[Rule]) -> bool {
        let weight = candidate.matcher.specificity();
        let without = self.policy(rules.iter().filter(|rule| rule.matcher.specificity() <= weight));
        let with = without.with(&self.update(candidate));
        // What an organisation without a stream would say of one.
        let any = format!("{}-any", self.organisation.hash).parse().ok();
        let names = self.streams.iter().map(|stream| stream.name.clone()).chain(any);
        let doors = [Door::Playback, Door::Ingest]
            .into_iter()
            .filter(|door| candidate.doors.have(*door));
        let mut asked = names.flat_map(|name| doors.clone().map(move |door| typical(candidate, door, name.clone())));
        asked.any(|one| {
            guard::judge_rules(&one, &without, self.now).is_err() && guard::judge_rules(&one, &with, self.now).is_ok()
        })
    }
}

/// The rules that would be made beside the candidate.
fn exceptions(state: &State, candidate: &Rule, values: &[String]) -> Result<Vec<Rule>, Fault> {
    if values.len() > EXCEPTIONS {
        let message = format!("{EXCEPTIONS} exceptions at most");
        return Err(Fault::field("exceptions", "INVALID", message));
    }
    let one = |value: &String| -> Result<Rule, Fault> {
        let matcher = Matcher::parse(candidate.matcher.kind(), value)
            .map_err(|error| Fault::field("exceptions", "INVALID", error.to_string()))?;
        Ok(Rule {
            id: state.mint(),
            matcher,
            action: Action::Allow,
            ..candidate.clone()
        })
    };
    values.iter().map(one).collect()
}

/// The rules of the candidate's kind: of those that are found by values only what can say something of whom the candidate is
/// about, among these sessions and in general. Nobody else can be cut by it.
async fn standing(
    state: &State,
    organisation: OrganisationId,
    candidate: &Rule,
    sessions: &[session::Model],
) -> Result<Vec<guardian_rule::Model>, DbErr> {
    let (connection, now_us) = (state.store.read(), state.now_us());
    let kind = candidate.matcher.kind();
    if let Some(values) = values(candidate, sessions) {
        let there = packages::rules(connection, organisation).await?;
        if u64::try_from(values.len()).is_ok_and(|looked_for| looked_for < there) {
            return concerning::looking_for(connection, organisation, &[kind], values, now_us).await;
        }
    }
    concerning::of_kind(organisation, kind, now_us).all(connection).await
}

/// What a rule of the candidate's kind looks for that is about anybody whom the candidate is about. None where that cannot be
/// told, or is too much.
fn values(candidate: &Rule, sessions: &[session::Model]) -> Option<BTreeSet<String>> {
    match &candidate.matcher {
        Matcher::Ip(network) => {
            let theirs = sessions.iter().filter_map(|row| row.address.parse::<IpAddr>().ok());
            let about = theirs.map(guard::fold).filter(|address| network.contains(address));
            let about: BTreeSet<_> = about.chain([network.network()]).collect();
            (about.len() <= VALUES).then(|| about.into_iter().flat_map(concerning::address).collect())
        }
        Matcher::Asn(aim) => {
            let about: BTreeSet<_> = match aim {
                Aim::At(asn) => [*asn].into(),
                Aim::All => sessions.iter().filter_map(asn).collect(),
                Aim::Missing => BTreeSet::new(),
            };
            (about.len() <= VALUES).then(|| concerning::asns(about))
        }
        Matcher::Country(_) | Matcher::Referrer(_) | Matcher::UserAgent(_) => None,
    }
}

async fn streams(state: &State, organisation: OrganisationId) -> Result<Vec<Stream>, DbErr> {
    let rows = stream::Entity::in_tenant(organisation)
        .filter(stream::Column::DeletedAt.is_null())
        .all(state.store.read())
        .await?;
    rows.iter().map(|row| policy::stream(state, row)).collect()
}

/// Sessions at the candidate's doors, the newest first: one more than are looked at. The built-in source is nobody's.
async fn sessions(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    candidate: &Rule,
    stream: Option<ids::StreamId>,
    since: Timestamp,
) -> Result<Vec<session::Model>, DbErr> {
    use session::Column;
    let mut select = session::Entity::in_tenant(organisation)
        .filter(
            Condition::any()
                .add(Column::EndedAt.is_null())
                .add(Column::EndedAt.gte(since.us())),
        )
        .filter(Column::Protocol.ne(link::Protocol::TestSource.as_str()));
    let door = match candidate.doors {
        Doors::Playback => Some(Door::Playback),
        Doors::Ingest => Some(Door::Ingest),
        Doors::Both => None,
    };
    if let Some(door) = door {
        select = select.filter(Column::Door.eq(door.as_str()));
    }
    if let Some(stream) = stream {
        select = select.filter(Column::StreamId.eq(stream.uuid()));
    }
    let most = u64::try_from(MOST).unwrap_or(u64::MAX).saturating_add(1);
    select.order_by_desc(Column::Id).limit(most).all(connection).await
}

/// What a session asked for when it came.
fn request(row: &session::Model) -> Option<Request> {
    let name: StreamName = row.stream_name.parse().ok()?;
    let place = Place {
        country: row.country.as_deref().and_then(|code| code.parse().ok()),
        asn: asn(row),
    };
    Some(Request {
        place,
        referrer: row.referrer.as_deref().and_then(|host| host.parse().ok()),
        agent: row.user_agent.as_deref().map(Into::into),
        ..Request::new(
            record::door_of(&row.door),
            Some(name),
            row.address.parse().ok()?,
            Credential::Missing,
        )
    })
}

/// The network that it came from.
fn asn(row: &session::Model) -> Option<Asn> {
    row.asn.and_then(|number| number.try_into().ok()).map(Asn::new)
}

/// Somebody whom a rule is about.
fn typical(rule: &Rule, door: Door, name: StreamName) -> Request {
    let nowhere = Ipv6Addr::UNSPECIFIED.into();
    let mut one = Request::new(door, Some(name), nowhere, Credential::Missing);
    match &rule.matcher {
        Matcher::Ip(network) => one.address = network.network(),
        Matcher::Asn(Aim::At(asn)) => one.place.asn = Some(*asn),
        Matcher::Country(Aim::At(country)) => one.place.country = Some(*country),
        Matcher::Referrer(Aim::At(pattern)) => {
            one.referrer = pattern.to_string().replacen('*', "any", 1).parse().ok();
        }
        Matcher::UserAgent(Aim::At(pattern)) => {
            one.agent = Some(pattern.to_string().replace('*', "").into());
        }
        Matcher::Asn(_) | Matcher::Country(_) | Matcher::Referrer(_) | Matcher::UserAgent(_) => {}
    }
    one
}

/// Sessions that are looked at, at most.
const MOST: usize = 20_000;
/// Addresses, or networks, that rules are read for; for more of them all rules are.
const VALUES: usize = 2_000;
/// Sessions that are shown.
const SOME: usize = 20;
/// Exceptions that are tried beside a rule.
const EXCEPTIONS: usize = 100;
