//! What looks like misuse, as it is found, and two clicks to the cut.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};

use super::{
    Page as Frame,
    act::{BanButton, BlockButton, Dialogs, EndButton, NoRules, Revoke, Ways},
    addresses::row_of,
    block::{Reach, barred},
    cases::{AddButton, Adding},
    export::{self, ExportButton},
    filters::When as Time,
    parts::{HeldUntil, tone_of},
    place::{DAY_MIN, Place, Span, way_around},
    responses::{SuggestButton, Suggesting},
    thresholds::ThresholdsButton,
    whereabouts::{buttons, reaches},
    words,
};
use crate::{
    api::{
        client::use_api,
        failure::{Failure, sentence},
        findings::{self, Finding},
        live::use_live,
        misuse::Whose,
        page::Page,
        rules::Kind,
        scalar::{DateTime, TokenStatus},
    },
    kit::{Badge, Empty, Followed, Load, Loaded, Look, More, Skeleton, Tone, When, nodes},
    session::use_person,
    time,
};

/// So many are kept in the page: one that is open for days does not grow.
const KEPT: usize = 200;

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
    let ask = move |span: Span, after| findings::page(api, span.range(), after);
    let followed = Followed::new(span, ask, add::<KEPT>);
    live.subscribe(
        || Some(findings::news()),
        move |event| {
            if matches!(span.get_untracked(), Span::Last(_)) {
                followed.hear(event.misuse);
            }
        },
    );
    let (load, ways) = (followed.load(), Ways::new());
    let found = nodes(load);
    view! {
        <NoRules ways/>
        <div class="filters"><Time place/></div>
        <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
            <Show when=move || !found.with(Vec::is_empty) fallback=|| view! {
                <Empty icon=icondata_lu::LuShieldCheck title="Nothing looks like misuse" text="Within this time nothing was found. What is found appears here at once."/>
            }>
                <FindingList found ways/>
                <More load ask=move |after| ask(span.get_untracked(), after)/>
            </Show>
        </Loaded>
        <Dialogs ways on_done=move |()| stand_anew(load, ask(span.get_untracked(), None))/>
    }
}

/// The latest ones, for the overview.
#[component]
pub(in crate::pages) fn Latest() -> impl IntoView {
    let (api, live) = (use_api(), use_live());
    let ask = move |(), after| findings::page(api, Span::Last(DAY_MIN).range(), after);
    let followed = Followed::new(Memo::new(|_| ()), ask, add::<LATEST>);
    live.subscribe(|| Some(findings::news()), move |event| followed.hear(event.misuse));
    let (load, ways) = (followed.load(), Ways::new());
    let found = nodes(load);
    let latest = Memo::new(move |_| found.with(|all| all.iter().take(LATEST).cloned().collect::<Vec<_>>()));
    view! {
        <Loaded load skeleton=|| view! { <Skeleton lines=4/> }>
            <Show when=move || !latest.with(Vec::is_empty) fallback=|| view! { <p class="soft row-note">"Nothing was found within the day."</p> }>
                <FindingList found=latest ways flush=true/>
            </Show>
        </Loaded>
        <Dialogs ways on_done=move |()| stand_anew(load, ask((), None))/>
    }
}

/// Shows how those stand whom `asked` brings, among those that are there.
fn stand_anew(load: Load<Page<Finding>>, asked: impl Future<Output = Result<Page<Finding>, Failure>> + 'static) {
    spawn_local(async move {
        // Where it cannot be had, what was known stays.
        let Ok(now) = asked.await else { return };
        load.value().try_update(|page| {
            for known in page.iter_mut().flat_map(|page| &mut page.nodes) {
                let of_now = |one: &&Finding| one.is_same(known) && seen(one) >= seen(known);
                if let Some(one) = now.nodes.iter().find(of_now) {
                    known.clone_from(one);
                }
            }
        });
    });
}

/// Puts one in its place, as the list is read: what was seen last first, and the same one once, as it was seen last. A list
/// that holds `MOST`, or was asked for more, grows no longer.
fn add<const MOST: usize>(page: &mut Page<Finding>, finding: Finding) {
    let (before, last) = (page.nodes.len(), seen(&finding));
    if page.nodes.iter().any(|one| one.is_same(&finding) && seen(one) > last) {
        return;
    }
    page.nodes.retain(|one| !one.is_same(&finding));
    if page.nodes.len() == before {
        page.total += 1;
    }
    let place = page.nodes.iter().position(|one| seen(one) <= last);
    page.nodes.insert(place.unwrap_or(page.nodes.len()), finding);
    page.nodes.truncate(before.max(MOST));
}

/// When one was seen last, in unix milliseconds.
fn seen(finding: &Finding) -> f64 {
    time::millis(&finding.last_at)
}

/// Findings with their evidence, and what can be done about each.
#[component]
fn FindingList(found: Memo<Vec<Finding>>, ways: Ways, #[prop(optional)] flush: bool) -> impl IntoView {
    view! {
        <ol class="feed" class:card=!flush class:feed-flush=flush aria-label="Findings">
            <For each=move || found.get() key=|one| format!("{one:?}") let:one>
                <One finding=one ways brief=flush/>
            </For>
        </ol>
    }
}

#[component]
fn One(finding: Finding, ways: Ways, brief: bool) -> impl IntoView {
    let tone = tone_of(finding.weight * 2);
    let of = Of::which(&finding);
    let details = of.details((&finding.first_at, &finding.last_at));
    let adding = finding.id.clone().map(|id| Adding {
        label: format!("{} of {}", words::label(&finding.code), of.name()),
        findings: vec![id],
        ..Adding::default()
    });
    let (running, reaches) = (
        finding.whereabouts.running,
        reaches(finding.ip.as_deref(), &finding.whereabouts),
    );
    let suggesting = finding.id.clone().map(|id| {
        let kind = of.kind().to_lowercase();
        Suggesting {
            finding: id,
            whom: format!("{kind} {}", of.name()),
            what: format!("The {kind}"),
            reaches: beside(&reaches, finding.ip.as_deref()),
        }
    });
    let end = of.whose().map(|whose| {
        let name = of.name();
        view! { <EndButton ways whose running name/> }
    });
    let act = cut(ways, &of, &finding, &reaches);
    // Who is kept out for good is so anyway.
    let for_good = finding.status == Some(TokenStatus::Revoked) || finding.banned == Some(true);
    let held = finding
        .held_until
        .filter(|_| !for_good)
        .map(|at| view! { <HeldUntil at/> });
    // What has a button of its own, beside the others, is not offered twice.
    let elsewhere = if finding.ip.is_some() {
        reaches.into_iter().skip(1).collect()
    } else {
        reaches
    };
    let places = (!brief && !elsewhere.is_empty()).then(|| buttons(ways, &elsewhere));
    view! {
        <li>
            <Badge tone text=format!("+{}", finding.weight)/>
            <div class="feed-main">
                <p><strong>{words::label(&finding.code)}</strong>": "{finding.evidence}</p>
                <p class="soft feed-who">{of.kind()}" "<span class="mono">{of.name()}</span>" · "<When at=finding.last_at/></p>
                {places}
            </div>
            <div class="feed-acts">
                {details.map(|href| view! { <a class="btn btn-quiet" href=href aria-label=format!("Details of {}", of.name())>"Details"</a> })}
                {suggesting.map(|suggesting| view! { <SuggestButton ways suggesting/> })}
                {adding.map(|adding| view! { <AddButton ways adding/> })}
                {held}
                {end}
                {act}
            </div>
        </li>
    }
}

/// What a second person can be asked to keep out besides; the address that the finding is of is not named twice.
fn beside(reaches: &[Reach], own: Option<&str>) -> Vec<Reach> {
    let (kinds, own) = ([Kind::Ip, Kind::Asn, Kind::Referrer], own.map(row_of));
    let is_own = |reach: &Reach| reach.kind == Kind::Ip && own.as_ref() == Some(&reach.value);
    let besides = reaches.iter().filter(|reach| !is_own(reach));
    besides.filter(|reach| kinds.contains(&reach.kind)).cloned().collect()
}

/// The way to cut whom it is of, as they stand: what was done is said, what would do nothing says why.
fn cut(ways: Ways, of: &Of, finding: &Finding, reaches: &[Reach]) -> AnyView {
    let done = |text: &'static str| view! { <Badge tone=Tone::Bad text/> }.into_any();
    match of.clone() {
        Of::Token(_) if finding.status == Some(TokenStatus::Revoked) => done("Revoked"),
        Of::Token(jti) => {
            let barred = finding.not_revocable_because.as_deref().map(sentence);
            let one = jti.clone();
            let revoked = Memo::new(move |_| ways.revoked.with(|all| all.contains(&one)));
            view! {
                {move || if revoked.get() {
                    done("Revoked")
                } else {
                    view! { <Revoke ways jti=jti.clone() barred=barred.clone() look=Look::Plain/> }.into_any()
                }}
            }
            .into_any()
        }
        Of::Viewer(_) if finding.banned == Some(true) => done("Banned"),
        Of::Viewer(user) => view! { <BanButton ways user look=Look::Plain/> }.into_any(),
        Of::Address(_) if reaches.is_empty() => ().into_any(),
        Of::Address(_) => {
            let barred = barred(finding.blocked_by.as_ref());
            view! { <BlockButton ways reaches=reaches.to_vec() barred look=Look::Plain/> }.into_any()
        }
        Of::Nobody => ().into_any(),
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

    /// Whose sessions can be ended; nobody's whose address is not known any more.
    fn whose(&self) -> Option<Whose> {
        match self {
            Self::Token(jti) => Some(Whose {
                jti: Some(jti.clone()),
                ..Whose::default()
            }),
            Self::Viewer(user) => Some(Whose {
                user: Some(user.clone()),
                ..Whose::default()
            }),
            Self::Address(ip) if ip.contains('/') => None,
            Self::Address(ip) => Some(Whose {
                ip: Some(row_of(ip)),
                ..Whose::default()
            }),
            Self::Nobody => None,
        }
    }

    /// The panel, of the time in which the finding was seen.
    fn details(&self, seen: (&DateTime, &DateTime)) -> Option<String> {
        let panel = |path: &str, of: &str| Some(way_around(path, seen, ("open", of)));
        match self {
            Self::Token(jti) => panel("/misuse/tokens", jti.inner()),
            Self::Viewer(user) => panel("/misuse/viewers", user),
            Self::Address(ip) => panel("/misuse/addresses", &row_of(ip)),
            Self::Nobody => None,
        }
    }
}
