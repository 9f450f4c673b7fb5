//! Where alerts go: saved, tried, removed.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use authz::Action;

use super::{answer, told};
use crate::{
    fault::UserError,
    graphql::{
        caller, state,
        types::{AlertDelivery, AlertReceiver},
    },
    service::alert_receivers::{self, Syslog, Wish},
};

#[derive(Default)]
pub(super) struct AlertReceivers;

#[Object]
impl AlertReceivers {
    /// Makes a receiver of alerts, or changes one; what is left out stays. For administrators.
    async fn save_alert_receiver(
        &self,
        context: &Context<'_>,
        input: SaveAlertReceiverInput,
    ) -> Result<Option<SaveAlertReceiverPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::AlertReceiverUpdate)?;
        answer(
            alert_receivers::save(state, acting, input.into()).await,
            |row| SaveAlertReceiverPayload {
                alert_receiver: Some(row.into()),
                errors: vec![],
            },
            |errors| SaveAlertReceiverPayload {
                alert_receiver: None,
                errors,
            },
        )
    }

    /// Removes a receiver of alerts with its log. For administrators.
    async fn delete_alert_receiver(
        &self,
        context: &Context<'_>,
        input: DeleteAlertReceiverInput,
    ) -> Result<Option<DeleteAlertReceiverPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::AlertReceiverUpdate)?;
        answer(
            alert_receivers::remove(state, acting, &input.id).await,
            |id| DeleteAlertReceiverPayload {
                id: Some(id.to_string().into()),
                errors: vec![],
            },
            |errors| DeleteAlertReceiverPayload { id: None, errors },
        )
    }

    /// Sends a trial to a receiver, the way its alerts are sent, and says what came of it within 10 s; whether it is switched
    /// on does not matter. For administrators.
    async fn test_alert_receiver(
        &self,
        context: &Context<'_>,
        input: TestAlertReceiverInput,
    ) -> Result<Option<TestAlertReceiverPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::AlertReceiverTest)?;
        answer(
            told(context, alert_receivers::test(state, acting, &input.id).await),
            |rows| TestAlertReceiverPayload {
                deliveries: rows.into_iter().map(AlertDelivery).collect(),
                errors: vec![],
            },
            |errors| TestAlertReceiverPayload {
                deliveries: vec![],
                errors,
            },
        )
    }
}

/// What a receiver of alerts is to be.
#[derive(InputObject)]
pub(super) struct SaveAlertReceiverInput {
    /// Which one; absent: a new one, of which an organisation may have 20.
    id: Option<ID>,
    /// What people call it.
    name: Option<String>,
    /// Whether anything is sent there; to new ones it is.
    enabled: Option<bool>,
    /// Addresses of mails, 10 at most. A receiver has these, or a collector.
    emails: Option<Vec<String>>,
    /// A collector of syslog.
    syslog: Option<SyslogCollectorInput>,
}

/// A collector of syslog: messages of RFC 5424, counted by octets (RFC 6587), over TCP or TLS.
#[derive(InputObject)]
pub(super) struct SyslogCollectorInput {
    /// Its name or address, not of a private network, unless the installation allows it.
    host: String,
    /// Its port.
    port: i64,
    /// Whether it is reached by TLS.
    #[graphql(default = true)]
    tls: bool,
    /// The certificates that vouch for it, as PEM; absent: a public authority does.
    certificate: Option<String>,
}

impl From<SaveAlertReceiverInput> for Wish {
    fn from(input: SaveAlertReceiverInput) -> Self {
        Self {
            id: input.id.map(|id| id.0),
            name: input.name,
            enabled: input.enabled,
            emails: input.emails,
            syslog: input.syslog.map(|syslog| Syslog {
                host: syslog.host,
                port: syslog.port,
                tls: syslog.tls,
                authority: syslog.certificate,
            }),
        }
    }
}

/// Which receiver.
#[derive(InputObject)]
pub(super) struct DeleteAlertReceiverInput {
    /// Its id.
    id: ID,
}

/// Which receiver.
#[derive(InputObject)]
pub(super) struct TestAlertReceiverInput {
    /// Its id.
    id: ID,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct SaveAlertReceiverPayload {
    /// The receiver afterwards.
    alert_receiver: Option<AlertReceiver>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct DeleteAlertReceiverPayload {
    /// Which one is gone.
    id: Option<ID>,
    /// Always empty.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct TestAlertReceiverPayload {
    /// One for each address, as they are in the log.
    deliveries: Vec<AlertDelivery>,
    /// What can be mended.
    errors: Vec<UserError>,
}
