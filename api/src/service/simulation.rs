//! A Guardian rule that is only tried: whom it would cut, by the same code that would cut them.
//!
//! Kinds of rules do not look at each other, so that the rules of one kind are enough. Everybody who is looked at was let
//! in by everything else.

use std::{collections::BTreeSet, net::Ipv6Addr};

use entity::{Tenanted, guardian_rule, session, stream};
use guard::{
    Asn, Credential, Door, Place, Policy, Request, Timestamp, Update,
    policy::{Organisation, Package},
    rules::{Action, Aim, Doors, Matcher, Mode, Rule},
};
use ids::{OrganisationId, RuleId, StreamName};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};

use super::rules::{self, Gist};
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
    let (streams, rules) = (
        streams(state, acting.id).await?,
        standing(state, acting.id, &candidate, trial.replaces).await?,
    );
    let before = policy_of(state, acting, &streams, &rules)?;
    let after = beside.iter().chain([&candidate]).fold(before.clone(), |policy, rule| {
        policy.with(&Update::Rule {
            organisation: acting.id,
            rule: rule.clone(),
        })
    });
    let mut sessions = sessions(connection, acting.id, &candidate, scope.stream, trial.since).await?;
    let complete = sessions.len() <= MOST;
    sessions.truncate(MOST);
    let now = state.now();
    let examined = sessions.len();
    sessions.retain(|row| {
        request(row).is_some_and(|request| {
            let cut = guard::judge_rules(&request, &after, now).is_err_and(|denial| denial.rule == Some(candidate.id));
            cut && guard::judge_rules(&request, &before, now).is_ok()
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
            Action::Allow => Some(excepts(state, acting, &candidate, &streams, &rules)?),
            Action::Deny => None,
        },
        some: {
            sessions.truncate(SOME);
            sessions
        },
    })
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

/// The rules of the candidate's kind that decide, without the one that it replaces.
async fn standing(
    state: &State,
    organisation: OrganisationId,
    candidate: &Rule,
    replaces: Option<RuleId>,
) -> Result<Vec<Rule>, Fault> {
    let alike = guardian_rule::Entity::in_tenant(organisation)
        .filter(guardian_rule::Column::Kind.eq(candidate.matcher.kind().as_str()))
        .filter(rules::stands(state.now_us()));
    let mut standing = Vec::new();
    for row in alike.all(state.store.read()).await? {
        let rule = rules::rule(&row)?;
        if rule.mode == Mode::Enforce && Some(rule.id) != replaces {
            standing.push(rule);
        }
    }
    Ok(standing)
}

/// A policy of nothing but the organisation, its streams and these rules.
fn policy_of<'a>(
    state: &State,
    acting: &Acting,
    streams: &[stream::Model],
    rules: impl IntoIterator<Item = &'a Rule>,
) -> Result<Policy, Fault> {
    let mut updates = vec![Update::Organisation(Organisation {
        packages: [Package::Guardian].into_iter().collect(),
        ..policy::organisation(&acting.row, &[])?
    })];
    for row in streams {
        updates.push(Update::Stream(policy::stream(state, row)?));
    }
    updates.extend(rules.into_iter().map(|rule| Update::Rule {
        organisation: acting.id,
        rule: rule.clone(),
    }));
    Ok(Policy::from_updates(updates))
}

async fn streams(state: &State, organisation: OrganisationId) -> Result<Vec<stream::Model>, DbErr> {
    stream::Entity::in_tenant(organisation)
        .filter(stream::Column::DeletedAt.is_null())
        .all(state.store.read())
        .await
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
        select = select.filter(Column::Door.eq(record::door(door)));
    }
    if let Some(stream) = stream {
        select = select.filter(Column::StreamId.eq(stream.uuid()));
    }
    let most = u64::try_from(MOST).unwrap_or(u64::MAX).saturating_add(1);
    select.order_by_desc(Column::Id).limit(most).all(connection).await
}

/// What a session asked for when it came.
fn request(row: &session::Model) -> Option<Request> {
    let door = if row.door == record::door(Door::Ingest) {
        Door::Ingest
    } else {
        Door::Playback
    };
    let name: StreamName = row.stream_name.parse().ok()?;
    let place = Place {
        country: row.country.as_deref().and_then(|code| code.parse().ok()),
        asn: row.asn.and_then(|number| number.try_into().ok()).map(Asn::new),
    };
    Some(Request {
        place,
        referrer: row.referrer.as_deref().and_then(|host| host.parse().ok()),
        agent: row.user_agent.as_deref().map(Into::into),
        ..Request::new(door, Some(name), row.address.parse().ok()?, Credential::Missing)
    })
}

/// Whether somebody whom the candidate is about, and no rule more specific than it, would be refused without it on some
/// stream, and let in with it.
fn excepts(
    state: &State,
    acting: &Acting,
    candidate: &Rule,
    streams: &[stream::Model],
    rules: &[Rule],
) -> Result<bool, Fault> {
    let weight = candidate.matcher.specificity();
    let wider = rules.iter().filter(|rule| rule.matcher.specificity() <= weight);
    let without = policy_of(state, acting, streams, wider)?;
    let with = without.with(&Update::Rule {
        organisation: acting.id,
        rule: candidate.clone(),
    });
    let now = state.now();
    // What an organisation without a stream would say of one.
    let any = format!("{}-any", acting.hash);
    let names = streams.iter().map(|row| &row.name).chain([&any]);
    let doors = [Door::Playback, Door::Ingest]
        .into_iter()
        .filter(|door| candidate.doors.have(*door));
    let mut asked = names
        .filter_map(|name| name.parse::<StreamName>().ok())
        .flat_map(|name| doors.clone().map(move |door| typical(candidate, door, name.clone())));
    Ok(asked
        .any(|one| guard::judge_rules(&one, &without, now).is_err() && guard::judge_rules(&one, &with, now).is_ok()))
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
/// Sessions that are shown.
const SOME: usize = 20;
/// Exceptions that are tried beside a rule.
const EXCEPTIONS: usize = 100;
