//! For how long viewers are known: full addresses, and what was watched. And the way to erase one.

use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::{
        client::use_api,
        organisation::{self, Overview, Package},
        people::Permission,
        privacy::{self, AddressMasking, EraseViewerInput, PrivacyInput, RetentionInput},
    },
    kit::{Button, Card, Choice, Choices, Confirm, Doing, Load, Look, TextField, Trouble, changed, use_toasts},
    session::may,
    time,
};

/// The form. It begins with what holds now.
#[component]
pub(super) fn Privacy(load: Load<Overview>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (full, kept) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let masking = RwSignal::new(AddressMasking::Truncated);
    let wrong = (RwSignal::new(None::<String>), RwSignal::new(None::<String>));
    Effect::new(move |_| {
        load.value().with(|now| {
            let Some(settings) = now.as_ref().map(|now| &now.settings) else {
                return;
            };
            full.set(settings.privacy.address_days.to_string());
            masking.set(settings.privacy.addresses_afterwards);
            kept.set(settings.retention.days.map(|days| days.to_string()).unwrap_or_default());
        });
    });
    let package = move || {
        load.value().with(|now| {
            let packages = now.as_ref().map(|now| now.packages.iter());
            let analytics = packages
                .into_iter()
                .flatten()
                .find(|one| one.package == Package::Analytics);
            analytics.and_then(organisation::PackageStatus::retention_days)
        })
    };
    let hint = move || match package() {
        Some(days) => format!(
            "Your package says {}; less may stand here.",
            time::count(days, "day", "days")
        ),
        None => "Your package sets no limit. Empty: for good.".to_owned(),
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let full = days(&full.get_untracked());
        let kept = kept.get_untracked();
        let kept = if kept.trim().is_empty() {
            Some(None)
        } else {
            days(&kept).map(Some)
        };
        let sentence = || "1 to 3650 days".to_owned();
        wrong.0.set(full.is_none().then(sentence));
        wrong.1.set(kept.is_none().then(sentence));
        let (Some(full), Some(kept), Some(before)) = (full, kept, load.value().get_untracked()) else {
            return;
        };
        let (privacy, retention) = (before.settings.privacy, before.settings.retention);
        let input = organisation::UpdateSettingsInput {
            privacy: Some(PrivacyInput {
                address_days: changed(full, &privacy.address_days),
                addresses_afterwards: changed(masking.get_untracked(), &privacy.addresses_afterwards),
            }),
            retention: changed(kept, &retention.days).map(|days| RetentionInput { days }),
            ..organisation::UpdateSettingsInput::default()
        };
        doing.run(organisation::update_settings(api, input), move |_| {
            toasts.good("It is saved, and done from now on.");
            load.again();
        });
    };
    let options = vec![
        Choice::new(AddressMasking::Truncated, "Truncated to /24 or /48"),
        Choice::new(AddressMasking::Hashed, "Hashed, under a key that is destroyed"),
    ];
    view! {
        <Card title="Viewers' privacy">
            <form class="stack" novalidate=true on:submit=submit>
                <TextField label="Days with full addresses" value=full kind="number" required=true error=wrong.0 hint="From the beginning of a session on, wherever it is remembered. Rules and tokens do not depend on it."/>
                <Choices legend="Addresses afterwards" options chosen=masking on_choose=move |one| masking.set(one)/>
                <TextField label="Days for which it is kept what was watched" value=kept kind="number" error=wrong.1 hint="Sessions, findings, refusals and sums; then they are gone for good."/>
                <p class="field-hint">{hint}</p>
                <Trouble doing/>
                <div><Button look=Look::Primary submit=true busy=doing.busy>"Save privacy"</Button></div>
            </form>
            {may(Permission::ViewerErase).then(|| view! { <Erase/> })}
        </Card>
    }
}

/// One viewer, erased.
#[component]
fn Erase() -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (user, open) = (RwSignal::new(String::new()), RwSignal::new(false));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !user.with_untracked(String::is_empty) {
            open.set(true);
        }
    };
    let erase = move |()| {
        let input = EraseViewerInput {
            user: user.get_untracked(),
        };
        doing.run(privacy::erase_viewer(api, input), move |payload| {
            open.set(false);
            user.set(String::new());
            toasts.good(format!(
                "Erased: {}, {}, {}.",
                time::count(payload.sessions, "session", "sessions"),
                time::count(payload.tokens, "token", "tokens"),
                time::count(payload.findings, "finding", "findings"),
            ));
        });
    };
    let title = Signal::derive(move || format!("Erase {}?", user.get()));
    view! {
        <form class="stack apart" on:submit=submit>
            <TextField label="Erase a viewer" value=user required=true placeholder="As tokens name them" hint="Their name goes from sessions, findings, tokens, refusals, calls and this organisation's audit log; the addresses of their sessions lose their last part."/>
            <div><Button submit=true>"Erase"</Button></div>
        </form>
        <Confirm open title action="Erase for good" busy=doing.busy failure=doing.failure on_confirm=erase>
            <p>"What is remembered of them names them no more. This cannot be undone."</p>
            <p class="soft">"A ban, a revocation, or a token that they still hold stays in force under their name."</p>
        </Confirm>
    }
}

fn days(text: &str) -> Option<i32> {
    text.trim().parse().ok().filter(|days| (1..=3_650).contains(days))
}
