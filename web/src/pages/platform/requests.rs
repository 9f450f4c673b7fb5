//! What organisations ask for, and the answers: enabled, or declined with a reason.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        failure::Failure,
        organisation::Package,
        platform::{self, PackageRequest, PlatformOrganisation},
    },
    kit::{Button, Card, Dialog, DialogForm, Doing, Load, Look, TextField, Trouble, When, use_toasts},
};

/// What is asked for; nothing stands here where nothing is.
#[component]
pub(super) fn Requests(
    requests: Load<Vec<PackageRequest>>,
    on_answer: Callback<(PlatformOrganisation, Package)>,
    on_declined: Callback<()>,
) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let all = Memo::new(move |_| requests.value().get().unwrap_or_default());
    let (declined, declining) = (RwSignal::new(None::<PackageRequest>), RwSignal::new(false));
    // The limits that go with a package are decided with it, so that an answer begins where the organisation stands.
    let answer = Callback::new(move |one: PackageRequest| {
        let hash = one.organisation.hash.clone();
        let finding = async move {
            let page = platform::organisations(api, hash.clone(), None).await?;
            let found = page.nodes.into_iter().find(|one| one.hash == hash);
            found.ok_or(Failure::NotFound)
        };
        doing.run(finding, move |organisation| on_answer.run((organisation, one.package)));
    });
    let decline = Callback::new(move |one: PackageRequest| {
        declined.set(Some(one));
        declining.set(true);
    });
    let title = Signal::derive(move || {
        let named = |one: &PackageRequest| format!("Decline {} for {}", one.package.label(), one.organisation.name);
        declined.with(|one| one.as_ref().map(named).unwrap_or_default())
    });
    view! {
        <Show when=move || !all.with(Vec::is_empty)>
            <Card title="Requests" flush=true>
                <ul class="rows">
                    <For each=move || all.get() key=|one| format!("{one:?}") let:one>
                        <Request one answer decline/>
                    </For>
                </ul>
                <Trouble doing/>
            </Card>
        </Show>
        <Dialog open=declining title>
            {move || declined.get().map(|request| view! { <Decline request open=declining on_declined/> })}
        </Dialog>
    }
}

#[component]
fn Request(one: PackageRequest, answer: Callback<PackageRequest>, decline: Callback<PackageRequest>) -> impl IntoView {
    let whose = format!("{} for {}", one.package.label(), one.organisation.name);
    let (enable_name, decline_name) = (format!("Enable… {whose}"), format!("Decline… {whose}"));
    let kept = StoredValue::new(one.clone());
    view! {
        <li>
            <span class="row-main">
                <span><strong>{one.organisation.name}</strong>" asks for "<strong>{one.package.label()}</strong></span>
                <span class="soft"><When at=one.requested_at/>{one.note.filter(|note| !note.is_empty()).map(|note| format!(": “{note}”"))}</span>
            </span>
            <Button look=Look::Quiet on_press=move |_| decline.run(kept.get_value()) attr:aria-label=decline_name>"Decline…"</Button>
            <Button on_press=move |_| answer.run(kept.get_value()) attr:aria-label=enable_name>"Enable…"</Button>
        </li>
    }
}

#[component]
fn Decline(request: PackageRequest, open: RwSignal<bool>, on_declined: Callback<()>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let reason = RwSignal::new(String::new());
    let (organisation, package) = (request.organisation.hash, request.package);
    let submit = move |()| {
        let input = platform::DeclinePackageRequestInput {
            organisation: organisation.clone(),
            package,
            reason: reason.get_untracked().trim().to_owned(),
        };
        doing.run(platform::decline_package_request(api, input), move |_| {
            open.set(false);
            on_declined.run(());
            toasts.good("Declined. Its administrators are told by mail.");
        });
    };
    view! {
        <DialogForm doing open action="Decline" on_submit=submit>
            <TextField label="Reason" value=reason required=true hint="Its administrators read this. They may ask again." autofocus=true/>
        </DialogForm>
    }
}
