//! What the organisation may use, how much of it is used, and the way to ask for more.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        organisation::{self, Overview, Package, PackageLimit, PackageStatus},
        people::Permission,
    },
    kit::{Badge, Button, Card, Dialog, DialogForm, Doing, Load, TextField, Tone, When, use_toasts},
    session::may,
};

/// Every package of the catalogue: as the page was `told` when `times_changed` was `at`, and from then on as it becomes. The
/// forms of the page hear nothing of that, and keep what was typed.
#[component]
pub(super) fn Packages(told: Load<Overview>, at: u32) -> impl IntoView {
    let api = use_api();
    let is_told = api.times_changed.get_untracked() == at;
    let first = StoredValue::new(told.value().get_untracked().filter(|_| is_told));
    let load = Load::new(move || {
        let known = first.try_update_value(Option::take).flatten();
        async move {
            match known {
                Some(known) => Ok(known),
                None => organisation::overview(api).await,
            }
        }
    })
    .anew_when(move || api.times_changed.track());
    let (asked, open) = (RwSignal::new(None::<Package>), RwSignal::new(false));
    let packages = Memo::new(move |_| {
        let known = |load: Load<Overview>| load.value().with(|one| one.as_ref().map(|one| one.packages.clone()));
        known(load).or_else(|| known(told)).unwrap_or_default()
    });
    let ask = Callback::new(move |package| {
        asked.set(Some(package));
        open.set(true);
    });
    let title = Signal::derive(move || {
        let name = asked.get().map(Package::label).unwrap_or_default();
        format!("Request {name}")
    });
    view! {
        <Card title="Packages" flush=true>
            <ul class="rows">
                {move || packages.get().into_iter().map(|status| view! { <One status ask/> }).collect_view()}
            </ul>
        </Card>
        <Dialog open title>
            {move || asked.get().map(|package| view! { <Ask package open load/> })}
        </Dialog>
    }
}

#[component]
fn One(status: PackageStatus, ask: Callback<Package>) -> impl IntoView {
    let PackageStatus {
        package,
        enabled,
        requested_at,
        declined_at,
        declined_because,
        limits,
    } = status;
    let may_ask = may(Permission::PackageRequest);
    let name = format!("Request {}", package.label());
    let act = match (enabled, requested_at) {
        (true, _) => view! { <Badge tone=Tone::Good text="Enabled"/> }.into_any(),
        (false, Some(at)) => view! { <span class="soft">"Requested "<When at/></span> }.into_any(),
        (false, None) if may_ask => {
            view! { <Button on_press=move |_| ask.run(package) attr:aria-label=name>"Request"</Button> }.into_any()
        }
        (false, None) => view! { <span class="soft">"An administrator can request it"</span> }.into_any(),
    };
    let counted: Vec<_> = limits
        .into_iter()
        .filter(|one| one.used.is_some() || one.limit.is_some())
        .collect();
    view! {
        <li class="package">
            <div class="row-main">
                <span class="line">
                    <strong>{package.label()}</strong>
                    {(!enabled).then(|| view! { <Badge tone=Tone::Warn text="Upgrade needed"/> })}
                </span>
                {declined_at.map(|at| view! {
                    <span>"Declined "<When at/>{declined_because.map(|reason| format!(": “{reason}”"))}</span>
                })}
                <span class="soft">{package.sentence()}{(!enabled).then(|| format!(" {}", package.without()))}</span>
                {(enabled && !counted.is_empty()).then(|| view! {
                    <dl class="meters">{counted.into_iter().map(|limit| view! { <Meter limit/> }).collect_view()}</dl>
                })}
            </div>
            {act}
        </li>
    }
}

/// How much of a limit is used.
#[component]
fn Meter(limit: PackageLimit) -> impl IntoView {
    let PackageLimit { name, limit, used } = limit;
    let (figure, rest) = match (used, limit) {
        (Some(used), Some(limit)) => (amount(used), format!(" of {limit} {}", name.unit())),
        (Some(used), None) => (amount(used), format!(" {}", name.unit())),
        (None, Some(limit)) => (limit.to_string(), format!(" {} at most", name.unit())),
        (None, None) => ("No limit".to_owned(), String::new()),
    };
    let unlimited = limit.is_none() && used.is_some();
    let share = used.zip(limit).map(|(used, limit)| match limit {
        0 => 100.0,
        limit => (used / f64::from(limit) * 100.0).min(100.0),
    });
    view! {
        <div class="meter">
            <dt>{name.label()}</dt>
            <dd>
                <strong>{figure}</strong><span class="soft">{rest}</span>
                {unlimited.then(|| view! { <span class="soft meter-free">"No limit"</span> })}
                {share.map(|share| view! {
                    <span class="meter-bar" class:meter-full={share >= 100.0} aria-hidden="true"><span style=format!("width:{share:.0}%")></span></span>
                })}
            </dd>
        </div>
    }
}

#[component]
fn Ask(package: Package, open: RwSignal<bool>, load: Load<Overview>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let note = RwSignal::new(String::new());
    let submit = move |()| {
        let note = Some(note.get_untracked().trim().to_owned()).filter(|note| !note.is_empty());
        doing.run(
            organisation::request_package(api, organisation::RequestPackageInput { package, note }),
            move |_| {
                open.set(false);
                load.again();
                toasts.good(format!("The platform operator was asked for {}.", package.label()));
            },
        );
    };
    view! {
        <DialogForm doing open action="Send request" on_submit=submit>
            <p>{package.sentence()}" "{package.without()}</p>
            <p class="soft">"The platform operator is told by mail, and decides."</p>
            <TextField label="Note" value=note hint="What you need it for, and how much of it." autofocus=true/>
        </DialogForm>
    }
}

fn amount(of: f64) -> String {
    if of.fract().abs() < 0.05 {
        format!("{of:.0}")
    } else {
        format!("{of:.1}")
    }
}
