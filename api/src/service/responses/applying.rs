//! How a response keeps somebody out, and lets them in again.

use std::{net::IpAddr, time::Duration};

use entity::{Tenanted, guardian_rule, playback_token, response, session};
use guard::{
    Timestamp, Update,
    policy::{Held, Hold, Package},
    rules::{Action, Doors, Kind, Mode},
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
    /// Whoever comes from the address: the /64 of an IPv6 one.
    Address(String),
    /// Whoever shows the token, or one that names the viewer.
    Held(Held),
}

impl Target {
    /// Who a finding is about; none where that is masked by now.
    pub(crate) fn of(kind: &str, subject: &str) -> Option<Self> {
        match kind {
            ADDRESS => match subject.parse().ok()? {
                IpAddr::V4(address) => Some(Self::Address(address.to_string())),
                IpAddr::V6(address) => Some(Self::Address(format!("{address}/64"))),
            },
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
        Target::Address(value) => {
            let (id, update) = block(work, row, value, by, until).await?;
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
        Target::Address(_) => None,
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
        Target::Address(_) => None,
    }
}

async fn block(
    work: &Work<'_>,
    response: &response::Model,
    value: String,
    by: Option<Uuid>,
    until: Timestamp,
) -> Result<(RuleId, Update), Fault> {
    if !policy::packages(&*work.write, work.organisation)
        .await?
        .has(Package::Guardian)
    {
        return Err(Fault::PackageRequired(Package::Guardian));
    }
    packages::more_rules(work, 1).await?;
    let gist = Gist {
        kind: Kind::Ip,
        value,
        action: Action::Deny,
        doors: Doors::Playback,
        stream: None,
        group: None,
    };
    let matcher = gist.matcher()?;
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

/// As the linter calls the mark.
const NOT_REVOCABLE: &str = "NOT_REVOCABLE";
