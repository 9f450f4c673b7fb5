//! From when on something is a sign of misuse: the organisation's own numbers.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        misuse::{Thresholds, ThresholdsInput},
        organisation::{self, UpdateSettingsInput},
        people::Permission,
    },
    kit::{Button, Dialog, DialogForm, Doing, Load, Loaded, Skeleton, TextField, changed, use_toasts},
    session::may,
};

/// The button that opens them.
#[component]
pub(super) fn ThresholdsButton() -> impl IntoView {
    may(Permission::OrganisationUpdate).then(|| {
        let open = RwSignal::new(false);
        view! {
            <Button icon=icondata_lu::LuSettings2 on_press=move |_| open.set(true)>"Thresholds"</Button>
            <Dialog open title=Signal::stored("What is a sign of misuse".to_owned())><Settings open/></Dialog>
        }
    })
}

#[component]
fn Settings(open: RwSignal<bool>) -> impl IntoView {
    let api = use_api();
    let load = Load::new(move || organisation::overview(api));
    view! {
        <Loaded load skeleton=|| view! { <div class="dialog-body"><Skeleton lines=7/></div> }>
            {move || {
                let before = load.value().with_untracked(|now| now.as_ref().map(|now| now.settings.misuse_thresholds));
                before.map(|before| view! { <Form before open/> })
            }}
        </Loaded>
    }
}

#[component]
fn Form(before: Thresholds, open: RwSignal<bool>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let field = |number: i32| (RwSignal::new(number.to_string()), RwSignal::new(None::<String>));
    let addresses = field(before.addresses);
    let countries = field(before.countries);
    let sessions = field(before.sessions);
    let hours = field(before.hours);
    let reconnects = field(before.reconnects);
    let connections = field(before.connections);
    let denials = field(before.denials);
    let read = |((text, wrong), most): ((RwSignal<String>, RwSignal<Option<String>>), u32)| {
        let number = text.with_untracked(|text| text.trim().parse::<i32>().ok());
        let number = number.filter(|number| u32::try_from(*number).is_ok_and(|number| (1..=most).contains(&number)));
        wrong.set(number.is_none().then(|| format!("1 to {most}")));
        number
    };
    let submit = move |()| {
        let most = misuse::Thresholds::MOST;
        let all = [
            (addresses, most.addresses),
            (countries, most.countries),
            (sessions, most.sessions),
            (hours, most.hours),
            (reconnects, most.reconnects),
            (connections, most.connections),
            (denials, most.denials),
        ]
        .map(read);
        let [
            Some(addresses),
            Some(countries),
            Some(sessions),
            Some(hours),
            Some(reconnects),
            Some(connections),
            Some(denials),
        ] = all
        else {
            return;
        };
        let thresholds = ThresholdsInput {
            addresses: changed(addresses, &before.addresses),
            countries: changed(countries, &before.countries),
            sessions: changed(sessions, &before.sessions),
            hours: changed(hours, &before.hours),
            reconnects: changed(reconnects, &before.reconnects),
            connections: changed(connections, &before.connections),
            denials: changed(denials, &before.denials),
        };
        let input = UpdateSettingsInput {
            misuse_thresholds: Some(thresholds),
            ..UpdateSettingsInput::default()
        };
        doing.run(organisation::update_settings(api, input), move |_| {
            open.set(false);
            toasts.good("It is saved, and holds from now on.");
        });
    };
    view! {
        <DialogForm doing open action="Save" on_submit=submit>
            <p>"From so many on it is found. What was found before stays as it was."</p>
            <div class="ways">
                <TextField label="Addresses of a token" value=addresses.0 kind="number" required=true error=addresses.1 hint="Within ten minutes, outside one /24, /64 or network."/>
                <TextField label="Countries of a token" value=countries.0 kind="number" required=true error=countries.1 hint="Within an hour."/>
                <TextField label="Sessions at once on a viewer's token" value=sessions.0 kind="number" required=true error=sessions.1/>
                <TextField label="Hours of playback without a pause" value=hours.0 kind="number" required=true error=hours.1/>
                <TextField label="Sessions of a token or address that began" value=reconnects.0 kind="number" required=true error=reconnects.1 hint="Within ten minutes."/>
                <TextField label="Connections at once from one address" value=connections.0 kind="number" required=true error=connections.1/>
                <TextField label="Refusals" value=denials.0 kind="number" required=true error=denials.1 hint="Of one token or address, within five minutes."/>
            </div>
        </DialogForm>
    }
}
