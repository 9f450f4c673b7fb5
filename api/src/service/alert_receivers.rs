//! Where alerts go: set, tried, removed; and the log of what was sent.

use std::time::Duration;

use authz::Action;
use entity::{Tenanted, alert_delivery, alert_receiver, audit_entry};
use ids::{AlertDeliveryId, AlertReceiverId, OrganisationId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, ModelTrait, Order,
    PaginatorTrait, QueryFilter, QueryOrder,
};
use serde_json::{Value, json};

use super::{
    Work, difference, label,
    page::{Page, Wanted},
};
use crate::{
    alerts::{
        self,
        receiver::{self, EMAIL, SYSLOG},
    },
    fault::{Fault, UserError},
    mail,
    people::Acting,
    state::State,
};

/// What a receiver is to be; what is left out stays, or is as it is for new ones.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    /// Which; none: a new one.
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) enabled: Option<bool>,
    /// Addresses of mails.
    pub(crate) emails: Option<Vec<String>>,
    /// A collector of syslog.
    pub(crate) syslog: Option<Syslog>,
}

/// A collector of syslog, as it is wished.
#[derive(Clone, Debug)]
pub(crate) struct Syslog {
    pub(crate) host: String,
    pub(crate) port: i64,
    pub(crate) tls: bool,
    pub(crate) authority: Option<String>,
}

/// An organisation's receivers, the oldest first.
pub(crate) async fn all(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<Vec<alert_receiver::Model>, Fault> {
    let rows = alert_receiver::Entity::in_tenant(organisation)
        .order_by_asc(alert_receiver::Column::Id)
        .all(connection)
        .await?;
    Ok(rows)
}

/// Makes a receiver, or changes one. The role was judged.
pub(crate) async fn save(state: &State, acting: &Acting, wish: Wish) -> Result<alert_receiver::Model, Fault> {
    let work = Work::begin(state, acting).await?;
    let before = match &wish.id {
        Some(id) => Some(by_id(&*work.write, acting.id, id).await?),
        None => None,
    };
    if before.is_none() && alert_receiver::Entity::in_tenant(acting.id).count(&*work.write).await? >= MOST {
        return Err(Fault::Caller(UserError {
            code: "LIMIT_REACHED".to_owned(),
            message: format!("the organisation may have {MOST} receivers of alerts"),
            field: None,
        }));
    }
    let kind = match (&wish.emails, &wish.syslog, &before) {
        (Some(_), Some(_), _) => return Err(Fault::field("syslog", "INVALID", "mails or a collector, not both")),
        (Some(_), None, Some(row)) if row.kind != EMAIL => {
            return Err(Fault::field("emails", "INVALID", "this receiver is a collector"));
        }
        (None, Some(_), Some(row)) if row.kind != SYSLOG => {
            return Err(Fault::field("syslog", "INVALID", "this receiver gets mails"));
        }
        (None, None, Some(row)) if row.kind == SYSLOG => SYSLOG,
        (Some(_), None, _) | (None, None, Some(_)) => EMAIL,
        (None, Some(_), _) => SYSLOG,
        (None, None, None) => {
            let why = "a new receiver needs addresses of mails, or a collector of syslog";
            return Err(Fault::field("emails", "REQUIRED", why));
        }
    };
    let name = match (&wish.name, &before) {
        (Some(name), _) => label("name", name, NAME)?,
        (None, Some(row)) => row.name.clone(),
        (None, None) => return Err(Fault::field("name", "REQUIRED", "a new receiver needs a name")),
    };
    let emails = wish.emails.as_deref().map(addresses).transpose()?;
    let syslog = wish.syslog.map(|syslog| collector(state, syslog)).transpose()?;
    let mut row = if let Some(row) = before.clone() {
        row.into_active_model()
    } else {
        let id: AlertReceiverId = state.mint();
        alert_receiver::ActiveModel {
            id: Set(id.uuid()),
            organisation_id: Set(acting.id.uuid()),
            name: Set(String::new()),
            kind: Set(kind.to_owned()),
            enabled: Set(true),
            emails: Set(json!([])),
            host: Set(String::new()),
            port: Set(0),
            tls: Set(false),
            authority: Set(None),
            created_at: Set(work.at.us()),
        }
    };
    row.name = Set(name);
    if let Some(enabled) = wish.enabled {
        row.enabled = Set(enabled);
    }
    if let Some(emails) = emails {
        row.emails = Set(json!(emails));
    }
    if let Some(syslog) = syslog {
        row.host = Set(syslog.host);
        row.port = Set(i32::try_from(syslog.port).unwrap_or(0));
        row.tls = Set(syslog.tls);
        row.authority = Set(syslog.authority);
    }
    let row = if before.is_some() {
        row.update(&*work.write).await?
    } else {
        row.insert(&*work.write).await?
    };
    let detail = difference(before.as_ref().map_or_else(|| json!({}), settings), settings(&row));
    let object = receiver::id(&row).to_string();
    work.finish_untold(Action::AlertReceiverUpdate, &object, detail).await?;
    Ok(row)
}

/// Removes a receiver with its log. The role was judged.
pub(crate) async fn remove(state: &State, acting: &Acting, id: &str) -> Result<AlertReceiverId, Fault> {
    let work = Work::begin(state, acting).await?;
    let row = by_id(&*work.write, acting.id, id).await?;
    let id = receiver::id(&row);
    let detail = json!({ "before": settings(&row), "after": null });
    row.delete(&*work.write).await?;
    work.finish_untold(Action::AlertReceiverUpdate, &id.to_string(), detail)
        .await?;
    Ok(id)
}

/// Sends a trial, and says what came of it: one row for each address. The role was judged.
pub(crate) async fn test(state: &State, acting: &Acting, id: &str) -> Result<Vec<alert_delivery::Model>, Fault> {
    // Counted before it is sent: a trial leaves an entry whatever comes of it.
    let work = Work::begin(state, acting).await?;
    let row = by_id(&*work.write, acting.id, id).await?;
    // Nobody is to be flooded with trials: whose an address is was not asked.
    let of_late = audit_entry::Entity::in_tenant(acting.id)
        .filter(audit_entry::Column::Action.eq(Action::AlertReceiverTest.as_str()))
        .filter(audit_entry::Column::CreatedAt.gt(work.at.minus(LATE).us()))
        .count(&*work.write)
        .await?;
    if of_late >= OFTEN {
        return Err(Fault::RateLimited { retry_after_s: 600 });
    }
    let detail = json!({ "name": row.name });
    work.finish_untold(Action::AlertReceiverTest, &receiver::id(&row).to_string(), detail)
        .await?;
    alerts::try_out(state, &row, &acting.row.name).await
}

/// A page of the log, the newest first.
pub(crate) async fn page(
    state: &State,
    organisation: OrganisationId,
    wanted: Wanted,
) -> Result<Page<alert_delivery::Model>, Fault> {
    let select = alert_delivery::Entity::in_tenant(organisation);
    let key = |key: &str| key.parse::<AlertDeliveryId>().ok().map(|id| id.uuid().into());
    wanted
        .of(state.store.read(), select, alert_delivery::Column::Id, Order::Desc, key)
        .await
}

async fn by_id(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    id: &str,
) -> Result<alert_receiver::Model, Fault> {
    let id: AlertReceiverId = id.parse().map_err(|_| Fault::NotFound)?;
    alert_receiver::Entity::in_tenant(organisation)
        .filter(alert_receiver::Column::Id.eq(id.uuid()))
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)
}

/// Which of several it is.
fn no_address(text: &str) -> Fault {
    let shown: String = text.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect();
    Fault::field("emails", "INVALID", format!("`{shown}` is no email address"))
}

fn addresses(wanted: &[String]) -> Result<Vec<String>, Fault> {
    let mut all = wanted
        .iter()
        .map(|text| mail::address(text).map_err(|_| no_address(text)))
        .collect::<Result<Vec<_>, _>>()?;
    all.sort();
    all.dedup();
    if (1..=ADDRESSES).contains(&all.len()) {
        Ok(all)
    } else {
        Err(Fault::field("emails", "INVALID", "1 to 10 email addresses"))
    }
}

/// A fault names the field of the collector that it is about.
fn collector(state: &State, wanted: Syslog) -> Result<Syslog, Fault> {
    let invalid = |field: &str, why: &str| Err(Fault::field(field, "INVALID", why).inside("syslog"));
    let mut host = wanted.host.trim().to_ascii_lowercase();
    if let Some(bare) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        host = bare.to_owned();
    }
    let named = |host: &str| host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:".contains(c));
    if host.len() > HOST || !named(&host) || !state.outbound.allows_host(&host) {
        let why = "a name or an address without a port, of 253 characters at most, which is not of a private network";
        return invalid("host", why);
    }
    if !u16::try_from(wanted.port).is_ok_and(|port| port > 0) {
        return invalid("port", "a number from 1 to 65535");
    }
    let authority = wanted.authority.filter(|pem| !pem.trim().is_empty());
    if authority
        .as_ref()
        .is_some_and(|pem| pem.len() > PEM || !alerts::is_authority(pem))
    {
        return invalid("certificate", "one or several certificates as PEM, of 64 KB at most");
    }
    if authority.is_some() && !wanted.tls {
        return invalid("certificate", "without TLS nobody asks for one");
    }
    Ok(Syslog {
        host,
        authority,
        ..wanted
    })
}

/// What the audit log compares.
fn settings(row: &alert_receiver::Model) -> Value {
    json!({
        "name": row.name,
        "kind": row.kind,
        "enabled": row.enabled,
        "emails": row.emails,
        "host": row.host,
        "port": row.port,
        "tls": row.tls,
        "own_certificate": row.authority.is_some(),
    })
}

/// Receivers of one organisation.
const MOST: u64 = 20;
const ADDRESSES: usize = 10;
/// Of what is no address, so many letters are said again.
const SHOWN: usize = 60;
/// Trials of an organisation within that time.
const OFTEN: u64 = 10;
const LATE: Duration = Duration::from_mins(10);
const NAME: usize = 100;
const HOST: usize = 253;
const PEM: usize = 64 << 10;
