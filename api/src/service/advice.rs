//! What could be better about a token that is to be made; the marks are guard's.

use std::time::Duration;

use entity::{Tenanted, stream};
use guard::{
    Reason, Timestamp,
    lint::{self, Finding, Traits, lint},
};
use ids::GroupId;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder};

use super::tokens::{STREAMS, Scope, Wanted};
use crate::{
    graphql::{Severity, TokenAdvice},
    people::Acting,
};

/// Advice on a token, the weightiest first. `force_disconnect`: whether its expiry ends sessions.
pub(crate) fn on(wanted: &Wanted, force_disconnect: bool, now: Timestamp) -> Vec<TokenAdvice> {
    let lifetime_s = wanted.expires.saturating_sub(now.s());
    let traits = Traits {
        publishes: wanted.publish,
        lifetime: Duration::from_secs(u64::try_from(lifetime_s).unwrap_or(0)),
        organisation_wide: matches!(wanted.scope, Scope::Organisation),
        has_ip: wanted.ip.is_some() || wanted.restrictions.bind_ips.is_some(),
        has_domains: !wanted.restrictions.domains.is_empty(),
        has_user: wanted.user.is_some(),
        has_tag: wanted.tag.is_some(),
        revocable: wanted.revocable,
        force_disconnect,
        is_static: false,
    };
    of(&traits)
}

/// Advice on a token of these traits, the weightiest first.
pub(crate) fn of(traits: &Traits) -> Vec<TokenAdvice> {
    lint(traits).into_iter().map(Into::into).collect()
}

/// `all` of a token for a broadcaster, and that a stream of its scope takes its key and no token, where one does.
pub(crate) async fn with_key(
    connection: &impl ConnectionTrait,
    acting: &Acting,
    scope: &Scope,
    mut all: Vec<TokenAdvice>,
) -> Result<Vec<TokenAdvice>, DbErr> {
    let by_organisation = (acting.row.ingest_authorisation == KEY).then_some("inherit");
    let takes_key = stream::Entity::in_tenant(acting.id)
        .filter(stream::Column::DeletedAt.is_null())
        .filter(stream::Column::IngestAuthorisation.is_in(by_organisation.into_iter().chain([KEY])));
    let of_scope = match scope {
        Scope::Streams(names) => {
            let names = names.iter().take(STREAMS).map(String::as_str);
            takes_key.filter(stream::Column::Name.is_in(names))
        }
        Scope::Groups(ids) => {
            let ids = ids.iter().take(STREAMS).filter_map(|id| id.parse::<GroupId>().ok());
            takes_key.filter(stream::Column::GroupId.is_in(ids.map(GroupId::uuid)))
        }
        Scope::Organisation => takes_key,
    };
    let first = of_scope.order_by_asc(stream::Column::Name).one(connection).await?;
    if let Some(stream) = first {
        let message = format!(
            "it does not publish {}, which takes its key and no token: `ingestAuthorisation: TOKEN` changes that, by \
             `updateStream`, or by `updateSettings` for all that inherit",
            stream.name
        );
        let weightier = all.iter().take_while(|one| one.severity == Severity::Fail).count();
        let advice = TokenAdvice {
            code: Reason::IngestKey.as_str().to_owned(),
            severity: Severity::Warn,
            message,
        };
        all.insert(weightier, advice);
    }
    Ok(all)
}

impl From<Finding> for TokenAdvice {
    fn from(finding: Finding) -> Self {
        Self {
            code: finding.code.to_owned(),
            severity: match finding.severity {
                lint::Severity::Fail => Severity::Fail,
                lint::Severity::Warn => Severity::Warn,
                lint::Severity::Info => Severity::Info,
            },
            message: finding.message.to_owned(),
        }
    }
}

/// What the column `ingest_authorisation` says where the stream's key is to be shown.
const KEY: &str = "key";
