//! The dialog in which a receiver is made or changed.

use leptos::prelude::*;

use crate::{
    api::{
        alert_saving::{SaveAlertReceiverInput, SyslogCollectorInput},
        alerts::{self, AlertReceiver},
        client::use_api,
    },
    kit::{Choice, Choices, Dialog, DialogForm, Doing, Switch, TextArea, TextField, use_toasts},
};

/// Makes a receiver where `editing` holds none, and changes the one that it holds.
#[component]
pub(super) fn ReceiverDialog(
    editing: RwSignal<Option<AlertReceiver>>,
    open: RwSignal<bool>,
    #[prop(into)] on_saved: Callback<()>,
) -> impl IntoView {
    let title = Signal::derive(move || {
        if editing.with(Option::is_some) {
            "Edit receiver"
        } else {
            "New receiver"
        }
        .to_owned()
    });
    view! {
        <Dialog open title wide=true>
            {move || view! { <Form before=editing.get_untracked() open on_saved/> }}
        </Dialog>
    }
}

#[component]
fn Form(before: Option<AlertReceiver>, open: RwSignal<bool>, on_saved: Callback<()>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let known = before.as_ref();
    let collector = known.and_then(|known| known.syslog.as_ref());
    let name = RwSignal::new(known.map(|known| known.name.clone()).unwrap_or_default());
    let enabled = RwSignal::new(known.is_none_or(|known| known.enabled));
    let is_syslog = RwSignal::new(collector.is_some());
    let emails = RwSignal::new(known.map(|known| known.emails.join("\n")).unwrap_or_default());
    let host = RwSignal::new(collector.map(|one| one.host.clone()).unwrap_or_default());
    let port = RwSignal::new(collector.map_or("6514".to_owned(), |one| one.port.to_string()));
    let tls = RwSignal::new(collector.is_none_or(|one| one.tls));
    let certificate = RwSignal::new(collector.and_then(|one| one.certificate.clone()).unwrap_or_default());
    let id = known.map(|known| known.id.clone());
    let new = id.is_none();
    let before = StoredValue::new(before);
    let submit = move |()| {
        let (emails, syslog) = if is_syslog.get_untracked() {
            let Ok(port) = port.get_untracked().trim().parse() else {
                return doing.refuse(Some("syslog.port"), "A number from 1 to 65535.");
            };
            let tls = tls.get_untracked();
            let pem = certificate.get_untracked().trim().to_owned();
            let collector = SyslogCollectorInput {
                host: host.get_untracked().trim().to_owned(),
                port,
                tls,
                certificate: Some(pem).filter(|pem| tls && !pem.is_empty()),
            };
            (None, Some(collector))
        } else {
            let text = emails.get_untracked();
            let all = text.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
            (
                Some(all.filter(|one| !one.is_empty()).map(ToOwned::to_owned).collect()),
                None,
            )
        };
        let now = SaveAlertReceiverInput {
            id: id.clone(),
            name: Some(name.get_untracked().trim().to_owned()),
            enabled: Some(enabled.get_untracked()),
            emails,
            syslog,
        };
        let input = match before.get_value() {
            Some(before) => now.against(before),
            None => now,
        };
        doing.run(alerts::save_alert_receiver(api, input), move |_| {
            on_saved.run(());
            open.set(false);
            toasts.good("The receiver is saved.");
        });
    };
    let fields = move || {
        if is_syslog.get() {
            view! {
                <div class="two">
                    <TextField label="Host" value=host error=doing.wrong("syslog.host") required=true mono=true placeholder="logs.example.com"/>
                    <TextField label="Port" value=port error=doing.wrong("syslog.port") required=true mono=true/>
                </div>
                <Switch label="TLS" value=tls hint="Without it everybody on the way can read what is sent."/>
                {move || tls.get().then(|| view! {
                    <TextArea label="Certificate" value=certificate error=doing.wrong("syslog.certificate") placeholder="-----BEGIN CERTIFICATE-----" hint="Of the authority that vouches for the collector, as PEM, where it is not a public one."/>
                })}
            }
            .into_any()
        } else {
            view! { <TextArea label="Addresses" value=emails error=doing.wrong("emails") lines=3 required=true placeholder="ops@example.com" hint="One a line, 10 at most."/> }.into_any()
        }
    };
    view! {
        <DialogForm doing open action=if new { "Make receiver" } else { "Save" } on_submit=submit>
            <TextField label="Name" value=name error=doing.wrong("name") required=true autofocus=true placeholder="Night shift"/>
            {new.then(|| view! {
                <Choices legend="Told by" options=vec![Choice::new(false, "Mail"), Choice::new(true, "Syslog (RFC 5424)")] chosen=is_syslog on_choose=move |one| is_syslog.set(one)/>
            })}
            {fields}
            <Switch label="Switched on" value=enabled/>
        </DialogForm>
    }
}
