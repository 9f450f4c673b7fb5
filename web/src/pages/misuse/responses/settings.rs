//! What happens by itself about whom misuse is found in, sign by sign.

use leptos::prelude::*;
use misuse::Indicator;

use super::suggest::LENGTHS;
use crate::{
    api::{
        client::use_api,
        organisation::{self, UpdateSettingsInput},
        people::Permission,
        responses::{MisuseIndicator, ResponseSettings, ResponseSettingsInput},
    },
    kit::{
        Button, Choice, Choices, Dialog, DialogForm, Doing, Load, Loaded, Select, Skeleton, TextField, changed,
        use_toasts,
    },
    session::may,
    time,
};

/// The button that opens them.
#[component]
pub(super) fn SettingsButton() -> impl IntoView {
    may(Permission::OrganisationUpdate).then(|| {
        let open = RwSignal::new(false);
        view! {
            <Button icon=icondata_lu::LuSettings2 on_press=move |_| open.set(true)>"By itself"</Button>
            <Dialog open title=Signal::stored("What happens by itself".to_owned())><Settings open/></Dialog>
        }
    })
}

#[component]
fn Settings(open: RwSignal<bool>) -> impl IntoView {
    let api = use_api();
    let load = Load::new(move || organisation::overview(api));
    view! {
        <Loaded load skeleton=|| view! { <div class="dialog-body"><Skeleton lines=8/></div> }>
            {move || {
                let before = load.value().with_untracked(|now| now.as_ref().map(|now| now.settings.responses.clone()));
                before.map(|before| view! { <Form before open/> })
            }}
        </Loaded>
    }
}

/// What happens of a sign: nothing, or one of both.
const WAYS: [(&str, &str); 3] = [("", "Nothing"), ("suggest", "Suggest"), ("apply", "Keep out")];

#[component]
fn Form(before: ResponseSettings, open: RwSignal<bool>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let ways = Indicator::ALL.map(MisuseIndicator).map(|sign| {
        let way = if before.apply.contains(&sign) {
            "apply"
        } else if before.suggest.contains(&sign) {
            "suggest"
        } else {
            ""
        };
        (sign, RwSignal::new(way.to_owned()))
    });
    let length = RwSignal::new(before.length_seconds);
    let per_hour = RwSignal::new(before.per_hour.to_string());
    let wrong = RwSignal::new(None::<String>);
    let of = move |which: &'static str| {
        let its = ways.iter().filter(|(_, way)| way.with_untracked(|way| way == which));
        its.map(|(sign, _)| *sign).collect::<Vec<_>>()
    };
    let lengths: Vec<_> = {
        let known = LENGTHS.iter().any(|(seconds, _)| *seconds == before.length_seconds);
        let own = (!known).then(|| {
            let label = time::span(0.0, f64::from(before.length_seconds) * 1_000.0);
            Choice::new(before.length_seconds, label)
        });
        let usual = LENGTHS.iter().map(|(seconds, label)| Choice::new(*seconds, *label));
        usual.chain(own).collect()
    };
    let before = StoredValue::new(before);
    let submit = move |()| {
        let many = per_hour.with_untracked(|text| text.trim().parse::<i32>().ok());
        let many = many.filter(|many| (1..=1_000).contains(many));
        wrong.set(many.is_none().then(|| "1 to 1000".to_owned()));
        let Some(many) = many else { return };
        let before = before.get_value();
        let responses = ResponseSettingsInput {
            suggest: changed(of("suggest"), &before.suggest),
            apply: changed(of("apply"), &before.apply),
            length_seconds: changed(length.get_untracked(), &before.length_seconds),
            per_hour: changed(many, &before.per_hour),
        };
        let input = UpdateSettingsInput {
            responses: Some(responses),
            ..UpdateSettingsInput::default()
        };
        doing.run(organisation::update_settings(api, input), move |_| {
            open.set(false);
            toasts.good("It is saved, and holds for what is found from now on.");
        });
    };
    let rows = ways.map(|(sign, way)| {
        let options = WAYS.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec();
        view! { <Select label=sign.0.label() options chosen=way on_choose=move |one| way.set(one)/> }
    });
    view! {
        <DialogForm doing open action="Save" on_submit=submit>
            <p>"What is suggested waits for somebody to approve it. Who is kept out by itself comes in again when the time is over, or when somebody takes it back."</p>
            <div class="ways" role="group" aria-label="What happens when it is found">{rows.into_iter().collect_view()}</div>
            <Choices legend="For how long" options=lengths chosen=length on_choose=move |one| length.set(one)/>
            <TextField label="Kept out by itself within an hour, at most" value=per_hour kind="number" required=true error=wrong hint="What is more is suggested."/>
        </DialogForm>
    }
}
