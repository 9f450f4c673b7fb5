//! Guardian rules.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, dataloader::DataLoader};
use authz::Action;
use chrono::{DateTime, Utc};
use entity::guardian_rule;
use guard::rules;
use ids::OrganisationId;

use super::{Names, Stream, StreamGroup, page::connection, session::Session, token::Actor};
use crate::{
    fault::Fault,
    graphql::loaders::{Groups, Streams},
    service::{rules as service, simulation::Outcome},
    state::State,
};

/// A rule on who may watch or publish, whatever they hold. The most specific rule of a kind wins; a deny by any one kind
/// denies.
#[derive(Clone, Debug)]
pub(crate) struct GuardianRule {
    row: guardian_rule::Model,
    rule: rules::Rule,
}

connection!(
    /// Guardian rules.
    GuardianRuleConnection,
    GuardianRuleEdge,
    GuardianRule
);

/// Which rules.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct GuardianRuleFilter {
    /// With this text in the value or the note, whatever the case.
    text: Option<String>,
    /// Those that look at this.
    kind: Option<GuardianKind>,
    /// With this action.
    action: Option<GuardianAction>,
    /// In this mode.
    mode: Option<GuardianMode>,
    /// That stand at exactly these doors.
    door: Option<GuardianDoor>,
    /// For the one stream of this name.
    stream: Option<String>,
    /// Those whose time is over, or the others.
    expired: Option<bool>,
}

impl From<GuardianRuleFilter> for service::Which {
    fn from(filter: GuardianRuleFilter) -> Self {
        Self {
            text: filter.text,
            kind: filter.kind.map(Into::into),
            action: filter.action.map(Into::into),
            mode: filter.mode.map(Into::into),
            doors: filter.door.map(Into::into),
            stream: filter.stream,
            expired: filter.expired,
        }
    }
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Kind")]
pub(crate) enum GuardianKind {
    /// The address: an address or a network.
    Ip,
    /// The network's number; `none` for an unknown one, `*` for all.
    Asn,
    /// The country's code of two letters; `none` for an unknown one, `*` for all.
    Country,
    /// The page's host, or `*.` and all hosts below one; `none` for a missing one, `*` for all.
    Referrer,
    /// What the player calls itself, literally or with `*`; `none` for a missing one, `*` for all.
    UserAgent,
}

/// What becomes of whom a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Action")]
pub(crate) enum GuardianAction {
    /// They pass, as far as this kind is concerned.
    Allow,
    /// They do not.
    Deny,
}

/// Whether a rule decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Mode")]
pub(crate) enum GuardianMode {
    /// It does.
    Enforce,
    /// It counts, decides nothing, and hides no other rule.
    Monitor,
}

/// The doors that a rule stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Doors")]
pub(crate) enum GuardianDoor {
    /// Viewers'.
    Playback,
    /// Broadcasters'.
    Ingest,
    /// Both.
    Both,
}

/// Whom a rule that was only tried would have cut.
#[derive(Clone, SimpleObject)]
pub(crate) struct GuardianSimulation {
    /// How many sessions that go on would end now.
    running: i32,
    /// How many past ones it would have cut.
    past: i32,
    /// How many viewers the tokens of both name.
    viewers: i32,
    /// From how many addresses both came.
    addresses: i32,
    /// Some of them, 20 at most: those that go on, then the newest.
    sessions: Vec<Session>,
    /// How many sessions were looked at.
    examined: i32,
    /// Whether there were no more; the newest 20000 are looked at.
    complete: bool,
    /// Of a rule that lets in: whether it excepts anybody from another rule.
    excepts: Option<bool>,
}

impl GuardianSimulation {
    pub(crate) fn of(state: &State, outcome: Outcome) -> Self {
        let count = |count: usize| super::count(count as u64);
        Self {
            running: count(outcome.running),
            past: count(outcome.past),
            viewers: count(outcome.viewers),
            addresses: count(outcome.addresses),
            sessions: outcome
                .some
                .into_iter()
                .map(|row| Session::of_row(state, row, true))
                .collect(),
            examined: count(outcome.examined),
            complete: outcome.complete,
            excepts: outcome.excepts,
        }
    }
}

#[Object]
impl GuardianRule {
    /// Its id.
    async fn id(&self) -> ID {
        self.key().into()
    }

    /// What it looks at.
    async fn kind(&self) -> GuardianKind {
        self.rule.matcher.kind().into()
    }

    /// What it looks for, in its shortest form.
    async fn value(&self) -> &str {
        &self.row.value
    }

    /// What becomes of whom it is about.
    async fn action(&self) -> GuardianAction {
        self.rule.action.into()
    }

    /// Whether it decides.
    async fn mode(&self) -> GuardianMode {
        self.rule.mode.into()
    }

    /// The doors that it stands at.
    async fn door(&self) -> GuardianDoor {
        self.rule.doors.into()
    }

    /// The one stream that it is for.
    async fn stream(&self, context: &Context<'_>) -> Result<Option<Stream>> {
        let Some(stream) = self.row.stream_id else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Streams>>();
        Ok(loader.load_one((self.organisation(), stream)).await?.map(Stream))
    }

    /// The one group that it is for.
    async fn group(&self, context: &Context<'_>) -> Result<Option<StreamGroup>> {
        let Some(group) = self.row.group_id else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Groups>>();
        Ok(loader.load_one((self.organisation(), group)).await?.map(StreamGroup))
    }

    /// Whether it reaches everybody, broadcasters, or very many: a network shorter than /8, or /16 of IPv6. Such a rule
    /// is for administrators.
    async fn wide(&self) -> bool {
        service::operation(&self.rule) == Action::RuleWriteWide
    }

    /// From when on it is as if it were not there.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.row.expires_at.map(super::moment)
    }

    /// What people say of it.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }

    /// How often it was met: by sessions that it let in, ended or only counted, and by requests that it refused. A few
    /// seconds behind.
    async fn matches(&self) -> i32 {
        super::count(u64::try_from(self.row.matches).unwrap_or(0))
    }

    /// When it was met last.
    async fn last_match_at(&self) -> Option<DateTime<Utc>> {
        self.row.last_match_at.map(super::moment)
    }

    /// Who made it.
    async fn created_by(&self, context: &Context<'_>) -> Result<Option<Actor>> {
        let names = context.data_unchecked::<DataLoader<Names>>();
        Ok(names.load_one(self.row.created_by).await?)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.row.created_at)
    }
}

impl GuardianRule {
    pub(crate) fn of(row: guardian_rule::Model) -> Result<Self, Fault> {
        let rule = service::rule(&row)?;
        Ok(Self { row, rule })
    }

    /// What its cursor is made of.
    pub(crate) fn key(&self) -> String {
        self.rule.id.to_string()
    }

    /// What it looks at and for, in a cell.
    pub(super) fn cell(&self) -> String {
        format!("{} {}", self.rule.matcher.kind().as_str(), self.row.value)
    }

    fn organisation(&self) -> OrganisationId {
        OrganisationId::from_uuid(self.row.organisation_id)
    }
}
