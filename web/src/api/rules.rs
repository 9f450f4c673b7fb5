//! Guardian rules: listed, tried, made, changed, deleted.

use cynic::{MutationBuilder, QueryBuilder};
use guard::rules::Matcher;

use super::{
    actor::Actor,
    client::Api,
    failure::{Failure, sentence},
    operations::mutations,
    page::Page,
    people::UserError,
    scalar::DateTime,
    schema,
    sessions::Session,
    streams::PageInfo,
    tokens::Change,
};

/// A rule on who may watch or publish.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "GuardianRule")]
pub(crate) struct Rule {
    pub(crate) id: cynic::Id,
    pub(crate) kind: Kind,
    pub(crate) value: String,
    pub(crate) action: Action,
    pub(crate) mode: Mode,
    pub(crate) door: Doors,
    pub(crate) stream: Option<StreamName>,
    pub(crate) group: Option<GroupName>,
    /// Whether it is for administrators.
    pub(crate) wide: bool,
    pub(crate) expires_at: Option<DateTime>,
    pub(crate) note: Option<String>,
    pub(crate) matches: i32,
    pub(crate) last_match_at: Option<DateTime>,
    pub(crate) created_by: Option<Actor>,
    pub(crate) created_at: DateTime,
}

/// A rule that keeps somebody out: what it looks at and for.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "GuardianRule")]
pub(crate) struct BlockedBy {
    pub(crate) kind: Kind,
    pub(crate) value: String,
}

/// The stream that a rule is for.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "Stream")]
pub(crate) struct StreamName {
    pub(crate) name: String,
    pub(crate) title: Option<String>,
}

/// The group that a rule is for.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "StreamGroup")]
pub(crate) struct GroupName {
    pub(crate) id: cynic::Id,
    pub(crate) name: String,
}

/// What a rule looks at.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "GuardianKind")]
pub(crate) enum Kind {
    Ip,
    Asn,
    Country,
    Referrer,
    UserAgent,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Ip, Self::Asn, Self::Country, Self::Referrer, Self::UserAgent];

    /// What people call it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Ip => "IP address",
            Self::Asn => "Network",
            Self::Country => "Country",
            Self::Referrer => "Site",
            Self::UserAgent => "Player",
        }
    }

    /// As it stands in addresses of pages.
    pub(crate) const fn as_word(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Asn => "asn",
            Self::Country => "country",
            Self::Referrer => "referrer",
            Self::UserAgent => "user-agent",
        }
    }

    /// Whether a rule on that value is about everybody or very many, and so for administrators; what is no value is not.
    pub(crate) fn is_wide(self, value: &str) -> bool {
        Matcher::parse(self.into(), value).is_ok_and(|matcher| matcher.is_wide())
    }
}

impl From<Kind> for guard::rules::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Ip => Self::Ip,
            Kind::Asn => Self::Asn,
            Kind::Country => Self::Country,
            Kind::Referrer => Self::Referrer,
            Kind::UserAgent => Self::UserAgent,
        }
    }
}

/// What becomes of whom a rule is about.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "GuardianAction")]
pub(crate) enum Action {
    Allow,
    Deny,
}

/// Whether a rule decides.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "GuardianMode")]
pub(crate) enum Mode {
    Enforce,
    Monitor,
}

/// The doors that a rule stands at.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "GuardianDoor")]
pub(crate) enum Doors {
    Playback,
    Ingest,
    Both,
}

impl Doors {
    /// Who meets it there.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Playback => "Viewers",
            Self::Ingest => "Broadcasters",
            Self::Both => "Both",
        }
    }
}

/// Which rules are wanted; `None` narrows nothing.
#[derive(cynic::InputObject, Clone, Debug, Default, PartialEq, Eq)]
#[cynic(graphql_type = "GuardianRuleFilter")]
pub(crate) struct Filter {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<Kind>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<Action>,
}

#[derive(cynic::QueryVariables, Debug)]
struct RuleVariables {
    after: Option<String>,
    filter: Filter,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RuleVariables")]
struct RulesQuery {
    organisation: RulesOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "RuleVariables")]
struct RulesOfOrganisation {
    #[arguments(first: 50, after: $after, filter: $filter)]
    guardian_rules: Option<GuardianRuleConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct GuardianRuleConnection {
    nodes: Vec<Rule>,
    page_info: PageInfo,
    total_count: i32,
}

/// Rules, the newest first.
pub(crate) async fn page(api: Api, filter: Filter, after: Option<String>) -> Result<Page<Rule>, Failure> {
    let query = RulesQuery::build(RuleVariables { after, filter });
    let found = api.query(query).await?.organisation.guardian_rules;
    let found = found.ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct GroupsQuery {
    organisation: GroupsOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation")]
struct GroupsOfOrganisation {
    #[arguments(first: 100)]
    groups: StreamGroupConnection,
}

#[derive(cynic::QueryFragment, Debug)]
struct StreamGroupConnection {
    nodes: Vec<GroupName>,
}

/// The groups that a rule can be for.
pub(crate) async fn groups(api: Api) -> Result<Vec<GroupName>, Failure> {
    Ok(api.query(GroupsQuery::build(())).await?.organisation.groups.nodes)
}

/// What a rule would say.
#[derive(cynic::InputObject, Clone, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "SimulateGuardianRuleInput")]
pub(crate) struct Candidate {
    pub(crate) kind: Kind,
    pub(crate) value: String,
    pub(crate) action: Action,
    pub(crate) door: Doors,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) stream: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<cynic::Id>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) replaces: Option<cynic::Id>,
    /// Other values of its kind, which would be let in beside it.
    pub(crate) exceptions: Vec<String>,
}

#[derive(cynic::QueryVariables, Debug)]
struct TrialVariables {
    input: Candidate,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "TrialVariables")]
struct Try {
    #[arguments(input: $input)]
    simulate_guardian_rule: Option<SimulateGuardianRulePayload>,
}

#[derive(cynic::QueryFragment, Debug)]
struct SimulateGuardianRulePayload {
    simulation: Option<Simulation>,
    errors: Vec<UserError>,
}

/// Whom a rule would have cut.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "GuardianSimulation")]
pub(crate) struct Simulation {
    pub(crate) running: i32,
    pub(crate) past: i32,
    pub(crate) viewers: i32,
    pub(crate) addresses: i32,
    pub(crate) sessions: Vec<Session>,
    pub(crate) complete: bool,
    pub(crate) excepts: Option<bool>,
}

/// What came of trying a rule: what it would do, or what is wrong with it.
pub(crate) type Tried = Result<Simulation, String>;

/// Tries a rule on the sessions that go on, and on those of the last hour.
pub(crate) async fn simulate(api: Api, input: Candidate) -> Result<Tried, Failure> {
    let answer = api.mutate(Try::build(TrialVariables { input })).await?;
    let payload = answer.simulate_guardian_rule.ok_or(Failure::Server)?;
    match (payload.simulation, payload.errors.first()) {
        (_, Some(error)) => Ok(Err(sentence(&error.message))),
        (Some(simulation), None) => Ok(Ok(simulation)),
        (None, None) => Err(Failure::Server),
    }
}

#[derive(cynic::InputObject, Clone, Debug)]
pub(crate) struct CreateGuardianRuleInput {
    pub(crate) kind: Kind,
    pub(crate) value: String,
    pub(crate) action: Action,
    pub(crate) mode: Mode,
    pub(crate) door: Doors,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) stream: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<cynic::Id>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<DateTime>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub(crate) struct UpdateGuardianRuleInput {
    pub(crate) id: cynic::Id,
    pub(crate) action: Action,
    pub(crate) mode: Mode,
    pub(crate) door: Doors,
    /// The end; `None`: none.
    pub(crate) expires_at: Option<DateTime>,
    pub(crate) note: String,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub(crate) struct DeleteGuardianRuleInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
pub(crate) struct CreateGuardianRulePayload {
    pub(crate) change: Option<Change>,
    pub(crate) errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
pub(crate) struct UpdateGuardianRulePayload {
    pub(crate) change: Option<Change>,
    pub(crate) errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
pub(crate) struct DeleteGuardianRulePayload {
    pub(crate) change: Option<Change>,
    pub(crate) errors: Vec<UserError>,
}

mutations! {
    /// Makes a rule; it is in force when this answers.
    create_guardian_rule(CreateGuardianRuleInput) -> CreateGuardianRulePayload;
    /// Changes a rule.
    update_guardian_rule(UpdateGuardianRuleInput) -> UpdateGuardianRulePayload;
    /// Deletes a rule.
    delete_guardian_rule(DeleteGuardianRuleInput) -> DeleteGuardianRulePayload;
}
