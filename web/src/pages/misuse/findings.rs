//! What looks like misuse, as it is found, and two clicks to the cut.

use leptos::prelude::*;

use super::{
    Page as Frame,
    act::{BlockButton, Dialogs, NoRules, Revoke, Ways},
    block::Reach,
    cases::{AddButton, Adding},
    export::{self, ExportButton},
    filters::When as Time,
    parts::tone_of,
    place::{DAY_MIN, Place, Span},
    responses::{SuggestButton, Suggesting},
    thresholds::ThresholdsButton,
    words,
};
use crate::{
    api::{
        client::use_api,
        live::use_live,
        misuse::{self, Finding},
        page::Page,
        people::Permission,
    },
    kit::{Badge, Button, Empty, Load, Loaded, Look, More, Skeleton, Tone, When, nodes},
    session::{may, use_person},
};

/// So many are kept in the page: one that is open for days does not grow.
const KEPT: usize = 500;

/// So many stand on the overview.
const LATEST: usize = 6;

/// The page.
#[component]
pub(crate) fn Findings() -> impl IntoView {
    let place = Place::at("/misuse");
    let export = move || {
        let of = move |()| untrack(|| export::time(place.span().range()));
        view! { <ThresholdsButton/><ExportButton table="findings" narrowed=of/> }
    };
    view! {
        <Frame part="Findings" lead="What looks like misuse, and why, as it is found." acts=ViewFn::from(export)>
            <Feed place/>
        </Frame>
    }
}

#[component]
fn Feed(place: Place) -> impl IntoView {
    let (api, live) = (use_api(), use_live());
    let span = Memo::new(move |_| place.span());
    let load = Load::new(move || {
        live.times_connected();
        misuse::findings(api, span.get().range(), None)
    });
    live.subscribe(
        || Some(misuse::news()),
        move |event| {
            if matches!(span.get_untracked(), Span::Last(_)) {
                load.value().update(|page| add(page.as_mut(), event.misuse));
            }
        },
    );
    let ways = Ways::new();
    let found = nodes(load);
    view! {
        <NoRules ways/>
        <div class="filters"><Time place/></div>
        <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
            <Show when=move || !found.with(Vec::is_empty) fallback=|| view! {
                <Empty icon=icondata_lu::LuShieldCheck title="Nothing looks like misuse" text="Within this time nothing was found. What is found appears here at once."/>
            }>
                <FindingList found ways/>
                <More load ask=move |after| misuse::findings(api, span.get_untracked().range(), after)/>
            </Show>
        </Loaded>
        <Dialogs ways on_done=|()| {}/>
    }
}

/// The latest ones, for the overview.
#[component]
pub(in crate::pages) fn Latest() -> impl IntoView {
    let (api, live) = (use_api(), use_live());
    let load = Load::new(move || {
        live.times_connected();
        misuse::findings(api, Span::Last(DAY_MIN).range(), None)
    });
    live.subscribe(
        || Some(misuse::news()),
        move |event| load.value().update(|page| add(page.as_mut(), event.misuse)),
    );
    let ways = Ways::new();
    let found = nodes(load);
    let latest = Memo::new(move |_| found.with(|all| all.iter().take(LATEST).cloned().collect::<Vec<_>>()));
    view! {
        <Loaded load skeleton=|| view! { <Skeleton lines=4/> }>
            <Show when=move || !latest.with(Vec::is_empty) fallback=|| view! { <p class="soft row-note">"Nothing was found within the day."</p> }>
                <FindingList found=latest ways flush=true/>
            </Show>
        </Loaded>
        <Dialogs ways on_done=|()| {}/>
    }
}

/// Puts one in its place: the newest first, and the same one once.
fn add(page: Option<&mut Page<Finding>>, finding: Finding) {
    let Some(page) = page else { return };
    let before = page.nodes.len();
    page.nodes.retain(|one| !one.is_same(&finding));
    if page.nodes.len() == before {
        page.total += 1;
    }
    page.nodes.insert(0, finding);
    page.nodes.truncate(KEPT);
}

/// Findings with their evidence, and what can be done about each.
#[component]
fn FindingList(found: Memo<Vec<Finding>>, ways: Ways, #[prop(optional)] flush: bool) -> impl IntoView {
    view! {
        <ol class="feed" class:card=!flush class:feed-flush=flush aria-label="Findings">
            <For each=move || found.get() key=|one| format!("{one:?}") let:one>
                <One finding=one ways/>
            </For>
        </ol>
    }
}

#[component]
fn One(finding: Finding, ways: Ways) -> impl IntoView {
    let tone = tone_of(finding.weight * 2);
    let of = Of::which(&finding);
    let details = of.details();
    let adding = finding.id.clone().map(|id| Adding {
        label: format!("{} of {}", words::label(&finding.code), of.name()),
        findings: vec![id],
        ..Adding::default()
    });
    let suggesting = finding.id.clone().map(|finding| Suggesting {
        finding,
        whom: format!("{} {}", of.kind().to_lowercase(), of.name()),
    });
    let revoked = match &of {
        Of::Token(jti) => {
            let jti = jti.clone();
            Some(Memo::new(move |_| ways.revoked.with(|all| all.contains(&jti))))
        }
        _ => None,
    };
    let act = match of.clone() {
        Of::Token(jti) => view! {
            {move || match revoked.map(|revoked| revoked.get()) {
                Some(true) => view! { <Badge tone=Tone::Bad text="Revoked"/> }.into_any(),
                _ => view! { <Revoke ways jti=jti.clone() look=Look::Plain/> }.into_any(),
            }}
        }
        .into_any(),
        Of::Viewer(user) => may(Permission::ViewerBan)
            .then(|| {
                let (name, user) = (format!("Ban {user}"), StoredValue::new(user));
                view! { <Button on_press=move |_| ways.ban.set(Some(user.get_value())) attr:aria-label=name>"Ban"</Button> }
            })
            .into_any(),
        Of::Address(ip) => view! { <BlockButton ways reaches=Reach::around(&ip, None, None, None) look=Look::Plain/> }.into_any(),
        Of::Nobody => ().into_any(),
    };
    view! {
        <li>
            <Badge tone text=format!("+{}", finding.weight)/>
            <div class="feed-main">
                <p><strong>{words::label(&finding.code)}</strong>": "{finding.evidence}</p>
                <p class="soft feed-who">{of.kind()}" "<span class="mono">{of.name()}</span>" · "<When at=finding.last_at/></p>
            </div>
            <div class="feed-acts">
                {details.map(|href| view! { <a class="btn btn-quiet" href=href aria-label=format!("Details of {}", of.name())>"Details"</a> })}
                {suggesting.map(|suggesting| view! { <SuggestButton ways suggesting/> })}
                {adding.map(|adding| view! { <AddButton ways adding/> })}
                {act}
            </div>
        </li>
    }
}

/// Of whom a finding is.
#[derive(Clone)]
enum Of {
    Token(cynic::Id),
    Viewer(String),
    Address(String),
    Nobody,
}

impl Of {
    fn which(finding: &Finding) -> Self {
        match (&finding.jti, &finding.user, &finding.ip) {
            (Some(jti), ..) => Self::Token(jti.clone()),
            (_, Some(user), _) => Self::Viewer(user.clone()),
            (.., Some(ip)) => Self::Address(ip.clone()),
            (None, None, None) => Self::Nobody,
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Token(_) => "Token",
            Self::Viewer(_) => "Viewer",
            Self::Address(_) => "Address",
            Self::Nobody => "",
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Token(jti) => jti.inner().to_owned(),
            Self::Viewer(user) => use_person().with_untracked(|person| person.user_label(Some(user))),
            Self::Address(ip) => ip.clone(),
            Self::Nobody => String::new(),
        }
    }

    /// The panel, or the view narrowed.
    fn details(&self) -> Option<String> {
        let coded = |text: &str| String::from(js_sys::encode_uri_component(text));
        match self {
            Self::Token(jti) => Some(format!("/misuse/tokens?open={}", coded(jti.inner()))),
            Self::Viewer(user) => Some(format!("/misuse/tokens?user={}", coded(user))),
            // The /64 of an IPv6 address is no row of the view.
            Self::Address(ip) if ip.contains('/') => None,
            Self::Address(ip) => Some(format!("/misuse/addresses?open={}", coded(ip))),
            Self::Nobody => None,
        }
    }
}
