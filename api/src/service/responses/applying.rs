//! How a response keeps somebody out, and lets them in again.

use std::{net::IpAddr, time::Duration};

use entity::{Tenanted, guardian_rule, playback_token, response, session};
use guard::{
    Timestamp, Update,
    policy::{Held, Hold, Package},
    rules::{Action, Doors, Kind, Matcher, Mode},
};
use ids::{OrganisationId, RuleId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{Standing, Work};
use crate::{
    analytics::findings::{ADDRESS, TOKEN, USER},
    fault::Fault,
    live::record,
    publisher::policy,
    service::{
        packages,
        rules::{self, Gist, New, Scope},
    },
};

/// Who is to be kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Whoever a Guardian rule on that value is about.
    Rule(Kind, String),
    /// Whoever shows the token, or one that names the viewer.
    Held(Held),
}

impl Target {
    /// Whom a row is about; none where that is masked by now. An IPv6 address stands for its /64.
    pub(crate) fn of(kind: &str, subject: &str) -> Option<Self> {
        match kind {
            ADDRESS => match subject.parse().ok()? {
                IpAddr::V4(address) => Some(Self::Rule(Kind::Ip, address.to_string())),
                IpAddr::V6(address) => Some(Self::Rule(Kind::Ip, format!("{address}/64"))),
            },
            SUBNET => Some(Self::Rule(Kind::Ip, subject.into())),
            NETWORK => Some(Self::Rule(Kind::Asn, subject.into())),
            REFERRER => Some(Self::Rule(Kind::Referrer, subject.into())),
            TOKEN => Some(Self::Held(Held::Token(subject.into()))),
            USER => Some(Self::Held(Held::User(subject.into()))),
            _ => None,
        }
    }

    /// Whether it can be kept out by itself: a token that cannot be revoked is as little held. Of one that was made
    /// elsewhere the newest session that began with it says so; one that nobody showed may be.
    pub(super) async fn can_be_held(&self, work: &Work<'_>) -> Result<bool, DbErr> {
        let Self::Held(Held::Token(jti)) = self else {
            return Ok(true);
        };
        let made = playback_token::Entity::in_tenant(work.organisation)
            .filter(playback_token::Column::Jti.eq(&**jti))
            .one(&*work.write)
            .await?;
        if let Some(token) = made {
            return Ok(token.revocable);
        }
        let marks: Option<Option<i32>> = session::Entity::in_tenant(work.organisation)
            .select_only()
            .column(session::Column::TokenMarks)
            .filter(session::Column::Jti.eq(&**jti))
            .order_by_desc(session::Column::StartedAt)
            .into_tuple()
            .one(&*work.write)
            .await?;
        let mut marks = record::marks_of(marks.flatten()).each();
        Ok(!marks.any(|(_, mark)| mark.code == NOT_REVOCABLE))
    }
}

/// The columns `kind` and `subject` of what a rule is to keep out rather than whom something was found of: addresses, a
/// network by its number, or a page. Never everybody, nor very many.
pub(super) fn columns(kind: Kind, value: &str) -> Result<(&'static str, String), Fault> {
    let wrong = |why: String| Fault::field("block", "INVALID", why);
    let matcher = Matcher::parse(kind, value).map_err(|error| wrong(error.to_string()))?;
    if matcher.is_wide() {
        let why = "a response keeps out some: never everybody, nor a network shorter than /8, or /16 of IPv6";
        return Err(wrong(why.to_owned()));
    }
    match &matcher {
        Matcher::Ip(network) => Ok(match (network.addr(), network.prefix_len()) {
            (IpAddr::V4(address), 32) => (ADDRESS, address.to_string()),
            (IpAddr::V6(address), 64 | 128) => {
                let block = guard::network(&format!("{address}/64")).map_err(|error| wrong(error.to_string()))?;
                (ADDRESS, block.addr().to_string())
            }
            _ => (SUBNET, matcher.to_string()),
        }),
        Matcher::Asn(_) => Ok((NETWORK, matcher.to_string())),
        Matcher::Referrer(_) => Ok((REFERRER, matcher.to_string())),
        Matcher::Country(_) | Matcher::UserAgent(_) => {
            Err(wrong("addresses, a network by its number, or a page".to_owned()))
        }
    }
}

/// Until when it keeps somebody out that is applied now.
pub(super) fn until(work: &Work<'_>, row: &response::Model) -> Timestamp {
    work.at
        .plus(Duration::from_secs(u64::try_from(row.length_s).unwrap_or(0)))
}

/// Keeps them out from now on, in the name of `by`, or of nobody: the row afterwards, and what nodes are told.
pub(super) async fn apply(
    work: &Work<'_>,
    row: &response::Model,
    target: Target,
    by: Option<Uuid>,
) -> Result<(response::Model, Update), Fault> {
    let until = until(work, row);
    let (rule, update) = match target {
        Target::Rule(kind, value) => {
            let (id, update) = block(work, row, (kind, value), by, until).await?;
            (Some(id.uuid()), update)
        }
        Target::Held(who) => (None, told(work.organisation, Hold { who, until })),
    };
    let applied = response::ActiveModel {
        id: Set(row.id),
        state: Set(Standing::Applied.column().to_owned()),
        decided_by: Set(by),
        decided_at: Set(Some(work.at.us())),
        until_at: Set(Some(until.us())),
        rule_id: Set(rule),
        ..Default::default()
    };
    Ok((applied.update(&*work.write).await?, update))
}

/// Lets them in again: what nodes are told; nothing where a person made the rule their own by now, or deleted it.
pub(super) async fn lift(work: &Work<'_>, row: &response::Model) -> Result<Vec<Update>, DbErr> {
    let organisation = work.organisation;
    if let Some(id) = row.rule_id {
        let gone = guardian_rule::Entity::remove_in_tenant(organisation)
            .filter(guardian_rule::Column::Id.eq(id))
            .filter(guardian_rule::Column::ExpiresAt.eq(row.until_at))
            .filter(guardian_rule::Column::Action.eq(rules::name(&Action::Deny)))
            .filter(guardian_rule::Column::Door.eq(rules::name(&Doors::Playback)))
            .filter(guardian_rule::Column::Mode.eq(rules::name(&Mode::Enforce)))
            .exec(&*work.write)
            .await?;
        let id = RuleId::from_uuid(id);
        let update = Update::RuleRemoved { organisation, id };
        return Ok((gone.rows_affected > 0).then_some(update).into_iter().collect());
    }
    let lifted = Target::of(&row.kind, &row.subject).and_then(|target| match target {
        Target::Held(who) => Some(told(
            organisation,
            Hold {
                who,
                until: Timestamp::default(),
            },
        )),
        Target::Rule(..) => None,
    });
    Ok(lifted.into_iter().collect())
}

/// The hold that an applied response is, for a policy.
pub(super) fn held(row: &response::Model) -> Option<Update> {
    let until = Timestamp::from_us(row.until_at?);
    match Target::of(&row.kind, &row.subject)? {
        Target::Held(who) => Some(told(
            OrganisationId::from_uuid(row.organisation_id),
            Hold { who, until },
        )),
        Target::Rule(..) => None,
    }
}

async fn block(
    work: &Work<'_>,
    response: &response::Model,
    (kind, value): (Kind, String),
    by: Option<Uuid>,
    until: Timestamp,
) -> Result<(RuleId, Update), Fault> {
    if !policy::packages(&*work.write, work.organisation)
        .await?
        .has(Package::Guardian)
    {
        return Err(Fault::PackageRequired(Package::Guardian));
    }
    let gist = Gist {
        kind,
        value,
        action: Action::Deny,
        doors: Doors::Playback,
        stream: None,
        group: None,
    };
    let matcher = gist.matcher()?;
    packages::one_rule_more(work, &matcher).await?;
    let new = New {
        gist,
        mode: Mode::Enforce,
        // What people wrote may name a viewer: it stays where that can be erased.
        note: Some(format!("Response to {}", response.indicator)),
        expires: Some(until),
    };
    let id: RuleId = work.state.mint();
    let row = rules::row(
        id,
        (work.organisation, by.unwrap_or_default()),
        &new,
        &matcher,
        Scope::default(),
        work.at,
    )
    .insert(&*work.write)
    .await?;
    let update = Update::Rule {
        organisation: work.organisation,
        rule: rules::rule(&row)?,
    };
    Ok((id, update))
}

fn told(organisation: OrganisationId, hold: Hold) -> Update {
    Update::Held { organisation, hold }
}

/// As columns have more addresses than one.
pub(crate) const SUBNET: &str = "subnet";
/// As columns have a network by its number.
pub(crate) const NETWORK: &str = "network";
/// As columns have a page.
pub(crate) const REFERRER: &str = "referrer";
/// As the linter calls the mark.
const NOT_REVOCABLE: &str = "NOT_REVOCABLE";
