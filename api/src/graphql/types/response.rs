//! What is done, or to be done, about somebody in whom misuse was found.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, dataloader::DataLoader};
use chrono::{DateTime, Utc};
use entity::{organisation, response};
use guard::Timestamp;
use ids::{ResponseId, RuleId};
use misuse::Indicator as Sign;
use uuid::Uuid;

use super::{
    moment,
    page::connection,
    token::{Actor, Names},
};
use crate::{
    analytics::findings::{ADDRESS, TOKEN, USER},
    graphql::{caller, state},
    people::Actor as By,
    service::responses::{
        Standing,
        applying::{NETWORK, REFERRER, SUBNET, Target},
        settings::{Automatic, Edit, Way},
    },
};

/// What is done, or to be done, about somebody in whom misuse was found: they are kept out for a while.
#[derive(Clone)]
pub(crate) struct MisuseResponse(pub(crate) response::Model);

connection!(
    /// Responses to misuse.
    MisuseResponseConnection,
    MisuseResponseEdge,
    MisuseResponse
);

/// Where a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Standing")]
pub(crate) enum ResponseState {
    /// It waits for somebody to approve it.
    Suggested,
    /// It keeps them out.
    Applied,
    /// Somebody did not want it.
    Refused,
    /// Somebody let them in again before its time was over.
    Undone,
    /// Its time is over.
    Over,
}

/// How somebody is kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum ResponseKind {
    /// A Guardian rule refuses the address, or the /64 of an IPv6 one, and ends its sessions.
    BlockAddress,
    /// A Guardian rule does so with more addresses, as in `192.0.2.0/24`.
    BlockSubnet,
    /// A Guardian rule does so with a network, by its number.
    BlockNetwork,
    /// A Guardian rule does so with who comes from a page.
    BlockReferrer,
    /// The token is refused, with `SESSION_ENDED`, and its sessions end; afterwards it lets in again.
    HoldToken,
    /// The same of every token that names the viewer.
    HoldUser,
}

/// What is a sign of misuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Sign")]
pub(crate) enum MisuseIndicator {
    /// Several addresses of one token, outside one network.
    Addresses,
    /// An address in a data centre.
    Hosting,
    /// No page, where players here have one, or one that is not known.
    Referrer,
    /// Several countries at once, or faster than anybody travels.
    Countries,
    /// Several sessions at once on a token that is one viewer's.
    Sessions,
    /// Playback for very long without a pause.
    LongPlayback,
    /// Session after session.
    Reconnects,
    /// Many connections from one address.
    Connections,
    /// A country from where hardly anybody watches here.
    UnusualCountry,
    /// One token on two nodes at once.
    Nodes,
    /// Refused again and again.
    Denials,
}

#[Object]
impl MisuseResponse {
    /// Its id.
    async fn id(&self) -> ID {
        Self::key(&self.0).into()
    }

    /// Where it is.
    async fn state(&self, context: &Context<'_>) -> ResponseState {
        Standing::of(&self.0, state(context).now()).into()
    }

    /// How they are kept out.
    async fn kind(&self) -> ResponseKind {
        match self.0.kind.as_str() {
            ADDRESS => ResponseKind::BlockAddress,
            SUBNET => ResponseKind::BlockSubnet,
            NETWORK => ResponseKind::BlockNetwork,
            REFERRER => ResponseKind::BlockReferrer,
            USER => ResponseKind::HoldUser,
            _ => ResponseKind::HoldToken,
        }
    }

    /// The token's id, where it is about a token.
    async fn jti(&self) -> Option<ID> {
        self.of(TOKEN).map(ID)
    }

    /// The viewer, where it is about a viewer.
    async fn user(&self) -> Option<String> {
        self.of(USER)
    }

    /// The address, where it is about an address.
    async fn ip(&self) -> Option<String> {
        self.of(ADDRESS)
    }

    /// What the Guardian rule looks for that it is: an address or several, a network's number, or a page's host.
    async fn value(&self) -> Option<String> {
        self.looked_for()
    }

    /// What was found, as in `SESSIONS`.
    async fn code(&self) -> &str {
        &self.0.indicator
    }

    /// What that adds to the score.
    async fn weight(&self) -> i32 {
        self.0.points
    }

    /// Why, in words and numbers.
    async fn evidence(&self) -> &str {
        &self.0.evidence
    }

    /// For how long they are kept out once it is applied.
    async fn length_seconds(&self) -> i32 {
        i32::try_from(self.0.length_s).unwrap_or(i32::MAX)
    }

    /// Why, for people.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Who suggested it; none: the platform, as the settings say.
    async fn proposed_by(&self, context: &Context<'_>) -> Result<Option<Actor>> {
        named(context, self.0.proposed_by).await
    }

    /// When it was suggested, or found.
    async fn proposed_at(&self) -> DateTime<Utc> {
        moment(self.0.proposed_at)
    }

    /// Who approved or refused it; none: nobody yet, or it was applied by itself.
    async fn decided_by(&self, context: &Context<'_>) -> Result<Option<Actor>> {
        named(context, self.0.decided_by).await
    }

    /// When it was applied or refused.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at.map(moment)
    }

    /// Whether it was applied by itself.
    async fn by_itself(&self) -> bool {
        self.0.proposed_by.is_none() && self.0.until_at.is_some() && self.0.decided_by.is_none()
    }

    /// Before when they are kept out.
    async fn until(&self) -> Option<DateTime<Utc>> {
        self.0.until_at.map(moment)
    }

    /// The Guardian rule that keeps them out, or did.
    async fn rule(&self) -> Option<ID> {
        self.0.rule_id.map(|id| RuleId::from_uuid(id).to_string().into())
    }

    /// Who let them in again before its time was over.
    async fn undone_by(&self, context: &Context<'_>) -> Result<Option<Actor>> {
        named(context, self.0.undone_by).await
    }

    /// When it was refused, was taken back, or was over.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at.map(moment)
    }

    /// Whether whoever asks suggested it: a second person approves it.
    async fn is_own(&self, context: &Context<'_>) -> bool {
        let actor = caller(context).acting().ok().map(|acting| acting.actor);
        let person = match actor {
            Some(By::Software { made_by, .. }) => Some(made_by.uuid()),
            actor => actor.and_then(By::uuid),
        };
        person.is_some() && self.0.proposed_by == person
    }
}

impl MisuseResponse {
    /// Its id, as text.
    pub(crate) fn key(row: &response::Model) -> String {
        ResponseId::from_uuid(row.id).to_string()
    }

    fn of(&self, kind: &str) -> Option<String> {
        (self.0.kind == kind).then(|| self.0.subject.clone())
    }

    /// What the rule looks for; none of what is held, and where that is masked by now.
    fn looked_for(&self) -> Option<String> {
        match Target::of(&self.0.kind, &self.0.subject) {
            Some(Target::Rule(_, value)) => Some(value),
            _ => None,
        }
    }

    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 20] = [
        "id",
        "state",
        "jti",
        "user",
        "ip",
        "code",
        "weight",
        "evidence",
        "kind",
        "value",
        "length_s",
        "note",
        "proposed_by",
        "proposed_at",
        "decided_by",
        "decided_at",
        "until",
        "rule",
        "undone_by",
        "ended_at",
    ];

    /// A line of a file, as it is at `now`; `names` are those who acted.
    pub(crate) fn cells(&self, names: &HashMap<Uuid, String>, now: Timestamp) -> [String; 20] {
        let Self(row) = self;
        let name = |id: Option<Uuid>| id.and_then(|id| names.get(&id).cloned()).unwrap_or_default();
        let at = |at: Option<i64>| at.map(moment).map(super::written).unwrap_or_default();
        [
            Self::key(row),
            Standing::of(row, now).column().to_owned(),
            self.of(TOKEN).unwrap_or_default(),
            self.of(USER).unwrap_or_default(),
            self.of(ADDRESS).unwrap_or_default(),
            row.indicator.clone(),
            row.points.to_string(),
            row.evidence.clone(),
            row.kind.clone(),
            self.looked_for().unwrap_or_default(),
            row.length_s.to_string(),
            row.note.clone().unwrap_or_default(),
            name(row.proposed_by),
            super::written(moment(row.proposed_at)),
            name(row.decided_by),
            at(row.decided_at),
            at(row.until_at),
            row.rule_id
                .map(|id| RuleId::from_uuid(id).to_string())
                .unwrap_or_default(),
            name(row.undone_by),
            at(row.ended_at),
        ]
    }
}

async fn named(context: &Context<'_>, id: Option<Uuid>) -> Result<Option<Actor>> {
    let names = context.data_unchecked::<DataLoader<Names>>();
    match id {
        Some(id) => Ok(names.load_one(id).await?),
        None => Ok(None),
    }
}

/// What happens by itself about whom misuse is found in.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct ResponseSettings {
    /// Of which signs something is suggested by itself.
    suggest: Vec<MisuseIndicator>,
    /// Of which signs something is applied by itself.
    apply: Vec<MisuseIndicator>,
    /// For how long somebody is kept out by it.
    length_seconds: i32,
    /// How many are kept out by themselves within an hour; what is more is suggested.
    per_hour: i32,
}

/// What is to happen by itself about whom misuse is found in; what is left out stays. A sign of which something is applied
/// has nothing suggested besides.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct ResponseSettingsInput {
    /// Of which signs something is suggested by itself.
    suggest: Option<Vec<MisuseIndicator>>,
    /// Of which signs something is applied by itself.
    apply: Option<Vec<MisuseIndicator>>,
    /// For how long somebody is kept out by it: 60 to 2592000 (30 days).
    length_seconds: Option<i64>,
    /// How many are kept out by themselves within an hour: 1 to 1000.
    per_hour: Option<i64>,
}

impl ResponseSettings {
    pub(crate) fn of(row: &organisation::Model) -> Self {
        let automatic = Automatic::of(row);
        let of = |way| automatic.of_way(way).into_iter().map(Into::into).collect();
        Self {
            suggest: of(Way::Suggest),
            apply: of(Way::Apply),
            length_seconds: i32::try_from(automatic.length_s).unwrap_or(i32::MAX),
            per_hour: i32::try_from(automatic.per_hour).unwrap_or(i32::MAX),
        }
    }
}

impl From<ResponseSettingsInput> for Edit {
    fn from(input: ResponseSettingsInput) -> Self {
        let signs = |said: Vec<MisuseIndicator>| said.into_iter().map(Into::into).collect();
        Self {
            suggest: input.suggest.map(signs),
            apply: input.apply.map(signs),
            length_s: input.length_seconds,
            per_hour: input.per_hour,
        }
    }
}
